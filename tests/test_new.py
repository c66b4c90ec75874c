"""`kit new` begins an exercise that `kit verify` accepts; docs/authoring.md says how to go on."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradekit.authoring import new
from gradekit.authoring.verify import prove
from gradekit.commands import kit
from gradekit.course import Course
from gradekit.errors import KitError

ROOT = Path(__file__).resolve().parents[1]
AUTHORING = ROOT / "docs" / "authoring.md"
BANK = "tests/bank/exercise_01_layer_norm"
# In docs/authoring.md: a file's name and its text; a block of commands and what they print.
FILE = re.compile(r"^`mine/(?P<path>\S+)`:\n\n```\w+\n(?P<text>.*?)^```", re.M | re.S)
LAST_CHECK = re.compile(
    r"^`mine/(?P<path>\S+)`, its last check:\n\n```\w+\n(?P<text>.*?)^```", re.M | re.S
)
CONSOLE = re.compile(r"^```console\n(?P<text>.*?)^```", re.M | re.S)
SECONDS = re.compile(r"\b\d+\.\d\d( s)?$", re.M)


def fill_in(root: Path) -> None:
    """What an author does, to a toy: put words in place of each note of what is to write."""
    for path in [*root.rglob("*.py"), *root.rglob("*.toml")]:
        text = path.read_text("utf-8")
        path.write_text(text.replace(new.UNWRITTEN, "Written"), "utf-8")


def test_first_exercise_makes_the_course(tmp_path: Path) -> None:
    """In a folder that does not exist, all files of exercise 01 are written and told."""
    root = tmp_path / "deep" / "mine"
    exercise, files = new.begin(root, "layer_norm", "numpy", None)
    assert exercise.name == "exercise_01_layer_norm"
    assert exercise.title == "Layer norm"
    assert {str(path.relative_to(root)) for path in files} == {
        "exercises/exercise_01_layer_norm.py",
        "solutions/exercise_01_layer_norm.py",
        "graders/exercise_01_layer_norm.py",
        f"{BANK}/right/another_way.py",
        f"{BANK}/wrong/squared.py",
        "exercises/exercises.toml",
    }
    assert all(path.is_file() for path in files)
    assert Course(root).exercises == [exercise]


@pytest.mark.parametrize("end", ["", "\n"])
def test_metadata_keep_their_text(tmp_path: Path, end: str) -> None:
    """A new entry is appended under the next number; what stood there stays, comments and all."""
    new.begin(tmp_path, "first", "numpy", None)
    metadata = tmp_path / "exercises" / "exercises.toml"
    before = metadata.read_text("utf-8").replace("exercise_01", "exercise_07")
    before = f"# by hand\n{before.rstrip()}  # the end{end}"
    metadata.write_text(before, "utf-8")
    exercise, _ = new.begin(tmp_path, "Layer-Norm", "torch", "Normalising: “each” row")
    assert metadata.read_text("utf-8").startswith(before.rstrip("\n") + "\n\n[[exercise]]")
    assert exercise.name == "exercise_08_layer_norm"
    assert exercise.title == "Normalising: “each” row"
    assert [each.number for each in Course(tmp_path).exercises] == ["07", "08"]


def test_a_course_in_parts_gets_it_in_the_last_one(tmp_path: Path) -> None:
    """One that says no part is listed as such, and not as one more of the last part."""
    metadata = tmp_path / "exercises" / "exercises.toml"
    metadata.parent.mkdir()
    metadata.write_text('parts = ["One", "Two"]\n')
    exercise, _ = new.begin(tmp_path, "first", "numpy", None)
    assert exercise.part == Course(tmp_path).find("first").part == 2
    metadata.write_text(metadata.read_text().replace("part = 2\n", ""))
    new.begin(tmp_path, "second", "numpy", None)
    listed = CliRunner().invoke(kit, ["--course", str(tmp_path), "list"]).output
    assert listed.index("in no part") < listed.index("First") < listed.index("2  Two")
    assert "0" not in listed.replace("01", "").replace("02", "")
    plain = CliRunner().invoke(kit, ["--course", str(tmp_path), "list", "--plain"]).output
    assert "First: new, easy" in plain and "Second: new, part 2, easy" in plain


def test_bank_goes_where_the_course_has_it(tmp_path: Path) -> None:
    """A course with its bank in bank/ gets the new answers there."""
    (tmp_path / "bank").mkdir()
    new.begin(tmp_path, "layer_norm", "numpy", None)
    assert (tmp_path / "bank" / "exercise_01_layer_norm" / "right").is_dir()
    assert not (tmp_path / "tests").exists()


@pytest.mark.parametrize(
    "slug",
    ["", "9lives", "a b", "_hidden", "lambda", "np", "torch", "probe", "each", "naïve", "../up"],
)
def test_name_that_cannot_be_a_function_is_refused(tmp_path: Path, slug: str) -> None:
    """A SLUG that could not name a function writes nothing and is answered with an example."""
    with pytest.raises(KitError, match="as in `layer_norm`"):
        new.begin(tmp_path, slug, "numpy", None)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("title", ['say "x"', "back\\slash", "two\nlines", "\x1b[31mred"])
def test_title_that_would_break_a_file_is_refused(tmp_path: Path, title: str) -> None:
    """A title stands in Python and TOML texts; what would end them is refused."""
    with pytest.raises(KitError, match="title"):
        new.begin(tmp_path, "layer_norm", "numpy", title)
    assert not [*tmp_path.iterdir()]


def test_installed_course_is_refused() -> None:
    """Nothing is written into the package, wherever in it the course may lie."""
    for root in (new.PACKAGE / "course_files", new.PACKAGE):
        with pytest.raises(KitError, match="kit --course my-course new layer_norm"):
            new.begin(root, "layer_norm", "numpy", None)
    assert not (new.PACKAGE / "exercises").exists()


@pytest.mark.parametrize("words", [["new", "foo"], ["verify", "--update"]])
def test_own_course_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """Outside a course, nothing is written into the one that comes with kit."""
    monkeypatch.chdir(tmp_path)
    metadata = (ROOT / "exercises" / "exercises.toml").read_bytes()
    result = CliRunner().invoke(kit, words)
    assert result.exit_code == 2
    assert f"Say where: `kit --course my-course {' '.join(words)}`." in result.stderr
    assert (ROOT / "exercises" / "exercises.toml").read_bytes() == metadata


def test_course_around_is_the_one_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a course, `kit new` adds to it, and `kit verify` finds what was added."""
    new.begin(tmp_path, "first", "numpy", None)
    monkeypatch.chdir(tmp_path / "graders")
    result = CliRunner().invoke(kit, ["new", "foo"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "graders" / "exercise_02_foo.py").is_file()
    proven = CliRunner().invoke(kit, ["verify", "foo", "--no-mutants", "--update"])
    assert proven.exit_code == 1 and "still to write" in proven.stdout


def test_known_name_is_refused(tmp_path: Path) -> None:
    """A name that means an exercise already is refused, and the course stays as it was."""
    new.begin(tmp_path, "layer_norm", "numpy", None)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    for slug in ("layer_norm", "exercise_01", "exercise_1_layer_norm"):
        with pytest.raises(KitError, match="already"):
            new.begin(tmp_path, slug, "numpy", None)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.*")}


def test_files_that_are_there_stay(tmp_path: Path) -> None:
    """A file in the way is neither overwritten nor put into the metadata."""
    _, files = new.begin(tmp_path, "layer_norm", "numpy", None)
    files[-1].write_text("", "utf-8")
    files[1].write_text("mine = 1\n", "utf-8")
    with pytest.raises(KitError, match="is there already and stays as it is"):
        new.begin(tmp_path, "layer_norm", "numpy", None)
    assert files[1].read_text("utf-8") == "mine = 1\n"
    assert Course(tmp_path).exercises == []


def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file where the course should be is one sentence, not a traceback."""
    (tmp_path / "file").touch()
    with pytest.raises(KitError, match="cannot be written"):
        new.begin(tmp_path / "file", "layer_norm", "numpy", None)


@pytest.mark.parametrize("template", new.LIBRARIES)
def test_toy_is_green_once_it_is_written(tmp_path: Path, template: str) -> None:
    """At first only the notes are reported; with words in their place nothing is, mutants too."""
    exercise, _ = new.begin(tmp_path, "layer_norm", template, None)
    proof = prove(tmp_path, exercise.name, with_mutants=False, update=True)
    assert len(proof.problems) >= 12
    assert all("still to write" in problem for problem in proof.problems), proof.problems
    fill_in(tmp_path)
    proof = prove(tmp_path, exercise.name, with_mutants=True, update=True)
    assert proof.problems == []
    assert proof.mutants == proof.caught
    assert proof.mutants > 2 or template == "short-answer"


def test_guide_leads_to_a_green_verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/authoring.md, followed word by word, prints what it says and ends green."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    text = AUTHORING.read_text("utf-8")
    steps = [*FILE.finditer(text), *LAST_CHECK.finditer(text), *CONSOLE.finditer(text)]
    assert len(steps) > 12
    for step in sorted(steps, key=lambda step: step.start()):
        if step.re is CONSOLE:
            follow(step["text"])
            continue
        path = tmp_path / "mine" / step["path"]
        kept = path.read_text("utf-8").rpartition("\n@check(")[0] if step.re is LAST_CHECK else ""
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{kept}\n{step['text']}" if kept else step["text"], "utf-8")


def follow(block: str) -> None:
    """Run the commands of a console block, and compare what they print."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, wanted = part.partition("\n")
        if command.startswith("kit "):
            printed = CliRunner().invoke(kit, shlex.split(command)[1:]).stdout
        else:
            printed = subprocess.run(
                shlex.split(command), check=True, capture_output=True, text=True
            ).stdout
        printed = "\n".join(line.rstrip() for line in printed.splitlines())
        same = doctest.OutputChecker().check_output(
            SECONDS.sub("T", wanted).strip(), SECONDS.sub("T", printed).strip(), doctest.ELLIPSIS
        )
        assert same, f"{command}\n{printed}"
