# attack: harmed: calls a class instead of a function of the check; expect: applied malformed, score 0
import sys

requests = sys.modules["gradekit.sandbox.inside.requests"].Requests


def encoded(self, kind, number, body, before=requests._encoded):
    if kind == "callback":
        body = ((list, [[5]], {}), "", ([], None, None))
    return before(self, kind, number, body)


requests._encoded = encoded


def apply(function, x):
    return function(x)
