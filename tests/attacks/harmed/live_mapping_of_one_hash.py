# attack: harmed: a dict of numbers that all have one hash; expect: names malformed, score 0
import sys

nodes = sys.modules["gradekit.sandbox.nodes"]
Objects = sys.modules["gradekit.sandbox.inside.objects"].Objects
node = Objects.node


class Forged:
    pass


Objects.node = lambda self, value, last: (
    nodes.Mapping(nodes.List([nodes.BigInt(hex(k * (2**61 - 1))) for k in range(10, 9_000)]),
                  nodes.Ints(0)) if isinstance(value, Forged) else node(self, value, last)
)


def names():
    return Forged()
