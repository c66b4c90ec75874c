"""The engine in figures: how long modules and functions are, and how much is explained.

    python scripts/figures.py [FOLDER]

Blank lines count nowhere; a function's length is its lines without its docstring.
"""

from __future__ import annotations

import ast
import statistics
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "gradekit"
    paths = sorted(folder.rglob("*.py"))
    modules = [_filled(path.read_text("utf-8").splitlines()) for path in paths]
    functions = sorted(length for path in paths for length in _lengths(path))
    comments, docstrings = (sum(map(count, paths)) for count in (_comments, _docstring_lines))
    code = sum(modules) - comments - docstrings
    tenth = functions[int(0.9 * (len(functions) - 1))]
    print(f"files                              {len(paths)}")
    print(f"lines of code                      {code}")
    print(f"module, median / longest           {statistics.median(modules):g} / {max(modules)}")
    spread = f"{statistics.median(functions):g} / {tenth} / {functions[-1]}"
    print(f"function, median / 90 % / longest  {spread}")
    print(f"comments per 100 lines of code     {100 * comments / code:.1f}")
    print(f"docstrings per 100 lines of code   {100 * docstrings / code:.1f}")


def _filled(lines: list[str]) -> int:
    return sum(bool(line.strip()) for line in lines)


def _lengths(path: Path) -> list[int]:
    """Of each function in a file."""
    text = path.read_text("utf-8")
    lines = text.splitlines()
    return [
        _filled(lines[node.lineno - 1 : node.end_lineno]) - _docstring_of(node, lines)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _comments(path: Path) -> int:
    """Lines with a comment that is no instruction to a tool."""
    with path.open("rb") as file:
        tokens = [t for t in tokenize.tokenize(file.readline) if t.type == tokenize.COMMENT]
    return sum(not token.string.startswith(("# noqa", "# type:", "# fmt:")) for token in tokens)


def _docstring_lines(path: Path) -> int:
    text = path.read_text("utf-8")
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]
    return sum(_docstring_of(node, text.splitlines()) for node in nodes)


def _docstring_of(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]
) -> int:
    """How many lines its docstring has."""
    if ast.get_docstring(node) is None:
        return 0
    return _filled(lines[node.body[0].lineno - 1 : node.body[0].end_lineno])


if __name__ == "__main__":
    main()
