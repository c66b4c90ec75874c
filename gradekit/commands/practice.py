"""The practice commands, all of them."""

from gradekit.commands import (
    practice_completion,
    practice_drill,
    practice_interview,
    practice_picture,
    practice_progress,
    practice_review,
    practice_watch,
)

__all__ = [
    "practice_completion",
    "practice_drill",
    "practice_interview",
    "practice_picture",
    "practice_progress",
    "practice_review",
    "practice_watch",
]
