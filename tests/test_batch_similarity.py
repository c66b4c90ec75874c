"""Similar answers: copies are found under other names, and what everybody writes is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from gradekit.batch.similarity import similar_pairs
from gradekit.commands import kit
from gradekit.course import Course
from gradekit.intake.handed_in import open_handed_in
from gradekit.intake.placing import discover

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
    """A copy with other names and comments is the first pair; stubs and scraps are none."""
    source = open_handed_in(handed_in)
    pairs = similar_pairs(course, source, discover(source, course).entries)
    assert {pairs[0].first, pairs[0].second} == {"copycat", "student plain_loops"}
    assert pairs[0].share > 0.9
    assert not any("stub" in pair.first or "broken" in pair.first for pair in pairs)


def test_similar_answers_are_a_lead_and_no_verdict(handed_in: Path, tmp_path: Path) -> None:
    """The command lists pairs, on the page as well, and takes nobody's points."""
    out = tmp_path / "out"
    result = CliRunner().invoke(kit, ["grade", str(handed_in), "--out", str(out), "--similarity"])
    assert result.exit_code == 0, result.output
    assert "copycat" in result.output and "no proof" in result.output
    assert "never a verdict" in (out / "report.html").read_text()
    assert "copycat,10,10" in (out / "scores.csv").read_text()
