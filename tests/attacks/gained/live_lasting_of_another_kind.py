# attack: gained: a list that both hold becomes a dict; expect: filled malformed, score 0
import sys

Arguments = sys.modules["gradekit.sandbox.inside.arguments"].Arguments
Lasting = sys.modules["gradekit.sandbox.inside.lasting"].Lasting
Arguments.keep = lambda self: [(0, 1)] if self._objects else []
Lasting.changes = lambda self, content, known: ([(1, {2: 0, 1: 0})], [])


def fill(items):
    return items
