"""Whose answer to what every file is, in every layout that systems export.

    STUDENT/exercise_05_softmax.py                    a folder a student
    submitted/STUDENT/ASSIGNMENT/exercise_05.ipynb    nbgrader
    exercise_05_softmax/STUDENT.py                    a folder an exercise
    SECTION/STUDENT/exercise_05.py                    a folder a section
    NAME_ID_ATTACHMENT_exercise_05_softmax-1.py       Canvas, flat
    NAME_ID_assignsubmission_file_/exercise_05.py     Moodle, in folders or flat
    submission_ID/exercise_05.py                      Gradescope, with submission_metadata.yml

Each also inside other folders or zips. What cannot be placed is listed with its reason, and
never stops the rest.
"""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.intake import siblings
from gradekit.intake.items import REASONS, HandedIn, Item
from gradekit.intake.layouts import canvas, gradescope, moodle, nbgrader, plain
from gradekit.intake.levels import Class, Placeable, class_in, is_litter
from gradekit.intake.names import (
    VERSION,
    Defined,
    Doubtful,
    ExerciseNames,
    Meaning,
    Strength,
    answer_stem,
    answer_suffix,
)
from gradekit.intake.owners import OnRoster, on_roster, person, without_groups
from gradekit.results import NotGraded, Person, called, printable, unified
from gradekit.roster import Roster

SNIFFED_BYTES = 4 * 2**20  # of files whose names mean nothing
MANY = 3  # files of one person for one exercise, beyond which somebody should look
SHARE = 0.25  # of all answers: if one person has more than these so often, it is no person


class Entry(NamedTuple):
    """One file to grade. `file` is its path as shown, `path` as `HandedIn.read` wants it.

    The other fields are those of `About`; `counted` is False for an attempt beside the one
    that earns the points.
    """

    student: str
    exercise: str
    file: str
    path: str
    person: Person = Person("")
    attempt: int = 0
    handed_in: str = ""
    file_date: str = ""
    counted: bool = True
    beside: tuple[str, ...] = ()  # modules of the same person in its folder, as `path`
    stub: bytes = b""  # what stands in for the file, where only its modules were handed in

    def contents(self, handed_in: HandedIn) -> tuple[bytes, dict[str, bytes]]:
        """The bytes of the file, and of the modules that it imports from its folder.

        Raises:
            KitError: they cannot be read.
        """
        return contents_of(handed_in, self.path, self.beside, self.stub)


class Found(NamedTuple):
    """Everything that was handed in.

    Attributes:
        people: Also those who handed in nothing.
        doubts: Why the whole should be looked at before it is graded, a sentence each.
        missing: Those of the roster of whom nothing is there.
        unknown: Those whom the roster does not know.
    """

    entries: list[Entry]
    not_graded: list[NotGraded]
    people: set[Person]
    doubts: list[str] = []
    missing: list[Person] = []
    unknown: list[Person] = []

    @property
    def students(self) -> list[str]:
        """What they are called, sorted."""
        return sorted(set(called(self.people).values()))


class Placed(NamedTuple):
    """A file that may be somebody's answer.

    `attempt` and `attachment` are the platform's numbers, `defines` how many of the exercise's
    functions the file defines, where that was looked at.
    """

    owner: Person
    exercise: str
    item: Item
    strength: Strength
    attempt: int = 0
    attachment: int = 0
    defines: int = 0
    platform: bool = False
    called: str = ""  # what the student called the file, without its version
    handed_in: str = ""
    beside: tuple[str, ...] = ()  # as in `Entry`
    stub: bytes = b""  # as in `Entry`

    @property
    def rank(self) -> tuple[object, ...]:
        """What decides between two answers of one person, most important first."""
        return (
            self.strength,
            self.defines,
            self.attempt,
            self.attachment,
            self.item.changed,
            self.item.path,
        )


def contents_of(
    handed_in: HandedIn, path: str, beside: Sequence[str], stub: bytes = b""
) -> tuple[bytes, dict[str, bytes]]:
    """The bytes of a file, and of those modules beside it that it imports, by relative paths.

    Args:
        stub: What stands in for the file, where it was not handed in.
    Raises:
        KitError: they cannot be read.
    """
    content = stub or handed_in.read(path)
    if not beside:
        return content, {}
    start = len(path) - len(path.rpartition("/")[2])
    own = {each[start:]: each for each in beside}
    parts = siblings.among(own)
    return content, siblings.modules_of(content, parts, lambda name: handed_in.read(own[name]))


def discover(
    handed_in: HandedIn,
    course: Course,
    exercise: str | None = None,
    roster: Roster | None = None,
) -> Found:
    """Find out whose answer to what every file is, sorted by exercise and student.

    Args:
        exercise: All of it answers this one, whatever the files are called.
        roster: Who belongs to the class.
    """
    placer = Placer(handed_in, ExerciseNames(course), exercise)
    placer.place_all()
    placer.place_modules(course)
    owners = {*placer.owners, *(each.owner for each in placer.placed)}
    same = _as_one(owners)
    on = on_roster(set(same.values()), roster) if roster else OnRoster({}, [], [], [])
    # Several where a group handed in together.
    final = {owner: on.groups.get(one, (on.people.get(one, one),)) for owner, one in same.items()}
    # Once more, with what the roster knew: it may have given an id to a mention that had none.
    once_more = unified({each for several in final.values() for each in several})
    final = {owner: tuple(once_more[one] for one in several) for owner, several in final.items()}
    people = {*(each for several in final.values() for each in several), *on.missing}
    names = called(people)
    placed = [each._replace(owner=one) for each in placer.placed for one in final[each.owner]]
    not_graded = [
        NotGraded(each.file, names.get(one, ""), each.exercise, each.reason, each.superseded, one)
        for each, owner in placer.not_graded
        for one in final.get(owner, (owner,))
    ]
    entries, crowded = _chosen(placed, names, not_graded)
    theirs = {
        one: paths for owner, paths in placer.modules.items() for one in final.get(owner, (owner,))
    }
    entries, modules = _with_modules(handed_in, entries, not_graded, theirs)
    not_graded = [each for each in not_graded if each not in modules]
    crowded.subtract((each.person, each.exercise) for each in modules if each.superseded)
    order = {each.name: number for number, each in enumerate(course.exercises)}
    entries.sort(key=lambda each: (order[each.exercise], each.student, not each.counted))
    doubts = _doubts(crowded, entries, names) + [
        f"{' and '.join(names[each] for each in same)} are one row of the roster"
        for same in on.shared
    ]
    return Found(entries, not_graded, people, doubts, on.missing, on.unknown)


def answers_of_one(
    handed_in: HandedIn, course: Course, exercises: Sequence[str]
) -> tuple[dict[str, Placed], list[NotGraded]]:
    """What one person handed in: the file that answers each exercise, by its name.

    If only one exercise is asked for and no name means it, the file that defines most of its
    functions answers it.
    """
    names = ExerciseNames(course)
    only = exercises[0] if len(exercises) == 1 else None
    placer = Placer(handed_in, names, only)
    owner = Person("student")
    for item in handed_in.items():
        if item.kind != "folder" and not is_litter(item.path.split("/")):
            placer.place_of([owner], Placeable(item, tuple(item.path.split("/"))), "")
    placer.place_modules(course)
    placed = [each for each in placer.placed if each.exercise in exercises]
    not_graded = [each for each, _ in placer.not_graded]
    entries, _ = _chosen(placed, {owner: "student"}, not_graded)
    theirs = {owner: placer.modules[owner]}
    entries, modules = _with_modules(handed_in, entries, not_graded, theirs)
    not_graded = [each for each in not_graded if each not in modules]
    by_path = {(each.exercise, each.item.path): each for each in placed}
    chosen = [entry for entry in entries if entry.counted]
    return {
        e.exercise: by_path[e.exercise, e.path]._replace(beside=e.beside) for e in chosen
    }, not_graded


class Placer:
    """The steps of placing one class, which share names and what was found."""

    def __init__(
        self, handed_in: HandedIn, names: ExerciseNames, exercise: str | None = None
    ) -> None:
        self._handed_in, self._names, self._exercise = handed_in, names, exercise
        self._times: dict[str, str] = {}  # by the path of the folder that a time is about
        self.placed: list[Placed] = []
        self.owners: set[Person] = set()
        self.not_graded: list[tuple[NotGraded, Person]] = []
        self.modules: defaultdict[Person, list[str]] = defaultdict(list)  # what could be imported
        # Modules of answers that have several: by owner, exercise, and the folder around them.
        self._written: dict[tuple[Person, str, str], Item] = {}

    def place_all(self) -> None:
        """Place everything."""
        items = self._handed_in.items()
        whole = class_in(items, self._handed_in.is_archive, self._names)
        people = self._gradescope(whole)
        for each in whole.items:
            self._place(each, whole, people)

    def _place(self, each: Placeable, whole: Class, people: dict[str, list[Person]]) -> None:
        owners, parts = self._owners(each, people)
        if each.item.kind == "folder":
            if len(each.parts) == 1:
                self.owners.update(owners)
            return
        if owners:
            self.place_of(owners, each._replace(parts=parts), each.exercise)
        else:
            self._place_flat(each)

    def _owners(
        self, each: Placeable, people: dict[str, list[Person]]
    ) -> tuple[list[Person], tuple[str, ...]]:
        """Whose a file is, by the folder or the platform's name that it stands under.

        With the rest of its path: what the student called it. No owner where only the name
        that somebody gave the file may tell.
        """
        top, rest = each.parts[0], each.parts[1:]
        if top in people:
            return people[top], rest
        if of_moodle := moodle.folder(top) if rest or each.item.kind == "folder" else None:
            return [person(of_moodle.name, of_moodle.id, moodle.SYSTEM, each.place)], rest
        if of_moodle := moodle.flat(top):
            who = person(of_moodle.name, of_moodle.id, moodle.SYSTEM, each.place)
            return [who], (of_moodle.file, *rest)
        if (of_canvas := canvas.read(top)) and (answer_suffix(top) or _has_suffix(top)):
            who = person(of_canvas.name, of_canvas.id, _canvas_system(of_canvas), each.place)
            return [who], (of_canvas.file, *rest)
        if not rest and (entry := canvas.entry(top)):
            who = person(entry.name, entry.id, _canvas_system(entry), each.place)
            return [who], (top,)
        if rest or each.item.kind == "folder":
            place = each.place if each.by_section else ""
            return [person(top.removesuffix(".zip"), place=place)], rest
        return [], each.parts

    def place_of(self, owners: list[Person], each: Placeable, hint: str) -> None:
        """Place what is certainly theirs."""
        self.owners.update(owners)
        if each.item.kind == "file" and siblings.is_module(each.parts[-1]):
            for owner in owners:
                self.modules[owner].append(each.item.path)
            if self._is_module_of_answer(owners, each, hint):
                return
        try:
            for meaning, defined in self._meant(each, hint):
                name, attempt = _without_version(each.parts[-1], meaning)
                of_canvas = canvas.read(each.top) if each.top else None
                for owner in owners:
                    self.placed.append(
                        Placed(
                            owner,
                            meaning.exercise,
                            each.item,
                            meaning.strength,
                            attempt,
                            of_canvas.attachment if of_canvas else 0,
                            defined.counts.get(meaning.exercise, 0) if defined else 0,
                            of_canvas is not None,
                            name,
                            self._times.get(each.folder, ""),
                        )
                    )
        except KitError as error:
            if not self._names.is_data(each.item.path):  # handed back with the answer
                self._list(each.item, str(error), owners[0])

    def _is_module_of_answer(self, owners: list[Person], each: Placeable, hint: str) -> bool:
        """Whether a file is a module of an answer that has several, which is noted."""
        found = self._names.written_in(each.parts, self._exercise or hint)
        if self._exercise:
            found = {name: depth for name, depth in found.items() if name == self._exercise}
        folders = each.item.path.split("/")[: -len(each.parts)]
        for exercise, depth in found.items():
            root = "".join(f"{folder}/" for folder in (*folders, *each.parts[:depth]))
            for owner in owners:
                self._written.setdefault((owner, exercise, root), each.item)
        # Another exercise may be called like a module of this one.
        meant = self._names.whole(answer_stem(each.parts[-1]))
        return bool(found) and meant in (None, *found)

    def place_modules(self, course: Course) -> None:
        """Where somebody handed in modules only, the stub stands in for the file with the name."""
        have = {(each.owner, each.exercise) for each in self.placed}
        for (owner, exercise, root), item in self._written.items():
            if (owner, exercise) in have:
                continue
            about = course.find(exercise)
            path = f"{root}{about.file_name}"
            stub = course.stub(about).read_bytes()
            strength = Strength.EXACT
            self.placed.append(
                Placed(owner, exercise, item._replace(path=path), strength, stub=stub)
            )

    def _place_flat(self, each: Placeable) -> None:
        """A file that bears its student's name itself, or nobody's."""
        try:
            self._check_kind(each)
            stem = answer_stem(each.parts[0])
            meaning, before = plain.named_in(stem, self._names)
            exercise = meaning.exercise if meaning else each.exercise or self._exercise
            if not exercise:
                raise KitError("its name means no exercise of this course")
            if not before:
                raise KitError("no student is named, neither in its name nor by a folder")
            match = plain.NAME_AND_ID.fullmatch(before)
            place = each.place if each.by_section else ""
            owner = person(match["name"], match["id"], "") if match else person(before, place=place)
            strength = meaning.strength if meaning else Strength.LOOSE
            meant = Meaning(exercise, strength, 0, meaning.end if meaning else len(stem))
            name, attempt = _without_version(each.parts[0], meant)
            self.placed.append(Placed(owner, exercise, each.item, strength, attempt, called=name))
        except KitError as error:
            self._list(each.item, str(error), Person(""))

    def _check_kind(self, each: Placeable) -> None:
        """See to it that it is a file that may be an answer.

        Raises:
            KitError: it is none; the message says why.
        """
        item, name = each.item, each.parts[-1]
        if item.kind != "file":
            raise KitError(REASONS.get(item.kind, "it is not a regular file"))
        if any(part.startswith(".") for part in each.parts):
            raise KitError("its name begins with a dot: hidden files are not graded")
        if not answer_suffix(name):
            if canvas.entry(name):
                raise KitError("it was typed into Canvas or is a link: no file was handed in")
            problem = self._handed_in.problems.get(item.path)
            raise KitError(problem or "it is neither a Python file (.py) nor a notebook (.ipynb)")

    def _meant(self, each: Placeable, hint: str) -> list[tuple[Meaning, Defined | None]]:
        """The exercises that a file in a student's folder answers.

        Raises:
            KitError: none, or it stays in doubt.
        """
        self._check_kind(each)
        if self._exercise:
            return [self._meant_for_one(each, self._exercise)]
        try:
            meaning = self._names.of_entry(each.parts, hint) or self._of_one_entry(each)
            meaning = meaning or self._by_name(each, hint)
        except Doubtful as doubt:
            if whole := self._answers(each, doubt.exercises):
                return whole
            raise
        if meaning is not None and meaning.strength >= Strength.SLUG:
            return [(meaning, None)]
        defined = self._defined(each.item)
        if meaning is None:
            if whole := self._answers(each, ()):
                return whole
            raise KitError("its name means no exercise of this course")
        wanted = self._names.functions.get(meaning.exercise, frozenset())
        if meaning.exercise in defined.counts or not wanted or defined.is_near(wanted):
            return [(meaning, defined)]
        if hint == meaning.exercise or meaning.start < 0:  # a folder says so
            return [(meaning, defined)]
        if whole := self._answers(each, ()):
            return whole
        raise Doubtful(
            f"its name may mean {meaning.exercise}, but it defines none of its functions"
        )

    def _meant_for_one(self, each: Placeable, exercise: str) -> tuple[Meaning, Defined | None]:
        """Any file answers the one exercise that is graded, unless it says another's number."""
        strength = Strength.CONTENT
        if each.parts[-1] == self._names.entries.get(exercise):
            return Meaning(exercise, Strength.EXACT, 0, 0), self._defined(each.item)
        try:
            meaning = self._names.find(answer_stem(each.parts[-1]))
        except Doubtful as doubt:
            meaning = None
            if exercise not in doubt.exercises:
                raise
        except KitError:
            meaning = None
        if meaning is not None:
            if meaning.exercise == exercise:
                strength = meaning.strength
            elif meaning.strength >= Strength.NUMBER:
                raise KitError(f"its name means {meaning.exercise}, not {exercise}")
        end = meaning.end if meaning else 0
        return Meaning(exercise, strength, 0, end), self._defined(each.item)

    def _of_one_entry(self, each: Placeable) -> Meaning | None:
        """The one of several exercises with answers of this name that the file answers.

        Raises:
            KitError: it may answer more than one of them, or none.
        """
        having = self._names.with_entry(each.parts[-1])
        if len(having) < 2:
            return None
        defined = self._defined(each.item)
        ranks = {name: (name in defined.whole, defined.counts.get(name, 0)) for name in having}
        best = [name for name in having if ranks[name] == max(ranks.values())]
        if len(best) > 1:
            raise KitError(
                f"its name is that of {' and of '.join(best)}, and nothing says which: it has to "
                "lie in a folder that is called like the exercise or assignment"
            )
        return Meaning(best[0], Strength.EXACT, 0, 0)

    def _by_name(self, each: Placeable, hint: str) -> Meaning | None:
        """What the name of the file means, or else of the folders that it lies in."""
        meaning = self._names.find(answer_stem(each.parts[-1]))
        if meaning is not None and meaning.strength >= Strength.SLUG:
            return meaning
        for folder in reversed(each.parts[:-1]):
            if found := self._names.find(folder.removesuffix(".zip")):
                return meaning or Meaning(found.exercise, Strength.LOOSE, -1, 0)
        if meaning is None and hint:
            return Meaning(hint, Strength.LOOSE, -1, 0)
        return meaning

    def _answers(
        self, each: Placeable, among: Sequence[str]
    ) -> list[tuple[Meaning, Defined | None]]:
        """The exercises all of whose functions a file defines."""
        defined = self._defined(each.item)
        return [
            (Meaning(exercise, Strength.CONTENT, 0, 0), defined)
            for exercise in defined.whole
            if not among or exercise in among
        ]

    def _defined(self, item: Item) -> Defined:
        try:
            content = self._handed_in.read(item.path)
        except KitError:
            content = b""
        return self._names.defined_in(content[:SNIFFED_BYTES])

    def _list(self, item: Item, reason: str, owner: Person) -> None:
        self.not_graded.append((NotGraded(printable(item.path), "", "", reason), owner))

    def _gradescope(self, whole: Class) -> dict[str, list[Person]]:
        """Whose `submission_123` each folder is, from the metadata in the export's root.

        A file of that name anywhere else is a student's, and says nothing about anybody.
        """
        for item in whole.planted:
            reason = "only the metadata in the root of Gradescope's own export says who is who"
            self._list(item, reason, Person(""))
        for item, parts in whole.timestamps:
            try:
                self._times["/".join(parts[:-1])] = nbgrader.time_in(
                    self._handed_in.read(item.path)
                )
            except KitError as error:
                self._list(item, str(error), Person(""))
        if whole.metadata is None:
            return {}
        try:
            content = self._handed_in.read(whole.metadata.path)
        except KitError as error:
            return self._without_names(whole.metadata, error)
        try:
            told = gradescope.people_in(content)
        except gradescope.NotUsable as error:
            return self._without_names(whole.metadata, error)
        there = {each.parts[0] for each in whole.items if len(each.parts) > 1}
        people = {}
        for folder, about in told.items():
            if folder in there:
                people[folder] = [
                    person(each.name, each.email or each.id, gradescope.SYSTEM)
                    for each in about.submitters
                ]
                self._times[folder] = about.when
        return people

    def _without_names(self, metadata: Item, error: Exception) -> dict[str, list[Person]]:
        """Nobody, and the reason in the list: each folder is then somebody without a name."""
        reason = f"nobody's name could be read from it: {printable(str(error))}"
        self._list(metadata, reason, Person(""))
        return {}


def _canvas_system(found: canvas.Canvas) -> str:
    return f"{canvas.SYSTEM} anonymous" if found.name == f"anon {found.id}" else canvas.SYSTEM


def _has_suffix(name: str) -> bool:
    return "." in name[-8:]


def _without_version(name: str, meaning: Meaning) -> tuple[str, int]:
    """A file's name without the number of its attempt, and that number; 0 if it has none."""
    stem = answer_stem(name)
    number = VERSION.fullmatch(stem[meaning.end :]) if meaning.end > 0 else None
    if number is None and meaning.strength <= Strength.LOOSE:
        tail = re.search(r"-(\d{1,3})$", stem)  # as Canvas counts
        return (stem[: tail.start()], int(tail[1])) if tail else (stem, 0)
    return (stem[: meaning.end], int(number[1])) if number else (stem, 0)


def _as_one(owners: set[Person]) -> dict[Person, Person]:
    """Each mention with the person it is."""
    groups = without_groups(owners)
    same = unified({groups.get(each, each) for each in owners})
    return {each: same[groups.get(each, each)] for each in owners}


def _chosen(
    placed: list[Placed], names: dict[Person, str], not_graded: list[NotGraded]
) -> tuple[list[Entry], Counter[tuple[Person, str]]]:
    """One answer a person and exercise, and the other attempts at it; what else is listed.

    Also how many files of one exercise somebody has, other than attempts.
    """
    answers: defaultdict[tuple[Person, str], list[Placed]] = defaultdict(list)
    for each in placed:
        answers[each.owner, each.exercise].append(each)
    entries: list[Entry] = []
    crowded: Counter[tuple[Person, str]] = Counter()
    for (owner, exercise), candidates in answers.items():
        # A file whose name says clearly what it is comes before a later one that does not: a
        # student's scratch file, saved last, must not replace the answer.
        candidates.sort(key=lambda each: each.rank)
        *older, best = candidates
        attempts = [each for each in older if _is_attempt(each, best)]
        crowded[owner, exercise] = len(candidates) - len(attempts)
        counts = {id(each): number for number, each in enumerate([*attempts, best], start=1)}
        for each in (*attempts, best):
            # Canvas numbers further attempts from 1 on; the first one has no number.
            number = counts[id(each)] if attempts else each.attempt + each.platform
            entries.append(_entry(each, names[owner], number, each is best))
        for each in older:
            if each not in attempts:
                reason = _why_not(each, best)
                not_graded.append(
                    NotGraded(
                        printable(each.item.path), names[owner], exercise, reason, True, owner
                    )
                )
    return entries, crowded


def _with_modules(
    handed_in: HandedIn,
    entries: list[Entry],
    not_graded: list[NotGraded],
    theirs: Mapping[Person, Sequence[str]],
) -> tuple[list[Entry], list[NotGraded]]:
    """The entries with the modules of the same person beside them, and what was none of its own.

    A module that an answer imports is a part of that answer, and no file that was left out.
    """
    beside: dict[tuple[Person, str], tuple[str, ...]] = {}
    open_ones: dict[tuple[Person, str], bool] = {}  # whether one of them is no answer itself
    left_out = {(each.person, each.file) for each in not_graded}
    used: set[tuple[Person, str]] = set()
    found = []
    for entry in entries:
        folder = entry.path[: len(entry.path) - len(entry.path.rpartition("/")[2])]
        key = entry.person, folder
        if key not in beside:
            paths = theirs.get(entry.person, ())
            beside[key] = tuple(path for path in paths if path.startswith(folder))
            shown = ((entry.person, printable(path)) for path in beside[key])
            open_ones[key] = any(each in left_out for each in shown)
        if len(beside[key]) > (0 if entry.stub else 1):
            entry = entry._replace(beside=beside[key])
            if open_ones[key]:
                used |= {(entry.person, file) for file in _imported_by(handed_in, entry, folder)}
        found.append(entry)
    return found, [each for each in not_graded if (each.person, each.file) in used]


def _imported_by(handed_in: HandedIn, entry: Entry, folder: str) -> list[str]:
    """The modules beside an answer that it imports, as they are shown."""
    try:
        _, modules = entry.contents(handed_in)
    except KitError:  # whoever grades it says so
        return []
    return [printable(f"{folder}{name}") for name in modules]


def _is_attempt(each: Placed, best: Placed) -> bool:
    """Whether the platform says that it is the same file, handed in earlier."""
    return (
        each.platform
        and best.platform
        and each.called == best.called
        and (each.attempt, each.attachment) != (best.attempt, best.attachment)
    )


def _entry(each: Placed, student: str, attempt: int, counted: bool) -> Entry:
    date = ""
    if each.item.changed:
        date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(each.item.changed))
    return Entry(
        student,
        each.exercise,
        printable(each.item.path),
        each.item.path,
        each.owner,
        attempt,
        each.handed_in,
        date,
        counted,
        stub=each.stub,
    )


def _why_not(each: Placed, best: Placed) -> str:
    """Why another file of the same person was graded instead."""
    file = printable(best.item.path)
    if each.strength != best.strength:
        return f"the name of {file} says more clearly what it is, and that was graded"
    if each.defines != best.defines:
        return f"{file} defines more of the exercise's functions, and was graded"
    if (each.attempt, each.attachment) != (best.attempt, best.attachment):
        return f"{file} is a later attempt, and was graded"
    if each.item.changed != best.item.changed:
        return f"it is a duplicate: {file} is newer, and was graded"
    return f"it is a duplicate: {file} was graded"


def _doubts(
    crowded: Counter[tuple[Person, str]], entries: list[Entry], names: dict[Person, str]
) -> list[str]:
    """Why the whole should be looked at: files of many people that seem to be one person's."""
    files = sum(crowded.values())
    doubts = []
    for (owner, exercise), count in sorted(crowded.items()):
        # A layout that is not known to us puts a whole class under one name. The grades would look
        # right and be one person's, so nothing is graded before somebody has looked.
        if count > MANY and count > SHARE * files:
            doubts.append(
                f"`{names[owner]}` has {count} files for {exercise}: a class rather than a person?"
            )
    if not doubts and len({each.student for each in entries}) == 1:
        (most,) = crowded.most_common(1)
        if most[1] > 1 and len(entries) == 1:
            doubts.append(
                f"all {files} files are of one person, `{names[most[0][0]]}`: is that so?"
            )
    return doubts
