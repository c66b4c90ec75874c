"""A course: which exercises it has, in what order, where their files are, and how to find one."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import msgspec

from gradekit.errors import KitError, plainly
from gradekit.sandbox.limits import IMPORTED, LIVE, PLAIN, Limits

# The modules of each library that are imported before the first answer arrives.
LIBRARIES = {
    "python": [],
    "numpy": ["numpy"],
    "torch": ["numpy", "torch", "torch.nn.functional", "torch.optim"],
}
Package = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_]\w*$")]  # as one imports it
METADATA, ABOUT = "exercises.toml", "course.toml"
USUAL = "KIT_COURSE"  # the environment variable that names a course
GROUP = "gradekit.courses"  # the entry points that name installed ones


class About(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"needs_kit": "needs-kit"},
):
    """The contents of course.toml; everything may be left out.

    Attributes:
        needs_kit: The versions of kit that it works with, such as `>=0.1`.
        packages: What answers to any of its exercises may import besides the library.
        edition: `learner` or `instructor`, where `kit pack` made it.
    """

    name: str = ""
    version: str = ""
    licence: str = ""
    authors: list[str] = []
    needs_kit: str = ""
    packages: list[Package] = []
    edition: Literal["", "learner", "instructor"] = ""

    @property
    def title(self) -> str:
        """Name, version, authors and licence in one line, as far as they are given."""
        name = " ".join(part for part in (self.name, self.version) if part) or "A course"
        by = f" by {', '.join(self.authors)}" if self.authors else ""
        return f"{name}{by}{f' ({self.licence})' if self.licence else ''}"


class FollowUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an interviewer asks next, and the answer to say aloud."""

    question: str
    answer: str


class Exercise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of exercises.toml.

    Attributes:
        part: The number of its part in the course, from 1; 0 if the course has no parts.
        difficulty: From 1 (easy) to 3.
        prerequisites: Slugs of the exercises to do before.
        hints: Three of them; an imported exercise may have none.
        live: Checks may hold handles on objects that stay in the worker.
        imported: Its checks are the tests of an older course, which expect to run in the process
            of the answer (see `kit import`). Then checks may hold handles, and do more.
        packages: What answers may import besides the library and the course's own `packages`.
        files: Data files that answers may read; paths in `exercises/`.
        entry: If answers have several files, the one with the functions; "" if it has the name of
            the exercise.
        assignment: The name of its assignment in nbgrader's gradebook; "" if that is the name of
            the exercise.
        cell_seed: Seeds the random generators before each cell of a notebook.
        seed_variable: A variable that is set to `cell_seed` instead.
        written: If answers have several files, the modules that learners write besides `entry`;
            their stubs are among `files`.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^exercise_\d{2,}_[a-z0-9_]+$")]
    title: str
    library: Literal["numpy", "torch", "python"]
    topics: list[str]
    part: Annotated[int, msgspec.Meta(ge=0)] = 0
    difficulty: Annotated[int, msgspec.Meta(ge=1, le=3)]
    minutes: int
    prerequisites: list[str] = []
    hints: list[str] = []
    followups: list[FollowUp] = []
    limits: Limits = Limits()
    packages: list[Package] = []
    files: list[str] = []
    entry: str = ""
    written: list[str] = []
    assignment: Annotated[str, msgspec.Meta(pattern=r"^[^+/\\]*$")] = ""
    cell_seed: Annotated[int, msgspec.Meta(ge=0, lt=2**32)] | None = None
    seed_variable: str = ""
    live: bool = False
    imported: bool = False

    @property
    def mode(self) -> str:
        """Whether checks get plain data only, may hold handles, or are imported tests."""
        return IMPORTED if self.imported else LIVE if self.live else PLAIN

    def __post_init__(self) -> None:
        if len(self.hints) != 3 and (self.hints or not self.imported):
            raise ValueError(f"`hints`: write three instead of {len(self.hints)}")

    @property
    def number(self) -> str:
        """The two digits: `05`."""
        return self.name.split("_")[1]

    @property
    def slug(self) -> str:
        """The name without number: `softmax`."""
        return self.name.split("_", 2)[2]

    @property
    def file_name(self) -> str:
        """What a submission is called: `exercise_05_softmax.py`."""
        return f"{self.name}.py"

    def is_about(self, topic: str) -> bool:
        """Whether a topic or the name contains this text, in any case and either spelling."""
        wanted = _spelt(topic)
        return any(wanted in _spelt(each) for each in [*self.topics, self.slug])

    @property
    def names(self) -> set[str]:
        """All names of this exercise on the command line."""
        number, slug = self.number, self.slug
        short = str(int(number))
        stems = {number, short, slug, f"{number}_{slug}", f"{short}_{slug}"}
        return stems | {f"exercise_{stem}" for stem in stems}

    @property
    def modules(self) -> list[str]:
        """What grader and submission always import."""
        return LIBRARIES[self.library]

    @property
    def known_modules(self) -> list[str]:
        """What a grader has imported before it receives objects of the answer."""
        if self.mode == PLAIN:
            return self.modules
        figures = ["matplotlib.figure"] if "matplotlib" in self.packages else []
        return [*self.modules, *self.packages, *figures]


class Course:
    """A folder with exercises/, solutions/ and graders/."""

    def __init__(self, root: Path) -> None:
        """Read the exercises of the course in `root`.

        Raises:
            KitError: there is no course, or one of its two TOML files is wrong.
        """
        self.root = root.resolve()
        self.about = _about(self.root / ABOUT)
        path = self.root / "exercises" / METADATA
        try:
            table = tomllib.loads(path.read_text("utf-8"))
            entries = table.get("exercise", [])
            exercises = msgspec.convert(entries, list[Exercise])
            self.exercises = [_allowed(each, self.about.packages) for each in exercises]
            self.parts = msgspec.convert(table.get("parts", []), list[str])
        except OSError:
            raise KitError(
                f"There is no course in {root}: `exercises/{METADATA}` is missing.\n"
                "Name a folder with exercises/, solutions/ and graders/."
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise KitError(f"{path} cannot be used: {error}.") from None
        except msgspec.ValidationError as error:
            raise KitError(f"{path} cannot be used: {_in_words(error, entries)}.") from None
        for problem in (*self._wrong_references(), *self._wrong_files()):
            raise KitError(f"{path} cannot be used: {problem}.")

    def _wrong_references(self) -> Iterator[str]:
        """Problems with parts and prerequisites: missing ones, and circles."""
        slugs = {exercise.slug: exercise for exercise in self.exercises}
        for exercise in self.exercises:
            if exercise.part > len(self.parts):
                yield f"`{exercise.name}`: there is no part {exercise.part} in `parts`"
            for slug in exercise.prerequisites:
                if slug not in slugs:
                    yield f"`{exercise.name}`: there is no exercise `{slug}` to be done before it"
        try:
            TopologicalSorter({e.slug: e.prerequisites for e in self.exercises}).prepare()
        except CycleError as error:
            yield f"the prerequisites lead in a circle: {' before '.join(error.args[1])}"

    def _wrong_files(self) -> Iterator[str]:
        """Problems with `files`: paths that lead out of exercises/."""
        for exercise in self.exercises:
            for name in exercise.files:
                path = PurePosixPath(name)
                if path.is_absolute() or ".." in path.parts or "\\" in name or not path.name:
                    yield f"`{exercise.name}`: `{name}` in `files` is no path in exercises/"

    def in_part(self, part: int | None) -> list[Exercise]:
        """The exercises of a part, by its number from 1; all for None.

        Raises:
            KitError: there is no such part; the message lists the parts.
        """
        if part is None:
            return self.exercises
        if not 1 <= part <= len(self.parts):
            have = "; ".join(f"{number} {title}" for number, title in enumerate(self.parts, 1))
            known = f"The parts are: {have}." if have else "The course has no parts."
            raise KitError(f"There is no part {part}. {known}")
        return [exercise for exercise in self.exercises if exercise.part == part]

    def with_topic(self, topic: str | None, exercises: list[Exercise]) -> list[Exercise]:
        """Those of `exercises` that are about a topic; all for None.

        Raises:
            KitError: none is; the message lists the topics.
        """
        found = [each for each in exercises if topic is None or each.is_about(topic)]
        if not found and topic is not None:
            topics = sorted({name for exercise in exercises for name in exercise.topics})
            raise KitError(f"No exercise is about `{topic}`. The topics are: {', '.join(topics)}.")
        return found

    def path_to(self, exercise: Exercise) -> list[Exercise]:
        """The exercises to do before this one, in order, then the exercise itself."""
        found: dict[str, Exercise] = {}

        def add(each: Exercise) -> None:
            for slug in each.prerequisites:
                add(self.find(slug))
            found.setdefault(each.name, each)

        add(exercise)
        return [*found.values()]

    def find(self, name: str) -> Exercise:
        """The exercise that `name` means: `5`, `05`, `softmax`, `exercise_05`, a file's name.

        A piece of the slug or title is enough, if no other exercise contains it.

        Raises:
            KitError: there is none, or there are several; the message suggests the nearest ones.
        """
        wanted = Path(name).name.removesuffix(".py").removesuffix(".ipynb").lower()
        wanted = wanted.replace("-", "_")
        for exercise in self.exercises:
            if wanted in exercise.names:
                return exercise
        partly = self._called_partly(name)
        if len(partly) == 1:
            return partly[0]
        is_number = wanted.removeprefix("exercise_").isdigit()
        nearest = self._numbers() if is_number else self._nearest(wanted, partly)
        raise KitError(
            f"There is no exercise `{name}`.{nearest}\nRun `kit list` to see all of them."
        )

    def _called_partly(self, name: str) -> list[Exercise]:
        """The exercises with `name` in their slug or title, if it has at least three letters."""
        wanted = " ".join(re.split(r"[\s_-]+", name.strip().lower()))
        if len(wanted) < 3 or wanted.isdigit():
            return []
        called = {e.name: f"{e.slug.replace('_', ' ')}\n{e.title.lower()}" for e in self.exercises}
        return [e for e in self.exercises if wanted in called[e.name].replace("-", " ")]

    def _nearest(self, wanted: str, partly: list[Exercise]) -> str:
        """A question that names the exercises that were probably meant."""
        known = {alias: exercise for exercise in self.exercises for alias in exercise.names}
        near = difflib.get_close_matches(wanted, known, n=8, cutoff=0.6)
        likely = [*partly, *(known[alias] for alias in near)]
        names = list(dict.fromkeys(exercise.name for exercise in likely))[:3]
        return f" Did you mean {' or '.join(f'`{name}`' for name in names)}?" if names else ""

    def _numbers(self) -> str:
        """A sentence that tells the numbers of the exercises."""
        numbers = sorted((exercise.number for exercise in self.exercises), key=int)
        return f" The numbers run from {numbers[0]} to {numbers[-1]}." if numbers else ""

    def stub(self, exercise: Exercise) -> Path:
        """The file that learners start from."""
        return self.root / "exercises" / exercise.file_name

    def solution(self, exercise: Exercise) -> Path:
        """The reference answer.

        If it has several modules, they may lie in a folder with the name of the exercise, because
        another exercise may have modules of the same names.
        """
        folder = self.root / "solutions"
        own = folder / exercise.name / exercise.file_name
        return own if own.is_file() else folder / exercise.file_name

    def grader(self, exercise: Exercise) -> Path:
        """The hidden checks."""
        return self.root / "graders" / exercise.file_name

    def picture(self, exercise: Exercise) -> Path:
        """The code that draws what an answer computes; a course may have none."""
        return self.root / "pictures" / exercise.file_name

    def data(self, exercise: Exercise) -> dict[str, Path]:
        """The data files of an exercise, by the paths under which an answer opens them.

        Each is in exercises/, or in a folder there with the name of the exercise, because two
        exercises may each have a `data.csv`.
        """
        folder = self.root / "exercises"
        own = {name: folder / exercise.name / name for name in exercise.files}
        return {name: path if path.is_file() else folder / name for name, path in own.items()}

    def cases(self, exercise: Exercise) -> list[Path]:
        """The original files of an imported exercise, which its grader reads."""
        folder = self.root / "cases" / exercise.name
        files = (path for path in folder.rglob("*") if "__pycache__" not in path.parts)
        return sorted(path for path in files if path.is_file())

    def beside_graders(self) -> list[Path]:
        """The files in graders/ that several exercises share: modules and data."""
        own = {exercise.name for exercise in self.exercises}
        return [
            path
            for path in sorted((self.root / "graders").rglob("*"))
            if path.is_file()
            and path.stem not in own
            and "__pycache__" not in path.parts
            and not path.name.startswith(".")
        ]

    @property
    def bank(self) -> Path:
        """The folder of known right and wrong answers, with a folder for each exercise."""
        inside = self.root / "bank"
        return inside if inside.is_dir() else self.root / "tests" / "bank"

    @property
    def address(self) -> str:
        """The course's folder, or "" for kit's own course; `root_at` turns it back."""
        return "" if self.root == default_root().resolve() else str(self.root)

    @property
    def hidden(self) -> list[Path]:
        """The folders that no submission may read."""
        return [self.root, Path(__file__).resolve().parent]


def _allowed(exercise: Exercise, packages: list[str]) -> Exercise:
    """The exercise, with the packages that its course allows to all exercises."""
    if not packages:
        return exercise
    both = [*dict.fromkeys([*packages, *exercise.packages])]
    return msgspec.structs.replace(exercise, packages=both)


def _about(path: Path) -> About:
    """Read course.toml, which may be missing.

    Raises:
        KitError: it is wrong, or the course needs another version of kit.
    """
    try:
        about = msgspec.convert(tomllib.loads(path.read_text("utf-8")), About)
    except FileNotFoundError:
        return About()
    except (OSError, ValueError, msgspec.ValidationError) as error:
        problem, _, place = str(error).partition(" - at `$.")
        field = f"`{place}: " if place else ""
        raise KitError(f"{path} cannot be used: {field}{plainly(problem)}.") from None
    if about.needs_kit:
        _require_kit(path, about.needs_kit)
    return about


def _require_kit(path: Path, needed: str) -> None:
    """Raise a KitError unless this version of kit is one of those `needed`."""
    try:
        here = version("gradekit")
    except PackageNotFoundError:  # it runs from a checkout, or inside Gradescope's zip
        return
    least = _version_numbers(needed.removeprefix(">=").strip())
    if needed.startswith(">=") and least and _version_numbers(here) >= least:
        return  # the usual case, without the import below, which would slow down each `kit check`
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        fits = SpecifierSet(needed).contains(here, prereleases=True)
    except InvalidSpecifier:
        raise KitError(
            f"{path} cannot be used: `needs-kit` looks like `>=0.1`, not like `{needed}`."
        ) from None
    if not fits:
        raise KitError(
            f"This course needs kit {needed}, and this is kit {here}: "
            "`pip install --upgrade gradekit`."
        )


def _version_numbers(version: str) -> list[int]:
    """The numbers of a plain version such as 0.1.2; an empty list for any other version."""
    is_plain = re.fullmatch(r"\d+(\.\d+)*", version)
    return [int(part) for part in version.split(".")] if is_plain else []


def _in_words(error: msgspec.ValidationError, entries: Any) -> str:
    """What is wrong with an entry, with its name instead of a place such as `$[0].minutes`."""
    problem, _, place = str(error).partition(" - at ")
    found = re.fullmatch(r"`\$\[(\d+)\]\.?(.*)`", place)
    if not found:
        return plainly(str(error))
    number, field = int(found[1]), found[2]
    entry = entries[number]
    name = entry.get("name") if isinstance(entry, dict) else None
    called = f"`{name}`" if isinstance(name, str) else f"entry {number + 1}"
    if field == "name" and isinstance(name, str):
        return f"{called} (entry {number + 1}): a name looks like `exercise_07_layer_norm`"
    return f"{called}: {f'`{field}`: ' if field else ''}{plainly(problem)}"


def installed(name: str) -> Path | None:
    """The folder of a course that an installed package brings; None if there is none.

    A package names its courses as entry points of `GROUP`. Each is a module in the folder of the
    course, or a path.

    Raises:
        KitError: the package cannot be loaded.
    """
    for entry in entry_points(group=GROUP, name=name):
        try:
            found = entry.load()
        except Exception as error:
            raise KitError(f"The course `{name}` cannot be loaded: {error}.") from None
        return Path(found.__path__[0] if hasattr(found, "__path__") else found)
    return None


def root_of(name: str) -> Path:
    """The folder of the course that `name` means: a folder, or a course that is installed.

    Raises:
        KitError: it is the address of a repository, a file, or nothing that is there.
    """
    if Path(name).is_dir():
        return Path(name)
    if Path(name).is_file():
        folder = Path(name).stem
        raise KitError(
            f"{name} is a file, and a course is a folder: unpack it, as by "
            f"`python -m zipfile -e {name} {folder}`, and name `{folder}`."
        )
    if "://" in name:
        raise KitError(
            f"{name} is not on this machine: `kit init --course {name} DIR` fetches a course, and "
            "makes a practice folder of it."
        )
    if (found := installed(name)) is not None or Path(name).name != name:
        return found or Path(name)
    known = sorted({entry.name for entry in entry_points(group=GROUP)})
    have = f"; installed are {', '.join(known)}" if known else ""
    raise KitError(
        f"There is no folder `{name}` here, and no installed course is called so{have}.\n"
        "Name a folder with exercises/, solutions/ and graders/, or install the course with pip."
    )


def usual_course() -> Course:
    """The course that KIT_COURSE names, or else kit's own.

    Raises:
        KitError: there is no such course, or it cannot be used.
    """
    usual = os.environ.get(USUAL)
    try:
        return Course(root_of(usual) if usual else default_root())
    except KitError as error:
        said = f"\nThe environment variable {USUAL} names it." if usual else ""
        raise KitError(f"{error}{said}") from None


def root_at(address: str) -> Path:
    """The folder of the course with an address; see `Course.address`."""
    return Path(address) if address else default_root()


def default_root() -> Path:
    """The folder of kit's own course: inside the wheel, or the checkout that kit runs from."""
    package = Path(__file__).resolve().parent
    inside = package / "course_files"
    return inside if inside.is_dir() else package.parent


def _spelt(text: str) -> str:
    """One spelling for both `normalisation` and `normalization`, `kv_cache` and `KV cache`."""
    return text.casefold().replace("isation", "ization").replace("_", " ")
