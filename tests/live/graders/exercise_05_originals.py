"""The tests in cases/, each a check, as `kit import` writes them."""

import hashlib
from pathlib import Path

from gradekit.grading import check
from gradekit.grading.originals import NbgraderNotebook, OtterTests, PytestFile

EXAMPLES = False
CASES = Path(__file__).parents[1] / "cases" / Path(__file__).stem


def original(reader, name):
    sha256 = hashlib.sha256((CASES / name).read_bytes()).hexdigest()
    return reader(__file__, name, sha256, modules=["student"])


TESTS = original(PytestFile, "test_student.py")
FUNCTIONS = (
    "eval eval_total exec hints loads saved array removed any_error own_error own_error_again "
    "approx near pairs starred sizes template reader made generated interpreted extracted "
    "documented keeps counts resolved joined started queried unpacked configured level "
    "zeros settings rendered marshalled library signalled threads differ unsorted printed source"
).split()
ADDRESSES = {
    **{name: (TESTS, f"test_{name}") for name in FUNCTIONS},
    **{name: (TESTS, f"TestText::test_{name}") for name in ("text", "sets", "block")},
    "thirds": (original(NbgraderNotebook, "cells.ipynb"), "thirds"),
    "cell": (original(NbgraderNotebook, "cells.ipynb"), "norm"),
    "okay": (original(OtterTests, "q1.py"), "0#0"),
    "concealed": (original(OtterTests, "q1.py"), "0#1"),
}


def checked(name, tests, address):
    points = 0.125 if name != "source" else 10 - 0.125 * (len(ADDRESSES) - 1)

    @check(name, points=points, hint="?")
    def test(submission):
        tests.run(submission, address, hidden=name == "concealed")

    return test


for _name, _place in ADDRESSES.items():
    globals()[f"test_{_name}"] = checked(_name, *_place)
