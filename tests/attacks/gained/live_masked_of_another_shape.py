# attack: gained: a masked array whose mask has another shape; expect: close_array malformed, score 0
import sys

nodes = sys.modules["gradekit.sandbox.nodes"]
Objects = sys.modules["gradekit.sandbox.inside.objects"].Objects
node = Objects.node


class Forged:
    pass


Objects.node = lambda self, value, last: (
    (self is None) or nodes.Masked(nodes.Array("float64", [0]), nodes.Array("bool", [0, 3])) if isinstance(value, Forged) else node(self, value, last)
)


def square(x):
    return Forged()
