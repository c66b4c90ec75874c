# attack: harmed: says that it has written a file whose name is a number; expect: equal malformed, score 0
import sys

sys.modules["gradekit.sandbox.inside.files"].Files.changes = lambda self: [5]


def five():
    return 5
