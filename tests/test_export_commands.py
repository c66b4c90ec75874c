"""The commands that write formats, run as an instructor or a system runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from gradekit.commands import kit
from gradekit.course import Course

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="full isolation needs Linux")

ROOT = Path(__file__).resolve().parents[1]
RIGHT = ROOT / "solutions" / "exercise_05_softmax.py"
WRONG = ROOT / "examples" / "answers" / "softmax_wrong.py"


def run(*words: object) -> Result:
    return CliRunner().invoke(kit, ["export", *map(str, words)])


@pytest.fixture(scope="module")
def autograder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gradescope's folder with the zip unpacked in it, and this Python in place of setup.sh's."""
    root = tmp_path_factory.mktemp("gradescope") / "autograder"
    archive = root.parent / "autograder.zip"
    result = run("gradescope", "softmax", "cross_entropy", "--out", archive)
    assert result.exit_code == 0, result.output
    (root / "submission").mkdir(parents=True)
    (root / "results").mkdir()
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(root / "source")
    scripts = root / "source"
    (root / "run_autograder").write_bytes((scripts / "run_autograder").read_bytes())
    python = root / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    for script in (root / "run_autograder", python):
        script.chmod(0o755)
    return root


def autograde(root: Path, answers: dict[str, str]) -> dict[str, Any]:
    """Hand in files as a student does and run what Gradescope runs."""
    for old in [*(root / "submission").iterdir(), *(root / "results").iterdir()]:
        old.unlink()
    for name, text in answers.items():
        (root / "submission" / name).write_text(text, "utf-8")
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}
    subprocess.run([root / "run_autograder"], cwd="/", check=True, env=environment)
    made: dict[str, Any] = json.loads((root / "results" / "results.json").read_text("utf-8"))
    return made


def test_gradescope_grades_in_its_own_layout(autograder: Path) -> None:
    """Both exercises are found by their files' names, and graded from the zip's own course."""
    texts = {
        "exercise_05_softmax.py": WRONG.read_text("utf-8"),
        "cross_entropy.py": (ROOT / "solutions" / "exercise_09_cross_entropy.py").read_text(),
    }
    made = autograde(autograder, texts)
    assert 10 < made["score"] < 20, "one of them is wrong in part"
    assert sum(test["score"] for test in made["tests"]) == made["score"]
    assert sum(test["max_score"] for test in made["tests"]) == 20.0
    assert made["execution_time"] > 0
    assert "hint: " in "".join(test["output"] for test in made["tests"])


def test_gradescope_scores_what_is_missing_or_unreadable(autograder: Path) -> None:
    """Nothing handed in, or no text, is 0 of the exercise's points, with the reason."""
    made = autograde(autograder, {"exercise_05_softmax.py": "\0"})
    assert made["score"] == 0
    told = {test["name"]: (test["max_score"], test["output"]) for test in made["tests"]}
    assert told["exercise_05_softmax"][0] == told["exercise_09_cross_entropy"][0] == 10
    assert "not a text file" in told["exercise_05_softmax"][1]
    assert "Nothing was handed in" in told["exercise_09_cross_entropy"][1]
    assert str(autograder) not in json.dumps(made)


def test_gradescope_zip_holds_no_solution_and_is_reproducible(tmp_path: Path) -> None:
    """Its scripts can be run and parsed; the same exercise gives the same bytes."""
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    for path in (first, second):
        assert run("gradescope", "softmax", "--out", path).exit_code == 0
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as opened:
        names = opened.namelist()
        for script in ("setup.sh", "run_autograder"):
            assert opened.getinfo(script).external_attr >> 16 & 0o111
            subprocess.run(["bash", "-n"], input=opened.read(script), check=True)
    of_course = [name for name in names if name.startswith("course/")]
    assert len(of_course) >= 3
    assert not [name for name in of_course if "solutions" in name or "adam" in name]


def test_prairielearn_command_writes_results(tmp_path: Path) -> None:
    """A wrong answer has its share; one that cannot be read is not gradable."""
    target = tmp_path / "grade" / "results" / "results.json"
    assert run("prairielearn", "softmax", WRONG, "--out", target).exit_code == 0
    made = json.loads(target.read_text("utf-8"))
    points = sum(test["points"] for test in made["tests"])
    assert 0 < points < 10 and made["score"] == pytest.approx(points / 10)
    broken = tmp_path / "answer.py"
    broken.write_bytes(b"\0")
    assert run("prairielearn", "softmax", broken, "--out", target).exit_code == 0
    made = json.loads(target.read_text("utf-8"))
    assert made["gradable"] is False
    assert made["format_errors"] == ["answer.py is not a text file: save the answer as UTF-8 text."]
    assert run("prairielearn", "softmax", tmp_path / "none.py", "--out", target).exit_code == 2


def test_classroom50_and_junit_commands_write_files(tmp_path: Path) -> None:
    """Both grade the file that they are given."""
    target = tmp_path / "result.json"
    about = ["--classroom", "c", "--assignment", "a", "--owner", "o"]
    assert run("classroom50", "softmax", RIGHT, "--out", target, *about).exit_code == 0
    made = json.loads(target.read_text("utf-8"))
    assert (made["score"], made["max-score"]) == (20, 20)
    assert run("junit", "softmax", WRONG, "--out", target).exit_code == 0
    assert "<failure" in target.read_text("utf-8")


def test_check_that_was_not_run_ends_with_our_code(tmp_path: Path) -> None:
    """Classroom 50 gets no file, which would cost points; JUnit an error; both end with 3."""
    for folder in ("exercises", "graders"):
        (tmp_path / folder).mkdir()
    name = "exercise_05_softmax"
    for file in (f"exercises/{name}.py", "exercises/exercises.toml"):
        (tmp_path / file).write_bytes((ROOT / file).read_bytes())
    (tmp_path / f"graders/{name}.py").write_text(
        "from gradekit.grading import check\n\n\n"
        '@check("softmax", points=10, hint="Why?")\n'
        "def test_breaks(submission):\n"
        '    """It breaks."""\n'
        "    1 / 0\n"
    )
    words = ["--course", str(tmp_path), "export"]
    about = ["--classroom", "c", "--assignment", "a", "--owner", "o"]
    for system, more, written in (("classroom50", about, False), ("junit", [], True)):
        target = tmp_path / system
        answer = [system, "softmax", str(RIGHT), "--out", str(target), *more]
        result = CliRunner().invoke(kit, [*words, *answer])
        assert result.exit_code == 3, result.output
        assert f"{name}: test_breaks was not run: ZeroDivisionError" in result.stderr
        assert target.exists() == written


def test_gradescope_makes_its_folder_or_says_that_it_cannot(tmp_path: Path) -> None:
    """The zip's folder is made; where it cannot be, that is a sentence."""
    target = tmp_path / "new" / "a.zip"
    assert run("gradescope", "softmax", "--out", target).exit_code == 0
    assert zipfile.is_zipfile(target)
    for impossible in (target / "b.zip", "/proc/x.y"):
        result = run("gradescope", "softmax", "--out", impossible)
        assert result.exit_code == 2
        assert f"{impossible} cannot be written: " in result.stderr


def test_gradebooks_of_a_class(tmp_path: Path) -> None:
    """What `kit grade` wrote becomes the files that Canvas and Moodle import."""
    answers = tmp_path / "class" / "ada"
    answers.mkdir(parents=True)
    (answers / "softmax.py").write_bytes(RIGHT.read_bytes())
    out = tmp_path / "graded"
    words = ["grade", str(tmp_path / "class"), "--out", str(out), "--jobs", "1"]
    assert CliRunner().invoke(kit, words).exit_code == 0
    title = Course(ROOT).find("softmax").title
    for system, header in (("canvas", "SIS Login ID"), ("moodle", "username")):
        target = tmp_path / f"{system}.csv"
        assert run(system, out, "--out", target).exit_code == 0
        text = target.read_text("utf-8")
        assert header in text
        assert title in text
        assert "ada" in text
    roster = tmp_path / "roster.csv"
    roster.write_text("Student,ID,Section\n")
    result = run("canvas", out, "--out", tmp_path / "c.csv", "--roster", roster)
    assert "`ada` is nobody of" in result.output


def test_every_format_has_help_with_an_example() -> None:
    """Each command of the group says what to type."""
    group: Any = kit.commands["export"]
    names = group.list_commands(click.Context(group))
    assert set(names) >= {
        "nbgrader", "gradescope", "prairielearn", "classroom50", "canvas", "moodle", "junit",
    }  # fmt: skip
    for name in names:
        assert "Example:" in run(name, "--help").output
