"""`kit check` as people use it: names, files, exit codes, JSON, and graders under plain pytest."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from gradekit.commands import kit
from gradekit.report import Report

ROOT = Path(__file__).resolve().parents[1]
ANSWERS = ROOT / "examples" / "answers"
WRONG, RIGHT = ANSWERS / "softmax_wrong.py", ANSWERS / "softmax_right.ipynb"
HOSTILE = """
import sys
print("\\x1b[2J\\u202e printed", file=sys.stderr)
def softmax(x, axis=-1):
    print("\\x9b31m\\a\\r", "\\u2066 told")
    return "\\x1b]0;title\\x07\\u202e"
def log_softmax(x, axis=-1):
    raise ValueError("\\x1b[8m\\u200f hidden")  # \u202e and its line
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Every command runs in an empty folder, on a screen of 80 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    yield tmp_path


def run(*arguments: Any) -> Result:
    """`kit` in this process."""
    return CliRunner().invoke(kit, [str(argument) for argument in arguments])


def process(*command: Any, **options: Any) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, *map(str, command)]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, **options)


def report_in(text: str) -> Report:
    return msgspec.json.decode(text, type=Report)


def test_checkout_runs_from_any_folder() -> None:
    """`python .../cli.py check` needs no installation and no place; marks missing is exit 1."""
    done = process(ROOT / "cli.py", "check", "exercise_05", WRONG)
    assert done.returncode == 1 and done.stderr == ""
    assert done.stdout.startswith("exercise_05_softmax  ") and "\n✗ " in done.stdout
    assert "hint: " in done.stdout and " of 10 points\n" in done.stdout
    assert "\x1b" not in done.stdout


def test_full_marks_of_a_notebook_are_exit_code_0() -> None:
    """A notebook is graded like a file."""
    done = run("check", "softmax", RIGHT)
    assert done.exit_code == 0
    assert "10 of 10 points" in done.stdout and "✗" not in done.stdout


@pytest.mark.parametrize("name", ["5", "05_softmax", "exercise_05_softmax.py"])
def test_every_name_is_understood(name: str) -> None:
    """The exercise may be called by number, slug or file."""
    done = run("check", name, WRONG, "--json")
    assert done.exit_code == 1
    assert report_in(done.stdout).exercise == "exercise_05_softmax"


@pytest.mark.parametrize("form", [[], ["--json"], ["--plain"]])
@pytest.mark.parametrize(("answer", "code"), [(RIGHT, 0), (WRONG, 1)])
def test_closed_pipe_leaves_the_exit_code(answer: Path, code: int, form: list[str]) -> None:
    """`| head -1` may stop reading: the grade decides, and nothing is complained about."""
    done = unread("check", "softmax", answer, *form)
    assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.parametrize("form", [[], ["--plain"]])
def test_closed_pipe_is_no_failure_of_a_list(form: list[str]) -> None:
    """What only shows something has done its work, however much of it was read."""
    done = unread("list", *form)
    assert (done.returncode, done.stderr) == (0, "")


def unread(*words: Any) -> subprocess.CompletedProcess[str]:
    """`kit` with a stdout that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run(
            [sys.executable, "-m", "gradekit", *map(str, words)],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    finally:
        os.close(writing)


def test_json_is_the_report_and_nothing_else() -> None:
    """--json prints one report that adds up, also where the answer prints things itself."""
    done = run("check", "softmax", WRONG, "--json")
    report = report_in(done.stdout)
    assert done.exit_code == 1 and done.stderr == ""
    assert report.score == sum(check.score for check in report.checks) < report.max_score == 10
    assert report.failed and not report.not_run
    assert len(report.submission_sha256) == len(report.grader_sha256) == 64


@pytest.mark.parametrize("level", ["score", "titles", "hints"])
def test_feedback_level_is_kept_in_every_form(level: str) -> None:
    """No form of a lower level holds a counterexample; the score level no check at all."""
    for form in ([], ["--json"]):
        done = run("check", "softmax", WRONG, "--feedback", level, *form)
        assert done.exit_code == 1
        assert "expected [" not in done.stdout
        assert ("hint" in done.stdout.replace('"hint": ""', "")) == (level == "hints")
        assert ("finite probabilities" in done.stdout) == (level != "score")


MISUSES: dict[str, tuple[list[str], str]] = {
    "no_exercise": (["check", "sofmax", "a.py"], "Did you mean `exercise_05_softmax`"),
    "no_file": (["check", "softmax", "nowhere.py"], "There is no file nowhere.py"),
    "no_workspace": (["check", "softmax"], "kit init practice"),
    "folder": (["check", "softmax", "."], "No file in . answers exercise_05_softmax"),
    "text": (["check", "softmax", "notes.txt"], "neither a Python file (.py) nor a notebook"),
    "empty": (["check", "softmax", "empty.py"], "is empty: there is nothing to grade"),
    "binary": (["check", "softmax", "binary.py"], "is not a text file"),
    "notebook": (["check", "softmax", "broken.ipynb"], "is not a Jupyter notebook"),
    "no_course": (["--course", ".", "check", "softmax", "a.py"], "There is no course in"),
    "option": (["check", "softmax", "a.py", "--feedback", "loud"], "loud"),
    "command": (["chekc"], "chekc"),
}


@pytest.mark.parametrize("case", MISUSES)
def test_misuse_is_one_sentence_and_exit_code_2(elsewhere: Path, case: str) -> None:
    """What the user can put right is said on stderr, without a traceback; nothing is graded."""
    (elsewhere / "empty.py").write_text("\n", "utf-8")
    (elsewhere / "notes.txt").write_text("x\n", "utf-8")
    (elsewhere / "binary.py").write_bytes(b"\xff\xfe\0")
    (elsewhere / "broken.ipynb").write_text("{", "utf-8")
    arguments, sentence = MISUSES[case]
    done = run(*arguments)
    assert done.exit_code == 2 and done.stdout == ""
    assert sentence in done.stderr and "Traceback" not in done.stderr


def test_name_of_a_file_cannot_steer_the_terminal(elsewhere: Path) -> None:
    """A file's name comes from who hands it in; in a message it is as harmless as its content."""
    evil = elsewhere / "a\x1b[2J\u202eyp.py"
    evil.write_text("", "utf-8")
    done = run("check", "softmax", evil)
    assert done.exit_code == 2 and "is empty" in done.stderr
    assert all(char.isprintable() or char == "\n" for char in done.stderr)


@pytest.mark.parametrize("form", [["-v"], ["--json"]])
def test_answer_cannot_steer_the_terminal(elsewhere: Path, form: list[str]) -> None:
    """Escape codes and bidi marks that an answer prints, returns or raises arrive as signs."""
    hostile = elsewhere / "hostile.py"
    hostile.write_text(HOSTILE, "utf-8")
    done = run("check", "softmax", hostile, *form)
    assert done.exit_code == 1 and "hidden" in done.stdout and "\ufffd" in done.stdout
    assert all(char.isprintable() or char == "\n" for char in done.stdout + done.stderr)


def test_our_own_failure_is_exit_code_3(elsewhere: Path) -> None:
    """A check that breaks by itself is shown as ours; a grader that cannot be loaded as well."""
    for folder in ("exercises", "graders"):
        (elsewhere / "mine" / folder).mkdir(parents=True)
    for file in ("exercises.toml", "exercise_05_softmax.py"):
        shutil.copy(ROOT / "exercises" / file, elsewhere / "mine" / "exercises")
    grader = elsewhere / "mine" / "graders" / "exercise_05_softmax.py"
    grader.write_text(
        "from gradekit.grading import check\n"
        "@check('softmax', points=10, hint='?')\n"
        "def test_broken(submission):\n"
        "    'Never runs.'\n"
        "    raise RuntimeError('ours')\n"
    )
    done = run("--course", "mine", "check", "softmax", RIGHT)
    assert done.exit_code == 3
    assert "! Never runs." in done.stdout and "fault of kit's own" in done.stdout
    grader.write_text("import nowhere_to_be_found\n")
    done = run("--course", "mine", "check", "softmax", RIGHT)
    assert done.exit_code == 3 and done.stdout == ""
    assert "nothing counts against the answer" in done.stderr
    assert "nowhere_to_be_found" in done.stderr and "Traceback" not in done.stderr


def test_own_stub_is_the_default(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a practice folder no file need be named: the stub there is what is graded."""
    assert run("init", "practice").exit_code == 0
    monkeypatch.chdir(elsewhere / "practice")
    done = run("check", "softmax")
    assert done.exit_code == 1 and "not written yet" in done.stdout
    shutil.copy(ROOT / "solutions" / "exercise_05_softmax.py", ".")
    assert run("check", "softmax").exit_code == 0


def test_grader_runs_under_plain_pytest(elsewhere: Path) -> None:
    """`pytest GRADER --submission FILE` prints the score, and JUnit's XML has every check."""
    xml = elsewhere / "report.xml"
    grader = ROOT / "graders" / "exercise_05_softmax.py"
    done = process(
        "-m", "pytest", grader, "--submission", WRONG, "--junitxml", xml, "-p", "no:cacheprovider"
    )
    report = report_in(run("check", "softmax", WRONG, "--json").stdout)
    assert done.returncode == 1
    assert f" score: {report.score:g} of 10 " in done.stdout
    cases = [*ElementTree.parse(xml).iter("testcase")]
    outcomes = {case.get("name"): case.find("failure") is None for case in cases}
    assert outcomes == {check.name: check.outcome == "passed" for check in report.checks}
    failure = ElementTree.parse(xml).find(".//failure")
    assert failure is not None and "expected" in (failure.text or "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [([], "pytest exercise_05_softmax.py --submission FILE"),
     (["--submission", "nowhere.py"], "There is no file nowhere.py")],
)  # fmt: skip
def test_grader_without_an_answer_says_what_to_name(arguments: list[str], sentence: str) -> None:
    """Plain pytest without an answer, or with one that is not there, says so once and ends."""
    grader = ROOT / "graders" / "exercise_05_softmax.py"
    done = process("-m", "pytest", grader, "-p", "no:cacheprovider", *arguments)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stdout.count(sentence) == 1 and "score: " not in done.stdout


def test_help_has_an_example_for_every_command() -> None:
    """Each command explains itself and shows how it is typed; none loads anything heavy."""
    for name, command in kit.commands.items():
        assert "Example:" in (command.help or ""), name
        assert f"kit {name}" in (command.help or "") or f" {name} " in (command.help or ""), name
    heavy = (
        "print([n for n in ('numpy', 'torch', 'pytest', 'msgspec', 'rich') if n in sys.modules])"
    )
    code = f"import sys, gradekit.commands; {heavy}"
    done = process("-c", code, cwd=ROOT)
    assert json.loads(done.stdout.replace("'", '"')) == []


@pytest.mark.parametrize("words", [["--help"], ["export", "--help"]], ids=["kit", "export"])
def test_no_line_of_the_help_is_cut_off(words: list[str]) -> None:
    """What a command does fits into its line at 80 columns."""
    shown = CliRunner().invoke(kit, words, terminal_width=80).output
    assert "Commands:" in shown and "..." not in shown.partition("Commands:")[2]
