"""Each level of feedback shows what it promises, and nothing of what comes with the next."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from gradekit.feedback import LEVELS, Level, at_level
from gradekit.report import Check, Report, to_json


def check(number: int, **fields: Any) -> Check:
    return Check(
        **{
            "name": f"test_{number}",
            "function": "f",
            "title": f"Title {number}.",
            "outcome": "failed",
            "score": 0.0,
            "max_score": 5.0,
            "message": f"f({number}): expected 1, got 2",
            "hint": f"Why {number}?",
            **fields,
        }
    )


PASSED = check(2, outcome="passed", score=5.0, message="", hint="")
REPORT = Report(
    exercise="exercise_05_softmax",
    score=5.0,
    max_score=10.0,
    isolation="landlock+seccomp",
    seconds=0.04,
    submission_sha256="ab",
    grader_sha256="cd",
    checks=(check(1, ending="timed_out"), PASSED),
    behaves_like={"f": "adds one"},
)


def seen(level: Level, report: Report = REPORT) -> str:
    """All that a reader of this level could get hold of."""
    return to_json(at_level(report, level))


@pytest.mark.parametrize(
    ("level", "shown", "kept_back"),
    [
        ("score", ["5.0", "exercise_05_softmax"], ["test_1", "Title 1", "Why 1", "got 2", "adds"]),
        ("titles", ["Title 1.", "Title 2.", "timed_out"], ["Why 1", "got 2", "adds one"]),
        ("hints", ["Title 1.", "Why 1?", "adds one"], ["got 2"]),
        ("full", ["Title 1.", "Why 1?", "adds one", "f(1): expected 1, got 2"], []),
    ],
)
def test_level_shows_its_part(level: Level, shown: list[str], kept_back: list[str]) -> None:
    """The points are always there; titles, hints and counterexamples come one after the other."""
    text = seen(level)
    assert all(part in text for part in shown)
    assert not any(part in text for part in kept_back)


@pytest.mark.parametrize("level", LEVELS)
def test_points_and_hashes_are_the_same_at_every_level(level: Level) -> None:
    """What a level leaves out changes neither score nor what was graded by what."""
    shown = at_level(REPORT, level)
    same = ("score", "max_score", "exercise", "isolation", "submission_sha256", "grader_sha256")
    assert all(getattr(shown, name) == getattr(REPORT, name) for name in same)
    assert [c.score for c in shown.checks] == ([] if level == "score" else [0.0, 5.0])


@pytest.mark.parametrize("level", ["titles", "hints"])
def test_what_all_checks_failed_with_stays(level: Level) -> None:
    """A syntax error gives no check away, so its sentence is shown from titles on."""
    text = "line 2 is no valid Python: invalid syntax"
    both = tuple(check(number, message=text) for number in (1, 2))
    assert seen(level, msgspec.structs.replace(REPORT, checks=both)).count(text) == 2


@pytest.mark.parametrize("level", ["titles", "hints"])
def test_counterexample_of_an_only_check_is_kept_back(level: Level) -> None:
    """Where there is but one check, what all checks failed with is its counterexample."""
    assert "got 2" not in seen(level, msgspec.structs.replace(REPORT, checks=(check(1),)))


@pytest.mark.parametrize("level", ["titles", "hints"])
@pytest.mark.parametrize(
    ("message", "ending", "told"),
    [
        ("not written yet\nprinted: f(7)", "finished", "not written yet"),
        ("there is no function `f` in a.ipynb (cell 2)", "finished", "there is no function `f`"),
        ("there is no function `secret` in a.py", "finished", ""),
        ("`f` is no function but of type `int`", "finished", "`f` is no function"),
        ("stopped after 2.5 s: f(7) did not return", "timed_out", "stopped after 2.5 s"),
        ("stopped after 7 s", "finished", ""),
        ("stopped: it used more than 2 GiB", "out_of_memory", "stopped: it used more than 2 GiB"),
        ("f(7) crashed Python", "crashed", ""),
    ],
)
def test_what_tells_nothing_of_a_check_stays(
    level: Level, message: str, ending: str, told: str
) -> None:
    """That a function is missing or was stopped is said; no call, and no words of an answer."""
    mixed = (check(1, message=message, ending=ending), check(2, message="f(2): expected 1"))
    shown = at_level(msgspec.structs.replace(REPORT, checks=mixed), level)
    assert [each.message for each in shown.checks] == [told, ""]


def test_a_file_that_prints_before_it_breaks_still_has_one_problem() -> None:
    """What was printed belongs to one check only, the error that stopped the file to all."""
    text = "running the file stopped with NameError: name 'nq' is not defined"
    both = (check(1, message=f"{text}\nprinted: hello"), check(2, message=text))
    shown = at_level(msgspec.structs.replace(REPORT, checks=both), "hints")
    assert shown.common_problem == text


def test_json_has_the_promised_keys() -> None:
    """The stable form: these keys, in this order, with these kinds of values; it reads back."""
    text = to_json(REPORT)
    told = json.loads(text)
    assert list(told) == [
        "schema", "exercise", "score", "max_score", "isolation", "seed", "seconds",
        "submission_sha256", "grader_sha256", "checks", "passed_over", "behaves_like",
        "explained",
    ]  # fmt: skip
    assert list(told["checks"][0]) == [
        "name", "function", "title", "outcome", "ending", "score", "max_score", "message",
        "kind", "print", "hint", "counterexample", "seconds",
    ]  # fmt: skip
    assert told["schema"] == 2
    assert (told["checks"][0]["outcome"], told["checks"][0]["ending"]) == ("failed", "timed_out")
    assert msgspec.json.decode(text, type=Report) == REPORT


def test_report_knows_how_it_stands() -> None:
    """Full marks need every point and every check run; our failures are no failed checks."""
    full = msgspec.structs.replace(REPORT, score=10.0, checks=(PASSED, PASSED))
    broken = msgspec.structs.replace(full, checks=(PASSED, check(3, outcome="not_run")))
    assert full.passed and not REPORT.passed and not broken.passed
    assert [c.name for c in REPORT.failed] == ["test_1"] and REPORT.not_run == ()
    assert [c.name for c in broken.not_run] == ["test_3"] and broken.failed == ()


def test_the_score_alone_says_that_we_failed() -> None:
    """A check that we could not run is no zero: its reader learns that, and no more."""
    ours = check(3, outcome="not_run", message="KeyError: 'secret'", hint="")
    text = seen("score", msgspec.structs.replace(REPORT, checks=(PASSED, ours)))
    assert "could not be run" in text and '"not_run"' in text
    assert "test_3" not in text and "Title 3" not in text and "secret" not in text
