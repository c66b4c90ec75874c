# attack: harmed: a Fraction of a denominator of a million bits; expect: equal malformed, score 0
import sys

nodes = sys.modules["gradekit.sandbox.nodes"]
Objects = sys.modules["gradekit.sandbox.inside.objects"].Objects
node = Objects.node


class Forged:
    pass


Objects.node = lambda self, value, last: (
    nodes.Atom("Fraction", [1, nodes.BigInt(hex(1 << 200_000))]) if isinstance(value, Forged) else node(self, value, last)
)


def five():
    return Forged()
