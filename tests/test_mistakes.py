"""Known mistakes are named by what an answer does, and by nothing else."""

from __future__ import annotations

import base64
import math
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from gradekit.authoring.verify import first_line, prove
from gradekit.course import METADATA, Course
from gradekit.engine import open_session
from gradekit.grading.compare import deviation_of
from gradekit.grading.mistakes import (
    MOST_NAMES,
    Mistake,
    Print,
    Signatures,
    load,
    path_of,
    print_of,
    save,
)
from gradekit.grading.session import Session
from gradekit.report import Check, Report
from gradekit.submission import Submission

sys.path.insert(0, str(Path(__file__).parent))
from unknown_faults import FAULTS, answer

ROOT = Path(__file__).resolve().parents[1]
WRONG = ROOT / "tests" / "bank" / "exercise_05_softmax" / "wrong"
Grade = Callable[[str], Report]

SOFTMAX = """
import numpy as np
def softmax(x, axis=-1):
    weights = np.exp(np.asarray(x, float) - np.max(np.asarray(x, float), axis, keepdims=True))
    return weights / weights.sum(axis, keepdims=True)
"""
LOG_SOFTMAX = """
import numpy as np
def log_softmax(x, axis=-1):
    x = np.asarray(x, dtype=float)
    x = x - x.max(axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis, keepdims=True))
"""
RIGHT = SOFTMAX + LOG_SOFTMAX
# The same in other words: powers of two, multiplied out one line at a time.
BASE_TWO = """
import math
import numpy as np
def softmax(x, axis=-1):
    def line(scores):
        top = max(scores)
        weights = [math.pow(2.0, score - top) for score in scores]
        return [weight / math.fsum(weights) for weight in weights]
    return np.apply_along_axis(line, axis, np.array(x, dtype=float)){noise}
"""


@pytest.fixture(scope="module")
def grade(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grade]:
    """Grade a source text as softmax, in a course whose signatures are of this very minute."""
    root = tmp_path_factory.mktemp("course")
    exercise = course.find("softmax")
    for place in (course.stub, course.solution, course.grader):
        target = root / place(exercise).relative_to(course.root)
        target.parent.mkdir()
        shutil.copy(place(exercise), target)
    shutil.copytree(course.bank / exercise.name, root / "tests" / "bank" / exercise.name)
    metadata = (course.root / "exercises" / METADATA).read_text("utf-8")
    (root / "exercises" / METADATA).write_text(metadata, "utf-8")
    prove(root, exercise.name, with_mutants=False, update=True)
    with open_session(Course(root), exercise) as session:
        yield lambda text: session.grade(Submission("answer.py", (text,), ""))


def sentence_of(name: str) -> str:
    return first_line(WRONG / f"{name}.py")[1]


def test_other_code_with_the_same_behaviour_is_named(grade: Grade) -> None:
    """Loops that make the mistake of a vectorised bank file are told its sentence."""
    report = grade(BASE_TWO.format(noise="") + LOG_SOFTMAX)
    assert report.behaves_like == {"softmax": sentence_of("base_two")}


def test_rounding_is_no_other_behaviour(grade: Grade) -> None:
    """An answer that is off by another billionth still makes the same mistake."""
    noise = " * (1 + 1e-9 * np.cos(np.arange(np.shape(x)[-1])))"
    report = grade(BASE_TWO.format(noise=noise) + LOG_SOFTMAX)
    assert report.behaves_like == {"softmax": sentence_of("base_two")}


def test_two_mistakes_in_two_functions_are_both_named(grade: Grade) -> None:
    """What is wrong in one function does not hide what is wrong in the other."""
    ten = (WRONG / "log_base_ten.py").read_text("utf-8")
    report = grade(ten + BASE_TWO.format(noise=""))
    assert report.behaves_like == {
        "softmax": sentence_of("base_two"),
        "log_softmax": sentence_of("log_base_ten"),
    }


@pytest.mark.parametrize(
    "body",
    ["return np.asarray(x, float)", "return np.zeros(np.shape(x))", "pass", "return {}[0]",
     "raise NotImplementedError", "return 'nan'", "import os; os._exit(0)"],
)  # fmt: skip
def test_unknown_mistake_is_met_with_silence(grade: Grade, body: str) -> None:
    """Where no file of the bank behaves like the answer, nothing is claimed."""
    report = grade(f"{LOG_SOFTMAX}\ndef softmax(x, axis=-1):\n    {body}\n")
    assert report.score < 10 and report.behaves_like == {}


def test_source_is_never_looked_at(grade: Grade) -> None:
    """The text of a mistake in a right answer means nothing; one that cannot be read is named."""
    text = (WRONG / "base_two.py").read_text("utf-8")
    report = grade(f"{RIGHT}\nTEXT = {text!r}\n# {text.splitlines()[0]}\n")
    assert report.score == 10 and report.behaves_like == {}
    hidden = base64.b85encode(text.encode())
    report = grade(f"import base64\nexec(base64.b85decode({hidden!r}))\n")
    assert report.behaves_like == {"softmax": sentence_of("base_two")}


HOSTILE = {
    "deep_list": "a = []\nfor _ in range(60): a = [a]",
    "deep_dict": "a = {}\nfor _ in range(60): a = {'': a}",
    "mixed_keys": "a = {1: 2, 'b': 3, None: 4, (1, 2): 5, 2.5: float('nan')}",
    "extremes": "a = [float('nan'), float('inf'), -float('inf'), 5e-324, 1.7e308, -0.0]",
    "huge_int": "a = 2**8000",
    "letters": "a = '\\ud800\\x1b[31m\\u202e' * 50",
    "bytes": "a = bytes(range(256))",
    "empty": "a = np.zeros((0, 3))",
    "complex": "a = np.array([1j, complex('nan+infj')])",
    "half": "a = np.full(9, 6e4, dtype=np.float16)",
    "booleans": "a = np.array([True, False])",
    "long": "a = np.linspace(0, 1, 10**6)",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_value_breaks_nothing(grade: Grade, case: str) -> None:
    """Whatever comes back, the check just fails, no mistake is named, and grading goes on."""
    build = HOSTILE[case].replace("\n", "\n    ")
    source = f"{LOG_SOFTMAX}\ndef softmax(x, axis=-1):\n    {build}\n    return a\n"
    report = grade(source)
    assert report.score == 4 and not report.not_run and report.behaves_like == {}


@pytest.mark.parametrize(
    "tensor",
    [torch.tensor([1.0, 2.0], dtype=torch.bfloat16), torch.tensor([1j, 2.0]), torch.zeros(0, 2),
     torch.tensor([True, False]), torch.tensor([2**62, 1]), torch.tensor(3.0, requires_grad=True)],
    ids=["bfloat16", "complex", "empty", "bool", "int64", "with_grad"],
)  # fmt: skip
def test_every_tensor_has_a_print(tensor: torch.Tensor) -> None:
    """A print can be taken of any tensor that the wire delivers, and equals itself."""
    assert print_of(1, "value", tensor) == print_of(1, "value", tensor.clone())


def test_prints_stand_a_little_noise_and_no_more() -> None:
    """Noise of 1e-9 leaves a print alone in every case of many; a hundredth changes it."""
    rng = np.random.default_rng(7)
    for _ in range(300):
        value = rng.normal(size=(5, 8)) * 10.0 ** rng.integers(-3, 4)
        mine = print_of(2, "value", value)
        noise = 1e-9 * rng.normal(size=value.shape)
        assert mine.agrees(print_of(2, "value", value * (1 + noise)))
        assert not mine.agrees(print_of(2, "value", value * 1.01))


@pytest.mark.parametrize(
    "other",
    [(3, "value", [1.0, 2.0]), (2, "error", [1.0, 2.0]), (2, "value", [1.0, 2.0, 0.0]),
     (2, "value", (1.0, 2.0)), (2, "value", [2.0, 1.0]), (2, "value", [1.0, math.nan]),
     (2, "value", np.array([1.0, 2.0])), (2, "value", {"a": 1.0, "b": 2.0}), (2, "value", None)],
)  # fmt: skip
def test_other_reply_has_another_print(other: tuple[int, str, Any]) -> None:
    """The number of the reply, its kind, its structure, order and values all count."""
    assert not print_of(2, "value", [1.0, 2.0]).agrees(print_of(*other))


def failed(name: str, function: str = "f") -> Check:
    return Check(name=name, function=function, title="", outcome="failed", score=0, max_score=2)


def known(name: str, value: Any, *, kind: str = "value") -> Mistake:
    return Mistake(name, "f", f"the sentence of {name}", {"test_a": print_of(1, kind, value)})


def named(mistakes: list[Mistake], value: Any, *, kind: str = "value") -> dict[str, str]:
    prints = {"test_a": print_of(1, kind, value)}
    return Signatures("", tuple(mistakes)).name([failed("test_a")], prints)


def test_mistakes_that_behave_alike_are_told_together_while_they_are_few() -> None:
    """Two mistakes that one cannot tell apart are both named; of three, none is."""
    alike = [known(f"m{number}", 1.5) for number in range(MOST_NAMES + 1)]
    both = {"f": "the sentence of m0; or: the sentence of m1"}
    assert named(alike[:2], 1.5) == both
    assert named(alike, 1.5) == {}


def test_an_error_alone_names_nothing() -> None:
    """A TypeError has too many causes to tell which mistake it was."""
    assert named([known("m", "TypeError", kind="error")], "TypeError", kind="error") == {}


def test_checks_without_points_and_passed_ones_do_not_count() -> None:
    """Which checks with points failed has to be the same; a failed example does not disturb."""
    signatures = Signatures("", (known("m", 1.5),))
    example = msgspec.structs.replace(failed("example_f"), max_score=0)
    prints = {name: print_of(1, "value", 1.5) for name in ("test_a", "test_b", "example_f")}
    assert signatures.name([failed("test_a"), example], prints) == {"f": "the sentence of m"}
    assert signatures.name([failed("test_a"), failed("test_b")], prints) == {}
    assert signatures.name([failed("test_a", "g")], prints) == {}


def test_signatures_are_of_one_version_of_a_grader(tmp_path: Path) -> None:
    """Saved ones come back for their grader only; damaged or missing ones count as none."""
    grader = tmp_path / "exercise_01_toy.py"
    signatures = Signatures("abc", (known("one", 1.5), known("two", [math.nan, 2.0])))
    assert load(grader, "abc") is None
    save(grader, signatures)
    assert load(grader, "abc") == signatures
    assert load(grader, "abd") is None
    path_of(grader).write_text('{"grader_sha256": "abc"', "utf-8")
    assert load(grader, "abc") is None


def test_every_wrong_file_has_its_signature_and_sentence(course: Course) -> None:
    """What ships beside each grader is exactly its bank, and reads as a clause for a learner."""
    for exercise in course.exercises:
        shipped = msgspec.json.decode(
            path_of(course.grader(exercise)).read_bytes(), type=Signatures
        )
        wrong = sorted((course.bank / exercise.name / "wrong").glob("*.py"))
        expected = [(path.stem, *first_line(path)) for path in wrong]
        assert [(m.name, m.function, m.sentence) for m in shipped.mistakes] == expected
        for mistake in shipped.mistakes:
            assert 2 <= len(mistake.sentence.split()) <= 25, mistake.name
            assert not mistake.sentence.endswith("."), mistake.name


def test_values_that_are_nearly_right_need_evidence_of_their_own() -> None:
    """All of them share their hashes; how far they are out, and in how many digits, differs."""
    exact = np.array([0.1, 1 / 3, 0.7])
    float32 = exact.astype(np.float32).astype(np.float64)

    def seen(value: np.ndarray, kind: str = "rounding") -> Print:
        return print_of(1, "value", value, kind, deviation_of(value, exact))

    known = seen(exact + 1e-8)
    assert known.agrees(seen(exact + 1.1e-8))
    assert not known.agrees(seen(exact + 1e-7))
    assert not known.agrees(seen(np.round(exact, 4)))
    assert not known.agrees(seen(float32))
    assert not known.agrees(seen(exact + 1e-8, "value"))
    assert seen(float32).manner == "rounding in float32"
    assert seen(np.round(exact, 4)).manner == "rounding in 4 decimals"
    assert Print(1, True, known.hashes).agrees(seen(float32))  # as older signatures have it


@pytest.mark.parametrize("slug", [*FAULTS][::7])
def test_no_false_name_for_a_fault_that_is_in_no_bank(
    slug: str, course: Course, session_of: Callable[[str], Session]
) -> None:
    """A third of the table; `benchmarks/names.py` looks at all of it."""
    exercise = course.find(slug)
    solution = course.solution(exercise).read_text("utf-8")
    for function, code, pattern in FAULTS[slug][1::3]:
        source = answer(solution, function, code)
        report = session_of(exercise.name).grade(Submission(exercise.file_name, (source,), ""))
        assert any(check.function == function for check in report.failed), code
        false = [
            name
            for name in report.behaves_like.values()
            if not pattern or not re.search(pattern, name)
        ]
        assert not false, code
