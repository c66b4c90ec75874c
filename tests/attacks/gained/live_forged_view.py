# attack: gained: an object derived from int whose data is no int; expect: equal malformed, score 0
import sys

requests = sys.modules["gradekit.sandbox.inside.requests"]
requests.OPERATIONS["view"] = lambda value: [5]
sys.modules["gradekit.sandbox.inside.objects"]._held_by = lambda value: [5]


class Four(int):
    pass


def five():
    return Four(4)
