"""Model answers: what to say aloud, the code, and how another answer behaves beside it."""

from __future__ import annotations

import ast
import difflib
from typing import Any, NamedTuple

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from gradekit.course import Course, Exercise
from gradekit.report import Report
from gradekit.submission import Submission

STYLE: Any = {"theme": "ansi_dark", "background_color": "default", "word_wrap": True}


class ModelAnswer(NamedTuple):
    """`spoken` in paragraphs, as one would say it; `code` without that docstring."""

    spoken: str
    code: str


def model_answer(course: Course, exercise: Exercise) -> ModelAnswer:
    """The reference solution, taken apart; a course for learners has none."""
    if not course.solution(exercise).is_file():
        return ModelAnswer("The model answer is with your instructor.", "")
    source = course.solution(exercise).read_text("utf-8")
    tree = ast.parse(source)
    spoken = ast.get_docstring(tree) or ""
    spoken = spoken.removeprefix("What to say: ")  # the heading over it says so already
    paragraphs = [" ".join(part.split()) for part in spoken.split("\n\n")]
    paragraphs[0] = paragraphs[0][:1].upper() + paragraphs[0][1:]
    end = tree.body[0].end_lineno if spoken else 0
    code = "\n".join(source.splitlines()[end:]).strip("\n")
    return ModelAnswer("\n\n".join(paragraphs), code)


def print_model_answer(
    out: Console, course: Course, exercise: Exercise, *, followups: bool = True
) -> None:
    """What to say, the code, and the follow-up questions with their answers."""
    answer = model_answer(course, exercise)
    print_heading(out, "To say aloud")
    out.print(Text(answer.spoken))
    if answer.code:
        print_heading(out, "The code")
        print_code(out, answer.code)
    for followup in exercise.followups if followups else []:
        print_heading(out, "They ask next: " + followup.question)
        out.print(Text(followup.answer))


def print_code(out: Console, code: str) -> None:
    """Code in colours; in a pipe (or plain) as it is, for a line that is broken is other code."""
    if out.is_terminal:
        out.print(Syntax(code, "python", **STYLE))
    else:
        out.print(Text(code), soft_wrap=True)


def print_behaviour(out: Console, yours: Report, model: Report) -> None:
    """Where an answer behaves otherwise than the model answer; style does not count."""
    print_heading(out, "Your answer beside it")
    expected = {check.name: check for check in model.checks}
    differ = [c for c in yours.checks if c.outcome != expected[c.name].outcome]
    for check in differ:
        out.print(Text(f"Differs: {check.title}", style="red"))
        out.print(Text(f"    {check.message or check.outcome}"))
    same = len(yours.checks) - len(differ)
    out.print(Text(f"It behaves as the model answer does in {same} of {len(yours.checks)} checks."))
    out.print(
        Text(f"All checks took {yours.seconds:.3f} s, the model answer {model.seconds:.3f} s.")
    )


def print_difference(out: Console, yours: Submission, model: Submission) -> None:
    """The lines in which an answer that is right differs from the model answer."""
    print_heading(out, "Your answer beside it: full marks")
    _print_diff(out, yours, model, "your answer", "the model answer")


def print_changes(out: Console, passed: Submission, today: Submission) -> None:
    """What has changed since an answer earned full marks."""
    print_heading(out, "What changed since it passed")
    _print_diff(out, passed, today, "your answer that passed", "your answer today")


def _print_diff(out: Console, before: Submission, after: Submission, name: str, other: str) -> None:
    mine, theirs = ("\n".join(each.cells).splitlines() for each in (before, after))
    lines = [*difflib.unified_diff(mine, theirs, name, other, "", "", 1, "")]
    if not lines:
        out.print(Text("Line for line the same."))
    elif out.is_terminal:
        out.print(Syntax("\n".join(lines), "diff", **STYLE))
    else:
        out.print(Text("\n".join(lines)), soft_wrap=True)


def print_heading(out: Console, text: str) -> None:
    out.print(Text(f"\n{text}", style="bold"))
