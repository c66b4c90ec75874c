"""Similar answers: copies are found under other names, and what everybody writes is not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from gradekit.batch import fingerprints
from gradekit.batch.fingerprints import FingerprintProcess, fingerprints_of
from gradekit.batch.similarity import similar_answers
from gradekit.commands import kit
from gradekit.course import Course
from gradekit.intake.discovery import discover
from gradekit.intake.handed_in import open_handed_in
from gradekit.overview import Overview, Similar
from gradekit.render.batch import print_summary
from gradekit.render.terminal import console

pytest.importorskip("copydetect")

EXERCISE = "exercise_05_softmax"


@pytest.fixture
def handed_in(tmp_path: Path, course: Course) -> Path:
    """Answers of different styles, and one that was copied and renamed."""
    styles = sorted((course.root / "tests/bank" / EXERCISE / "right").glob("*.py"))
    answers = {f"student {path.stem}": path.read_text() for path in styles}
    original = next(path for path in styles if path.stem == "plain_loops").read_text()
    copied = original.replace("line", "row_of_scores").replace("weights", "w")
    answers["copycat"] = f"# all my own work\n{copied}"
    answers["stub one"] = answers["stub two"] = course.stub(course.find("5")).read_text()
    answers["broken one"] = answers["broken two"] = "def softmax(:\n" * 3
    for student, text in answers.items():
        path = tmp_path / "in" / student / f"{EXERCISE}.py"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return tmp_path / "in"


def test_renamed_copy_is_found(handed_in: Path, course: Course) -> None:
    """A copy with other names and comments is the first group; stubs and scraps are in none."""
    source = open_handed_in(handed_in)
    similar = similar_answers(course, source, discover(source, course).entries)
    first = similar.groups[0]
    assert first.students == ("copycat", "student plain_loops")
    assert first.share > 0.9
    everybody = {student for group in similar.groups for student in group.students}
    assert not any("stub" in student or "broken" in student for student in everybody)


def test_side_by_side_marks_what_both_have(handed_in: Path, course: Course) -> None:
    """The marked lines of a copy are its code, not the comment on top that only it has."""
    source = open_handed_in(handed_in)
    similar = similar_answers(course, source, discover(source, course).entries)
    copy, original = similar.groups[0].closest
    assert copy.student == "copycat" and 1 not in copy.common
    lines = copy.source.splitlines()
    assert any("row_of_scores" in lines[number - 1] for number in copy.common)
    assert len(original.common) >= len(original.source.splitlines()) / 3


def test_copies_are_one_group_with_earlier_terms(
    handed_in: Path, course: Course, tmp_path: Path
) -> None:
    """Three copies are one group, and so is one of last year's; last year's alone are none."""
    text = (handed_in / "copycat" / f"{EXERCISE}.py").read_text()
    for path in ("in/second copycat", "2025/old one", "2025/old two"):
        (tmp_path / path).mkdir(parents=True)
        (tmp_path / path / f"{EXERCISE}.py").write_text(text)
    others = sorted((course.root / "tests/bank" / EXERCISE / "right").glob("*.py"))
    other = others[0] if others[0].stem != "plain_loops" else others[1]
    for name in ("old three", "old four"):
        (tmp_path / "2025" / name).mkdir()
        (tmp_path / "2025" / name / f"{EXERCISE}.py").write_text(other.read_text())
    (handed_in / f"student {other.stem}" / f"{EXERCISE}.py").unlink()
    source = open_handed_in(handed_in)
    entries = discover(source, course).entries
    similar = similar_answers(course, source, entries, [tmp_path / "2025"])
    assert set(similar.groups[0].students) == {
        "copycat", "second copycat", "student plain_loops", "old one (2025)", "old two (2025)"
    }  # fmt: skip
    everybody = [student for group in similar.groups for student in group.students]
    assert not any("old three" in student for student in everybody)


def test_the_published_solution_is_nobodys_copy(handed_in: Path, course: Course) -> None:
    """Two who handed in the model answer share nothing of their own."""
    text = course.solution(course.find("5")).read_text()
    for name in ("reader one", "reader two"):
        (handed_in / name).mkdir()
        (handed_in / name / f"{EXERCISE}.py").write_text(text)
    source = open_handed_in(handed_in)
    similar = similar_answers(course, source, discover(source, course).entries)
    assert not any("reader one" in group.students for group in similar.groups)


def test_a_file_that_takes_too_long_costs_itself() -> None:
    """The process is ended at its time limit, and the next file is read by a new one."""
    process = FingerprintProcess(seconds=0.0)
    try:
        assert "within 0 seconds" in process.take("answer.py", b"x = 1\n" * 10_000).problem
    finally:
        process.close()
    process = FingerprintProcess()
    try:
        assert process.take("answer.py", b"def f(x):\n    return x + 1\n" * 5).lines
        assert "larger than" in process.take("answer.py", b"x" * 2**24).problem
    finally:
        process.close()


def test_loading_the_libraries_is_no_files_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a limit of its own: on a busy machine it takes longer than any file may."""
    waited: list[float] = []

    def timer(seconds: float, act: Callable[[], None]) -> threading.Timer:
        waited.append(seconds)
        return threading.Timer(seconds, act)

    monkeypatch.setattr(fingerprints, "threading", SimpleNamespace(Timer=timer))
    process = FingerprintProcess(seconds=61.0)
    try:
        for _ in range(2):
            assert process.take("answer.py", b"def f(x):\n    return x + 1\n" * 5).lines
    finally:
        process.close()
    assert waited == [fingerprints.START_SECONDS, 61.0, 61.0]


def test_lines_of_prints_are_those_of_the_source() -> None:
    """A print's lines hold its code, also below comments and long names, which do not count."""
    source = "# a comment\n\n" + "a_very_long_name_indeed = another_long_name + 12345678\n" * 3
    taken = fingerprints_of(source)
    assert taken.lines
    assert all(3 <= first <= last <= 5 for first, last in taken.lines.values())


@pytest.mark.parametrize(("similar", "said"), [(Similar(shown=50), 1), (Similar(), 0)])
def test_that_no_answers_are_alike_is_said(
    similar: Similar, said: int, course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where they were compared, and only there."""
    print_summary(console(), Overview(course, [], similar=similar), tmp_path, 0)
    assert capsys.readouterr().out.count("No two answers share much code") == said


def test_similar_answers_are_a_lead_and_no_verdict(handed_in: Path, tmp_path: Path) -> None:
    """The command lists pairs, on the page as well, and takes nobody's points."""
    out = tmp_path / "out"
    result = CliRunner().invoke(kit, ["grade", str(handed_in), "--out", str(out), "--similarity"])
    assert result.exit_code == 0, result.output
    assert "copycat" in result.output and "no proof" in result.output
    assert "never a verdict" in (out / "report.html").read_text()
    assert "copycat,10,10" in (out / "scores.csv").read_text()
    assert "copycat" in (out / "similar.html").read_text()
    assert (
        "copycat,0.9" in (out / "similar.csv").read_text()
        or "copycat,1.00" in (out / "similar.csv").read_text()
    )
