# attack: gained: what both sides hold, and do not; expect: equal malformed, score 0
import sys

nodes = sys.modules["gradekit.sandbox.nodes"]
lasting = sys.modules["gradekit.sandbox.known"].LASTING
Objects = sys.modules["gradekit.sandbox.inside.objects"].Objects
node = Objects.node


class Forged:
    pass


Objects.node = lambda self, value, last: (
    nodes.Given(-(lasting + 5)) if isinstance(value, Forged) else node(self, value, last)
)


def five():
    return Forged()
