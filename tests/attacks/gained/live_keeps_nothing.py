# attack: gained: keeps an argument that there is not; expect: filled malformed, score 0
import sys

Arguments = sys.modules["gradekit.sandbox.inside.arguments"].Arguments
Arguments.keep = lambda self: [(7, 1)]


def fill(items):
    return items
