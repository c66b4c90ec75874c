"""The screen of `kit watch`: what failed on top, what to press at the bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from gradekit.practice.screen.paint import (
    STATES,
    is_untouched,
    print_keys,
    print_path,
    print_solved,
    story_of,
)
from gradekit.practice.screen.solutions import print_model_answer
from gradekit.practice.screen.terminal import Paint
from gradekit.render.plain import sentences
from gradekit.render.terminal import print_report

if TYPE_CHECKING:
    from gradekit.practice.watch.watch import Watch

PLAIN_CAUSES = 3  # told in full: what scrolls by is read aloud
LOCATED_LINES = 5  # of what was found out about the line that is wrong
BEGIN = (
    "Nothing is written yet. Open the file named below in your editor, read what each "
    "function should do, replace its TODO, and save: what is right and wrong appears here."
)


def watch_screen(watch: Watch) -> tuple[Paint, Paint]:
    """Body and footer of the screen."""
    bodies = {"report": _report, "solution": _solution, "list": _list}
    return (
        lambda out: bodies[watch.view](out, watch),
        lambda out: _footer(out, watch),
    )


def _report(out: Console, watch: Watch) -> None:
    exercise = watch.exercise
    if watch.report and (now := watch.waits_for):
        text = f"{now} (below is the result of the version before)"
        out.print(Text(text, style="yellow"))
    if watch.problem:
        out.print(Text(exercise.name, style="bold"))
        out.print(Text(watch.problem, style="red"))
    elif watch.report is None:
        _print_task(out, watch, watch.waits_for or f"loading {exercise.library} ...")
    elif is_untouched(watch.report):
        _print_task(out, watch, BEGIN)
    elif watch.terminal.plain:
        for sentence in sentences(watch.report, PLAIN_CAUSES):
            out.print(Text(sentence))
    else:
        print_report(out, watch.report)


def _print_task(out: Console, watch: Watch, now: str) -> None:
    """What to do now, above the story: that may be longer than the screen."""
    exercise = watch.exercise
    out.print(Text(exercise.title, style="bold").append(f"   about {exercise.minutes} minutes\n"))
    out.print(Text(now, style="bold yellow"))
    for paragraph in story_of(watch.course, exercise):
        out.print(Text("\n" + paragraph))


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
    if watch.view == "report":
        for line in watch.located[:LOCATED_LINES]:
            out.print(Text(line, style="cyan"))
    if watch.passed and watch.view == "report" and not watch.is_slow:
        out.print(Text(watch.task.advice(watch), style="bold green"))
    if watch.note:
        out.print(Text(watch.note, style="yellow"))
    if watch.task.headline:
        out.print(Text(watch.task.headline))
    else:
        print_solved(out, watch.workspace, plain=plain)
    print_path(out, watch.task.path)
    if watch.question:
        out.print(Text(f"{watch.question} (y/n)", style="bold yellow"))
    elif watch.view == "list":
        out.print(Text(f"Type the number of an exercise: {watch.typed}_   (r back, q quit)"))
    else:
        print_keys(out, watch.keys)
