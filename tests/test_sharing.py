"""Courses that are shared: course.toml, repositories, installed courses, editions."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gradekit import clones
from gradekit import course as courses
from gradekit.authoring import new
from gradekit.authoring.pack import pack
from gradekit.caches import cache
from gradekit.commands import kit
from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.practice import folders, settings

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def run(*arguments: str, inside: Path | None = None, typed: str = "") -> Result:
    """`kit` with these arguments, in a folder."""
    here = Path.cwd()
    os.chdir(inside or here)
    try:
        return CliRunner().invoke(kit, list(arguments), input=typed)
    finally:
        os.chdir(here)


@pytest.fixture
def mine(tmp_path: Path) -> Course:
    """A course of one exercise, with a course.toml."""
    root = tmp_path / "mine"
    new.begin(root, "toy", "numpy", None)
    (root / "course.toml").write_text(
        'name = "Toys"\nversion = "1.2"\nlicence = "MIT"\nauthors = ["Ada"]\nneeds-kit = ">=0.1"\n'
    )
    return Course(root)


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(course: Course, tag: str = "") -> str:
    """Commit the course as it stands; return the commit."""
    if not (course.root / ".git").exists():
        git(course.root, "init", "--quiet", "--initial-branch=main")
    git(course.root, "add", "--all")
    git(course.root, "commit", "--quiet", "--message=as it stands")
    if tag:
        git(course.root, "tag", tag)
    return git(course.root, "rev-parse", "HEAD")


@pytest.fixture
def address(mine: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The course as a repository with a tag, and a cache of its own."""
    monkeypatch.setenv("KIT_CACHE", str(tmp_path / "cache"))
    commit(mine, "v1")
    return mine.root.as_uri()


def test_course_toml_is_read(mine: Course, course: Course) -> None:
    """Ours has one as well."""
    assert mine.about.title == "Toys 1.2 by Ada (MIT)"
    assert course.about.name and course.about.licence == "MIT"


def test_packages_of_the_course_are_those_of_every_exercise(mine: Course) -> None:
    """Beside those that an exercise names itself, each once."""
    about = mine.root / "course.toml"
    about.write_text('packages = ["pandas", "matplotlib"]\n')
    metadata = mine.root / "exercises/exercises.toml"
    metadata.write_text(metadata.read_text() + 'packages = ["matplotlib", "PIL"]\n')
    assert Course(mine.root).exercises[0].packages == ["pandas", "matplotlib", "PIL"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('needs-kit = ">=99"', "needs kit >=99"),
        ('needs-kit = "new"', "looks like `>=0.1`"),
        ("licence = 3", "licence"),
        ('colour = "red"', "colour"),
        ("name = ", "cannot be used"),
    ],
)
def test_course_toml_that_cannot_be_used(mine: Course, text: str, told: str) -> None:
    """It is one sentence, with exit code 2."""
    (mine.root / "course.toml").write_text(text)
    result = run("--course", str(mine.root), "list")
    assert result.exit_code == 2
    assert told in result.output and "Traceback" not in result.output


@needs_git
def test_a_course_with_a_link_out_of_it_is_not_fetched(
    address: str, mine: Course, tmp_path: Path
) -> None:
    """Its lists are read before anybody trusts it: a link may lead to a device without an end."""
    (mine.root / "exercises/within.toml").symlink_to("exercises.toml")
    commit(mine)
    assert run("init", str(tmp_path / "one"), "--course", address, "--yes").exit_code == 0
    (mine.root / "course.toml").unlink()
    (mine.root / "course.toml").symlink_to("/dev/zero")
    commit(mine)
    result = run("init", str(tmp_path / "two"), "--course", address, "--yes")
    assert result.exit_code == 2
    assert "course.toml is a link that leads out of it" in result.output
    assert not any(each.name.startswith("seen-") for each in cache("courses").rglob("*"))


@needs_git
def test_fetched_course_is_asked_about_and_locked(
    address: str, mine: Course, tmp_path: Path
) -> None:
    """Its authors are named first; then the folder remembers address, tag and commit."""
    folder = tmp_path / "practice"
    refused = run("init", str(folder), "--course", f"{address}@v1", typed="n\n")
    assert refused.exit_code == 2 and "Toys 1.2 by Ada (MIT): 1 exercise\n" in refused.output
    assert not folder.exists()
    assert not [path for path in cache("courses").rglob("*") if path.is_file()]
    unanswered = run("init", str(folder), "--course", f"{address}@v1")
    assert unanswered.exit_code == 2 and "--yes" in unanswered.output

    made = run("init", str(folder), "--course", f"{address}@v1", typed="y\n")
    assert made.exit_code == 0, made.output
    told = settings.read(folder)
    assert (told.course, told.tag) == (address, "v1")
    assert told.commit == git(mine.root, "rev-parse", "HEAD")
    listed = run("list", inside=folder)
    assert "Toy" in listed.output


@needs_git
def test_words_of_a_stranger_steer_no_terminal(mine: Course, address: str, tmp_path: Path) -> None:
    """What is shown before the question cannot hide it; and a course may have no exercises."""
    (mine.root / "course.toml").write_text('name = "\\u001b[2J\\u202eToys"\n')
    (mine.root / "exercises/exercises.toml").write_text("")
    commit(mine)
    result = run("init", str(tmp_path / "practice"), "--course", address, "--yes")
    assert result.exit_code == 2 and "no exercises in this course yet" in result.output
    assert "Toys" in result.output and "\x1b" not in result.output and "\u202e" not in result.output


@needs_git
def test_known_commit_is_not_asked_about_again(address: str, tmp_path: Path) -> None:
    """And where the cache was lost, `kit init` in the folder fetches the same commit."""
    folder = tmp_path / "practice"
    assert run("init", str(folder), "--course", address, "--yes").exit_code == 0
    assert run("init", str(tmp_path / "second"), "--course", address).exit_code == 0
    shutil.rmtree(cache("courses"))
    lost = run("list", inside=folder)
    assert lost.exit_code == 2 and "`kit init` fetches it" in lost.output
    assert run("init", inside=folder, typed="y\n").exit_code == 0
    assert run("list", inside=folder).exit_code == 0


@needs_git
def test_update_takes_the_newest_commit(address: str, mine: Course, tmp_path: Path) -> None:
    """New stubs come, an untouched one is replaced, and what the learner wrote stays."""
    new.begin(mine.root, "second", "numpy", None)
    commit(mine)
    folder = tmp_path / "practice"
    assert run("init", str(folder), "--course", address, "--yes").exit_code == 0
    nothing = run("init", "--update", inside=folder)
    assert nothing.exit_code == 0 and "nothing newer" in nothing.output

    (folder / "exercise_01_toy.py").write_text("mine = 1\n")
    for stub in (mine.root / "exercises").glob("*.py"):
        stub.write_text(stub.read_text() + "# clearer\n")
    new.begin(mine.root, "third", "numpy", None)
    now = commit(mine)
    seed = settings.read(folder).seed
    updated = run("init", "--update", inside=folder, typed="y\n")
    assert updated.exit_code == 0, updated.output
    assert "exercise_03_third.py: new" in updated.output
    assert (folder / "exercise_01_toy.py").read_text() == "mine = 1\n"
    assert (folder / "exercise_02_second.py").read_text().endswith("# clearer\n")
    assert (settings.read(folder).commit, settings.read(folder).seed) == (now, seed)


@needs_git
@pytest.mark.parametrize(
    ("suffix", "told"), [("@v9", "no tag, branch or commit `v9`"), ("-gone", "Git says")]
)
def test_what_cannot_be_fetched(address: str, tmp_path: Path, suffix: str, told: str) -> None:
    """It is one sentence, and nothing is left behind."""
    result = run("init", str(tmp_path / "practice"), "--course", address + suffix, "--yes")
    assert result.exit_code == 2 and told in result.output and "Traceback" not in result.output
    assert not (tmp_path / "practice").exists()


@needs_git
def test_addresses_that_run_programs_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git knows addresses that start a program, and options that look like addresses."""
    monkeypatch.setenv("KIT_CACHE", str(tmp_path / "cache"))
    for evil in (f"ext::touch {tmp_path / 'harmed'}", f"--upload-pack=touch {tmp_path / 'harmed'}"):
        with pytest.raises(KitError):
            clones.newest(clones.Origin(evil))
    assert not (tmp_path / "harmed").exists()


def test_origins(tmp_path: Path) -> None:
    """A tag stands behind the last @, if that is no part of the address."""
    assert clones.origin_of("https://a.org/x.git@v1") == clones.Origin("https://a.org/x.git", "v1")
    assert clones.origin_of("https://me@a.org/x") == clones.Origin("https://me@a.org/x")
    assert clones.origin_of("git@a.org:x/y.git") == clones.Origin("git@a.org:x/y.git")
    assert clones.origin_of("git@a.org:x/y.git@v2") == clones.Origin("git@a.org:x/y.git", "v2")
    assert clones.origin_of(str(tmp_path)) is None
    assert clones.origin_of("installed_course") is None


def test_locked_commit_is_a_commit(tmp_path: Path) -> None:
    """kit.toml cannot name another folder of the machine as one of the cache."""
    (tmp_path / "kit.toml").write_text('course = "https://a.org/x"\ncommit = "../../elsewhere"\n')
    (tmp_path / "progress.jsonl").touch()
    result = run("list", inside=tmp_path)
    assert result.exit_code == 2 and "is no commit" in result.output


def test_kit_course_and_practice_folder(
    mine: Course, course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KIT_COURSE is the usual course; a practice folder has its own; --course has the last word."""
    monkeypatch.setenv("KIT_COURSE", str(mine.root))
    assert "Toy" in run("list", inside=tmp_path).output
    folder = folders.create(tmp_path / "ours", course, course.exercises[:1])[0].folder
    assert "softmax" in run("list", inside=folder).output.lower()
    assert "Toy" in run("--course", str(mine.root), "list", inside=folder).output
    monkeypatch.setenv("KIT_COURSE", "https://a.org/x")
    told = run("list", inside=tmp_path)
    assert told.exit_code == 2 and "kit init --course" in told.output


def test_installed_course(mine: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package offers its course as an entry point, and is found by that name."""
    (mine.root / "__init__.py").touch()
    about = tmp_path / "toys-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[gradekit.courses]\ntoys = mine\nbroken = nowhere\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert courses.installed("toys") == mine.root and courses.installed("others") is None
    folder = tmp_path / "practice"
    assert run("init", str(folder), "--course", "toys").exit_code == 0
    assert settings.read(folder).course == "toys"
    assert "Toy" in run("list", inside=folder).output
    broken = run("--course", "broken", "list")
    assert broken.exit_code == 2 and "cannot be loaded" in broken.output


def test_learners_edition_holds_nothing_hidden(mine: Course, tmp_path: Path) -> None:
    """Examples run there, and the rest waits; what needs graders says where they are."""
    (mine.root / "graders" / "secrets.json").write_text("{}")
    target = tmp_path / "handout"
    packed = run("--course", str(mine.root), "pack", "--learner", str(target))
    assert packed.exit_code == 0, packed.output
    there = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert there == {
        "course.toml",
        "exercises/exercises.toml",
        "exercises/exercise_01_toy.py",
        "graders/exercise_01_toy.py",
    }
    assert "doubled" not in (target / "graders/exercise_01_toy.py").read_text()
    folder = tmp_path / "practice"
    assert run("--course", str(target), "init", str(folder)).exit_code == 0
    stub = run("check", "toy", inside=folder)
    assert stub.exit_code == 1 and "is not written yet" in stub.output
    answer = mine.solution(mine.exercises[0]).read_text()
    (folder / "exercise_01_toy.py").write_text(answer)
    done = run("check", "toy", inside=folder)
    assert done.exit_code == 0, done.output
    assert "✓ the examples pass" in done.output and "kit solution" not in done.output
    assert "The rest is graded by your instructor. (waits for a mark)" in done.output
    assert "fails nothing that is checked here" in run("try", "toy", inside=folder).output
    assert "with your instructor" in run("solution", "toy", inside=folder).output
    for more in ((), ("--plain",)):
        shown = run("progress", *more, inside=folder).output
        assert "Solved 1 of 1; " in shown and "0 of 0" not in shown and "0 / 0" not in shown
    for command in (("verify",), ("grade", str(folder), "--out", str(tmp_path / "out"))):
        refused = run("--course", str(target), *command)
        assert refused.exit_code == 2 and "learners' edition" in refused.output


def test_instructors_edition_holds_all(mine: Course, tmp_path: Path) -> None:
    """It is a course that can be proven, and the same course gives the same zip."""
    (mine.root / "graders" / "helpers.py").write_text("TRUTH = 1\n")
    for name in ("a.zip", "b.zip"):
        pack(mine, "instructor", tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "again")
    again = Course(tmp_path / "again")
    assert again.about.edition == "instructor"
    exercise = again.exercises[0]
    assert again.solution(exercise).is_file() and (again.bank / exercise.name / "wrong").is_dir()
    assert (again.root / "graders" / "helpers.py").is_file()
    with pytest.raises(KitError, match="there already"):
        pack(mine, "instructor", tmp_path / "a.zip")


def test_pack_asks_for_whom(mine: Course, tmp_path: Path) -> None:
    """Neither or both editions is wrong usage."""
    result = run("--course", str(mine.root), "pack", str(tmp_path / "x"))
    assert result.exit_code == 2 and "--instructor" in result.output
