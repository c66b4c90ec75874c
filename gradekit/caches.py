"""Where kit keeps what it can make again: in KIT_CACHE, else in the user's cache folder."""

from __future__ import annotations

import os
from pathlib import Path


def cache(name: str) -> Path:
    """The folder for one kind of thing; it may not be there yet."""
    if told := os.environ.get("KIT_CACHE"):
        return Path(told) / name
    usual = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    return (Path(usual) if usual else Path.home() / ".cache") / "gradekit" / name
