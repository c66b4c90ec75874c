"""Makes a picture: asks the answer and the model answer, draws both, saves, and shows it."""

from __future__ import annotations

import base64
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradekit.course import Course, Exercise
from gradekit.engine import sandbox_of
from gradekit.errors import GraderError
from gradekit.files import writing
from gradekit.grading.compare import Mismatch
from gradekit.grading.proxy import Current, SubmissionProxy
from gradekit.grading.raised import RAISABLE, SubmissionError
from gradekit.grading.run import Run
from gradekit.grading.terms import Terms, terms_of
from gradekit.pictures.drawings import picture_of
from gradekit.pictures.picture import NotDrawable, Picture
from gradekit.report import clean
from gradekit.sandbox.launch import Sandbox
from gradekit.submission import Submission, read

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INCHES = 4.6, 2.9  # of one panel
KITTY_CHUNK = 4096
PROBLEM_CHARACTERS = 200


def save(course: Course, exercise: Exercise, submission: Submission, target: Path) -> str:
    """Draw what an answer computes into `target` (.png or .svg).

    Returns what kept the answer from being drawn; empty if nothing did.

    Raises:
        KitError: there is no such picture, or it cannot be written.
        OurFailure: the drawing or the sandbox broke.
    """
    picture = picture_of(course, exercise)
    terms = terms_of(course, exercise)
    with sandbox_of(course, exercise) as sandbox:
        collected = partial(_collected, picture, sandbox, exercise, terms)
        yours, model = collected(submission), collected(read(course.solution(exercise)))
    if isinstance(model, NotDrawable):
        raise GraderError(f"{course.picture(exercise)} does not draw the model answer: {model}")
    figure, problem = _figure(picture, exercise, yours, model)
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(target, dpi=110)
    return problem


def _collected(
    picture: Picture, sandbox: Sandbox, exercise: Exercise, terms: Terms, answer: Submission
) -> Any:
    """The values of an answer, or the reason why there are none."""
    run = Run(sandbox, exercise.name, answer, terms=terms)
    run.begin_check()
    try:
        return picture.collect(SubmissionProxy(Current(run)))
    except (NotDrawable, SubmissionError, Mismatch, *RAISABLE.values()) as error:
        text = getattr(error, "submission_text", None) or str(error)
        return NotDrawable(clean(text, PROBLEM_CHARACTERS))
    finally:
        run.close()


def _figure(picture: Picture, exercise: Exercise, yours: Any, model: Any) -> tuple[Figure, str]:
    import numpy as np
    from matplotlib.figure import Figure

    width, height = INCHES
    figure = Figure(figsize=(2 * width, picture.panels * height + 0.6), layout="constrained")
    figure.suptitle(f"{exercise.title}\n{picture.title}", fontsize=10)
    grid = figure.subplots(picture.panels, 2, squeeze=False)
    problem = ""
    for column, (name, values) in enumerate((("yours", yours), ("as it should be", model))):
        axes = list(grid[:, column])
        axes[0].set_title(name, fontsize=10)
        try:
            if isinstance(values, NotDrawable):
                raise values
            with np.errstate(all="ignore"):
                picture.draw(axes, values)
        except (NotDrawable, ValueError, TypeError, OverflowError) as error:
            problem = problem or str(error)
            for panel in axes:
                panel.clear()
                panel.set_axis_off()
            axes[0].set_title(name, fontsize=10)
            shown = "\n".join(_wrapped(str(error)))
            axes[0].text(0, 0.5, shown, parse_math=False, fontsize=9, va="center")
    return figure, problem


def _wrapped(text: str, width: int = 52) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width) or [text]


def shows_images() -> bool:
    """Whether this terminal can show a PNG in its text."""
    return sys.stdout.isatty() and (_is_kitty() or _is_iterm())


def show(path: Path) -> None:
    """Print a PNG into the terminal, which `shows_images`."""
    content = base64.b64encode(path.read_bytes()).decode()
    if _is_iterm():
        sys.stdout.write(f"\x1b]1337;File=inline=1:{content}\x07\n")
    else:
        chunks = [content[at : at + KITTY_CHUNK] for at in range(0, len(content), KITTY_CHUNK)]
        for number, chunk in enumerate(chunks):
            more = int(number + 1 < len(chunks))
            control = f"a=T,f=100,m={more}" if number == 0 else f"m={more}"
            sys.stdout.write(f"\x1b_G{control};{chunk}\x1b\\")
        sys.stdout.write("\n")
    sys.stdout.flush()


def _is_kitty() -> bool:
    names = os.environ.get("TERM", ""), os.environ.get("TERM_PROGRAM", "").lower()
    return names[0] in ("xterm-kitty", "xterm-ghostty") or names[1] == "ghostty"


def _is_iterm() -> bool:
    return os.environ.get("TERM_PROGRAM") in ("iTerm.app", "WezTerm")
