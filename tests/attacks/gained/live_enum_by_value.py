# attack: gained: a forged member of an Enum with the right name and value; expect: score 0
import sys

nodes = sys.modules["gradekit.sandbox.nodes"]
Objects = sys.modules["gradekit.sandbox.inside.objects"].Objects
node = Objects.node


class Forged:
    pass


Objects.node = lambda self, value, last: (
    nodes.Atom("Enum", ["Kind", "RED", 1]) if isinstance(value, Forged) else node(self, value, last)
)


import enum


class Kind(enum.Enum):
    RED = 1


def red():
    return Forged()
