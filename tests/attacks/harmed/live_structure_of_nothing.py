# attack: harmed: a structured array of a million entries of no size; expect: close_array malformed, score 0
import sys

nodes = sys.modules["gradekit.sandbox.nodes"]
Objects = sys.modules["gradekit.sandbox.inside.objects"].Objects
node = Objects.node


class Forged:
    pass


Objects.node = lambda self, value, last: (
    nodes.Structured([2**20], ["a"], [nodes.Array("int8", [2**20, 0])]) if isinstance(value, Forged) else node(self, value, last)
)


def square(x):
    return Forged()
