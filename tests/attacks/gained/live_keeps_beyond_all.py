# attack: gained: keeps an argument under a number beyond all; expect: filled malformed, score 0
import sys

Arguments = sys.modules["gradekit.sandbox.inside.arguments"].Arguments
Arguments.keep = lambda self: [(0, 10**9)] if self._objects else []


def fill(items):
    return items
