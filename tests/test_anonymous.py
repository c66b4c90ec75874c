"""`kit grade --anonymous`: nobody's name on any page, the same pseudonym every time."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradekit.batch.pseudonyms import Pseudonyms
from gradekit.commands import kit
from gradekit.results import NotGraded, Person

ROOT = Path(__file__).resolve().parents[1]
NAME = "exercise_05_softmax.py"


def test_pseudonyms_stay_when_somebody_gets_an_id(tmp_path: Path) -> None:
    """The key and who has which lie in the folder; another folder has another key."""
    people = {"Ada": Person("Ada"), "Alan": Person("Alan", "8", "canvas")}
    first = Pseudonyms(tmp_path, people)
    with_id = {"Ada": Person("Ada", "7", "roster"), "Zoe": Person("Zoe"), **people}
    with_id["Ada"] = Person("Ada", "7", "roster")
    again = Pseudonyms(tmp_path, with_id)
    assert [again.of(name) for name in people] == [first.of(name) for name in people]
    assert len({again.of(name) for name in with_id}) == 3
    (tmp_path / "other").mkdir()
    assert Pseudonyms(tmp_path / "other", people).of("Ada") != first.of("Ada")
    assert (tmp_path / ".pseudonyms.json").stat().st_mode & 0o077 == 0


def test_files_that_were_not_graded_lose_their_names(tmp_path: Path) -> None:
    """Neither path nor reason tells whose they are."""
    made = Pseudonyms(tmp_path, {"Ada": Person("Ada")})
    reason = "the name of ada/lovelace.py says more clearly what it is, lovelace.py is old"
    (each,) = made.not_graded([NotGraded("ada/lovelace.py", "Ada", "x", reason)])
    assert "lovelace" not in f"{each}" and "Ada" not in f"{each}"


@pytest.mark.skipif(sys.platform != "linux", reason="full isolation needs Linux")
def test_no_page_says_a_name(tmp_path: Path) -> None:
    """Page, feedback and code; the tables keep the names, and a table says who is who."""
    for student, text in (
        ("lovelace", "x = ("),
        ("turing", (ROOT / "solutions" / NAME).read_text()),
    ):
        path = tmp_path / "class" / student / f"{student}_{NAME}"
        path.parent.mkdir(parents=True)
        path.write_text(text, "utf-8")
        (path.parent / f"notes of {student}.py").write_text("1")
    out = tmp_path / "out"
    # Pages of a run that was not anonymous go; a file of somebody's own stays.
    for page in ("feedback/lovelace/not_graded.md", "code/lovelace/exercise_05_softmax.html"):
        (out / page).parent.mkdir(parents=True)
        (out / page).write_text("lovelace")
    (out / "code/lovelace/mine.txt").write_text("")
    words = ["grade", str(tmp_path / "class"), "--out", str(out), "--jobs", "1", "--anonymous"]
    done = CliRunner().invoke(kit, words)
    assert done.exit_code == 0, done.output
    pages = [*out.rglob("*.html"), *out.rglob("*.md")]
    assert len(pages) >= 7
    assert (out / "code/lovelace/mine.txt").exists() and not (out / "feedback/lovelace").exists()
    for path in pages:
        told = f"{path.relative_to(out)} {path.read_text('utf-8')}"
        assert "lovelace" not in told and "turing" not in told, path
    assert "turing,10,10" in (out / "scores.csv").read_text("utf-8-sig")
    with (out / "pseudonyms.csv").open(encoding="utf-8-sig") as file:
        by_name = {row["student"]: row["pseudonym"] for row in csv.DictReader(file)}
    assert {path.name for path in (out / "feedback").iterdir()} == set(by_name.values())
