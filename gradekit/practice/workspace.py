"""The folder that a learner practises in: stubs, and one plain file of progress.

progress.jsonl is only ever appended to, a line an event. So it survives crashes (a line
cut short is skipped), merges (the union of two files is a file), and newer versions
(unknown events are kept and ignored).
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from gradekit import clones
from gradekit.course import Course, Exercise, default_root
from gradekit.errors import KitError
from gradekit.files import append_lines, replace_whole_file, writing
from gradekit.practice import settings
from gradekit.report import Report
from gradekit.submission import Submission, read

PROGRESS = "progress.jsonl"
KEPT = Path(".kit") / "passed"  # in a practice folder: the last answer to each with full marks
GRADED = ("checked", "interviewed")  # events that earn points; reviews are of what was solved
State = Literal["new", "started", "solved", "broken"]


class Event(msgspec.Struct, omit_defaults=True):
    """One line of progress.jsonl. `time` is in seconds since 1970, UTC."""

    time: float
    # opened, checked, hint, gave_up, reset; and of reviews, drills and mock interviews:
    # review_began, review_checked, reviewed, drilled, interviewed
    event: str
    exercise: str
    score: float = 0.0
    max_score: float = 0.0
    passed: bool = False  # no point is missing of what has been judged, be it nothing
    level: int = 0  # of a hint
    sha256: str = ""  # of the answer that was checked
    failed: tuple[str, ...] = ()  # titles of the checks that cost points
    mistakes: tuple[str, ...] = ()  # the known mistakes that the answer behaved like
    unfinished: bool = False  # of an answer that was checked: it does not run, or has stubs left
    mistake: str = ""  # of a drill: the file's name in the bank
    rating: int = 0  # of a review or drill: 1 again, 2 hard, 3 good, 4 easy

    @property
    def full_marks(self) -> bool:
        """Whether every point was earned."""
        return self.passed or self.score >= self.max_score > 0


class Workspace:
    """A practice folder, or a course's own exercises/ where no such folder is."""

    def __init__(self, folder: Path, course: Course) -> None:
        self.folder = folder
        self.course = course
        self._content = b""  # of progress.jsonl when it was last read
        self._events: list[Event] = []
        self._damaged: list[bytes] = []

    @property
    def is_practice(self) -> bool:
        """Whether progress is kept here."""
        return (self.folder / PROGRESS).is_file()

    def answer(self, exercise: Exercise) -> Path:
        """The file that the learner edits."""
        return self.folder / exercise.file_name

    def passed_answer(self, exercise: Exercise) -> Submission | None:
        """The last answer with full marks, where one was kept."""
        path = self.folder / KEPT / exercise.file_name
        return read(path) if path.is_file() else None

    def keep_passed(self, exercise: Exercise, submission: Submission) -> None:
        """Keep an answer that earned full marks, for the day on which another one does not.

        Raises:
            KitError: the folder cannot be written.
        """
        if not self.is_practice:
            return
        path = self.folder / KEPT / exercise.file_name
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(submission.cells), "utf-8")

    def read_answer(self, exercise: Exercise) -> Submission:
        """The answer as it stands now.

        Raises:
            KitError: there is nothing that could be graded.
        """
        path = self.answer(exercise)
        if self.is_practice and not path.exists():
            raise KitError(
                f"{path} is not there any more: `kit reset {exercise.slug}` writes it anew."
            )
        return read(path)

    def is_stub(self, exercise: Exercise) -> bool:
        """Whether the learner's file is there, just as it came."""
        stub = self.course.stub(exercise).read_bytes()
        try:
            return self.answer(exercise).read_bytes() == stub
        except OSError:  # it is not there, or cannot be read
            return False

    def events(self) -> Iterator[Event]:
        """All readable events, oldest first; a line that a merge doubled counts once."""
        self._look()
        return iter(self._events)

    def damaged(self) -> list[bytes]:
        """The lines of progress.jsonl that cannot be read, but for a last one cut short."""
        self._look()
        return self._damaged

    def _look(self) -> None:
        """Read progress.jsonl, unless it is as it was.

        Raises:
            KitError: it cannot be read.
        """
        try:
            content = (self.folder / PROGRESS).read_bytes() if self.is_practice else b""
        except OSError as error:
            reason = error.strerror
            raise KitError(f"{self.folder / PROGRESS} cannot be read: {reason}.") from None
        if content == self._content:
            return
        self._events, self._damaged = [], []
        # A merge of two branches may hold a line twice, which is one event.
        lines = list(dict.fromkeys(content.splitlines()))
        for line in lines:
            try:
                self._events.append(msgspec.json.decode(line, type=Event))
            except (msgspec.DecodeError, UnicodeDecodeError):
                cut_short = line is lines[-1] and not content.endswith(b"\n")
                if line.strip() and not cut_short and not _is_of_another_version(line):
                    self._damaged.append(line)
        # After a merge the lines of one branch stand behind those of the other.
        self._events.sort(key=lambda event: event.time)
        self._content = content

    def mend(self) -> Path | None:
        """Take the lines that cannot be read out of progress.jsonl; return where a copy is kept.

        None where there is nothing to mend.

        Raises:
            OSError: the folder cannot be written.
        """
        if not self.damaged():
            return None
        path, lines = self.folder / PROGRESS, self._content.splitlines()
        kept = put_aside(path)
        replace_whole_file(
            path, b"".join(line + b"\n" for line in lines if line not in self._damaged)
        )
        return kept

    def record(self, event: str, exercise: Exercise, **fields: Any) -> None:
        """Append an event, in one write that reaches the disk.

        Raises:
            KitError: the file cannot be written.
        """
        if not self.is_practice:
            return
        line = msgspec.json.encode(Event(time.time(), event, exercise.name, **fields)) + b"\n"
        try:
            append_lines(self.folder / PROGRESS, line)
        except OSError as error:
            raise KitError(
                f"Your progress cannot be written to {self.folder / PROGRESS}: {error.strerror}."
            ) from None

    def record_check(
        self, report: Report, exercise: Exercise, event: str = "checked", rating: int = 0
    ) -> None:
        """Remember what a graded answer earned, and what it got wrong; a stub earned nothing.

        The same answer graded again is no other try: two watches may look at one file.
        """
        stub = self.course.stub(exercise).read_bytes()
        if report.submission_sha256 == hashlib.sha256(stub).hexdigest():
            return
        written = [check for check in report.failed if not check.is_unwritten]
        known = report.behaves_like.items()
        fields: dict[str, Any] = {
            "score": report.score,
            "max_score": report.judged_score,
            "passed": report.passed,
            "sha256": report.submission_sha256,
            "failed": tuple(check.title for check in written if check.max_score),
            "mistakes": tuple(f"{function}: {mistake}" for function, mistake in known),
            "unfinished": len(written) < len(report.failed) or bool(report.common_problem),
            "rating": rating,
        }
        with _alone(self.folder / PROGRESS):  # a second watch may look at the same file
            own = [e for e in self.events() if e.exercise == exercise.name and e.event != "opened"]
            if own and own[-1] == Event(own[-1].time, event, exercise.name, **fields):
                return
            self.record(event, exercise, **fields)

    def states(self) -> dict[str, State]:
        """Where the learner stands with each exercise, by name."""
        states: dict[str, State] = {}
        for event in self.events():
            was_solved = states.get(event.exercise) in ("solved", "broken")
            if event.event == "checked":
                missing: State = "broken" if was_solved else "started"
                states[event.exercise] = "solved" if event.full_marks else missing
            elif event.event == "interviewed" and not was_solved:  # in a file of its own
                states[event.exercise] = "solved" if event.full_marks else "started"
            elif event.event == "reset":
                states[event.exercise] = "new"
        return states

    def seed_of(self, exercise: Exercise) -> int:
        """Of the cases that checks draw: the folder's own, another one after each review."""
        if not self.is_practice:
            return 0
        own = [event for event in self.events() if event.exercise == exercise.name]
        reviews = sum(event.event == "review_began" for event in own)
        return settings.read(self.folder).seed + reviews

    def solved(self) -> set[str]:
        """The exercises that were solved, whatever has become of the answer since."""
        names = {exercise.name for exercise in self.course.exercises}
        states = self.states().items()
        return names & {name for name, state in states if state in ("solved", "broken")}

    def has_solved(self, exercise: Exercise) -> bool:
        """Whether an answer to it ever earned full marks."""
        return any(
            event.event in GRADED and event.full_marks
            for event in self.events()
            if event.exercise == exercise.name
        )

    def earned_full_marks(self, exercise: Exercise, sha256: str) -> bool:
        """Whether this very answer was graded and earned every point."""
        return any(
            event.sha256 == sha256 and event.full_marks
            for event in self.events()
            if event.exercise == exercise.name
        )

    def has_seen_solution(self, exercise: Exercise) -> bool:
        """Whether the solution is no secret any more: solved, or given up."""
        gave_up = (e.exercise == exercise.name and e.event == "gave_up" for e in self.events())
        return any(gave_up) or self.has_solved(exercise)

    def hint_level(self, exercise: Exercise) -> int:
        """The highest hint shown so far, from 0."""
        hints = [e.level for e in self.events() if e.exercise == exercise.name]
        return max(hints, default=0)

    def reset(self, exercise: Exercise) -> Path | None:
        """Put the stub in place of the answer; return where the answer is kept, if there was one.

        Where the stub already is, nothing happens.

        Raises:
            KitError: the folder cannot be written.
        """
        if self.is_stub(exercise):
            return None
        kept = self.lay_stub(exercise, self.answer(exercise))
        self.record("reset", exercise)
        return kept

    def lay_stub(self, exercise: Exercise, path: Path) -> Path | None:
        """Put the stub at `path`; return where what was there is kept, if it was another text.

        Raises:
            KitError: the folder cannot be written.
        """
        stub = self.course.stub(exercise).read_bytes()
        with writing(path):
            path.parent.mkdir(exist_ok=True)
            is_other = path.exists() and path.read_bytes() != stub
            kept = put_aside(path) if is_other else None
            path.write_bytes(stub)
        return kept

    def next_exercise(self) -> Exercise | None:
        """What to do next: what broke, then what was started, then the easiest new one."""
        states = self.states()
        order = {"broken": 0, "started": 1, "new": 2}
        there = [e for e in self.course.exercises if self.answer(e).is_file()]
        unsolved = [e for e in there or self.course.exercises if states.get(e.name) != "solved"]
        return min(
            unsolved,
            key=lambda e: (order[states.get(e.name, "new")], e.difficulty, e.minutes, e.number),
            default=None,
        )


def _is_of_another_version(line: bytes) -> bool:
    """Whether a line that is no event of ours is a JSON object all the same."""
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """While no other process does the same with this file, where the system can tell."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    if not path.is_file():
        yield
        return
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def put_aside(path: Path) -> Path:
    """Rename a file to .bak, or .bak.2 and so on: what is kept already stays. Return where."""
    backup = path.with_name(f"{path.name}.bak")
    for number in itertools.count(2):
        if not backup.exists():
            break
        backup = path.with_name(f"{path.name}.bak.{number}")
    return path.rename(backup)


def create(
    folder: Path,
    course: Course,
    exercises: Iterable[Exercise] | None = None,
    *,
    name: str | None = None,
    clone: clones.Clone | None = None,
) -> tuple[Workspace, int]:
    """Make `folder` a practice folder; return it and how many stubs were written.

    Files that exist stay as they are. The folder remembers its course, if that is not the one
    that comes with kit.

    Args:
        exercises: Those that are to be practised; None for all.
        name: What the folder remembers of the course; None for the path of its folder.
        clone: Where the course comes from, if from a repository.

    Raises:
        KitError: the folder cannot be written.
    """
    written = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for exercise in course.exercises if exercises is None else exercises:
            target = folder / exercise.file_name
            if not target.exists():
                target.write_bytes(course.stub(exercise).read_bytes())
                written += 1
            _lay_data(folder, course, exercise)
        (folder / PROGRESS).touch()
        Workspace(folder, course).mend()
        settings.write_new(folder, course.address if name is None else name, clone)
    except OSError as error:
        raise KitError(
            f"{error.filename or folder} cannot be written: {error.strerror}.\n"
            "Name another folder: `kit init DIR`."
        ) from None
    return Workspace(folder, course), written


def _lay_data(folder: Path, course: Course, exercise: Exercise, old: Course | None = None) -> None:
    """Copy the data of an exercise into a practice folder, where they are not there yet.

    Args:
        old: An earlier version of the course, whose data are replaced.
    """
    for name, source in course.data(exercise).items():
        target = folder / name
        former = _former(old, exercise, name) if old else None
        is_former = former is not None and former.is_file() and target.is_file()
        if is_former and former is not None and target.read_bytes() == former.read_bytes():
            target.unlink()
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())


def _former(old: Course, exercise: Exercise, name: str) -> Path | None:
    """Where an earlier version of a course had a file of data."""
    before = {each.name: each for each in old.exercises}
    known = before.get(exercise.name)
    return old.data(known).get(name) if known else None


class Renewed(NamedTuple):
    """What became of the stubs of a practice folder whose course has a newer version."""

    added: list[Exercise]
    replaced: list[Exercise]  # stubs that were untouched
    kept: list[Exercise]  # their stubs have changed, and the learner's file is another text


def renew(folder: Path, old: Course, new: Course) -> Renewed:
    """Bring the stubs of a practice folder to a newer version of its course.

    Whatever the learner wrote stays. New exercises come where the folder has all of the old.

    Raises:
        KitError: the folder cannot be written.
    """
    before = {exercise.file_name: old.stub(exercise).read_bytes() for exercise in old.exercises}
    has_all = all((folder / name).exists() for name in before)
    done = Renewed([], [], [])
    with writing(folder):
        for exercise in new.exercises:
            path, stub = folder / exercise.file_name, new.stub(exercise).read_bytes()
            if path.exists():
                if before.get(exercise.file_name) == stub or path.read_bytes() == stub:
                    continue
                untouched = path.read_bytes() == before.get(exercise.file_name)
                (done.replaced if untouched else done.kept).append(exercise)
            elif has_all and exercise.file_name not in before:
                untouched = True
                done.added.append(exercise)
            else:
                continue
            if untouched:
                path.write_bytes(stub)
        for exercise in new.exercises:
            if (folder / exercise.file_name).exists():
                _lay_data(folder, new, exercise, old)
    return done


def _practice_folder_around() -> Path | None:
    """The nearest folder upwards with a progress file, or with the settings beside a lost one."""
    here = Path.cwd()
    names = (PROGRESS, settings.SETTINGS)
    folders = (here, *here.parents)
    return next((each for each in folders if any((each / n).is_file() for n in names)), None)


def remembered_course() -> Path | None:
    """The course of the practice folder around the current folder; None outside of any.

    Raises:
        KitError: what it remembers cannot be read, or is not there.
    """
    folder = _practice_folder_around()
    return course_in(folder) if folder else None


def course_in(folder: Path) -> Path:
    """The course that a practice folder remembers.

    Raises:
        KitError: what it remembers cannot be read, or is not there.
    """
    told = settings.read(folder)
    root = told.root()
    if root is None or root.is_dir():
        return root or default_root()
    if told.origin is not None:
        raise KitError(
            f"The course of this practice folder, {told.origin}, is not on this machine yet: "
            "`kit init` fetches it."
        )
    raise KitError(
        f"The course of this practice folder is not in {root} any more.\n"
        f"Write its new place into {folder / settings.SETTINGS}, or name it: "
        "`kit --course DIR ...`."
    )


def find(course: Course) -> Workspace | None:
    """The workspace that the current folder belongs to.

    That is the nearest folder upwards with a progress file; else the exercises/ of a
    course checkout that one stands in; else none.

    Raises:
        KitError: the progress file of a practice folder is lost.
    """
    if practice := _practice_folder_around():
        made = Workspace(practice, course)
        if not made.is_practice:
            there = sum(made.answer(each).is_file() for each in course.exercises)
            raise KitError(
                f"{practice} is a practice folder with {there} answers, but its {PROGRESS} is not "
                f"there any more.\n`kit init {practice}` begins a new one; all answers stay."
            )
        return made
    here = Path.cwd()
    for folder in (here, *here.parents):
        if folder == course.root:
            return Workspace(folder / "exercises", course)
    return None
