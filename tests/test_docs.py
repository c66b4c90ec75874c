"""What the documents say is so: fields, links, paths."""

from __future__ import annotations

import doctest
import json
import re
import shlex
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradekit.commands import kit
from gradekit.course import Course
from gradekit.report import Check, Counterexample, Report
from gradekit.results import About

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("fields", [Report, Check, Counterexample, About], ids=lambda s: s.__name__)
def test_every_field_is_explained(fields: type) -> None:
    """docs/report.md has each field of what is written, as code."""
    page = (ROOT / "docs" / "report.md").read_text("utf-8")
    named = set(re.findall(r"`(\w+)`", page))
    assert set(fields.__struct_fields__) <= named  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link to a file of this repository names one that is there."""
    text = page.read_text("utf-8")
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []
    for file, anchor in re.findall(r"\]\((?!https?:)([^)#]*\.md|)#([^)]+)\)", text):
        there = (page.parent / file).read_text("utf-8") if file else text
        assert anchor in map(_anchor, re.findall(r"^#+ (.*)$", there, re.M))


def _anchor(heading: str) -> str:
    """What GitHub calls a heading in a link."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


# What a path that is not one of `gradekit/` begins with, once that is put before it.
OWN_FOLDERS = ("gradekit/tests", "gradekit/bench", "gradekit/gradekit")


def test_what_architecture_names_is_there() -> None:
    """The files and tests that the page points to exist."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    paths = set(re.findall(r"`((?:gradekit|tests|benchmarks)/[\w/.]+)`", page))
    inside = {f"gradekit/{path}" for path in re.findall(r"`(\w+/\w+\.py)`", page)}
    inside = {path.replace("gradekit/inside", "gradekit/sandbox/inside") for path in inside}
    paths |= {path for path in inside if not path.startswith(OWN_FOLDERS)}
    assert len(paths) > 15
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_the_plan_follows_the_paths_of_the_course() -> None:
    """docs/practice.md names the exercises of a path in the order that `kit list --path` has."""
    course = Course(ROOT)
    page = (ROOT / "docs" / "practice.md").read_text("utf-8")
    (row,) = re.findall(r"\| 1 to 5 \| .*?order: (.*?) \|", page)
    named = [name.strip().replace("normalisation", "normalization") for name in row.split(";")]
    block = course.find("transformer_block")
    path = [each.slug.replace("_", " ") for each in course.path_to(block)]
    assert path[: len(named)] == named


def test_the_editor_s_pattern_reads_what_check_prints() -> None:
    """The problem matcher of docs/practice.md takes a line apart as `--format problems` puts it."""
    page = (ROOT / "docs" / "practice.md").read_text("utf-8")
    task = json.loads(page.partition("```json\n")[2].partition("```")[0])["tasks"][0]
    pattern = task["problemMatcher"]["pattern"]
    found = re.match(pattern["regexp"], "a/exercise_05_softmax.py:12: It is: 3")
    assert found is not None
    groups = [found[pattern[name]] for name in ("file", "line", "message")]
    assert groups == ["a/exercise_05_softmax.py", "12", "It is: 3"]


def test_a_course_is_handed_out_as_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs/courses.md packs docs/template, unpacks it, and makes a practice folder of it."""
    page = (ROOT / "docs" / "courses.md").read_text("utf-8")
    section = page.partition("## Hand out a course\n")[2].partition("\n## ")[0]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    commands = re.findall(r"^\$ (.*)\n((?:(?!\$|```).*\n)*)", section, re.M)
    assert len(commands) == 4
    for command, wanted in commands:
        if command.startswith("python -m zipfile -e "):
            zipfile.ZipFile(command.split()[-2]).extractall(command.split()[-1])
            continue
        printed = CliRunner().invoke(kit, shlex.split(command)[1:]).stdout
        assert doctest.OutputChecker().check_output(wanted, printed, doctest.ELLIPSIS), printed
