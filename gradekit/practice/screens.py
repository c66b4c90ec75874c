"""The screen of `kit watch`: what failed on top, what to press at the bottom."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.rule import Rule
from rich.style import Style
from rich.text import Text

from gradekit.practice.solutions import print_model_answer
from gradekit.practice.terminal import Paint
from gradekit.render.plain import sentences
from gradekit.render.terminal import print_report
from gradekit.report import NOT_WRITTEN, Report

if TYPE_CHECKING:
    from gradekit.course import Course, Exercise
    from gradekit.practice.watch import Watch
    from gradekit.practice.workspace import Workspace

BAR_CHARACTERS = 30
PLAIN_FAILURES = 3  # told in full: what scrolls by is read aloud
BEGIN = (
    "Nothing is written yet. Open the file named below in your editor, read what each "
    "function should do, replace its TODO, and save: what is right and wrong appears here."
)
STATES = {"solved": "green", "broken": "red", "started": "yellow", "new": "dim"}


def watch_screen(watch: Watch) -> tuple[Paint, Paint]:
    """Body and footer of the screen."""
    bodies = {"report": _report, "solution": _solution, "list": _list}
    return (
        lambda out: bodies[watch.view](out, watch),
        lambda out: _footer(out, watch),
    )


def print_keys(out: Console, keys: dict[str, str]) -> None:
    """One line: each key, and what it does."""
    line = Text()
    for key, does in keys.items():
        line.append(f"{key}", style="bold cyan").append(f" {does}   ")
    line.rstrip()
    out.print(line)


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
    solved = sum(states.get(e.name) == "solved" for e in workspace.course.exercises)
    broken = sum(states.get(e.name) == "broken" for e in workspace.course.exercises)
    also = f", {broken} broken" if broken else ""
    if plain:
        out.print(Text(f"Solved: {solved} of {total} exercises{also}."))
        return
    full = round(BAR_CHARACTERS * solved / max(total, 1))
    bar = Text().append("━" * full, style="green")
    bar.append("─" * (BAR_CHARACTERS - full), style="dim")
    out.print(Text("solved ").append_text(bar).append(f" {solved} of {total}{also}"))


def _report(out: Console, watch: Watch) -> None:
    exercise = watch.exercise
    if watch.is_slow and watch.report:
        out.print(Text("grading the new version ...", style="yellow"))
    if watch.problem:
        out.print(Text(exercise.name, style="bold"))
        out.print(Text(watch.problem, style="red"))
    elif watch.report is None:
        _print_task(out, watch, f"loading {exercise.library} ...")
    elif is_untouched(watch.report):
        _print_task(out, watch, BEGIN)
    elif watch.terminal.plain:
        for sentence in sentences(_one_hint(watch.report), PLAIN_FAILURES):
            out.print(Text(sentence))
    else:
        print_report(out, _one_hint(watch.report))


def story_of(course: Course, exercise: Exercise) -> list[str]:
    """What the stub says about its exercise, in paragraphs, without the title."""
    text = ast.get_docstring(ast.parse(course.stub(exercise).read_text("utf-8"))) or ""
    return [" ".join(part.split()) for part in text.split("\n\n")][1:]


def is_untouched(report: Report) -> bool:
    """Whether nothing has been written yet."""
    return all(check.message == NOT_WRITTEN for check in report.checks)


def _print_task(out: Console, watch: Watch, now: str) -> None:
    """What to do now, above the story: that may be longer than the screen."""
    exercise = watch.exercise
    out.print(Text(exercise.title, style="bold").append(f"   about {exercise.minutes} minutes\n"))
    out.print(Text(now, style="bold yellow"))
    for paragraph in story_of(watch.course, exercise):
        out.print(Text("\n" + paragraph))


def _one_hint(report: Report) -> Report:
    """Only the first failed check keeps its question: one thing at a time, and room for all."""
    first = report.failed[0].name if report.failed else ""
    checks = tuple(
        check if check.name == first else msgspec.structs.replace(check, hint="")
        for check in report.checks
    )
    return msgspec.structs.replace(report, checks=checks)


def _solution(out: Console, watch: Watch) -> None:
    out.print(Text(f"{watch.exercise.title}: the model answer", style="bold"))
    print_model_answer(out, watch.course, watch.exercise)


def _list(out: Console, watch: Watch) -> None:
    states = watch.workspace.states()
    for exercise in watch.course.exercises:
        state = states.get(exercise.name, "new")
        line = Text(f"{exercise.number}  ")
        line.append(f"{state:8}", style=STATES[state])
        out.print(line.append(f"{exercise.minutes:3} min  {exercise.title}"), no_wrap=True)


def _footer(out: Console, watch: Watch) -> None:
    plain = watch.terminal.plain
    if not plain:
        out.print(Rule(style="dim"))
    if watch.hint_level and watch.view == "report" and not watch.passed:
        hint = watch.exercise.hints[watch.hint_level - 1]
        out.print(Text(f"Hint {watch.hint_level} of 3: {hint}", style="cyan"))
    if watch.passed and watch.view == "report":
        out.print(Text(watch.advice, style="bold green"))
    if watch.note:
        out.print(Text(watch.note, style="yellow"))
    if watch.headline:
        out.print(Text(watch.headline))
    else:
        print_solved(out, watch.workspace, plain=plain)
    if watch.report and not plain:
        now = f"{watch.report.score:g} of {watch.report.max_score:g} points"
        out.print(Text(now, style="bold green" if watch.passed else "bold"), end="   ")
    print_path(out, watch.path)
    if watch.question:
        out.print(Text(f"{watch.question} (y/n)", style="bold yellow"))
    elif watch.view == "list":
        out.print(Text(f"Type the number of an exercise: {watch.typed}_   (r back, q quit)"))
    else:
        print_keys(out, watch.keys)
