# attack: harmed: calls back where no function was given; expect: equal malformed, score 0
import sys

requests = sys.modules["gradekit.sandbox.inside.requests"].Requests


def encoded(self, kind, number, body, before=requests._encoded):
    return before(self, "callback", number, ((len, [1], {}), "", ([], None, None)))


requests._encoded = encoded


def five():
    return 5
