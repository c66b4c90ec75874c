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

from collections.abc import Sequence
from itertools import chain

from gradekit.alphabet import alphabetical
from gradekit.course import Course
from gradekit.intake.choosing import choose, doubts_of
from gradekit.intake.entries import Found
from gradekit.intake.items import HandedIn
from gradekit.intake.levels import Placeable, is_litter
from gradekit.intake.names import ExerciseNames
from gradekit.intake.owners import OnRoster, on_roster, without_groups
from gradekit.intake.placing import Placed, Placer
from gradekit.results import NotGraded, Person, called, unified
from gradekit.roster import Roster

Owners = dict[Person, tuple[Person, ...]]  # who each mention is: several of a group


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
    owners, on = _owners({*placer.owners, *(each.owner for each in placer.placed)}, roster)
    people = {*chain.from_iterable(owners.values()), *on.missing}
    names = called(people)
    entries, not_graded, crowded = choose(
        handed_in,
        [each._replace(owner=one) for each in placer.placed for one in owners[each.owner]],
        names,
        _not_graded(placer, owners, names),
        {
            one: paths
            for owner, paths in placer.modules.items()
            for one in owners.get(owner, (owner,))
        },
    )
    order = {each.name: number for number, each in enumerate(course.exercises)}
    entries.sort(
        key=lambda each: (order[each.exercise], alphabetical(each.student), not each.counted)
    )
    doubts = doubts_of(crowded, entries, names) + [
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
    only = exercises[0] if len(exercises) == 1 else None
    placer = Placer(handed_in, ExerciseNames(course), only)
    owner = Person("student")
    for item in handed_in.items():
        if item.kind != "folder" and not is_litter(item.path.split("/")):
            placer.place_of([owner], Placeable(item, tuple(item.path.split("/"))), "")
    placer.place_modules(course)
    placed = [each for each in placer.placed if each.exercise in exercises]
    listed = [each for each, _ in placer.not_graded]
    modules = {owner: placer.modules[owner]}
    entries, not_graded, _ = choose(handed_in, placed, {owner: "student"}, listed, modules)
    by_path = {(each.exercise, each.item.path): each for each in placed}
    chosen = {
        entry.exercise: by_path[entry.exercise, entry.path]._replace(beside=entry.beside)
        for entry in entries
        if entry.counted
    }
    return chosen, not_graded


def _owners(mentions: set[Person], roster: Roster | None) -> tuple[Owners, OnRoster]:
    """Who each mention is, by what they have in common and by the roster."""
    same = _as_one(mentions)
    on = on_roster(set(same.values()), roster) if roster else OnRoster({}, [], [], [])
    # Several where a group handed in together.
    final = {each: on.groups.get(one, (on.people.get(one, one),)) for each, one in same.items()}
    # Once more, with what the roster knew: it may have given an id to a mention that had none.
    once_more = unified({*chain.from_iterable(final.values())})
    return {each: tuple(once_more[one] for one in some) for each, some in final.items()}, on


def _as_one(owners: set[Person]) -> dict[Person, Person]:
    """Each mention with the person it is."""
    groups = without_groups(owners)
    same = unified({groups.get(each, each) for each in owners})
    return {each: same[groups.get(each, each)] for each in owners}


def _not_graded(placer: Placer, owners: Owners, names: dict[Person, str]) -> list[NotGraded]:
    """What could not be placed, with the people whose it is."""
    return [
        NotGraded(each.file, names.get(one, ""), each.exercise, each.reason, each.superseded, one)
        for each, owner in placer.not_graded
        for one in owners.get(owner, (owner,))
    ]
