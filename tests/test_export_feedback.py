"""Feedback on its way back: read as the other systems read it."""

from __future__ import annotations

import ast
import csv
import json
import mailbox
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from gradekit.commands import kit
from gradekit.report import Check, Report
from gradekit.results import Person, Result

from .readers import canvas as canvas_reader
from .readers import moodle as moodle_reader

FIVE, EIGHT = "exercise_05_softmax", "exercise_08_adam"
HOSTILE = "raised ValueError: </pre><script>alert(1)</script>\n'''\nimport os\u2028os.system('x')"


def report(exercise: str, *passed: bool) -> Report:
    checks = tuple(
        Check(name=f"test_{n}", function="softmax", title=f"What {n} is.",
              outcome="passed" if good else "failed", score=5.0 * good, max_score=5.0,
              message="" if good else HOSTILE, hint="" if good else "Why?")
        for n, good in enumerate(passed)
    )  # fmt: skip
    return Report(exercise=exercise, score=sum(each.score for each in checks), max_score=10.0,
                  isolation="seccomp", seconds=0.1, submission_sha256="0" * 64,
                  grader_sha256="1" * 64, checks=checks)  # fmt: skip


def result(person: Person, exercise: str, file: str, *passed: bool, **more: Any) -> Result:
    return Result(person.name, exercise, file, report(exercise, *passed), 2, person, **more)


def export(tmp_path: Path, results: list[Result], *words: object, code: int = 0) -> Any:
    """Run `kit export feedback`; what it wrote, and what it printed."""
    folder = tmp_path / "graded"
    folder.mkdir(exist_ok=True)
    (folder / "results.jsonl").write_bytes(b"\n".join([*map(msgspec.json.encode, results), b""]))
    system, *more = map(str, words)
    out = tmp_path / "out.zip"
    done = CliRunner().invoke(
        kit, ["export", "feedback", system, str(folder), "--out", str(out), *more]
    )
    assert done.exit_code == code, done.output
    return (out.read_bytes() if out.exists() else b""), done.output


def test_canvas_takes_the_zip_back(tmp_path: Path) -> None:
    """Original names; what stands in a file is what its name promises, and nothing runs."""
    ada = Person("lovelaceada", "7", "canvas")
    names = {
        "lovelaceada_7_1001_exercise_05_softmax.py": "exercise_05_softmax.py",
        "lovelaceada_7_1002_exercise_08_adam-1.ipynb": "exercise_08_adam-1.ipynb",
    }
    python, notebook = names
    results = [
        result(ada, FIVE, f"hw.zip/{python}", True, False),
        result(ada, EIGHT, f"hw.zip/{notebook}", True, True),
        result(Person("alan"), FIVE, "alan/exercise_05_softmax.py", True, True),
    ]
    content, output = export(tmp_path, results, "canvas", "--feedback", "full")
    assert "1 answer has no file name of Canvas: left out" in output
    there = {7: {1001: names[python], 1002: names[notebook]}}
    (first, second) = canvas_reader(content, there)[7]
    name, _, text = first.partition(": ")
    assert name == names[python] and "# 5 of 10 points" in text and "alert(1)" in text
    assert ast.parse(text).body == []  # comments only, whatever the answer raised
    made = json.loads(second.partition(": ")[2])
    assert "All checks passed." in made["cells"][0]["source"]
    assert canvas_reader(content, {8: {1001: "other"}}) == {}


def test_moodle_takes_the_zip_back(tmp_path: Path) -> None:
    """One page a student with all exercises, in the folder (or flat) as it came."""
    ada, alan = Person("Ada Lovelace", "77", "moodle"), Person("Alan", "78", "moodle")
    folder = "hw1/Ada Lovelace_77_assignsubmission_file_"
    results = [
        result(ada, EIGHT, f"{folder}/exercise_08.py", True, True, export="hw1.zip 0a"),
        result(ada, FIVE, f"{folder}/src/softmax.py", True, False, export="hw1.zip 0a"),
        result(alan, FIVE, "Alan_78_assignsubmission_file_softmax.py", False, False,
               export="hw1.zip 0a"),
    ]  # fmt: skip
    content, _ = export(tmp_path, results, "moodle", "--feedback", "full")
    read = moodle_reader(content, {77, 78})
    assert {number: list(files) for number, files in read.items()} == {
        77: ["feedback.html"], 78: ["feedback.html"],
    }  # fmt: skip
    page = read[77]["feedback.html"]
    assert page.index("Softmax") < page.index("Adam") and "Total: 15 of 20 points." in page
    assert "<script" not in page and "alert(1)" in page
    again = msgspec.structs.replace(results[0], export="hw2.zip 0b")
    _, output = export(tmp_path, [*results[1:], again], "moodle", code=2)
    assert "come from several exports (hw1.zip, hw2.zip)" in output
    content, _ = export(tmp_path, [*results[1:], again], "moodle", "--from", "hw1.zip")
    assert "Adam" not in moodle_reader(content, {77})[77]["feedback.html"]


def test_answers_of_another_system_are_no_zip(tmp_path: Path) -> None:
    """A sentence says what to grade."""
    results = [result(Person("ada"), FIVE, "ada/softmax.py", True, True)]
    for system in ("canvas", "moodle"):
        _, output = export(tmp_path, results, system, code=2)
        assert f"grade the zip that {system.title()} gave you" in output


@pytest.mark.filterwarnings("ignore")
def test_mails_are_drafts(tmp_path: Path) -> None:
    """Python's own library reads the mbox back; who has no address is told."""
    roster = tmp_path / "people.csv"
    roster.write_text(
        "Name,Username,Email address\nAda Lovelace,al@host,ada@example.org\nEve,eve,no address\n"
    )
    ada = Person("Ada Lovelace")
    results = [
        result(ada, FIVE, "a/softmax.py", True, False),
        result(ada, EIGHT, "a/adam.py", True, True),
        result(Person("Eve"), FIVE, "e/softmax.py", True, True),
    ]
    words = ["email", "--roster", str(roster), "--sender", "staff@example.org"]
    _, output = export(tmp_path, results, *words)
    assert "note: `Eve` has no address: left out" in output
    _, output = export(tmp_path, results, "email", code=2)
    assert "Nobody's address is known: `--roster FILE`" in output
    (message,) = mailbox.mbox(tmp_path / "out.zip")
    assert message["To"] == "Ada Lovelace <ada@example.org>"
    assert (message["From"], message["X-Unsent"]) == ("staff@example.org", "1")
    parts: Any = message.get_payload()
    text, page = parts
    assert "Total: 15 of 20 points." in text.get_payload()
    assert page.get_filename() == "feedback.html"
    assert "<h1>Feedback for Ada Lovelace</h1>" in page.get_payload(decode=True).decode()
    (row,) = csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8-sig"))
    assert (row["email"], row["total"], row["possible"]) == ("ada@example.org", "15", "20")


def test_the_zip_holds_final_scores(tmp_path: Path) -> None:
    """What counts and why stands first, wherever a policy changed it."""
    ada = Person("lovelaceada", "7", "canvas")
    name = "lovelaceada_7_1001_softmax.py"
    (tmp_path / "graded").mkdir()
    rows = "student,exercise,points,reason\n7,softmax,8,argued well\n"
    (tmp_path / "graded" / "overrides.csv").write_text(rows)
    content, _ = export(tmp_path, [result(ada, FIVE, name, True, False)], "canvas")
    (text,) = canvas_reader(content, {7: {1001: "softmax.py"}})[7]
    assert "# 8 of 10 points: set to 8 by hand (argued well)" in text


def test_one_page_a_student_for_any_other_system(tmp_path: Path) -> None:
    """A zip with a folder a student, whatever the student is called."""
    import io
    import zipfile

    results = [
        result(Person("Ada"), FIVE, "a/softmax.py", True, False),
        result(Person("Ada"), EIGHT, "a/adam.py", True, True),
        result(Person("../Eve"), FIVE, "e/softmax.py", True, True),
    ]
    content, _ = export(tmp_path, results, "html")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        eve, ada = sorted(archive.namelist(), key=lambda name: "Ada" in name)
        assert ada == "Ada/feedback.html" and ".." not in eve.split("/")
        page = archive.read(ada).decode()
    assert page.count("<article") == 2 and "<h1>Feedback for Ada</h1>" in page
