"""`kit import`: small courses of every kind, imported and graded, with right and wrong answers."""

from __future__ import annotations

import builtins
import contextlib
import doctest
import io
import json
import os
import pickle
import sqlite3
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast
from unittest import mock

import cloudpickle
import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from gradekit.authoring.importing import modules
from gradekit.authoring.importing.doctest import find as doctests_of
from gradekit.authoring.importing.found import Found, without_regions, without_solution
from gradekit.authoring.importing.needs import helpers_of
from gradekit.authoring.importing.notebooks import as_file
from gradekit.authoring.importing.otter import find as masters_in
from gradekit.authoring.importing.run import KINDS, Imported, import_course
from gradekit.authoring.importing.trial import (
    ASKS_NOTHING,
    BY_A_PERSON,
    DATA,
    HANDLES,
    JUDGED,
    Outcome,
)
from gradekit.authoring.importing.writing import Target, opened
from gradekit.authoring.mutated import mutated_answers
from gradekit.authoring.verify import prove
from gradekit.commands import kit
from gradekit.course import Course, Exercise
from gradekit.engine import open_session
from gradekit.errors import KitError
from gradekit.grading import lent
from gradekit.grading.callback import is_callback
from gradekit.grading.compare import Mismatch
from gradekit.grading.keeping import may_keep
from gradekit.grading.originals import OtterNotebook, endless, libraries
from gradekit.grading.originals.cells import NAMES_MAIN
from gradekit.grading.originals.doctests import flags_in, judge
from gradekit.grading.originals.magics import without_magics
from gradekit.grading.originals.masters import shared_points
from gradekit.grading.originals.opening import Opened
from gradekit.grading.originals.shared_files import Files
from gradekit.grading.originals.surroundings import Surroundings
from gradekit.grading.raised import SubmissionError
from gradekit.grading.session import Session
from gradekit.grading.texts import Texts
from gradekit.intake.discovery import discover
from gradekit.intake.handed_in import open_handed_in
from gradekit.intake.names import ExerciseNames
from gradekit.jupyter import kit as magic
from gradekit.nbgrader.notebooks import notebook as source_notebook
from gradekit.report import Check, Report
from gradekit.sandbox.inside import inert
from gradekit.sandbox.limits import Limits
from gradekit.sandbox.snapshots import Snapshot
from gradekit.sandbox.wire import Malformed
from gradekit.submission import Submission, parse, read

COURSES = Path(__file__).parent / "courses"
MOST = 3  # checks that a wrong answer loses, if it is wrong in more than one way
# An answer whose objects equal everything, hold everything, and are as long and true as wanted.
FORGED = """
class Anything:
    def __init__(self, *args, **keywords): pass
    def __call__(self, *args, **keywords): return self
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return self
    def __eq__(self, other): return True
    def __bool__(self): return True
    def __contains__(self, other): return True
    def __len__(self): return 3
    def __iter__(self): return iter((self,))
    def __getitem__(self, key): return self
    def __hash__(self): return 0
"""


class Kind(NamedTuple):
    """What comes of the course of one kind."""

    checks: dict[str, int]  # by exercise: how many, those that wait for a person included
    ways: set[str]
    wrong: dict[str, set[str]]  # a change of a solution, and the checks that it loses


EXPECTED = {
    "nbgrader": Kind(
        {"words": 14}, {DATA, HANDLES, JUDGED, BY_A_PERSON},
        {
            "counts[word] = counts.get(word, 0) + 1->counts[word] = 1":
                {"test_count_words", "test_frequent_words", "test_partial_credit"},
            "number >= limit->number >= 2": {"test_frequent_obeys_the_limit"},
            "count(sentence).items()->[(w, sentence.count(w)) for w in {*sentence.split()}]":
                {"test_frequent_uses_count"},
            "for letter in word)->for letter in word) + 1": {"test_vowels"},
            "split()) / 4->split()) / 5": {"test_vowels"},
            "split()) / 4->split()) / 3.9999": set(),  # nbgrader rounds to two places
            "sum(letter in VOWELS for letter in word)->len([1 for l in word if l in VOWELS])":
                {"test_looks"},
        },
    ),
    "otter": Kind({"shapes": 6, "files": 6}, {DATA, HANDLES, BY_A_PERSON}, {
        "side * side->side + side": {"test_q1_0", "test_q1_1"},
        "if sides < 3->if sides < 2": {"test_q2_1"},
        "round(360 / (180 - angle))->3": {"test_q4"},
        "self.value += 1->self.value += 2": {"test_counts", "test_q3"},
    }),
    "unittest": Kind({"ledger": 23, "greet": 4}, {DATA, HANDLES}, {
        "if amount <= 0->if amount < 0": {"test_nobody_pays_nothing"},
        "return amounts->return list(amounts)": {"test_halves_in_place"},
        "amount / 2->amount / 3": {"test_halves_in_place", "test_halves_once"},
        "place.put(name, amount=amount)->place.put(name, amount)": {"test_posts_each"},
        "with box as place:->place = box\n        if True:":
            {"test_posts_each", "test_posts_until_it_is_full"},
        "            visit(name, amount)->            visit(amount, name)":
            {"test_visits_each", "test_visits_one"},
        "f\"Hello, ->f\"Hi, ": {
            "test_greets_whom_input_names", "test_greets_whom_stdin_names", "test_prints_once"},
        "print(\"Bye!\")->print(\"Bye\")": {"test_as_a_path"},
        "print(f\"Hello, {name}!\")\nprint->print(f\"Hello {name}!\")\nprint":
            {"test_imported", "test_as_a_program"},
        "name = input(\"Your name? \")\nif->name = \"Ada\"\nif":
            {"test_imported", "test_as_a_path", "test_as_a_program", "test_loaded_by_its_path"},
        "int(amount))->amount)": {"test_reads"},
        "file.write(f\"{name}->file.write(f\"{name} ": {"test_writes"},
        "random.choice(names)->names[1]": {"test_draws"},
        "            await sending->            sending": {"test_sends"},
        "yield share + (number < left)->yield share":
            {"test_shares_differ_by_a_cent", "test_load_tests_0", "test_load_tests_1"},
    }),
    "pytest": Kind({
        "bag": 11, "shop": 17, "parcel": 3, "club": 12, "held": 34}, {DATA, HANDLES, JUDGED}, {
        "[\" \"] * size for _ in range(size)]->[\" \"] * size] * size":
            {"test_as_an_array", "test_rows_are_apart"},
        "return [[0] * size for _ in range(size)]->return [[0] * size] * size":
            {"test_rows_of_a_table_are_apart"},
        "def tidy(self)->sort = None\n\n    def tidy(self)": {"test_what_a_shelf_defines_itself"},
        "if each is item->if each == item": {"test_the_very_item"},
        "letters[0] -= 32->letters = letters[:1].upper() + letters[1:]":
            {"test_containers_are_themselves"},
        "is printed.\"\"\"\n->\"\"\"\n    with contextlib.redirect_stdout(None):\n    ":
            {"test_nothing_is_swallowed"},
        "and is before no other.\"\"\"->\"\"\"\n    __lt__ = __ge__ = lambda self, other: True":
            {"test_tokens_have_no_order"},
        "and is before no other.\"\"\"->\"\"\"\n    __eq__ = lambda self, other: True\n"
        "    __len__ = lambda self: 0": {"test_tokens_differ", "test_tokens_are_true"},
        "row[:] = [value] * len(row)->row = [value] * len(row)": {"test_a_row_that_stands_twice"},
        "del self.moves[count:]->pass":
            {"test_a_trial_takes_back_its_moves_0", "test_a_trial_takes_back_its_moves_1"},
        "return refused.why->return str(refused)": {"test_why_not"},
        "return isinstance(other, Board) and self.cells == other.cells\n"
        "->return isinstance(other, Board) and self.cells == other.cells\n"
        "    __hash__ = object.__hash__\n": {"test_boards_have_no_hash"},
        "if day < datetime->if day <= datetime": {"test_days_before"},
        "items = iter(items)->items = iter([*itertools.islice(items, 9)])":
            {"test_draws_no_more_than_it_needs"},
        "list(itertools.islice(items, count))->[*items][:count]": {"test_leaves_the_rest"},
        "yield result->yield": {"test_gathers_what_is_returned"},
        "self.moves = moves->self.moves = list(moves)": {"test_moves_are_those_of_the_game"},
        "return list(self.moves)->return self.moves": {"test_history_is_a_copy"},
        "    def grow(self):->    shrink = None\n\n    def grow(self):": {"test_what_there_is"},
        "class Name(str):->class Name(collections.UserString):": {"test_names_are_texts"},
        "text=\"Come!\"->body=\"Come!\"": {"test_invites"},
        "{text}\") from None->{text}\")": {"test_no_number"},
        "[ValueError(f\"{age}->[TypeError(f\"{age}": {"test_all_wrong_ages"},
        "total += number(text)->total = number(text)": {"test_adds_up"},
        "raise KeyboardInterrupt->return total": {"test_stops"},
        "[function.__name__] = function->[\"double\"] = lambda x: 2 * x": {"test_register"},
        "len(self) >= CAPACITY->len(self) > CAPACITY":
            {"test_a_full_bag_says_so", "test_smaller_bags"},
        "print(thing, bag.count(thing))->print(thing)": {"test_a_line_for_each"},
        "raise ValueError(\"a thing has a name\")->raise KeyError(\"a thing has a name\")":
            {"test_empty_name_is_refused"},
        "if line.strip()->if True": {"test_read"},
        "float(price)->int(price[0])": {"test_catalogue"},
        "str(len(lines))->'2'.strip() * 2": {"test_write"},
        "os.environ.get(\"SHOP_COLOUR\", \"grey\")->'red'": {"test_colour"},
        "first == second->first > second": {"test_doubles_warn"},
        ", file=sys.stderr->": {"test_complains"},
        "\"%s!\"->\"%s\"": {"test_complains"},
        "DIGITS[\"price\"])->2)": {"test_prices_are_rounded_as_the_shop_says"},
        "sold.append(thing)->sold[:] = [*sold, thing][:2]\n    sold.reverse()":
            {"test_sold_things_are_listed"},
        "return path.parent / \"done.txt\"->return path.parent / \"done\"": {"test_write"},
        "from error->": {"test_cause"},
        "return self.years < other.years->return self.years > other.years": {"test_order"},
        "@functools.wraps(function)->": {"test_decorated"},
        "yield day * 2->yield day": {"test_visits"},
        "rng.permutation(len(things))->range(len(things))": {"test_shuffles_on"},
    }),
    "doctest": Kind({"temperature": 16}, {DATA, HANDLES}, {
        "+ 32->+ 30": {
            "test_freezing_0", "test_temperature_0", "test_temperature_4",
            "test_fahrenheit_0", "test_fahrenheit_1",
            "test_guide_1"},
        "{degrees:7.1f}->{degrees:8.1f}": {"test_table_0"},
        "return self\n->return None\n":
            {"test_sensor_1", "test_sensor_2", "test_sensor_3", "test_temperature_2"},
    }),
}  # fmt: skip


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Imported]:
    """The course of a kind, imported once."""
    done: dict[str, Imported] = {}

    def course(kind: str) -> Imported:
        if kind not in done:
            done[kind] = import_course(
                kind, COURSES / kind, tmp_path_factory.mktemp(kind), solutions=None,
                with_mutants=False, jobs=1, on_found=lambda _: None, on_done=lambda _: None,
            )  # fmt: skip
        return done[kind]

    return course


@pytest.fixture(scope="module")
def session_of() -> Iterator[Callable[[Outcome], Session]]:
    """Warm sessions on imported exercises."""
    opened: dict[str, Session] = {}

    def session(outcome: Outcome) -> Session:
        target = outcome.target
        key = str(target.cases)
        if key not in opened:
            opened[key] = open_session(target.course, target.exercise())
        return opened[key]

    yield session
    for each in opened.values():
        each.close()


def grade(session: Session, source: str) -> Report:
    return session.grade(Submission(session.exercise.file_name, (source,), ""))


def lost(report: Report) -> set[str]:
    return {check.name for check in report.failed}


@pytest.mark.parametrize("kind", KINDS)
def test_every_test_becomes_a_check(kind: str, imported: Callable[[str], Imported]) -> None:
    """All but what skips itself; IMPORT.md says of each how it sees the answer."""
    done = imported(kind)
    assert {e.target.found.slug: len(e.checks) for e in done.outcomes} == EXPECTED[kind].checks
    left_out = [each.why_not for one in done.outcomes for each in one.tried if not each.name]
    assert set(left_out) <= {"it skips itself"}
    assert {each.way for one in done.outcomes for each in one.checks} == EXPECTED[kind].ways
    told = done.told.read_text("utf-8")
    assert all(f"`{each.name}`" in told for one in done.outcomes for each in one.checks)


@pytest.mark.parametrize("kind", KINDS)
def test_the_originals_stay_as_they_are(kind: str, imported: Callable[[str], Imported]) -> None:
    """Byte for byte, tests and what lies beside them."""
    for outcome in imported(kind).outcomes:
        found = outcome.target.found
        for path in found.files:
            copy = outcome.target.cases / path.relative_to(found.folder)
            assert copy.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_graded(
    kind: str, imported: Callable[[str], Imported], session_of: Callable[[Outcome], Session]
) -> None:
    """The solution earns all, the stub nothing; a mistake loses what tests it, and no more."""
    outcomes = imported(kind).outcomes
    for outcome in outcomes:
        solution = read(outcome.target.course.solution(outcome.target.exercise()))
        report = session_of(outcome).grade(solution)
        assert lost(report) == set() and report.passed
        assert grade(session_of(outcome), outcome.target.found.stub).score == 0
    for outcome, wrong, names in wrong_answers(outcomes, EXPECTED[kind].wrong):
        assert lost(grade(session_of(outcome), wrong)) == names


def wrong_answers(
    outcomes: Sequence[Outcome], changes: dict[str, set[str]]
) -> list[tuple[Outcome, str, set[str]]]:
    """Answers, each with a few of the changes that can be made, and the checks that it loses.

    Changes in one answer lose other checks each. A change that loses none stands alone.
    """
    made: list[tuple[Outcome, str, set[str]]] = []
    for change, names in changes.items():
        before, after = change.split("->")
        outcome = next(each for each in outcomes if before in each.target.found.solution)
        for number, (of, wrong, others) in enumerate(made):
            fits = of is outcome and before in wrong and len(others) < MOST
            if fits and names and others and not names & others:
                made[number] = of, wrong.replace(before, after, 1), names | others
                break
        else:
            solution = outcome.target.found.solution
            made.append((outcome, solution.replace(before, after, 1), names))
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_objects_that_equal_everything_earn_nothing(
    kind: str, imported: Callable[[str], Imported], session_of: Callable[[Outcome], Session]
) -> None:
    """But for what the answer itself judges, as the solution's own classes do."""
    outcome = imported(kind).outcomes[0]
    names = {name for each in outcome.checks for name in [each.test.about]}
    module = outcome.target.found.solution
    defined = [word.split("(")[0].split(":")[0].split()[1] for word in module.splitlines()
               if word.startswith(("def ", "class "))]  # fmt: skip
    source = FORGED + "".join(f"{name} = Anything()\n" for name in defined)
    judged = {each.name for each in outcome.checks if each.way == JUDGED}
    report = grade(session_of(outcome), source)
    assert names and {c.name for c in report.checks if c.score} <= judged


def test_what_otter_tells_those_who_fail_is_a_hint(
    imported: Callable[[str], Imported], session_of: Callable[[Outcome], Session]
) -> None:
    """`failure_message`, in the words of the course."""
    outcome = imported("otter").outcomes[1]
    wrong = outcome.target.found.solution.replace("self.value += 1", "self.value = 1", 1)
    (check,) = grade(session_of(outcome), wrong).failed
    assert check.hint == "Does it count on?"


@pytest.mark.parametrize(
    "source",
    ["import __main__", 'patch("__main__.x", 3)', 'sys.modules["__main__"].x',
     '__import__("__main__")', "setattr(sys.modules[__name__], 'x', 3)"],
)
def test_ways_to_name_the_module_of_a_notebook(source: str) -> None:
    """There it is the answer; `if __name__ == "__main__"` asks for nothing."""
    assert NAMES_MAIN.search(source)
    assert not NAMES_MAIN.search('if __name__ == "__main__":')


def test_names_that_a_later_cell_binds_again_are_told() -> None:
    """otter runs all cells before its tests: those of earlier questions see the last value."""

    def question(name: str, answer: str, test: str) -> list[dict[str, Any]]:
        kinds = ("QUESTION", "SOLUTION", "TESTS")
        begin, solution, tests = (f"# BEGIN {kind}" for kind in kinds)
        texts = [f"{begin}\nname: {name}", solution, answer, "# END SOLUTION", tests, test,
                 "# END TESTS", "# END QUESTION"]  # fmt: skip
        kind_of = {text: "raw" if text.startswith("#") else "code" for text in texts}
        return [{"cell_type": kind_of[t], "source": t, "metadata": {}} for t in texts]

    cells = question("q1", "x = 1", "assert x == 1") + question("q2", "x = 2\ny = 3", "assert x")
    master = OtterNotebook.__new__(OtterNotebook)
    master.read(json.dumps({"cells": cells, "metadata": {}}).encode())
    assert "a later cell of the answer binds `x` again" in master.why_not("q1#0")
    assert master.why_not("q2#0") == ""


def test_partial_credit_is_counted(
    imported: Callable[[str], Imported], session_of: Callable[[Outcome], Session]
) -> None:
    """The number that a cell of nbgrader's shows last is what it earned."""
    outcome = imported("nbgrader").outcomes[0]
    wrong = outcome.target.found.solution.replace("counts.get(word, 0) + 1", "1", 1)
    checks = {c.name: c for c in grade(session_of(outcome), wrong).checks}
    assert (checks["test_partial_credit"].score, checks["test_partial_credit"].max_score) == (3, 4)


def test_points_are_those_of_the_course(imported: Callable[[str], Imported]) -> None:
    """nbgrader's and otter's as they say; ten shared equally where nobody says."""
    words = imported("nbgrader").outcomes[0]
    assert {e.name: e.points for e in words.checks}["test_third_is_close"] == 1.5
    shapes, files = imported("otter").outcomes
    assert [each.points for each in shapes.checks] == [2, 1, 1, 2, 2, 2]
    assert [each.points for each in files.checks] == [1, 2, 1, 3, 1, 3]
    bag = imported("pytest").outcomes[0]
    assert sum(each.points for each in bag.checks) == pytest.approx(10)


def test_what_a_hidden_test_expects_is_withheld(
    imported: Callable[[str], Imported], session_of: Callable[[Outcome], Session]
) -> None:
    """Of visible tests the line that failed is told, of hidden ones that they failed."""
    outcome = imported("nbgrader").outcomes[0]
    wrong = outcome.target.found.solution.replace("counts = {}", "counts = {'': 0}", 1)
    checks = {check.name: check for check in grade(session_of(outcome), wrong).failed}
    assert "count(SENTENCE)" in checks["test_count_words"].message
    assert "\ncount(SENTENCE) is {'': 0, 'the': 2" in checks["test_count_words"].message
    hidden = outcome.target.found.solution.replace(
        "for word in sentence.split():",
        "if sentence.isspace(): return {'': 1}\n    for word in sentence.split():", 1)  # fmt: skip
    told = hidden.replace("return {'': 1}", "print(repr(sentence)); raise ValueError(sentence)", 1)
    for answer in (hidden, told):
        (check,) = grade(session_of(outcome), answer).failed
        assert (check.name, check.message) == ("test_count_nothing", "a hidden test fails")


def test_a_test_leaves_the_answer_as_it_was(
    imported: Callable[[str], Imported], session_of: Callable[[Outcome], Session]
) -> None:
    """What one test deletes or binds in the answer's names is back for the next."""
    outcome = imported("nbgrader").outcomes[0]
    session, solution = session_of(outcome), outcome.target.found.solution
    reports = [grade(session, f"{solution}\n# {number}\n") for number in range(2)]
    assert [lost(report) for report in reports] == [set(), set()]


def test_a_changed_original_is_refused(imported: Callable[[str], Imported], tmp_path: Path) -> None:
    """A grader runs the file that was imported and tried, and no other."""
    import shutil

    shutil.copytree(imported("unittest").told.parent, tmp_path / "course")
    course = Course(tmp_path / "course")
    (case,) = (course.root / "cases").glob("*_ledger/ledger_test.py")
    case.write_text(case.read_text("utf-8").replace("14", "15"), "utf-8")
    proof = prove(course.root, "ledger", with_mutants=False, update=False)
    assert "is not the file that was imported" in proof.problems[0]


def test_verify_audits_an_imported_course(imported: Callable[[str], Imported]) -> None:
    """Nothing is demanded that an import cannot have; what the tests let through has a line."""
    root = imported("otter").told.parent
    proof = prove(root, "files", with_mutants=True, update=False)
    assert {"it has no hints", "it has no follow-up questions"} <= set(proof.advice)
    assert proof.tried == proof.mutants > 5 and proof.right == proof.wrong == 0
    assert proof.problems == [f"a mutant survives in {each}" for each in proof.survivors]
    assert all(each.startswith("line ") for each in proof.survivors)


def test_command_imports_and_says_what_became_of_it(tmp_path: Path) -> None:
    """The command makes the course, prints a line an exercise, and refuses it a second time."""
    words = ["import", "doctest", str(COURSES / "doctest"), "--into", str(tmp_path / "mine")]
    done = CliRunner().invoke(kit, [*words, "--no-mutants", "--jobs", "1"])
    assert done.exit_code == 0, done.output
    assert "exercise_01_temperature" in done.output and "IMPORT.md" in done.output
    entry = tomllib.loads((tmp_path / "mine/exercises/exercises.toml").read_text("utf-8"))
    assert entry["exercise"][0]["imported"] is True
    again = CliRunner().invoke(kit, [*words, "--no-mutants", "--jobs", "1"])
    assert again.exit_code == 2 and "has an exercise `temperature` already" in again.output
    hint = CliRunner().invoke(kit, ["--course", str(tmp_path / "mine"), "hint", "temperature"])
    assert hint.exit_code == 2 and "came without hints" in hint.output


def test_an_answer_of_several_modules(
    imported: Callable[[str], Imported], session_of: Callable[[Outcome], Session]
) -> None:
    """A package is one exercise; a change in a module of it loses what tests that module."""
    parcel = next(e for e in imported("pytest").outcomes if e.target.found.slug == "parcel")
    answer = read(parcel.target.course.solution(parcel.target.exercise()))
    lost_by = {
        place.mutant.before: lost(session_of(parcel).grade(mutated))
        for place, mutated in mutated_answers(answer)
        if place.mutant.before in ("RATE = 2", "return self.volume == other.volume")
        and place.mutant.after in ("RATE = 3", "return self.volume != other.volume")
    }
    assert lost_by == {
        "RATE = 2": {"test_cost"}, "return self.volume == other.volume": {"test_volumes"},
    }  # fmt: skip


def test_equal_notebooks_of_two_assignments_are_told_apart(tmp_path: Path) -> None:
    """What a learner hands in is called as it was released; the assignment's folder decides."""
    entries = "".join(
        f'[[exercise]]\nname = "exercise_0{n}_ps{n}_main"\ntitle = "M"\nlibrary = "python"\n'
        'topics = ["x"]\ndifficulty = 1\nminutes = 1\nimported = true\nentry = "main.ipynb"\n'
        for n in (1, 2)
    )
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises/exercises.toml").write_text(entries, "utf-8")
    names = ExerciseNames(Course(tmp_path))
    found = names.of_entry(("submitted", "ada", "ps2", "main.ipynb"), "")
    assert found is not None and found.exercise == "exercise_02_ps2_main"
    assert names.of_entry(("ada", "main.ipynb"), "") is None


def test_what_a_test_shares_is_undone_though_some_of_it_fails() -> None:
    """The answer's process may have ended: what stands in this one is put back all the same."""
    undone: list[str] = []

    def fail() -> None:
        raise SubmissionError("it is gone", "crashed")

    def part(disconnect: Callable[[], object]) -> Any:
        return SimpleNamespace(disconnect=disconnect)

    parts = [part(lambda: undone.append("first")), part(fail), part(lambda: undone.append("last"))]
    with pytest.raises(SubmissionError):
        Surroundings(cast(Any, None), parts).disconnect()
    assert undone == ["last", "first"]


def test_temporary_files_that_a_test_has_left_are_removed(tmp_path: Path) -> None:
    """One that failed did not come to that; what lies behind a link stays."""
    files = Files(cast(Any, None))
    (tmp_path / "kept").touch()
    handle, file = tempfile.mkstemp()
    os.close(handle)
    folder, link = tempfile.mkdtemp(), tempfile.mkdtemp()
    Path(folder, "names.txt").touch()
    Path(link).rmdir()
    Path(link).symlink_to(tmp_path)
    files.disconnect()
    assert not any(os.path.lexists(each) for each in (file, folder, link))
    assert (tmp_path / "kept").exists()


def test_what_an_answer_may_do_with_objects_of_a_test() -> None:
    """What a mock was configured with; not its own interface, and nothing that leads out of it."""

    class Notes(io.BytesIO):
        def __call__(self) -> None: ...
        def put(self) -> int:
            return self.write(b"x")

    Notes.__module__ = "__main__"  # as where a test defines it
    wraps, plain = mock.Mock(wraps=Notes()), mock.Mock(colour="red")
    assert lent.use(plain, "__getattr__", "colour") == "red"
    assert lent.use(wraps, "__getattr__", "put")() == 1
    assert lent.use(wraps, "__getattr__", "getvalue")() == b"x"
    assert lent.use(Notes(), "__getattr__", "put")() == 1
    refused = [
        (plain, "return_value"), (plain, "side_effect"), (plain, "assert_called_once"),
        (plain, "mock_calls"), (plain, "_mock_wraps"), (plain, "__class__"), (plain, "reset_mock"),
        (mock.Mock(wraps=os), "system"), (mock.Mock(wraps=Path()), "unlink"),
        (Notes(), "getvalue"), (Notes(), "__globals__"), (os, "system"), (Notes, "put"),
        (mock.AsyncMock(), "await_args_list"), (mock.AsyncMock(), "assert_awaited"),
    ]  # fmt: skip
    for value, name in refused:
        with pytest.raises(AttributeError):
            lent.use(value, "__getattr__", name)
    for name in ("return_value", "assert_called_once", "__class__"):
        with pytest.raises(AttributeError):
            lent.use(plain, "__setattr__", name, 5)
    for name in ("__reduce__", "__getattribute__", "__class__", "__init__"):
        with pytest.raises(AttributeError):
            lent.use(plain, name)
    coroutine = mock.AsyncMock(return_value=3)()
    for name, *args in (("__getattr__", "cr_frame"), ("send", None), ("__call__",)):
        with pytest.raises(AttributeError):
            lent.use(coroutine, name, *args)
    assert lent.use(coroutine, "__await__") == 3
    numbers = (number for number in range(3))
    assert lent.use(numbers, "__next__", 2) == ([0, 1], False, None)
    for name in ("gi_frame", "gi_code", "__del__"):
        with pytest.raises(AttributeError):
            lent.use(numbers, "__getattr__", name)
    for count in (0, -1, 10**9, True, "2", None):
        with pytest.raises(Malformed):
            lent.use(numbers, "__next__", count)


def test_an_answer_that_does_not_run_leaves_no_trace(
    imported: Callable[[str], Imported], session_of: Callable[[Outcome], Session]
) -> None:
    """What a test's world replaces is put back, though it cannot begin: others are graded after."""
    (outcome,) = [o for o in imported("pytest").outcomes if "shop" in o.target.exercise().name]
    before = sys.stdin, sys.stdout, sys.stderr, time.sleep, [*sys.path]
    report = grade(session_of(outcome), "def f(:\n")
    assert report.score == 0
    assert not report.not_run
    assert (sys.stdin, sys.stdout, sys.stderr, time.sleep, sys.path) == before


def test_examples_that_doctest_cannot_read_are_told(tmp_path: Path) -> None:
    """The others are imported, and IMPORT.md names these."""
    (tmp_path / "nb").mkdir()
    text = (
        'def two():\n    """Two.\n\n    >>> two()\n    2\n    """\n    return 2\n\n\n'
        'def three():\n    """Three.\n\n    >>> three()\n    3\n  4\n    """\n    return 3\n'
    )
    (tmp_path / "nb" / "two.py").write_text(text)
    words = ["import", "doctest", str(tmp_path / "nb"), "--into", str(tmp_path / "mine")]
    done = CliRunner().invoke(kit, [*words, "--no-mutants"])
    assert done.exit_code == 0, done.output
    told = (tmp_path / "mine" / "IMPORT.md").read_text("utf-8")
    assert "test_two_0" in told
    assert "doctest cannot read the examples: line 5" in told


def test_a_tree_of_solutions_is_found_for_examples(tmp_path: Path) -> None:
    """As for tests: `solutions/shapes/grid.py` is that of `shapes/grid.py`."""
    example = '"""Two.\n\n>>> two()\n2\n"""\n'
    for folder, value in (("shapes", 0), ("solutions/shapes", 2)):
        (tmp_path / folder).mkdir(parents=True)
        text = f"{example}def two(): return {value}\n"
        (tmp_path / folder / "grid.py").write_text(text)
    (found,) = doctests_of(tmp_path, None)
    assert isinstance(found, Found)
    assert "return 2" in found.solution and "return 0" in found.stub


def test_flags_that_a_module_gives_to_doctest() -> None:
    """They hold for all its examples, as they do where it is run."""
    text = "doctest.testmod(optionflags=doctest.ELLIPSIS | NORMALIZE_WHITESPACE, verbose=1)"
    assert flags_in(text) == doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert flags_in("doctest.testmod()") == 0


def test_an_example_that_raises_another_error_says_which_was_expected() -> None:
    """Both, as where an example shows another value."""
    example = doctest.Example("int('x')\n", "", exc_msg="ValueError: no number\n")
    with pytest.raises(Mismatch, match="expected ValueError: no number, got ValueError: invalid"):
        judge(cast(Any, None), {}, example)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("%matplotlib inline\nx = 1", "pass  # %matplotlib inline\nx = 1"),
        ("%%time\n\nx = 1", "pass  # %%time\n\nx = 1"),
        ("%%bash\nls", None),
        ("%%capture out\n!ls\nx = 1", "pass  # %%capture out\npass  # !ls\nx = 1"),
        ("if x:\n    %time y = f(x)", "if x:\n    y = f(x)"),
        ("%timeit f(x)", "pass  # %timeit f(x)"),
        ('x = """\n%d of\n!"""', 'x = """\n%d of\n!"""'),
        ("%time\nx = (5\n  % 3)", "pass  # %time\nx = (5\n  % 3)"),
        ("axes.plot?\nx = 1", "pass  # axes.plot?\nx = 1"),
    ],
)
def test_magics_of_a_course(cell: str, code: str | None) -> None:
    """What they run is run; what only looks like one is Python."""
    assert without_magics(cell) == code


def test_texts_of_any_length_are_compared() -> None:
    """An array of 40 bytes in items of 20: a right answer that was given one failed."""
    names = np.array(["p_001", "p_02"])
    snapshot = Snapshot(names, lambda value: False)
    assert snapshot.is_current
    names[1] = "p_03"
    assert not snapshot.is_current


def test_a_cell_that_shows_a_mistake_stops_no_other() -> None:
    """As in a kernel."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "source": text} for text in ("print('a'", "x = 1")
    ]
    assert as_file(cells, lambda cell: str(cell["source"])) == "# print('a'\n\nx = 1\n"


def test_a_solution_in_a_folder_of_its_own_is_found(tmp_path: Path) -> None:
    """As in Gradescope's examples: a folder of tests, and one of solutions, or of stubs as well."""
    (tmp_path / "hw/tests").mkdir(parents=True)
    test = "from rows import rows\n\n\ndef test_rows():\n    assert rows()\n"
    (tmp_path / "hw/tests/test_rows.py").write_text(test)
    for folder, body in (("solution", "return [*open('data/rows.csv')]"), ("student", "...")):
        (tmp_path / "hw" / folder).mkdir()
        (tmp_path / f"hw/{folder}/rows.py").write_text(f"def rows():\n    {body}\n")
        (found,) = modules.find(tmp_path, None, "PytestFile", lambda source: True)
        assert isinstance(found, Found)
        assert ("raise NotImpl" in found.stub) == (folder == "solution")
        assert "data/rows" in found.solution and "data/rows" not in found.stub
        assert found.modules[0] == "rows"
    # Or beside the tests, in the package that both are of.
    (tmp_path / "row").mkdir()
    (tmp_path / "row/rows.py").write_text("def rows():\n    return [1]\n")
    (tmp_path / "row/test_rows.py").write_text(test.replace("from rows", "from .rows"))
    (beside,) = modules.find(tmp_path / "row", None, "PytestFile", lambda source: True)
    assert isinstance(beside, Found) and beside.modules == ("rows",)
    (tmp_path / "hw/data").mkdir()
    (tmp_path / "hw/data/rows.csv").write_text("1\n")
    (found,) = modules.find(tmp_path / "hw", None, "PytestFile", lambda source: True)
    assert isinstance(found, Found)
    # Under the path by which the answer opens it, wherever it lies in the course.
    target = Target(opened(tmp_path / "mine"), found, 1, "pytest")
    assert 'files = ["data/rows.csv"]' in target.entry()


def test_modules_that_a_solution_imports_with_a_dot(tmp_path: Path) -> None:
    """They lie beside the answer, which stands in no package, and are found there."""
    (tmp_path / "helper.py").write_text("from . import more\n")
    (tmp_path / "more.py").write_text("ONE = 1\n")
    files = sorted(tmp_path.iterdir())
    assert helpers_of(files, tmp_path, "from .helper import double\n") == files
    own_import, answer = inert.importer(builtins.__import__), {"__name__": "answer"}
    assert own_import("json", answer, None, ("dumps",), 1) is json
    assert own_import("", answer, None, ("json",), 1).json is json


def test_files_of_any_system_are_read(tmp_path: Path) -> None:
    """A byte order mark, line ends of Windows, and names with spaces and accents."""
    folder = tmp_path / "Größe 1"
    folder.mkdir()
    text = 'def größe(x):\n    """Doubles.\n\n    >>> größe(1)\n    2\n    """\n    return 2 * x\n'
    (folder / "große aufgabe.py").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    done = import_course(
        "doctest", folder, tmp_path / "mine", solutions=None, with_mutants=False, jobs=1,
        on_found=lambda _: None, on_done=lambda _: None,
    )  # fmt: skip
    assert [each.target.found.slug for each in done.outcomes] == ["grosse_aufgabe"]
    assert [each.name for each in done.outcomes[0].checks] == ["test_größe_0"]


def test_examples_of_a_course(tmp_path: Path) -> None:
    """Each starts from an answer that none before it has changed; what lies beside it is there."""
    (tmp_path / "checks.py").write_text(
        "def is_one(number):\n    return number == 1\n\n"
        "def has(path, word):\n    with open(path) as file:\n        return word in file.read()\n"
    )
    (tmp_path / "cars.py").write_text(
        'class Car:\n    """Counted.\n\n'
        "    >>> Car.made += 1\n    >>> Car(), Car.made\n    (<Car>, 2)\n"
        "    >>> Car.made\n    2\n    >>> from checks import *\n    >>> is_one(Car().one)\n"
        "    True\n    >>> type(Car().numbers()), type(Car())\n"
        "    (<class 'generator'>, <class 'cars.Car'>)\n"
        "    >>> has(FILE, 'yield'), has('cars.py', 'la' + 'mbda')\n    (True, False)\n"
        '    """\n    made, one = 0, 1\n\n'
        "    def __init__(self): Car.made += 1\n    def numbers(self): yield 1\n"
        "    def __repr__(self): return '<Car>'\n\nFILE = __file__\n\n"
        'def rows():\n    """Of a table.\n\n    >>> rows()\n    [(1,)]\n    """\n'
        "    import sqlite3\n    return [*sqlite3.connect('cars.db').execute('select * from t')]\n"
    )
    with contextlib.closing(sqlite3.connect(tmp_path / "cars.db")) as database:
        database.executescript("create table t(n); insert into t values (1);")
    (outcome,) = imported_from("doctest", tmp_path, tmp_path / "mine").outcomes
    assert not [each.why_not for each in outcome.tried if each.why_not]
    assert len(outcome.checks) == 6


@pytest.mark.parametrize(
    "source",
    [
        "rows = []", "def f(seen={}): pass", "def f():\n    global n\n    n = 1",
        "def f(): f.n = 0",
        "class A:\n    n = 0", "class A:\n    @classmethod\n    def f(cls): cls.n = 1",
        "@lru_cache\ndef f(): pass", "def f(): vars()['n'] = 1", "n = count()", "def f(",
        "class A:\n    def f(self): type(self).n = 1", "class A:\n    def f(self): A.n[0] = 1",
    ],
)  # fmt: skip
def test_what_an_answer_may_keep(source: str) -> None:
    """Whatever can change in a module, a class or a function."""
    assert may_keep((source,))
    plain = (
        '"""A."""\nimport math\nN = (1, -2)\n\n@dataclass\nclass A:\n    n: int = 0\n'
        "    def __init__(self): self.n = math.pi\n\ndef f(x=N):\n    x[0] = A()\n    return x\n"
        'if __name__ == "__main__":\n    pass\n'
    )
    assert not may_keep((plain,))


def test_what_the_stub_passes_is_told(imported: Callable[[str], Imported]) -> None:
    """IMPORT.md says which tests ask nothing; verify takes tests without points as they are."""
    done = imported("unittest")
    assert "expected to fail, so it is run and earns nothing" in done.told.read_text("utf-8")
    proof = prove(done.told.parent, "ledger", with_mutants=False, update=False)
    assert not any("0 points" in each for each in proof.problems)


def test_a_solution_that_is_no_python_is_told(tmp_path: Path) -> None:
    """Nothing is imported of it, and IMPORT.md says why; as of three problems of deep-ml."""
    (tmp_path / "src" / "solutions").mkdir(parents=True)
    (tmp_path / "src" / "f.py").write_text("def f():\n    pass\n")
    (tmp_path / "src" / "f.txt").write_text("F.\n\n>>> f()\n3\n")
    (tmp_path / "src" / "solutions" / "f.py").write_text('"import numpy as np\n')
    done = import_course(
        "doctest", tmp_path / "src", tmp_path / "mine", solutions=None, with_mutants=False, jobs=1,
        on_found=lambda _: None, on_done=lambda _: None,
    )  # fmt: skip
    assert not done.outcomes[0].checks
    assert "line 1 is no valid Python" in done.told.read_text("utf-8")


def test_what_asks_nothing_of_the_answer_is_told(tmp_path: Path) -> None:
    """An empty answer passes it as well: IMPORT.md says so, and so does the command."""
    (tmp_path / "nb").mkdir()
    shown = [">>> 1 + 1", "2", ">>> two()", "2", ">>> two()", "3\n"]
    text = "\n    ".join(["def two():", '"""Two.', "", *shown])
    (tmp_path / "nb" / "two.py").write_text(f'{text}    """\n    return 2\n')
    words = ["import", "doctest", str(tmp_path / "nb"), "--into", str(tmp_path / "mine")]
    done = CliRunner().invoke(kit, [*words, "--no-mutants"])
    assert done.exit_code == 0, done.output
    assert "1 ask nothing of the answer" in done.output
    told = (tmp_path / "mine" / "IMPORT.md").read_text("utf-8")
    assert told.count(f"| {ASKS_NOTHING} |") == 2  # a column of the table, and the example
    assert "since *the solution fails it here*, your own test runner" in told


def test_a_folder_without_tests_is_told(tmp_path: Path) -> None:
    """One sentence, and what was looked at."""
    (tmp_path / "test_x.py").write_text("from os import path\n\ndef test_it(): pass\n")
    with pytest.raises(KitError, match=r"(?s)no pytest tests.*test_x.py: it imports no module"):
        import_course(
            "pytest", tmp_path, tmp_path / "mine", solutions=None, with_mutants=False, jobs=1,
            on_found=lambda _: None, on_done=lambda _: None,
        )  # fmt: skip
    assert not (tmp_path / "mine").exists()


def test_stubs_are_made_of_solutions() -> None:
    """From regions where there are some, else every body goes and docstrings stay."""
    source = 'def f(x):\n    """Doc."""\n    y = x\n    return y\n\n\ndef g(): return 1\n'
    raises = "raise NotImplementedError\n"
    stub = f'def f(x):\n    """Doc."""\n    {raises}\n\ndef g(): {raises}'
    assert without_solution(source) == stub
    marked = "a = 1\n### BEGIN SOLUTION\nb = 2\n### END SOLUTION\nc = 3\n"
    assert without_regions(marked, "...") == "a = 1\n...\nc = 3\n"


def test_files_of_an_answer_stay_in_the_folders_of_the_test(tmp_path: Path) -> None:
    """No path leads out of them, and no link is followed."""
    files = Files.__new__(Files)
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "link").symlink_to(outside)
    vars(files)["_roots"] = [str(root)]
    inside = {
        str(path): Files._is_inside(files, str(path))
        for path in (root / "a", root / "link" / "a", outside / "a", f"{root}/../outside/a", "a")
    }
    assert [*inside.values()] == [True, False, False, False, False]


def test_tests_in_the_metadata_of_a_notebook(tmp_path: Path) -> None:
    """As `otter assign` writes them: the solution's notebook has the hidden ones too."""
    raises = (
        "from otter.test_files import test_case\nOK_FORMAT = False\nname = 'q2'\npoints = 2\n"
        "@test_case(points=None, hidden=False)\ndef test_four(double):\n    assert double(2) == 4\n"
    )
    cases = [{"code": ">>> double(1)\n2\n", "hidden": False}, {"code": ">>> n + 1\n4\n"}]
    suites = [{"cases": cases, "type": "doctest"}]
    tests = {"q1": {"name": "q1", "points": [1, 2], "suites": suites}, "q2": raises}
    for place, body in (("autograder", "return 2 * x\nn = 3"), ("student", "...\nn = ...")):
        code = f"import otter\ngrader = otter.Notebook()\ndef double(x):\n    {body}"
        cells = [{"cell_type": "code", "source": code, "outputs": [], "metadata": {}}]
        told = {"nbformat": 4, "metadata": {"otter": {"tests": tests}}, "cells": cells}
        (tmp_path / "dist" / place).mkdir(parents=True)
        (tmp_path / "dist" / place / "lab.ipynb").write_text(json.dumps(told))
    done = imported_from("otter", tmp_path / "dist", tmp_path / "mine")
    (outcome,) = done.outcomes
    assert [(each.name, each.points) for each in outcome.tried] == [
        ("test_q1_0_0", 1.0), ("test_q1_0_1", 2.0), ("test_q2_test_four", 2.0),
    ]  # fmt: skip
    assert [each.test.hidden for each in outcome.tried] == [False, True, False]
    assert "def double(x):\n    ..." in outcome.target.found.stub


@pytest.mark.parametrize(
    "total, own, shared",
    [(3, [2, None], [2, 1]), (None, [None, None], [0.5, 0.5]), ([1, 2], [None, None], [1, 2]),
     (None, [3, None], [3, 0]), ({"each": 2}, [None, None], [2, 2]),
     (None, [0, None], [0, 1]), ([0, None], [5, None], [0, 1])],
)  # fmt: skip
def test_otter_shares_points(total: object, own: list[float], shared: list[float]) -> None:
    """A question's points go to its tests as otter gives them."""
    assert shared_points(total, own) == shared


OWN_TEMPLATES = """python3:
    setup: "import math"
    dispatch: "type({{snippet}})"
    normalize: "str({{snippet}})"
    hash: "str(hash({{snippet}}) == hash('{{salt}}'))"
    check: 'assert {{snippet}} == "{{value}}", "{{message}}"'
    templates:
        default: [{test: "{{snippet}}", fail: "value of {{snippet}}"}]
        float: [{test: "math.floor({{snippet}})", fail: "{{snippet}} is not near"}]
"""


def notebook(path: Path, *cells: tuple[str, dict[str, Any]]) -> None:
    """A source notebook of nbgrader's with these code cells and what it notes of them."""
    told = [
        {"cell_type": "code", "source": text, "metadata": {"nbgrader": mark}, "outputs": []}
        for text, mark in cells
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": told}), "utf-8")


def imported_from(kind: str, folder: Path, into: Path) -> Imported:
    return import_course(
        kind, folder, into, solutions=None, with_mutants=False, jobs=1,
        on_found=lambda _: None, on_done=lambda _: None,
    )  # fmt: skip


def test_own_templates_of_autotest_decide(
    tmp_path: Path, session_of: Callable[[Outcome], Session]
) -> None:
    """An autotests.yml of the whole course says what is compared, and in what words."""
    test = "### BEGIN HIDDEN TESTS\n### AUTOTEST half(5); half(7)\n### END HIDDEN TESTS\nhalf(2)"
    notebook(
        tmp_path / "nb/source/ps1/half.ipynb",
        ("def half(x):\n    return x / 2", {"grade_id": "half", "solution": True}),
        (f"{test}\n### AUTOTEST half(9)", {"grade_id": "near", "grade": True, "points": 2}),
    )
    (tmp_path / "nb/autotests.yml").write_text(OWN_TEMPLATES, "utf-8")
    (outcome,) = imported_from("nbgrader", tmp_path / "nb", tmp_path / "mine").outcomes
    assert outcome.checks[0].test.expected[1:] == (
        'assert str(math.floor(half(9))) == "4", "half(9) is not near"',
    )
    session = session_of(outcome)
    messages = {
        body: [check.message for check in grade(session, f"def half(x):\n    return {body}").failed]
        for body in ("x // 2", "x / 3", "x / 2 if x < 9 else 5.5")
    }
    assert messages == {
        "x // 2": [], "x / 3": ["a hidden test fails"],
        "x / 2 if x < 9 else 5.5": ["half(9) is not near"],
    }  # fmt: skip


PACKAGE = {
    "pack/__init__.py": "from .inner import f\n",
    "pack/inner.py": "def f():\n    return {}\n",
    "pack/more.py": "def g():\n    return 1\n",
    "test_pack.py": "import unittest\nfrom pack import f\nfrom pack.more import g\n\n\n"
    "class PackTest(unittest.TestCase):\n"
    "    def test_f(self):\n        self.assertEqual(f(), {})\n\n"
    "    def test_g(self):\n        self.assertEqual(g(), 1)\n",
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """Two exercises, each with a package of one name."""
    root = tmp_path_factory.mktemp("packages")
    for number, name in enumerate(("one", "two")):
        for path, text in PACKAGE.items():
            (root / "src" / name / path).parent.mkdir(parents=True, exist_ok=True)
            (root / "src" / name / path).write_text(text.format(number))
    return imported_from("unittest", root / "src", root / "course")


def test_packages_of_one_name_stay_apart(packages: Imported) -> None:
    """The solution of one exercise is not overwritten by another's."""
    found = [(each.target.found.slug, len(each.checks)) for each in packages.outcomes]
    assert found == [("one_pack", 2), ("two_pack", 2)]


def test_a_package_without_the_file_that_imports_it(
    packages: Imported, session_of: Callable[[Outcome], Session], tmp_path: Path
) -> None:
    """The stub stands in for that file; a module that is missing is named, and its stub graded."""
    outcome = packages.outcomes[1]
    course = outcome.target.course
    stub = course.stub(outcome.target.exercise()).read_text("utf-8")
    handed_in = {
        "ada/two_pack/pack/__init__.py": PACKAGE["pack/__init__.py"],
        "ada/two_pack/pack/inner.py": PACKAGE["pack/inner.py"].format(1),
        "ada/two_pack/pack/more.py": PACKAGE["pack/more.py"],
        "bob/exercise_02_two_pack.py": stub,
        "bob/pack/inner.py": PACKAGE["pack/inner.py"].format(1),
    }
    for name, text in handed_in.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    source = open_handed_in(tmp_path)
    found = discover(source, course)
    assert [(e.student, e.exercise) for e in found.entries] == [
        ("ada", "exercise_02_two_pack"), ("bob", "exercise_02_two_pack"),
    ]  # fmt: skip
    assert not found.not_graded
    reports = [
        session_of(outcome).grade(parse(Path(entry.file), *entry.contents(source)))
        for entry in found.entries
    ]
    assert [lost(report) for report in reports] == [set(), {"test_g"}]
    assert [report.passed_over for report in reports] == [
        (), ("not handed in, so its stub was graded: pack/more.py",),
    ]  # fmt: skip


def test_one_notebook_counts_for_one_of_two_assignments(tmp_path: Path) -> None:
    """Without a folder that says which, what it defines decides; else it is listed."""
    stubs = {"ps1": "def f(): ...\n", "ps2": "def f(): ...\ndef g(): ...\n"}
    (tmp_path / "course/exercises").mkdir(parents=True)
    entries = ""
    for number, (name, text) in enumerate(stubs.items(), start=1):
        exercise = f"exercise_0{number}_{name}_main"
        (tmp_path / "course/exercises" / f"{exercise}.py").write_text(text)
        entries += (
            f'[[exercise]]\nname = "{exercise}"\ntitle = "M"\nlibrary = "python"\ntopics = ["x"]\n'
            'difficulty = 1\nminutes = 1\nimported = true\nentry = "main.ipynb"\n'
        )
    (tmp_path / "course/exercises/exercises.toml").write_text(entries, "utf-8")
    for student, text in (("ada", stubs["ps1"]), ("bob", stubs["ps2"]), ("eve", "x = 1\n")):
        notebook(tmp_path / "in" / student / "main.ipynb", (text, {}))
    found = discover(open_handed_in(tmp_path / "in"), Course(tmp_path / "course"))
    assert [(each.student, each.exercise) for each in found.entries] == [
        ("ada", "exercise_01_ps1_main"), ("bob", "exercise_02_ps2_main"),
    ]  # fmt: skip
    (eve,) = found.not_graded
    assert "exercise_01_ps1_main and of exercise_02_ps2_main, and nothing says which" in eve.reason


def test_a_replaced_open_opens_no_real_file(tmp_path: Path) -> None:
    """It may fall back on the real one for other paths, which the answer chooses."""
    path = tmp_path / "secret.txt"
    path.write_text("secret")
    known = io.StringIO("a\nb\n")
    opened = Opened(lambda name: known if name == "known" else Path(name).open())  # noqa: SIM115
    number = opened.call("open", 0, ["known"], {})
    assert opened.call("readline", number, [], {}) == "a\n"
    with pytest.raises(PermissionError):
        opened.call("open", 0, [str(path)], {})
    for method, place in (("__class__", 0), ("getvalue", 0), ("read", 7)):
        with pytest.raises(Malformed):
            opened.call(method, place, [], {})
    assert path.read_text() == "secret"  # and otherwise files open as ever


def test_a_test_that_does_not_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what it has computed, also where it catches all exceptions."""
    monkeypatch.setattr(endless, "SECONDS", 0.05)
    monkeypatch.setattr(endless, "EVERY", 0.02)
    with pytest.raises(endless.Endless), endless.Limit():
        while True:
            with contextlib.suppress(Exception):
                pass
    assert not endless.watched()


def test_a_mocked_sleep_is_the_tests_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks after endless tests sleeps beside them: none of its naps is counted as theirs."""
    monkeypatch.setattr(endless, "EVERY", 0.01)
    with endless.Limit():
        time.sleep(0.05)
        with mock.patch("time.sleep") as slept:
            threading.Event().wait(0.05)
    slept.assert_not_called()


def test_a_test_that_sleeps_for_long_is_stopped() -> None:
    """At once, since nothing can end it while it sleeps; and sleep is what it was afterwards."""
    before = time.sleep
    with endless.Limit():
        time.sleep(0)
        with pytest.raises(endless.Endless, match="sleeps for more than 60 s"):
            time.sleep(3600)
        assert pickle.loads(cloudpickle.dumps(time.sleep)) is time.sleep
        assert not is_callback(time.sleep)
    assert time.sleep is before


def test_a_solution_that_does_not_end_is_told(tmp_path: Path, monkeypatch: Any) -> None:
    """In one sentence, and once: neither its tests nor its mutants are waited for."""
    (tmp_path / "src").mkdir()
    text = 'def two():\n    """Two.\n\n    >>> two()\n    2\n    """\n    return 2\n'
    (tmp_path / "src" / "two.py").write_text(f"{text}\n\nwhile True:\n    pass\n")
    monkeypatch.setattr(Target, "exercise", quickly(Target.exercise))
    words = ["import", "doctest", str(tmp_path / "src"), "--into", str(tmp_path / "mine")]
    done = CliRunner().invoke(kit, [*words, "--jobs", "1"])
    assert done.exit_code == 1
    told = "its solution does not come to an end: line 10, `while True:`, did not come to an end"
    assert f"nothing imported of exercise_01_two: {told}" in done.output
    assert told in (tmp_path / "mine" / "IMPORT.md").read_text("utf-8")


def quickly(before: Callable[[Target], Exercise]) -> Callable[[Target], Exercise]:
    """Exercises whose answers have half a second to be loaded."""
    limits = Limits(import_seconds=0.5)
    return lambda target: msgspec.structs.replace(before(target), limits=limits)


@pytest.mark.parametrize(
    "cells, why",
    [
        ([{"cell_type": "code", "source": ["x", 5]}], "one of its cells has no text"),
        ([7], "one of its cells has no text"),
        ([("t", {}), ("t", {"grade": True, "points": 1})], "has no grade_id"),
        ([("t", {"grade_id": "t", "grade": True})] * 2, "two cells have the grade_id `t`"),
        ([("t", {"grade_id": "t", "grade": True, "points": -1})], "points of `t` are no number"),
    ],
)
def test_notebooks_that_nbgrader_refuses_are_told(
    cells: list[Any], why: str, tmp_path: Path
) -> None:
    """In one sentence each, and nothing is imported."""
    if isinstance(cells[0], tuple):
        notebook(tmp_path / "nb/a.ipynb", *cells)
    else:
        (tmp_path / "nb").mkdir()
        (tmp_path / "nb/a.ipynb").write_text(json.dumps({"nbformat": 4, "cells": cells}))
    with pytest.raises(KitError, match=f"a.ipynb: .*{why}"):
        imported_from("nbgrader", tmp_path / "nb", tmp_path / "mine")


def test_a_master_notebook_of_an_older_format(tmp_path: Path) -> None:
    """That of jassign, where questions begin in a cell of text, and tests with `# TEST`."""
    cells = [
        ("markdown", "```otter\n# ASSIGNMENT CONFIG\ngenerate:\n  seed: 7\n```"),
        ("markdown", "**1.** Twice.\n\n```\nBEGIN QUESTION\nname: q1\npoints: 4\n```"),
        ("code", "def double(x):\n    return 2 * x # SOLUTION"),
        ("code", "# TEST\ndouble(2) == 4"),
        ("code", "## Hidden Test ##\ndouble(3) == 6"),
        ("code", "double(4)"),
        ("markdown", "```\nBEGIN QUESTION\nname: q2\nmanual: true\n```"),
        ("markdown", "**SOLUTION**: because of symmetry."),
    ]
    told = [{"cell_type": kind, "metadata": {}, "source": text} for kind, text in cells]
    (tmp_path / "old.ipynb").write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": told}))
    (found,) = masters_in(tmp_path, None)
    assert isinstance(found, Found) and found.seeds == (7, "")
    assert "2 * x" in found.solution and "2 * x" not in found.stub
    assert "symmetry" not in found.stub and "# **1.** Twice." in found.stub
    reader = object.__new__(OtterNotebook)
    reader.read((tmp_path / "old.ipynb").read_bytes())
    tests = [(each.address, each.points, each.hidden) for each in reader.tests(cast("Any", None))]
    assert tests == [("q1#0", 2, False), ("q1#1", 2, True), ("q2", None, False)]
    assert [cell.source for cell in reader.cells if reader.is_answer(cell)] == [
        cells[2][1], cells[7][1]]  # fmt: skip


def test_settings_and_tests_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """otter's YAML, and a file of tests that is no Python."""
    cells = [{"cell_type": "raw", "source": text} for text in (
        "# ASSIGNMENT CONFIG\nfiles: [", "# BEGIN QUESTION\nname: q1")]  # fmt: skip
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab/lab.ipynb").write_text(json.dumps({"nbformat": 4, "cells": cells}))
    with pytest.raises(KitError, match=r"lab\.ipynb: its settings cannot be read: [^\n]*$"):
        imported_from("otter", tmp_path / "lab", tmp_path / "mine")
    (tmp_path / "lab/f.py").write_text("def f(): return 1\n")
    (tmp_path / "lab/test_f.py").write_text("from f import f\n\ndef test_f()\n    assert f()\n")
    with pytest.raises(KitError, match=r"test_f\.py: line 3 is no valid Python"):
        imported_from("pytest", tmp_path / "lab", tmp_path / "mine")


def test_the_gradebook_takes_an_imported_exercise(imported: Callable[[str], Imported]) -> None:
    """Its checks may be about a question or a cell, and not only about functions of the stub."""
    outcome = imported("otter").outcomes[0]
    exercise = outcome.target.exercise()
    checks = [
        Check(
            name=each.name, function=each.test.about, title="t", outcome="passed",
            score=each.points, max_score=each.points,
        )
        for each in outcome.checks
    ]  # fmt: skip
    cells = source_notebook(outcome.target.course, exercise, checks).cells
    graded = [c for c in cells if c.metadata.get("nbgrader", {}).get("grade")]
    assert len(graded) == len(checks)


def test_the_magic_grades_all_cells_of_an_imported_notebook(
    imported: Callable[[str], Imported], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With their variables, and by the course that `kit check` would take."""
    outcome = imported("nbgrader").outcomes[0]
    cells = ["", "x = 1", "get_ipython().run_line_magic('kit', 'check words')", "y = x\n"]
    asked: list[Any] = []
    monkeypatch.setenv("KIT_COURSE", str(outcome.target.course.root))
    shell = SimpleNamespace(user_ns={"In": cells})
    monkeypatch.setattr("gradekit.jupyter._shell", lambda: shell)
    monkeypatch.setattr("gradekit.jupyter._graded_cells", lambda *told: asked.extend(told))
    magic("check words")
    monkeypatch.delenv("KIT_COURSE")
    magic(f"--course {outcome.target.course.root} check words")
    assert asked[:4] == asked[4:]
    root, exercise, given, _ = asked[:4]
    assert (exercise, given) == ("exercise_01_words", ("x = 1", "y = x\n"))
    assert Path(root) == outcome.target.course.root


@pytest.mark.parametrize(
    "settings, before, drawn",
    [("generate:\n  seed: 42", "import random\nrandom.random()", "random.random()"),
     ("seed:\n  variable: s\n  autograder_value: 42\n  student_value: 7", "import random\ns = 7",
      "random.Random(s).random()")],
)  # fmt: skip
def test_otter_seeds_each_cell(
    settings: str, before: str, drawn: str, tmp_path: Path, session_of: Callable[[Outcome], Session]
) -> None:
    """The random generators, or a variable: so answers draw what the author's test expects."""
    told = [
        ("raw", f"# ASSIGNMENT CONFIG\n{settings}"), ("code", before.replace("7", "42")),
        ("raw", "# BEGIN QUESTION\nname: q1"), ("raw", "# BEGIN SOLUTION"),
        ("code", f"x = {drawn} # SOLUTION"), ("raw", "# END SOLUTION"),
        ("raw", "# BEGIN TESTS"), ("code", "assert round(x, 4) == 0.6394"), ("raw", "# END TESTS"),
        ("raw", "# END QUESTION"),
    ]  # fmt: skip
    cells = [{"cell_type": kind, "source": text} for kind, text in told]
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab/lab.ipynb").write_text(json.dumps({"nbformat": 4, "cells": cells}))
    (outcome,) = imported_from("otter", tmp_path / "lab", tmp_path / "mine").outcomes
    passed = [
        session_of(outcome).grade(Submission("a.ipynb", (before, f"x = {drawn}{more}"), "")).passed
        for more in ("", " + 1")
    ]
    assert passed == [True, False]


SOLUTION = """import json, os
from collections import defaultdict
import pandas as pd
import matplotlib.pyplot as plt

with open("loaded.txt", "w") as file:
    file.write("at once")


def totals(table):
    return table.groupby("kind")["price"].sum()


def total_of(path):
    with open(path) as file:
        return sum(map(int, file))


def keep(value, path):
    os.makedirs("out", exist_ok=True)
    with open(path, "w") as file:
        json.dump(value, file)


def first_line(lines):
    for line in lines:
        return line


def words(found):
    counts = defaultdict(int)
    for word in found:
        counts[word] += 1
    return counts


def write_all(lines, file):
    print(*lines, sep="\\n", file=file)


def leave(code):
    raise SystemExit(code)


def draw(values):
    plt.plot(values, "o-")
    plt.title("prices")


stock = pd.DataFrame({"price": [1, None]})
mixed = pd.DataFrame({"own": [object(), None]})
calls = 0


def halve(table):
    global calls
    calls += 1
    table["price"] /= 2


def cheapest(cards):
    return min(cards, key=lambda card: card.price)


figure, axes = plt.subplots()
axes.scatter([1, 2], stock["price"])
"""
LATER = """stock["kind"] = "z"
calls = "many"
figure, axes = None, None
"""
TESTS = {
    "tables": """import pandas as pd
table = pd.DataFrame({"kind": ["b", "a", "b"], "price": [1, 2, 3]})
wanted = pd.Series([2, 4], index=pd.Index(["a", "b"], name="kind"), name="price")
pd.testing.assert_series_equal(totals(table), wanted)
assert table["kind"].tolist() == ["b", "a", "b"], "the table was changed"
""",
    "reads": """from pathlib import Path
assert Path("data/numbers.txt").exists() and total_of("data/numbers.txt") == 6
with open("more.txt", "w") as file:
    file.write("4\\n5")
assert total_of("more.txt") == 9 == total_of(Path("more.txt").resolve())
assert Path("data/numbers.txt").read_text() == "1\\n2\\n3\\n"
""",
    "writes": """import os
keep([1, {"a": None}], "out/kept.json")
with open("out/kept.json") as file:
    assert file.read() == '[1, {"a": null}]'
os.remove("out/kept.json")
assert not os.path.exists("out/kept.json")
assert open("loaded.txt").read() == "at once"
""",
    "gives": """import io, itertools
written = io.StringIO()
assert first_line(line for line in ["a", "b"]) == "a"
assert words(map(str, [1, 2])) == {"1": 1, "2": 1}
assert words("x y x".split())["z"] == 0
write_all(["p", "q"], written)
assert written.getvalue() == "p\\nq\\n"
try:
    leave(3)
except SystemExit as ended:
    assert ended.code == 3
""",
    "draws": """import matplotlib.pyplot as plt
plt.close("all")
draw([*ROWS, 5])
axes = plt.gca()
assert axes.get_title() == "prices" and list(axes.lines[0].get_ydata()) == [3, 5]
""",
    # From here on what a kernel has where a test stands: variables of the answer, which both
    # change, functions that the test forbids, its own namedtuples, and points that are missing.
    "counts": """import builtins
before = stock.copy()
calls, forbidden = 0, builtins.min
builtins.min = None
try:
    halve(stock)
    halve(stock)
finally:
    builtins.min = forbidden
assert calls == 2 and list(stock) == ["price"] and stock.price[0] == before.price[0] / 4
calls = 0
halve(stock)
assert calls == 1
stock.loc[2] = [7]
assert len(mixed) == 2 and mixed.own[1] is None  # what is in it stays with the answer
assert len(stock) == 3
""",
    "compares": """from collections import namedtuple
Card = namedtuple("Card", "name price")
cards = [Card("a", 2), Card("b", 1)]
assert cheapest(cards) is cards[1]
""",
    "masks": """drawn = axes.collections[0].get_offsets()
assert drawn[0].tolist() == [1, 1] and drawn.shape == (2, 2)
""",
}


HANDS_PATHS = """import os
from pathlib import Path

import pytest

from reading import rows

DATA = Path(__file__).parent / "data"


def test_path():
    assert rows(DATA / "rows.txt") == ["1", "2"]


def test_text():
    assert rows(os.path.join(os.path.dirname(__file__), "data", "rows.txt")) == ["1", "2"]


def test_none():
    with pytest.raises(FileNotFoundError):
        rows(DATA / "none.txt")
"""


def test_files_tables_and_figures_are_shared(
    tmp_path: Path, session_of: Callable[[Outcome], Session]
) -> None:
    """As in the one folder and process that a test and the answer have natively."""
    pytest.importorskip("pandas", reason="pandas is not installed")
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    given = ("ROWS = []\nROWS.append(3)", {"grade_id": "given", "locked": True})
    tests = [(text, {"grade_id": name, "grade": True, "points": 1}) for name, text in TESTS.items()]
    notebook(
        tmp_path / "nb/source/ps1/a.ipynb",
        (SOLUTION, {"grade_id": "a", "solution": True}),
        given,
        *tests,
        (LATER, {"grade_id": "b", "solution": True}),
    )
    (tmp_path / "nb/source/ps1/data").mkdir()
    (tmp_path / "nb/source/ps1/data/numbers.txt").write_text("1\n2\n3\n")
    (outcome,) = imported_from("nbgrader", tmp_path / "nb", tmp_path / "mine").outcomes
    assert [each.why_not for each in outcome.tried] == [""] * 8
    wrong = {
        "return table": "table.drop(index=0, inplace=True)\n    return table",
        "sum(map(int, file))": "6",
        "json.dump(value, file)": "pass",
        "file=file": "file=None",
        'plt.title("prices")': "plt.figure()",
        'table["price"] /= 2': 'table = table / min([2])',
        "min(cards,": "max(cards,",
        "axes.scatter([1, 2], ": "axes.scatter([2, 2], ",
    }
    lost_by = []
    for before, after in wrong.items():
        assert before in SOLUTION
        lost_by.append(lost(grade(session_of(outcome), SOLUTION.replace(before, after, 1))))
    assert lost_by == [
        {"test_tables"},
        {"test_reads"},
        {"test_writes"},
        {"test_gives"},
        {"test_draws"},
        {"test_counts"},
        {"test_compares"},
        {"test_masks"},
    ]
    forged = SOLUTION + '\nopen("data/numbers.txt", "w").write("6")\n'
    assert lost(grade(session_of(outcome), forged)) == set()  # what the test reads stays
    assert [*(tmp_path / "nb").rglob("more.txt")] == [*Path().glob("more.txt")] == []


def test_a_test_may_hand_over_where_its_data_lie(
    tmp_path: Path, session_of: Callable[[Outcome], Session]
) -> None:
    """The answer finds them by that path, though it can open nothing of the course's own."""
    (tmp_path / "c/tests/data").mkdir(parents=True)
    (tmp_path / "c/tests/data/rows.txt").write_text("1\n2\n")
    answer = "import pathlib\ndef rows(path):\n    return pathlib.Path(path).read_text().split()\n"
    (tmp_path / "c/reading.py").write_text(answer)
    (tmp_path / "c/tests/test_rows.py").write_text(HANDS_PATHS)
    (outcome,) = imported_from("pytest", tmp_path / "c", tmp_path / "mine").outcomes
    assert [each.why_not for each in outcome.tried] == [""] * 3
    hides = answer.replace("(path).", "(path).with_name('test_rows.py').")
    assert lost(grade(session_of(outcome), hides)) == {"test_path", "test_text"}


@pytest.mark.parametrize(
    ("code", "reaches"),
    [
        ("Symbol ('x' )**Integer (2 )+sin (Symbol ('x' ))", False),
        ("setattr (__import__ ('sys').modules ['test'],'LARGEST',Integer (7 ))", True),
        ("(i for i in [Integer (1 )]).gi_frame .f_builtins ['ev'+'al']", True),
        ("Symbol ('x' ).func .__init__", True),
    ],
)
def test_a_formula_is_no_code(code: str, reaches: bool) -> None:
    """SymPy evaluates the text of a formula; what is more than one is refused."""
    frame: Any = SimpleNamespace(f_code=SimpleNamespace(co_filename=f"{libraries.SYMPY}core.py"))
    assert libraries.reaches_out(code, frame) is reaches
    frame.f_code.co_filename = __file__
    assert not libraries.reaches_out(code, frame)


def test_a_query_of_an_answer_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """One without end is interrupted, and runs no longer than the answer itself might."""
    limits = SimpleNamespace(sandbox=SimpleNamespace(limits=Limits(check_seconds=0.02)))
    monkeypatch.setattr(libraries, "run_of", lambda submission: limits)
    endless_query = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT x FROM c"
    submission: Any = None
    with libraries.Libraries(submission, Texts(), lambda event, args: None):
        base = sqlite3.connect(":memory:")
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            base.execute(f"SELECT count(*) FROM ({endless_query})").fetchall()


def test_long_digits_are_told_from_code_at_once() -> None:
    """A pattern that looked on from each of them took minutes, and let no other thread run."""
    texts = Texts()
    texts.note("1" * 60_000)
    started = time.thread_time()
    assert not texts.are_in_code("1" * 60_000, [])
    assert time.thread_time() - started < 0.5
