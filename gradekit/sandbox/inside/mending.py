"""Text around the code of an answer, removed where Python cannot parse the source as it is.

Only what needs no guess: the fences of Markdown, the prompts of an interactive session,
invisible characters. Each candidate keeps line numbers as they are, and is used only if Python
can parse it. For other mistakes there is a hint.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

FENCE = re.compile(r"[ \t]*(?:```|~~~)[\w+.{} -]*[ \t]*\Z")
PROMPT = re.compile(r"[ \t]*(?:>>>|\.\.\.)(?: |\Z)|[ \t]*In \[\d*\]: ")
SPACES = (
    "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
NOTHING = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"
    "\u2066\u2067\u2068\u2069\ufeff"
)
# A string or a comment, which keep what they hold, or one such character.
KEPT_OR_ODD = re.compile(
    r'(?:"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*\'\'\''
    r'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|#[^\n]*)'
    rf"|([{SPACES}{NOTHING}])",
    re.DOTALL,
)
FUTURE = re.compile(r"^from __future__ import [\w, ]+$", re.MULTILINE)
CONFLICT = re.compile(r"^(?:<{7} |={7}$|>{7} )", re.MULTILINE)
TYPOGRAPHIC = "\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u2032\u2033"
# The line at which Python stopped reading.
PRINT = re.compile(r"[ \t]*print[ \t]+[\"'\w]")
PYTHON_2 = re.compile(
    r"[ \t]*exec[ \t]+[\"'\w]|[ \t]*raise[ \t]+[\w.]+[ \t]*,|"
    r"[ \t]*except[ \t]+[\w.]+[ \t]*,[ \t]*[a-z_]\w*[ \t]*:"
)
NEWER = re.compile(
    r"[ \t]*type[ \t]+\w+.*=|[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+\w+\[|"
    r".*\bt[\"']|[ \t]*except[ \t]+\w+[ \t]*,|[ \t]*lazy[ \t]+import\b"
)
QUOTES_INSIDE = re.compile(r".*\b[fF]([\"'])(?:(?!\1)[^{])*\{[^}]*\1[^}]*\}")
CHARACTERS = 400_000  # of the largest source that is mended, since the patterns take their time


def candidates(source: str, notebook: bool = False) -> Iterator[tuple[str, str]]:
    """Other readings of a source, the surest first, each with a note of what was done, or ""."""
    if len(source) > CHARACTERS:
        return
    lines = source.split("\n")
    if notebook and (first := with_future_first(source)) != source:
        yield first, ""  # it stood at the beginning of its cell
    visible = without_invisible(source)
    if visible != source:
        # Without them first: a no-break space also hides a
        # fence or a prompt from the patterns below.
        yield visible, "invisible characters were left out"
    if any(FENCE.match(line) for line in lines):
        inside = between_fences(visible)
        yield inside, "the Markdown around the code was left out"
        if any(PROMPT.match(line) for line in lines):
            yield from _without_prompts(inside)
    if any(PROMPT.match(line) for line in lines):
        yield from _without_prompts(visible)


def with_future_first(source: str) -> str:
    """The same with its `from __future__` lines at the beginning of the first line."""
    found = FUTURE.findall(source)
    return "".join(f"{line}; " for line in found) + FUTURE.sub("", source)


def without_invisible(source: str) -> str:
    """The same with plain spaces for others, and without what has no width; strings stay."""

    def plain(match: re.Match[str]) -> str:
        odd = match[1]
        if odd is None:
            return match[0]
        return " " if odd in SPACES else ""

    if not any(char in source for char in SPACES + NOTHING):
        return source
    return KEPT_OR_ODD.sub(plain, source)


def between_fences(source: str) -> str:
    """The text between the fences of Markdown, with all other lines empty."""
    kept, inside = [], False
    for line in source.split("\n"):
        if FENCE.match(line):
            inside = not inside
            # An empty line in its place, so that the numbers in
            # error messages are those of the file.
            kept.append("")
        else:
            kept.append(line if inside else "")
    return "\n".join(kept)


def _without_prompts(source: str) -> Iterator[tuple[str, str]]:
    """The code of a session without its prompts and outputs; or a file without its session.

    Where a file defines functions, the session is more likely an example beside them: so the file
    without it comes first then.
    """
    note = "the prompts of an interactive session were left out"
    lines = source.split("\n")
    session = "\n".join(_code_of(line) for line in lines), note
    defines = any(re.match(r"(?:async )?(?:def|class)\b", line) for line in lines)
    if not defines:
        yield session
    kept, in_session = [], False
    for line in lines:
        if PROMPT.match(line):
            in_session = True
        elif in_session and (not line.strip() or re.match(r"(?:def|class|import|from|@)\b", line)):
            in_session = False
        kept.append("" if in_session else line)
    yield "\n".join(kept), "an interactive session in it was left out"
    if defines:
        yield session


def _code_of(line: str) -> str:
    match = PROMPT.match(line)
    return line[match.end() :] if match else ""


def hint(source: str, message: str, number: int) -> str:
    """A hint for a source that Python cannot parse; "" where there is none.

    Args:
        message: What Python says.
        number: The line in which it stopped; 0 where it does not say.
    """
    source = source[:CHARACTERS]
    lines = source.split("\n")
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    version = ".".join(map(str, sys.version_info[:2]))
    if CONFLICT.search(source):
        return "there are marks of a merge conflict in it (<<<<<<<, =======, >>>>>>>)"
    if "call to 'print'" in message or PRINT.match(line):
        return f"this is Python {version}: `print` is a function, as in print(x)"
    if PYTHON_2.match(line):
        return f"this is Python {version}, and the line is Python 2"
    if any(char in message for char in TYPOGRAPHIC):
        return "typographic quotes are no quotes of Python: type \" or ' instead"
    if NEWER.match(line):
        return f"this is Python {version}, and newer syntax is not known to it"
    if "f-string" in message and QUOTES_INSIDE.match(line):
        return f"this is Python {version}: the quotes of an f-string cannot be used inside it"
    if any(FENCE.match(line) for line in lines):
        return "leave out the Markdown around the code"
    return ""
