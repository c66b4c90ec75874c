"""Whose answer to what each file of a class is, as far as names, folders and systems tell."""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from typing import NamedTuple

from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.intake import siblings
from gradekit.intake.items import HandedIn, Item
from gradekit.intake.layouts import blackboard, canvas, gradescope, moodle, nbgrader, plain
from gradekit.intake.levels import Class, Placeable, class_in
from gradekit.intake.meanings import Meanings
from gradekit.intake.names import (
    VERSION,
    ExerciseNames,
    Meaning,
    Strength,
    answer_stem,
    answer_suffix,
)
from gradekit.intake.owners import person
from gradekit.results import NotGraded, Person, printable

NOTE_BYTES = 2**12  # of a note of Blackboard's: its first line is what matters


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


class Placer:
    """The steps of placing one class, which share names and what was found."""

    def __init__(
        self, handed_in: HandedIn, names: ExerciseNames, exercise: str | None = None
    ) -> None:
        self._handed_in, self._names, self._exercise = handed_in, names, exercise
        self._meanings = Meanings(handed_in, names, exercise)
        self._times: dict[str, str] = {}  # by the path of the folder that a time is about
        self._blackboard: dict[str, blackboard.Blackboard] = {}  # by the names of files
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
        self._blackboard = self._of_blackboard(whole)
        for each in whole.items:
            self._place(each, whole, people)

    def _place(self, each: Placeable, whole: Class, people: dict[str, list[Person]]) -> None:
        owners, parts = self._owners(each, people)
        if parts == ("",):  # the note beside an attempt, which nobody handed in
            self.owners.update(owners)
            return
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
        if of_blackboard := self._blackboard.get(top):
            name, login, _, file = of_blackboard
            return [person(name, login, blackboard.SYSTEM, each.place)], (file, *rest)
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
            return [person(self._student_in(top), place=place)], rest
        return [], each.parts

    def _student_in(self, top: str) -> str:
        """The student that a folder or zip is called by.

        A zip may be called like an answer, `ada_exercise_05_softmax.zip`. A bare slug does not
        count: `smith_adam.zip` is of Adam Smith.
        """
        stem = top.removesuffix(".zip")
        if stem != top:
            meaning, before = plain.named_in(stem, self._names)
            if meaning and meaning.strength >= Strength.NUMBER and before:
                stem = before
        return plain.without_copy(stem) or stem

    def place_of(self, owners: list[Person], each: Placeable, hint: str) -> None:
        """Place what is certainly theirs."""
        self.owners.update(owners)
        if each.item.kind == "file" and siblings.is_module(each.parts[-1]):
            for owner in owners:
                self.modules[owner].append(each.item.path)
            if self._is_module_of_answer(owners, each, hint):
                return
        try:
            for meaning, defined in self._meanings.of(each, hint):
                name, attempt = _without_version(each.parts[-1], meaning)
                upload = self._upload(each.top)
                for owner in owners:
                    self.placed.append(
                        Placed(
                            owner,
                            meaning.exercise,
                            each.item,
                            meaning.strength,
                            attempt,
                            upload,
                            defined.counts.get(meaning.exercise, 0) if defined else 0,
                            upload > 0,
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
            self._meanings.check_kind(each)
            stem = answer_stem(each.parts[0])
            meaning, before = plain.named_in(stem, self._names)
            exercise = meaning.exercise if meaning else each.exercise or self._exercise
            if not exercise:
                raise KitError("its name means no exercise of this course")
            before = plain.without_copy(before)
            if not before:
                where = "neither before the exercise in its name nor by a folder"
                raise KitError(f"no student is named, {where}")
            match = plain.NAME_AND_ID.fullmatch(before)
            place = each.place if each.by_section else ""
            owner = person(match["name"], match["id"], "") if match else person(before, place=place)
            strength = meaning.strength if meaning else Strength.LOOSE
            meant = Meaning(exercise, strength, 0, meaning.end if meaning else len(stem))
            name, attempt = _without_version(each.parts[0], meant)
            self.placed.append(Placed(owner, exercise, each.item, strength, attempt, called=name))
        except KitError as error:
            self._list(each.item, str(error), Person(""))

    def _upload(self, top: str) -> int:
        """The platform's number of an upload, which rises with time; 0 where there is none."""
        if of_blackboard := self._blackboard.get(top):
            return of_blackboard.attempt
        of_canvas = canvas.read(top) if top else None
        return of_canvas.attachment if of_canvas else 0

    def _of_blackboard(self, whole: Class) -> dict[str, blackboard.Blackboard]:
        """What the names of files say, where Blackboard gave them; its notes say who is who."""
        tops = {each.parts[0] for each in whole.items}
        if not all(map(blackboard.may_be, tops)):
            return {}
        uploads = [of_canvas.attachment for top in tops if (of_canvas := canvas.read(top))]
        # Canvas numbers each upload anew; `HW_5_1001_attempt_...` only looks like one of its names.
        if len({*uploads}) == len(tops):
            return {}
        notes = {}
        for each in whole.items:
            if len(each.parts) == 1 and blackboard.is_note(each.parts[0]):
                with contextlib.suppress(KitError):
                    content = self._handed_in.read(each.item.path)
                    notes[each.parts[0]] = content[:NOTE_BYTES].decode("utf-8-sig", "replace")
        return blackboard.read(tops, notes)

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
        """No names, and the reason on the list: a folder is then a person who is called like it."""
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
