# attack: gained: a structured array whose fields are shorter than it; expect: close_array malformed, score 0
import sys

nodes = sys.modules["gradekit.sandbox.nodes"]
Objects = sys.modules["gradekit.sandbox.inside.objects"].Objects
node = Objects.node


class Forged:
    pass


Objects.node = lambda self, value, last: (
    nodes.Structured([3], ["a"], [nodes.Array("float64", [0])]) if isinstance(value, Forged) else node(self, value, last)
)


def square(x):
    return Forged()
