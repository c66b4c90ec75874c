# attack: gained: a function of the check that it was not given; expect: equal malformed, score 0
import sys

nodes = sys.modules["gradekit.sandbox.nodes"]
Objects = sys.modules["gradekit.sandbox.inside.objects"].Objects
node = Objects.node


class Forged:
    pass


Objects.node = lambda self, value, last: (
    nodes.Given(-3) if isinstance(value, Forged) else node(self, value, last)
)


def five():
    return Forged()
