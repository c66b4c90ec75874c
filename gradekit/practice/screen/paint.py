"""What the screens of several commands are painted with."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.style import Style
from rich.text import Text

from gradekit.report import Report

if TYPE_CHECKING:
    from gradekit.course import Course, Exercise
    from gradekit.practice.workspace import Workspace

BAR_CHARACTERS = 30
GAP = "   "  # between two keys
GIVES_AWAY = {2: "the idea", 3: "nearly the code"}
STATES = {"solved": "green", "broken": "red", "started": "yellow", "new": "dim"}


def question_before(level: int) -> str:
    """What is asked before the second or third hint is shown."""
    return f"Hint {level} of 3 gives away {GIVES_AWAY[level]}. Show it?"


def print_keys(out: Console, keys: dict[str, str]) -> None:
    """Each key and what it does, beside each other: a line, or two where that is too narrow."""
    lines = [Text()]
    for key, does in keys.items():
        told = Text.assemble((key, "bold cyan"), f" {does}")
        if lines[-1] and len(lines[-1]) + len(GAP) + len(told) > out.width:
            lines.append(Text())  # a key never stands at the end of a line, away from its word
        lines[-1].append(GAP if lines[-1] else "").append_text(told)
    out.print(Text("\n").join(lines))


def print_path(out: Console, path: Path) -> None:
    """The file's path, as a link where the terminal knows links; whole, to be copied."""
    link = Style(link=path.resolve().as_uri(), underline=True)
    out.print(Text(str(shortest(path)), style=link), soft_wrap=True)


def shortest(path: Path) -> Path:
    """The path as seen from the current folder, where that is below it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def print_solved(out: Console, workspace: Workspace, *, plain: bool) -> None:
    """How many exercises are solved, as a bar."""
    states = workspace.states()
    total = len(workspace.course.exercises)
    solved = len(workspace.solved())
    broken = sum(states.get(exercise.name) == "broken" for exercise in workspace.course.exercises)
    also = f" ({broken} changed since, and broken)" if broken else ""
    if plain:
        out.print(Text(f"Solved: {solved} of {total} exercises{also}."))
        return
    bar = progress_bar(out, solved / max(total, 1), BAR_CHARACTERS)
    out.print(Text("solved ").append_text(bar).append(f" {solved} of {total}{also}"))


def progress_bar(out: Console, share: float, width: int, style: str = "green") -> Text:
    """A bar of so many characters, filled as far as `share` (from 0 to 1) says."""
    bar = ProgressBar(
        total=1.0,
        completed=share,
        width=width,
        style="dim",
        complete_style=style,
        finished_style=style,
    )
    # The rest is a line of the same shape, told apart by its colour only: ours is a thinner one.
    rest = out.get_style("dim")
    filled = [part for part in out.render(bar) if part.style != rest]
    text = Text.assemble(*((part.text, part.style or "") for part in filled))
    text.rstrip()  # blanks, where there are no colours
    return text.append("─" * (width - len(text)), style="dim")


def story_of(course: Course, exercise: Exercise) -> list[str]:
    """What the stub says about its exercise, in paragraphs, without the title."""
    text = ast.get_docstring(ast.parse(course.stub(exercise).read_text("utf-8"))) or ""
    return [" ".join(part.split()) for part in text.split("\n\n")][1:]


def is_untouched(report: Report) -> bool:
    """Whether nothing has been written yet."""
    return all(check.is_unwritten for check in report.checks)
