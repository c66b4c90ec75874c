# attack: harmed: a range without end; expect: many malformed, score 0
import sys

nodes = sys.modules["gradekit.sandbox.nodes"]
Objects = sys.modules["gradekit.sandbox.inside.objects"].Objects
node = Objects.node


class Forged:
    pass


Objects.node = lambda self, value, last: (
    nodes.Atom("range", [0, 2**62, 1]) if isinstance(value, Forged) else node(self, value, last)
)


def many():
    return 1, 2, 3, 4, Forged()
