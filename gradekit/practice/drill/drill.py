"""Drills: a piece of wrong code from the bank, and four mistakes to choose from."""

from __future__ import annotations

import ast
import random
from pathlib import Path
from typing import NamedTuple

from gradekit.bank import said_by
from gradekit.course import Course, Exercise
from gradekit.definitions import first_line_of, needed_by
from gradekit.practice import schedule
from gradekit.practice.schedule import Key
from gradekit.practice.workspace import Workspace

CHOICES = 4


class Wrong(NamedTuple):
    """One wrong answer of the bank. `mistake` says in words what is wrong in `function`."""

    exercise: Exercise
    path: Path
    function: str
    mistake: str

    @property
    def key(self) -> Key:
        return Key(self.exercise.name, self.path.stem)


class Drill(NamedTuple):
    """A question: the code, and `choices`, of which one is right."""

    wrong: Wrong
    code: str
    choices: list[str]

    @property
    def right(self) -> int:
        """The place of the right choice, from 0."""
        return self.choices.index(self.wrong.mistake)


def wrong_answers(course: Course, exercise: Exercise) -> list[Wrong]:
    """What the bank holds of an exercise, by file name; files that say no mistake are left out."""
    found = []
    for path in sorted((course.bank / exercise.name / "wrong").glob("*.py")):
        with path.open(encoding="utf-8") as file:
            said = said_by(file.readline())
        if said and said.sentence:
            found.append(Wrong(exercise, path, *said))
    return found


def draw(
    workspace: Workspace, exercises: list[Exercise], count: int, rng: random.Random
) -> list[Drill]:
    """Drills to do now: those that are due, then new ones, solved exercises first."""
    course = workspace.course
    bank = {exercise.name: wrong_answers(course, exercise) for exercise in exercises}
    known = {wrong.key: wrong for own in bank.values() for wrong in own}
    due = [known[key] for key in schedule.due_drills(workspace) if key in known][:count]
    seen = set(schedule.cards(workspace))
    new = [wrong for wrong in known.values() if wrong.key not in seen]
    rng.shuffle(new)
    states = workspace.states()
    new.sort(key=lambda wrong: states.get(wrong.exercise.name) not in ("solved", "broken"))
    chosen = due + new[: count - len(due)]
    if len(chosen) < count:  # all have been seen, and none is due: practise anyway
        others = [wrong for wrong in known.values() if wrong not in chosen]
        chosen += rng.sample(others, min(count - len(chosen), len(others)))
    return [_drill(wrong, bank[wrong.exercise.name], rng) for wrong in chosen]


def _drill(wrong: Wrong, own_bank: list[Wrong], rng: random.Random) -> Drill:
    """The other choices are mistakes in the same function, as far as there are enough."""
    others = [other for other in own_bank if other.mistake != wrong.mistake]
    rng.shuffle(others)
    others.sort(key=lambda other: other.function != wrong.function)
    mistakes = list(dict.fromkeys(other.mistake for other in others))[: CHOICES - 1]
    choices = [wrong.mistake, *mistakes]
    rng.shuffle(choices)
    return Drill(wrong, code_of(wrong), choices)


def code_of(wrong: Wrong) -> str:
    """The function with the mistake, after what it uses of the rest of its file.

    Names at the top of the file belong to it as well: the mistake may stand in a constant.
    """
    source = wrong.path.read_text("utf-8")
    body = [node for node in ast.parse(source).body if not _is_said_already(node)]
    needed = needed_by({wrong.function}, body)
    if not needed:
        return source.partition("\n")[2].strip()
    return "\n\n".join(_text_of(node, source.splitlines()) for node in needed)


def _text_of(node: ast.stmt, lines: list[str]) -> str:
    """Its lines, decorators included."""
    return "\n".join(lines[first_line_of(node) - 1 : node.end_lineno])


def _is_said_already(node: ast.stmt) -> bool:
    """Whether it is an import, or a docstring."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, ast.Import | ast.ImportFrom)
