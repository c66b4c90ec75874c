"""Notebooks as files of plain Python: their code, and their text as comments."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from gradekit.authoring.importing.found import Passed
from gradekit.grading.originals.magics import without_magics


def cells_of(path: Path) -> list[dict[str, Any]]:
    """The cells of a notebook, their sources as one text each.

    Raises:
        ValueError: it is no notebook of version 4 in Python.
    """
    try:
        notebook = json.loads(path.read_text("utf-8-sig"))
        cells = notebook["cells"]
        language = notebook.get("metadata", {}).get("kernelspec", {}).get("language", "python")
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError):
        raise ValueError("it is no notebook of version 4") from None
    if str(language).lower() not in ("python", "python3"):
        raise ValueError(f"it is a notebook in {language}")
    try:
        for cell in cells:
            if not isinstance(cell.get("source"), str):
                cell["source"] = "".join(cell.get("source", []))
            if not isinstance(cell.setdefault("metadata", {}), dict) or "cell_type" not in cell:
                raise TypeError
    except (TypeError, AttributeError):
        raise ValueError("one of its cells has no text, or no type") from None
    return list(cells)


def notebooks_in(folder: Path) -> Iterator[tuple[Path, list[dict[str, Any]]] | Passed]:
    """The notebooks of a folder with their cells, without those of tools."""
    for path in sorted(folder.rglob("*.ipynb")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        try:
            yield path, cells_of(path)
        except ValueError as error:
            yield Passed(path, str(error))


def as_file(cells: Iterable[dict[str, Any]], source_of: Callable[[dict[str, Any]], str]) -> str:
    """The cells as one file: text and magics as comments, code as it is."""
    parts = []
    for cell in cells:
        source = source_of(cell).strip("\n")
        if not source.strip() or cell["cell_type"] == "raw":
            continue
        if cell["cell_type"] == "code":
            code = without_magics(source)
            parts.append(code if code is not None and _is_python(code) else _commented(source))
        else:
            parts.append(_commented(source))
    return "\n\n".join(parts) + "\n"


def _is_python(code: str) -> bool:
    """Whether a kernel would run a cell: one that shows a mistake stops no other there."""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        return False
    return True


def _commented(text: str) -> str:
    """A text as comments; a line like a notebook's magic would make the file be read as one."""
    lines = (line.rstrip() for line in text.splitlines())
    return "\n".join(f"#   {line}" if line[:1] in "%!" else f"# {line}".rstrip() for line in lines)
