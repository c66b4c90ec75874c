# attack: gained: an object of a class that was never described; expect: equal malformed, score 0
import sys

nodes = sys.modules["gradekit.sandbox.nodes"]
Objects = sys.modules["gradekit.sandbox.inside.objects"].Objects
node = Objects.node


class Forged:
    pass


Objects.node = lambda self, value, last: (
    nodes.Live(1, 77, "") if isinstance(value, Forged) else node(self, value, last)
)


def five():
    return Forged()
