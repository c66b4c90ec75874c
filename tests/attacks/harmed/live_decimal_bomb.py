# attack: harmed: a Decimal of a billion digits; expect: equal malformed, score 0
import sys

nodes = sys.modules["gradekit.sandbox.nodes"]
Objects = sys.modules["gradekit.sandbox.inside.objects"].Objects
node = Objects.node


class Forged:
    pass


Objects.node = lambda self, value, last: (
    nodes.Atom("Decimal", ["1e999999999"]) if isinstance(value, Forged) else node(self, value, last)
)


def five():
    return Forged()
