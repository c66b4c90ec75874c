"""`kit verify` finds every way in which a grader can fall short, on a course of one toy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from toy_course import METADATA, NAME

from gradekit.authoring import verify
from gradekit.authoring.verify import Proof
from gradekit.commands import kit
from gradekit.grading.loop import Plan

BANK = f"tests/bank/{NAME}"
STUB = '''
def double(x):
    """Twice x."""
    raise NotImplementedError


def halve(x):
    """Half of x."""
    raise NotImplementedError
'''
RIGHT = """
def double(x):
    return x + x


def halve(x):
    return x * 0.5
"""
GRADER = '''
import pytest

from gradekit.grading import assert_close, check


@check("double", points=6, hint="What is twice 3?")
def test_squares(submission):
    """Numbers are doubled."""
    for x in (3.0, -1.5):
        assert_close(submission.double(x), x + x, rtol=1e-12)


@check("halve", points=4, hint="What is half of 3?")
def test_rounds(submission):
    """Numbers are halved, to a fraction where need be."""
    for x in (3.0, -0.5):
        assert_close(submission.halve(x), x / 2, rtol=1e-12)
'''
WRONG_DOUBLE = f"# wrong: double: squares\n{RIGHT}".replace("x + x", "x * x")
WRONG_HALVE = f"# wrong: halve: rounds to whole numbers\n{RIGHT}".replace(
    "x * 0.5", "float(x // 2)"
)
FILES = {
    "exercises/exercises.toml": METADATA,
    f"exercises/{NAME}.py": STUB,
    f"solutions/{NAME}.py": RIGHT,
    f"graders/{NAME}.py": GRADER,
    f"{BANK}/right/divides.py": RIGHT.replace("x * 0.5", "x / 2"),
    f"{BANK}/wrong/squares.py": WRONG_DOUBLE,
    f"{BANK}/wrong/rounds.py": WRONG_HALVE,
}
# What is changed (None: the file is not there), and the sentences that have to be told.
SHORTFALLS: dict[str, tuple[dict[str, str | None], list[str]]] = {
    "stub_earns": (
        {f"exercises/{NAME}.py": STUB.replace("raise NotImplementedError", "return x / 2")},
        ["the stub earns 4 points"],
    ),
    "solution_loses": (
        {f"solutions/{NAME}.py": RIGHT.replace("x + x", "x + 1")},
        ["the solution fails test_squares: double(3): expected 6., got 4."],
    ),
    "points_are_a_text": (
        {f"graders/{NAME}.py": GRADER.replace("points=", "points='2' or ", 1)},
        [f"/{NAME}.py:", "is no number of points"],
    ),
    "truth_raises": (
        {f"graders/{NAME}.py": GRADER.replace("x + x, rtol", "x + x / 0, rtol", 1)},
        ["(ZeroDivisionError: float division by zero, in line 11 of the grader)"],
    ),
    "right_answer_loses": (
        {f"{BANK}/right/divides.py": RIGHT.replace("x * 0.5", "x / 2 + 1")},
        ["right/divides.py fails test_rounds: halve(3): expected 1.5, got 2.5"],
    ),
    "no_right_answer": (
        {f"{BANK}/right/divides.py": None},
        ["the bank has no right answer besides the solution"],
    ),
    "wrong_answer_survives": (
        {f"{BANK}/wrong/harmless.py": f"# wrong: halve: nothing, in fact\n{RIGHT}"},
        ["wrong/harmless.py earns full marks", "only 2 of 3 mistakes are named: not harmless.py"],
    ),
    "wrong_answer_only_raises": (
        {f"{BANK}/wrong/stops.py": f"# wrong: double: stops\n{RIGHT.replace('x + x', 'x + None')}"},
        ["only 2 of 3 mistakes are named: not stops.py (only raises)"],
    ),
    "wrong_answer_fails_another_function": (
        {f"{BANK}/wrong/rounds.py": WRONG_HALVE.replace("x + x", "x * x")},
        ["wrong/rounds.py names halve but fails a check of double"],
    ),
    "check_without_a_wrong_answer": (
        {f"{BANK}/wrong/rounds.py": None},
        ["no wrong answer fails test_rounds"],
    ),
    "points": (
        {f"graders/{NAME}.py": GRADER.replace("points=4", "points=3.5")},
        ["the checks add up to 9.5 points, not 10"],
    ),
    "check_of_an_unknown_function": (
        {f"graders/{NAME}.py": GRADER.replace('check("halve"', 'check("half"')},
        ["test_rounds is a check of `half`, which the stub does not define"],
    ),
    "objects_without_handles": (
        {
            f"exercises/{NAME}.py": f"{STUB}\n\nclass Half:\n    pass\n",
            f"solutions/{NAME}.py": f"{RIGHT}\n\nclass Half:\n    pass\n",
            f"graders/{NAME}.py": GRADER.replace("submission.halve(x)", "submission.Half()"),
        },
        ["its entry in exercises/exercises.toml needs `live = true`"],
    ),
    "missing_solution": (
        {f"solutions/{NAME}.py": None},
        [f"there is no solutions/{NAME}.py"],
    ),
    "missing_files": (
        {f"exercises/{NAME}.py": None, f"graders/{NAME}.py": None},
        [f"there is no exercises/{NAME}.py", f"there is no graders/{NAME}.py"],
    ),
    "text_still_to_write": (
        {
            "exercises/exercises.toml": METADATA.replace("Toy", "TODO(author): a title"),
            f"{BANK}/right/divides.py": f"{RIGHT}# TODO(author): another one\n",
        },
        [
            "right/divides.py, line 8, is still to write: another one",
            "exercises/exercises.toml: `title` is still to write",
        ],
    ),
    "check_without_a_title_or_a_hint": (
        {
            f"graders/{NAME}.py": GRADER.replace('    """Numbers are doubled."""\n', "").replace(
                "What is half of 3?", ""
            )
        },
        [
            "test_squares has no docstring: say what should be true",
            "test_rounds has no hint: ask a question that leads to the mistake",
        ],
    ),
    "test_without_its_mark": (
        {f"graders/{NAME}.py": f"{GRADER}\n\ndef test_forgotten(submission):\n    assert False\n"},
        ["test_forgotten has no `@check`, so it never runs"],
    ),
    "checks_that_pytest_does_not_see": (
        {
            f"graders/{NAME}.py": GRADER.replace("test_squares(sub", "squares(sub").replace(
                "test_rounds(submission", "test_rounds(submision"
            )
            + GRADER.partition("check\n")[2].replace("test_squares", "test_rounds"),
            f"exercises/{NAME}.py": STUB.replace("def double(x)", "def double(x, by=2)"),
        },
        [
            "the stub asks for `double(x, by=...)`, and the solution has `double(x)`",
            "the grader, line 8: squares has `@check` but never runs",
            "the grader, line 15: test_rounds takes `submision`: is it `submission`?",
            "the grader, line 22: test_rounds stands in line 15 too, and only the last of them",
        ],
    ),
    "check_that_looks_at_the_clock": (
        {
            f"graders/{NAME}.py": f"from time import time\n{GRADER}\n    assert time() > 0\n",
        },
        ["the grader imports time: only a probe may look at the clock; import it there"],
    ),
    "check_worth_nothing": (
        {
            f"graders/{NAME}.py": GRADER.replace("points=4", "points=0").replace(
                "points=6", "points=10"
            )
        },
        ["test_rounds is worth 0 points: only an example may be worth none"],
    ),
    "stub_that_is_no_python": (
        {f"exercises/{NAME}.py": f"{STUB}\n\ndef broken(:\n"},
        ["the stub, line 12, is no valid Python: "],
    ),
    "solution_that_is_empty": (
        {f"solutions/{NAME}.py": "\n"},
        ["the solution is empty: there is nothing to grade."],
    ),
    "bank_that_is_no_python": (
        {
            f"{BANK}/wrong/typo.py": f"{WRONG_HALVE}\nreturn(\n",
            f"{BANK}/right/typo.py": f"{RIGHT}\n1 +\n",
            f"{BANK}/right/notes.txt": "later",
            f"{BANK}/wrong/squares.py.orig": WRONG_DOUBLE,
        },
        [
            "right/notes.txt is no Python file (.py), and is never graded",
            "wrong/squares.py.orig is no Python file (.py), and is never graded",
            "right/typo.py, line 9, is no valid Python: ",
            "wrong/typo.py, line 10, is no valid Python: ",
        ],
    ),
    "entry_twice": (
        {"exercises/exercises.toml": METADATA + METADATA},
        [f"exercises/exercises.toml has {NAME} 2 times"],
    ),
    "grader_with_a_typo": (
        {f"graders/{NAME}.py": GRADER.replace("import pytest", "import pytset")},
        ["the grader broke: ", "No module named 'pytset'"],
    ),
    "grader_without_checks": (
        {f"graders/{NAME}.py": "import numpy\n"},
        ["the grader broke: there is no check in it"],
    ),
    "assertion_without_a_message": (
        {
            f"graders/{NAME}.py": GRADER.replace(
                "assert_close(submission.double(x), x + x, rtol=1e-12)",
                "assert submission.double(x) == x + x, 'not ' + (x + x)",
            )
        },
        ["test_squares: the message of an assertion raises TypeError: "],
    ),
    "check_that_breaks": (
        {f"graders/{NAME}.py": GRADER.replace("for x in (3.0, -0.5)", "for x in (1 / 0,)")},
        [f"{NAME}.py: test_rounds was not run: ZeroDivisionError: division by zero"],
    ),
}  # fmt: skip

Prove = Callable[..., Proof]


@pytest.fixture
def prove(tmp_path: Path) -> Prove:
    """Prove the toy with some files changed."""

    def proved(
        changes: dict[str, str | None] | None = None, *, mutants: bool = False,
        update: bool = True, seeds: int = 1,
    ) -> Proof:
        write(tmp_path, {**FILES, **(changes or {})})
        return verify.prove(tmp_path, NAME, mutants, update, seeds)

    return proved


def write(root: Path, files: dict[str, str | None]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            path.write_text(text, "utf-8")


def test_sound_toy_is_proven(prove: Prove) -> None:
    """With nothing amiss nothing is told, and everything is counted."""
    proof = prove(mutants=True)
    assert proof.problems == []
    assert (proof.checks, proof.right, proof.wrong, proof.named) == (2, 1, 2, 2)
    assert proof.mutants == proof.caught > 5
    assert proof.survivors == [] and proof.equivalent == 0


@pytest.mark.parametrize("case", SHORTFALLS)
def test_shortfall_is_told_in_words(prove: Prove, case: str) -> None:
    """Each kind of shortfall is found, and said in a sentence that names the file or check."""
    changes, sentences = SHORTFALLS[case]
    told = "\n".join(prove(changes).problems)
    for sentence in sentences:
        assert sentence in told
    assert "Traceback" not in told


def test_first_line_without_its_form_is_told(prove: Prove) -> None:
    """A wrong file that does not say what is wrong is named, with the form that is asked for."""
    other = f"{BANK}/wrong/zero.py"
    harmless = f"# wrong: halve: nothing, in fact\n{RIGHT}"
    proof = prove({f"{BANK}/wrong/rounds.py": WRONG_HALVE.replace("wrong: ", ""), other: harmless})
    assert proof.problems == [
        "wrong/rounds.py has to open with `# wrong: function: what is wrong`.",
        "wrong/zero.py earns full marks",
    ], "the others are graded, and it still shows that its check is needed"


def test_one_fault_is_told_once(prove: Prove) -> None:
    """A check that breaks on every answer, and a stub that is no Python, are one line each."""
    broken = GRADER.replace("for x in (3.0, -0.5)", "for x in (1 / 0,)")
    told = prove({f"graders/{NAME}.py": broken}).problems
    assert len([problem for problem in told if "was not run" in problem]) == 1
    assert len(prove({f"exercises/{NAME}.py": "def f(:\n"}).problems) == 1


def test_long_problem_is_printed_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name longer than the terminal is wide is folded, never cut."""
    monkeypatch.setenv("COLUMNS", "40")
    name = f"wrong/{'mean_of_means_' * 6}.py"
    write(tmp_path, {**FILES, f"{BANK}/{name}": RIGHT})
    words = ["--course", str(tmp_path), "verify", "--no-mutants", "--update", "--jobs", "1"]
    printed = CliRunner().invoke(kit, words).stdout
    assert name in "".join(line.strip() for line in printed.splitlines())


def test_solution_that_varies_is_told(prove: Prove) -> None:
    """A solution whose runs differ is found, whatever else it does."""
    varying = RIGHT.replace("return x + x", "import time\n    raise ValueError(time.time_ns())")
    told = prove({f"solutions/{NAME}.py": varying}).problems
    assert "3 runs of the solution gave different reports" in told


def test_other_seeds_are_for_the_checks_that_draw(
    prove: Prove, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that fails cases of some seeds is told; a check that draws none is run once."""
    planned: list[tuple[str, ...]] = []

    def noted(names: tuple[str, ...], must: frozenset[str]) -> Plan:
        planned.append(names)
        return Plan(names, must)

    monkeypatch.setattr(verify, "Plan", noted)
    drawn = GRADER.replace("(3.0, -1.5)", "(3.0, float(rng_of(submission).integers(1000)))")
    drawn = drawn.replace("import assert_close", "import rng_of, assert_close")
    told = prove(
        {
            f"graders/{NAME}.py": drawn,
            f"{BANK}/right/divides.py": RIGHT.replace("x + x", "x + x - (x > 500)"),
        },
        seeds=3,
    ).problems
    assert planned == [("test_squares",)]
    assert [each.partition(":")[0] for each in told] == [
        f"divides.py with seed {seed} fails test_squares" for seed in (1, 2)
    ]


def test_slow_grader_is_told(prove: Prove, monkeypatch: pytest.MonkeyPatch) -> None:
    """Grading the solution has a budget; here it is nothing at all."""
    monkeypatch.setattr(verify, "BUDGET_SHARE", 0.0)
    (problem,) = prove().problems
    assert problem.startswith("grading the solution takes ")


@pytest.mark.parametrize(
    "changes",
    [
        {f"{BANK}/wrong/rounds.py": WRONG_HALVE.replace("to whole", "off to whole")},
        {f"{BANK}/wrong/rounds.py": WRONG_HALVE.replace("x // 2", "x // 2 + 1")},
        {f"{BANK}/wrong/other.py": WRONG_HALVE.replace("x // 2", "-x // 2")},
        {f"graders/{NAME}.py": GRADER.replace("What is half", "Is it half")},
    ],
    ids=["sentence", "behaviour", "new_file", "grader"],
)
def test_stale_signatures_are_told(prove: Prove, changes: dict[str, str | None]) -> None:
    """Signatures have to be those of this bank and this grader; written anew, they are."""
    stale = "the signatures of known mistakes are stale: `kit verify --update`"
    assert prove(update=False).problems == [stale]
    assert prove(update=True).problems == []
    assert prove(update=False).problems == []
    assert prove(changes, update=False).problems == [stale]


IDLE = RIGHT.replace("    return x + x", "    y = x + x\n    z = 0\n    return y")
EQUIVALENT = """
[[mutant]]
before = "z = 0"
after = "{after}"
reason = "z is never used"
"""


def test_surviving_mutant_is_told_until_it_is_explained(prove: Prove) -> None:
    """A mutant that no check catches is shown; one with its reason in equivalent.toml is not."""
    solution: dict[str, str | None] = {f"solutions/{NAME}.py": IDLE}
    proof = prove(solution, mutants=True)
    changes = ("z = 1", "z = -1", "pass")
    line = IDLE.splitlines().index("    z = 0") + 1
    assert proof.survivors == [f"line {line}: z = 0  ->  {change}" for change in changes]
    assert proof.problems == [f"a mutant survives in {each}" for each in proof.survivors]
    explained = "".join(EQUIVALENT.format(after=change) for change in changes)
    proof = prove(solution | {f"{BANK}/equivalent.toml": explained}, mutants=True)
    assert proof.problems == [] and proof.equivalent == 3


def test_explanation_that_explains_nothing_is_told(prove: Prove) -> None:
    """An entry of equivalent.toml whose mutant is caught, or is none, does not stay unnoticed."""
    caught = EQUIVALENT.replace("z = 0", "return x + x").format(after="return x - x")
    proof = prove(
        {f"{BANK}/equivalent.toml": caught + EQUIVALENT.format(after="z = 7")}, mutants=True
    )
    assert proof.problems == [
        "equivalent.toml explains a mutant that is caught: return x - x",
        "equivalent.toml explains a mutant that does not survive or exist: z = 7",
    ]


def test_explanation_without_a_reason_is_told(prove: Prove) -> None:
    """Every equivalent needs its reason; the file and what it lacks are named."""
    text = EQUIVALENT.format(after="pass").replace('reason = "z is never used"', "")
    (problem,) = prove({f"{BANK}/equivalent.toml": text}, mutants=True).problems
    assert "equivalent.toml cannot be used: " in problem and "`reason`" in problem


def test_missing_operators_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without cosmic-ray the command says what to install, and how to do without."""
    monkeypatch.setattr("gradekit.edits.mutants.find_spec", lambda name: None)
    result = CliRunner().invoke(kit, ["verify", "softmax"])
    assert result.exit_code == 2
    assert "gradekit[author]" in result.stderr and "--no-mutants" in result.stderr


def test_several_exercises_are_proven_side_by_side(tmp_path: Path) -> None:
    """One that cannot be read costs the others nothing; the exit code and the JSON tell which."""
    other = {name.replace("01_toy", "02_other"): text for name, text in FILES.items()}
    second = other.pop("exercises/exercises.toml").replace("01_toy", "02_other")
    write(tmp_path, {**FILES, **other, "exercises/exercises.toml": METADATA + second})
    broken = tmp_path / BANK / "wrong" / "rounds.py"
    broken.write_text(RIGHT, "utf-8")
    course = ["--course", str(tmp_path), "verify", "--no-mutants", "--update", "--jobs", "1"]
    result = CliRunner().invoke(kit, [*course, "--json"])
    assert result.exit_code == 1
    proofs = msgspec.json.decode(result.stdout, type=list[Proof])
    assert [proof.exercise for proof in proofs] == [NAME, "exercise_02_other"]
    assert [bool(proof.problems) for proof in proofs] == [True, False]
    result = CliRunner().invoke(kit, [*course, "other"])
    assert result.exit_code == 0 and "✓ 02_other" in result.stdout


def test_equal_changes_in_two_lines_are_two_mutants(prove: Prove) -> None:
    """Each is told with its line; an entry explains one of them, the one of its line if it says."""
    twice = RIGHT.replace("    return x", "    z = 0\n    return x")
    solution: dict[str, str | None] = {f"solutions/{NAME}.py": twice}
    first, second = (n for n, line in enumerate(twice.splitlines(), 1) if line == "    z = 0")
    survivors = prove(solution, mutants=True).survivors
    assert [each for each in survivors if each.endswith("pass")] == [
        f"line {first}: z = 0  ->  pass", f"line {second}: z = 0  ->  pass"]  # fmt: skip
    entry = EQUIVALENT.format(after="pass") + f"line = {second}\n"
    proof = prove(solution | {f"{BANK}/equivalent.toml": entry}, mutants=True)
    dropped = f"line {second}: z = 0  ->  pass"
    assert proof.survivors == [each for each in survivors if each != dropped]
    assert proof.equivalents == [f"{dropped} (z is never used)"]


def test_fast_looks_at_a_sample(prove: Prove, tmp_path: Path) -> None:
    """A course that is not one's own: mutants from all over the solution, and how many of them."""
    lines = "".join(f"    y = {number}\n" for number in range(30))
    long = RIGHT.replace("    return x + x", f"{lines}    return x + x")
    prove({f"solutions/{NAME}.py": long})
    proof = verify.prove(tmp_path, NAME, with_mutants=True, update=False, fast=True)
    assert proof.mutants > 60 and 20 < proof.tried <= 40
    assert len(proof.survivors) + proof.equivalent + proof.caught == proof.tried


def test_imported_exercise_is_audited(prove: Prove) -> None:
    """Bank, hints and points are no demands; that its solution passes and is tested well are."""
    entry = METADATA.replace('hints = ["one", "two", "three"]', "imported = true")
    changes: dict[str, str | None] = {
        "exercises/exercises.toml": entry,
        f"graders/{NAME}.py": GRADER.replace("points=4", "points=1.5"),
        **{path: None for path in FILES if path.startswith(BANK)},
    }
    proof = prove(changes, mutants=True)
    assert proof.problems == []
    no_right = "the bank has no right answer besides the solution"
    assert {"it has no hints", no_right} < {*proof.advice}


def test_points_may_be_fractions(prove: Prove) -> None:
    """14 x 10/14 are 10, though floating point says 9.999999999999998."""
    split = GRADER.replace("points=6", "points=10/3").replace("points=4", "points=20/3 - 1e-12")
    assert prove({f"graders/{NAME}.py": split}).problems == []
