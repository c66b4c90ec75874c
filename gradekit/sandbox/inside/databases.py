"""SQLite databases beside an answer: it works on a copy in memory.

SQLite locks a file before it reads it, which the kernel refuses here: a lock keeps others from a
file. A database that is not there yet begins in memory, too.
"""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

IN_MEMORY = (":memory:", "")


def prepare(sources: Iterable[str]) -> None:
    """Have `sqlite3.connect` read files so, if the code of an answer speaks of SQLite."""
    if not any("sqlite" in source for source in sources):
        return
    try:
        import sqlite3
    except ImportError:  # not in every Python
        return
    real = sqlite3.connect

    def connect(database: Any, *args: Any, **keywords: Any) -> Any:
        path = _path_of(database, keywords)
        if path in IN_MEMORY:
            return real(database, *args, **keywords)
        content = b""
        if os.path.exists(path):  # noqa: PTH110  # which an imported answer has in memory as well
            with builtins.open(path, "rb") as file:
                content = file.read()
        made = real(":memory:", *args, **{**keywords, "uri": False})
        if content:
            made.deserialize(content)
        return made

    for each in (sqlite3, sqlite3.dbapi2):
        vars(each)["connect"] = connect


def _path_of(database: Any, keywords: dict[str, Any]) -> str:
    """The file that is meant; ":memory:" if it is none."""
    path = os.fsdecode(database)
    if not keywords.get("uri") or not path.startswith("file:"):
        return path
    name, _, options = path.removeprefix("file:").partition("?")
    return ":memory:" if "mode=memory" in options else unquote(name)
