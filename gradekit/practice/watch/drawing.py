"""Draws a picture while the screen stays as it is, and opens it where there is a screen for it."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import click

from gradekit.course import Course, Exercise
from gradekit.errors import KitError, OurFailure
from gradekit.practice.screen.events import Drawn, Inbox
from gradekit.practice.screen.paint import shortest
from gradekit.submission import read


def draw_in_background(
    course: Course, exercise: Exercise, answer: Path, target: Path, inbox: Inbox
) -> None:
    """Save the picture of an answer; a `Drawn` arrives in `inbox` when it is there."""

    def draw() -> None:
        from gradekit.pictures import studio

        try:
            problem = studio.save(course, exercise, read(answer), target)
        except (KitError, OurFailure) as error:
            inbox.put(Drawn(exercise, str(error)))
            return
        if not problem and has_display():
            click.launch(str(target))
        inbox.put(Drawn(exercise, f"{problem} The picture is {shortest(target)}.".strip()))

    threading.Thread(target=draw, daemon=True, name="picture").start()


def has_display() -> bool:
    """Whether a window can be opened here; over ssh it cannot."""
    if sys.platform in ("win32", "darwin"):
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
