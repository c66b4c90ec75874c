r"""A notebook's cell as plain Python, by IPython's own rules.

IPython turns `%magic`, `!command`, `name?`, `x = %magic` and `x = !command` into calls of
`get_ipython()`, and only where Python's tokens say that a statement begins: never inside
a string, a docstring or an expression that goes on. This does the same, with the same text as its
result; a test compares it with IPython's TransformerManager on thousands of cells.

What differs: a line is never looked at again once it is done (IPython starts over after every
magic, and gives up after 500), and lines that IPython joins are filled up with empty ones, so
that line numbers stay. It runs beside the submission, where its time is bounded.
"""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator
from itertools import chain
from textwrap import dedent
from typing import NamedTuple

# What a cell has that is not plain: an escape that begins a line or follows a `=`, a question
# mark that ends a line, a prompt, or indentation that would be removed.
UNUSUAL = re.compile(
    r"""\A\s  |  ^[ \t]+$  |  ^[ \t\f]*(?:[%!?,;/]|>>>|In\ \[|\.{3,}:|\[(?:nav|ins)\])
    |  =\s*(?:\\\s*)?[%!]  |  \?[ \t\f\r]*$ | \\$ """,
    re.VERBOSE | re.MULTILINE,
)
TRANSFORMED = 100_000  # changes in one cell, after which the rest is left as it is

Lines = list[str]


def plain_python(cell: str, *, keep_lines: bool = True) -> str:
    """The cell as Python.

    Args:
        keep_lines: Put empty lines where lines were removed or joined.
    """
    # Nearly every cell ends here: one search takes far less time than tokenizing it.
    if UNUSUAL.search(cell) is None:
        return cell
    lines = (cell if cell.endswith("\n") else cell + "\n").splitlines(keepends=True)
    first = _first_line(lines)
    lines = _without_prompts(_dedented(lines[first:]))
    padding = ["\n"] * first if keep_lines else []
    if lines and lines[0].startswith("%%") and not re.match(r"%%\w+\?", lines[0]):
        return "".join([*padding, _cell_magic(lines)])
    return "".join([*padding, *_transformed(lines, keep_lines)])


def _first_line(lines: Lines) -> int:
    """How many lines at the beginning are empty; none where all are."""
    for number, line in enumerate(lines):
        if not line.isspace():
            return number
    return 0


def _dedented(lines: Lines) -> Lines:
    return dedent("".join(lines)).splitlines(keepends=True)


def _cell_magic(lines: Lines) -> str:
    name, _, rest = lines[0][2:].rstrip().partition(" ")
    return f"get_ipython().run_cell_magic({name!r}, {rest!r}, {''.join(lines[1:])!r})\n"


# --- Prompts of pasted sessions ---------------------------------------------------------

CLASSIC, CLASSIC_MORE = re.compile(r"^\s*>>>[ \t]?"), re.compile(r"^\s*\.\.\.[ \t]?")
TRIPLE = re.compile(r"""(?<!\\)(\"\"\"|''')""")
PREFIX = re.compile(r"(?i)[rubf]*")
NUMBERED = re.compile(r"^(?:(?:(?:\[nav\]|\[ins\])? )?In \[\d+\]: |\s*\.{3,}: ?)")


def _without_prompts(lines: Lines) -> Lines:
    lines = _without_classic_prompts(lines)
    if any(NUMBERED.match(line) for line in lines[:2]):
        return [NUMBERED.sub("", line, count=1) for line in lines]
    return lines


def _without_classic_prompts(lines: Lines) -> Lines:
    """Strip `>>> ` and `... `, but not in a literal that begins a statement of its own."""
    if not any(CLASSIC.match(line) for line in lines):
        return lines
    literal = _in_literals(lines)
    if not any(
        CLASSIC.match(line) for line, inside in zip(lines, literal, strict=True) if not inside
    ):
        return lines
    result: Lines = []
    part: Lines = []
    changed = was_inside = False
    for line, inside in zip(lines, literal, strict=True):
        if inside != was_inside:
            result += _dedented(part) if changed else part
            part, changed, was_inside = [], False, inside
        stripped = line
        if not inside:
            prompt = CLASSIC if CLASSIC.match(line) else CLASSIC_MORE
            stripped = prompt.sub("", line, count=1)
        changed |= stripped != line
        part.append(stripped)
    return result + (_dedented(part) if changed else part)


def _in_literals(lines: Lines) -> list[bool]:
    """For each line whether prompts in it are a triple-quoted literal's own text.

    IPython's heuristic: a literal keeps its prompts if nothing but a prompt stands before it,
    unless that prompt itself belongs to a session that began before.
    """
    inside, quote, keeps, seen = [], "", False, False
    for line in lines:
        inside.append(bool(quote) and keeps)
        for match in TRIPLE.finditer(line):
            if not quote:
                quote, before = match[1], line[: match.start()]
                bare = CLASSIC_MORE.sub("", CLASSIC.sub("", before, count=1), count=1)
                keeps = not (bare != before and seen) and bool(PREFIX.fullmatch(bare.strip()))
                inside[-1] = keeps
            elif quote == match[1]:
                quote, keeps = "", False
        seen = seen or bool(CLASSIC.match(line))
    return inside


# --- Escapes, found by tokens -----------------------------------------------------------

ESCAPES = frozenset("!?%,;/")
HELP = re.compile(r"(%{0,2}(?!\d)[\w*]+(?:\.(?!\d)[\w*]+|\[-?[0-9]+\])*)(\?\??)$")
FOUND_AS_ERRORS = (
    "unterminated string literal", "invalid non-printable character", "expected EOF",
    "after line continuation character", "invalid decimal literal", "invalid binary literal",
    "invalid octal literal", "invalid hexadecimal literal", "in binary literal", "in octal literal",
)  # fmt: skip


class Found(NamedTuple):
    """Special syntax of a kind; lines count from 0. `end` is where the `?` of a help stands."""

    line: int
    column: int
    order: int
    kind: str
    end: int = 0


def _transformed(lines: Lines, keep_lines: bool) -> Lines:
    """Replace one piece of special syntax after the other, from top to bottom, in place."""
    state, begin = _State(), 0
    failed: set[str] = set()  # kinds of which one cannot be transformed: IPython stops at it
    for _ in range(TRANSFORMED):
        found = _next(lines, begin, state, failed)
        if found is None:
            break
        begin, start, end, call = found
        lines[start : end + 1] = [call, *["\n"] * (end - start if keep_lines else 0)]
    return lines


def _next(
    lines: Lines, begin: int, state: _State, failed: set[str]
) -> tuple[int, int, int, str] | None:
    """The next special syntax from line `begin` on: where its statement begins, its own first
    and last line, and the line that stands for both. `state` moves on to that statement.
    """
    before = state.prefix()
    skipped = len(before)
    moved = begin - skipped
    for group in _statements(chain(before, _from(lines, begin))):
        if group[0].start[0] <= skipped:
            continue
        tried = set()
        for found in sorted(_candidates(group, moved), key=lambda each: each[:3]):
            # IPython stops at the first of a kind that it
            # cannot transform, and leaves those after it.
            if found.kind in failed:
                continue
            replaced = _replaced(lines, found)
            if replaced is not None:
                state.begin_at(group)
                return group[0].start[0] - 1 + moved, *replaced
            tried.add(found.kind)
        failed |= tried
        state.take(group)
    return None


def _from(lines: Lines, begin: int) -> Iterator[str]:
    """The lines from one on, without a copy of them."""
    return (lines[number] for number in range(begin, len(lines)))


class _State:
    """What a tokenizer knows at the beginning of a statement: indentation, open brackets."""

    def __init__(self) -> None:
        self._indents: list[str] = []
        self._depth = 0

    def take(self, group: list[tokenize.TokenInfo]) -> None:
        """Go past a statement."""
        for token in group:
            self._indent(token)
            if token.type == tokenize.OP:
                self._depth += (token.string in "([{") - (token.string in ")]}")

    def begin_at(self, group: list[tokenize.TokenInfo]) -> None:
        """Go to the indentation of a statement, which is about to be replaced."""
        for token in group:
            if token.type not in (tokenize.INDENT, tokenize.DEDENT):
                break
            if token.type == tokenize.DEDENT:
                self._indent(token)

    def _indent(self, token: tokenize.TokenInfo) -> None:
        if token.type == tokenize.INDENT:
            self._indents.append(token.string)
        elif token.type == tokenize.DEDENT and self._indents:
            self._indents.pop()

    def prefix(self) -> Lines:
        """Lines after which a new tokenizer is in this state.

        So tokenizing can begin in the middle of a cell, and many magics take linear time.
        """
        lines = [f"{indent}if x:\n" for indent in ["", *self._indents][:-1] if self._indents]
        # Blocks without meaning, in the same indentation: the
        # tokenizer only has to accept what follows.
        lines += [f"{self._indents[-1]}x\n"] if self._indents else []
        return [*lines, ")" * -self._depth + "\n"] if self._depth < 0 else lines


def _statements(lines: Iterator[str]) -> Iterator[list[tokenize.TokenInfo]]:
    """The tokens of one logical line after the other, as far as they can be made."""
    group: list[tokenize.TokenInfo] = []
    depth = 0
    try:
        for token in _tokens(lines):
            group.append(token)
            if token.type == tokenize.NEWLINE or (token.type == tokenize.NL and depth <= 0):
                yield group
                group = []
            elif token.type == tokenize.OP and token.string in "([{":
                depth += 1
            elif token.type == tokenize.OP and token.string in ")]}":
                depth = max(depth - 1, 0)
    except tokenize.TokenError:
        pass  # it ends in the middle of a string or a bracket
    except SyntaxError:
        return  # indentation that fits nowhere: Python itself will say so
    if group:
        yield group


def _tokens(lines: Iterator[str]) -> Iterator[tokenize.TokenInfo]:
    last = None
    try:
        for last in tokenize.generate_tokens(lines.__next__):
            yield last
    except tokenize.TokenError as error:
        if not any(text in str(error.args[0]) for text in FOUND_AS_ERRORS):
            raise
        place = (last.start[0], last.end[0]) if last else (1, 0)
        yield tokenize.TokenInfo(tokenize.ERRORTOKEN, "", place, place, last.line if last else "")


def _candidates(group: list[tokenize.TokenInfo], moved: int) -> Iterator[Found]:
    """The special syntax in one logical line, at most one of each kind."""
    first = 0
    while first < len(group) and group[first].type in (tokenize.INDENT, tokenize.DEDENT):
        first += 1
    if first < len(group):
        line, column = group[first].start
        if group[first].string in ESCAPES:
            yield Found(line - 1 + moved, column, 10, "escape")
        if len(group) > 2 and group[-2].string == "?":
            yield Found(line - 1 + moved, column, 5, "help", group[-2].start[0] - 1 + moved)
    if (after := _after_assignment(group)) is not None:
        yield from _assigned(group, after, moved)


def _after_assignment(group: list[tokenize.TokenInfo]) -> int | None:
    """The place after the first `=` that is in no bracket."""
    depth = 0
    for place, token in enumerate(group):
        if token.string == "=" and depth == 0:
            return place + 1
        if token.string in ("(", "[", "{"):
            depth += 1
        elif token.string in (")", "]", "}"):
            depth = max(depth - 1, 0)
    return None


def _assigned(group: list[tokenize.TokenInfo], after: int, moved: int) -> Iterator[Found]:
    rest = group[after:]
    if len(rest) > 1 and rest[0].string == "%" and rest[1].type == tokenize.NAME:
        line, column = rest[0].start
        yield Found(line - 1 + moved, column, 10, "magic")
    if group[after - 1].line.strip().startswith("=") or not rest:
        return
    for token in rest:  # before Python 3.12 blanks before a `!` are tokens, too
        if token.string == "!" and token.type in (tokenize.ERRORTOKEN, tokenize.OP):
            line, column = token.start
            yield Found(line - 1 + moved, column, 10, "system")
            return
        if token.type != tokenize.ERRORTOKEN or not token.string.isspace():
            return


def _replaced(lines: Lines, found: Found) -> tuple[int, int, str] | None:
    """First and last line of what was found, and its replacement; None where it has none."""
    if not 0 <= found.line < len(lines):
        return None
    if found.kind == "help":
        piece = "".join(lines[found.line : found.end + 1])
        match = HELP.search(piece[found.column :])
        if match is None:
            return None
        call = f"{piece[: found.column]}{_help(match[1], match[2])}\n"
        return found.line, found.end, call
    end = found.line
    while end < len(lines) and lines[end].endswith("\\\n"):
        end += 1
    parts = [lines[found.line][found.column :], *lines[found.line + 1 : end + 1]]
    text = " ".join([*(part.rstrip()[:-1] for part in parts[:-1]), parts[-1].rstrip()])
    before = lines[found.line][: found.column]
    if found.kind == "escape":
        command = _command(text)
    elif found.kind == "magic":
        command = _magic(text[1:])
    else:
        command = f"get_ipython().getoutput({text[1:]!r})"
    return (
        None if command is None else (found.line, min(end, len(lines) - 1), f"{before}{command}\n")
    )


def _command(text: str) -> str | None:
    """The Python code for a line that begins with an escape; None where it means nothing."""
    width = 2 if text[:2] in ("!!", "??") else 1
    escape, content = text[:width], text[width:]
    name, _, rest = content.partition(" ")
    match escape:
        case "!":
            return f"get_ipython().system({content!r})"
        case "!!":
            return f"get_ipython().getoutput({content!r})"
        case "%":
            return _magic(content)
        case "?" | "??":
            return _help(content, escape) if content else "get_ipython().show_usage()"
        case ",":
            words = '", "'.join(rest.split())
            return f'{name}("{words}")'
        case ";":
            return f'{name}("{rest}")'
        case "/" if name:
            return f"{name}({', '.join(rest.split())})"
    return None if escape == "/" else ""


def _magic(content: str) -> str:
    name, _, rest = content.partition(" ")
    return f"get_ipython().run_line_magic({name!r}, {rest!r})"


def _help(target: str, escape: str) -> str:
    method = "pinfo2" if escape == "??" else "psearch" if "*" in target else "pinfo"
    return f"get_ipython().run_line_magic({method!r}, {target!r})"
