"""nbgrader: `submitted/STUDENT/ASSIGNMENT/*.ipynb`, with `timestamp.txt` beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

SUBMITTED, TIMESTAMP = "submitted", "timestamp.txt"
OWN_FOLDERS = {"source", "release", "autograded", "feedback", "solution"}
OWN_FILES = {"nbgrader_config.py", "gradebook.db"}
TIMESTAMP_BYTES = 100


def is_course(paths: Iterable[tuple[str, ...]]) -> bool:
    """Whether these are the files of an nbgrader course, or of its folder `submitted` alone.

    A student's folder of that name lies beside those of others, and holds files directly.
    """
    tops: set[str] = set()
    depths: set[int] = set()
    for parts in paths:
        tops.add(parts[0])
        if parts[0] == SUBMITTED:
            depths.add(len(parts))
    if SUBMITTED not in tops or min(depths) < 4:
        return False
    return tops == {SUBMITTED} or bool(tops & (OWN_FOLDERS | OWN_FILES))


def time_in(content: bytes) -> str:
    """The time that a timestamp.txt tells, in ISO 8601; "" if it is none."""
    if len(content) > TIMESTAMP_BYTES:
        return ""
    text = content.decode("utf-8", "replace").strip()
    text = re.sub(r"\s*UTC$", "+00:00", text).replace(" +", "+")
    text = re.sub(r"(\.\d{6})\d+", r"\1", text)
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return ""
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    try:
        return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError):
        return ""
