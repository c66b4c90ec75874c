"""docs/template: the files of a repository with a course, which its own workflow proves."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from click.testing import CliRunner

from gradekit.authoring.verify import prove
from gradekit.commands import kit
from gradekit.course import Course

TEMPLATE = Path(__file__).resolve().parents[1] / "docs" / "template"


def test_its_exercise_is_proven(tmp_path: Path) -> None:
    """A class, with data, through handles: every check is needed, every mistake is named."""
    root = tmp_path / "course"
    shutil.copytree(TEMPLATE, root)
    (exercise,) = Course(root).exercises
    proof = prove(root, exercise.name, with_mutants=False, update=False)
    assert proof.problems == []
    assert proof.named == proof.wrong >= 5 and proof.right >= 2


def test_its_workflow_runs_commands_that_there_are(tmp_path: Path) -> None:
    """Each `kit` of the workflow is a command of today, and what it packs is there to upload."""
    text = (TEMPLATE / ".github/workflows/verify.yml").read_text()
    lines = re.findall(r"run: kit --course \. (.*)", text)
    assert [line.split()[0] for line in lines] == ["doctor", "verify", "pack"]
    *options, target = lines[2].split()
    made = tmp_path / target
    result = CliRunner().invoke(kit, ["--course", str(TEMPLATE), *options, str(made)])
    assert result.exit_code == 0 and made.is_file()
    assert f"path: {target}" in text
