# attack: gained: a change of an argument that there is not; expect: filled malformed, score 0
import sys

Arguments = sys.modules["gradekit.sandbox.inside.arguments"].Arguments
Arguments.changes = lambda self: [(7, [])]


def fill(items):
    return items
