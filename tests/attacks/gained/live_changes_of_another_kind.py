# attack: gained: an argument that became something else; expect: filled malformed, score 0
import sys

Arguments = sys.modules["gradekit.sandbox.inside.arguments"].Arguments
Arguments.changes = lambda self: [(0, {"a": 1})]


def fill(items):
    return items
