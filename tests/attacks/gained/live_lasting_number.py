# attack: gained: a number that both are to hold; expect: equal malformed, score 0
import sys

nodes = sys.modules["gradekit.sandbox.nodes"]
Arguments = sys.modules["gradekit.sandbox.inside.arguments"].Arguments
Arguments.marked = lambda self, value, depth=0: nodes.Lasting(1, 5)


def five():
    return 5.0
