"""What one person handed in: a .py file or a notebook, as cells of source text."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from gradekit.errors import KitError
from gradekit.intake import siblings
from gradekit.intake.names import answer_stem, answer_suffix, not_an_answer
from gradekit.results import printable
from gradekit.sandbox.limits import NOTEBOOK_BYTES, SOURCE_BYTES, UNUSUAL_BYTES

EMPTY: Mapping[str, bytes] = MappingProxyType({})

# A script that Jupyter, Colab or VS Code wrote of a notebook, or a cell saved as a file.
EXPORTED = re.compile(
    r"^(?:# In\[[\d ]*\]:|# ?%%|[ \t]*[%!][A-Za-z])|\bget_ipython\(\)", re.MULTILINE
)
EXPORTED_MARKS = ("%", "!", "get_ipython", "# In[")  # one of which it holds: quicker to look for
# Colab comments a cell out that begins with a magic; these run their body.
COMMENTED_CELL = re.compile(
    r"^# Commented out IPython magic[^\n]*\n# %%(?:time|capture)\b[^\n]*\n((?:#[^\n]*(?:\n|\Z))*)",
    re.MULTILINE,
)
NOTEBOOK_MARK = re.compile(r'"nbformat"|"cells"\s*:|"worksheets"\s*:')
CODE_MARK = re.compile(r"^(?:import |from |def |class |@|# )", re.MULTILINE)
MARK_CHARACTERS = 20_000  # of a file's beginning and end, where such marks stand
COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
GUESSED_BYTES = 64 * 2**10
# Files of other programs under a name of ours: how they begin, and what they are.
OTHERS = {
    b"{\\rtf": "an RTF document",
    b"PK\x03\x04": "a zip file or a Word document",
    b"\xd0\xcf\x11\xe0": "an old Word document",
    b"%PDF": "a PDF",
    b"<!doctype html": "a web page",
    b"<html": "a web page",
    b"bplist": "a property list of a Mac",
}
# What spreadsheets, editors and keyboards of the last decades wrote.
ENCODINGS = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "mac_roman", "koi8_r",
    "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr",
]  # fmt: skip


class Submission(msgspec.Struct, frozen=True):
    """`cells` is one source text for a file, several for a notebook; never run here."""

    name: str
    cells: tuple[str, ...]
    sha256: str
    notes: tuple[str, ...] = ()  # what had to be guessed to read it
    modules: tuple[tuple[str, str], ...] = ()  # that it imports from beside it: path and text
    # nbgrader's tests by their names, and how many of the cells stand before each.
    tests: tuple[tuple[str, int], ...] = ()

    def parted_at(self, test: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """The cells before one of nbgrader's tests, and those after it; None if it is not there.

        A file has the mark that `kit import` left where the test stood.
        """
        for name, count in self.tests:
            if name == test:
                return self.cells[:count], self.cells[count:]
        if len(self.cells) != 1:
            return None
        mark = re.search(rf"^{re.escape(test_mark(test))}$", self.cells[0], re.MULTILINE)
        if mark is None:
            return None
        return (self.cells[0][: mark.start()],), (self.cells[0][mark.end() :],)


def test_mark(test: str) -> str:
    """The comment that stands in a file where a notebook has one of nbgrader's tests."""
    return f"# Test: {test}"


def read(path: Path) -> Submission:
    """Read a submission, with the modules that it imports from its folder.

    Raises:
        KitError: there is nothing that could be graded; the message names the file.
    """
    content = _read_bytes(path)
    try:
        modules = siblings.modules_of(
            content,
            siblings.on_disk(path.parent),
            lambda name: _read_bytes(path.parent / name),
        )
    except KitError as error:
        raise KitError(f"{path} cannot be graded: {error}.") from None
    return parse(path, content, modules)


def digest(content: bytes, modules: Mapping[str, bytes]) -> str:
    """What stands for an answer: the SHA-256 of its file, or of all its files."""
    whole = hashlib.sha256(content)
    for name, source in modules.items():
        whole.update(f"\0{name}\0{len(source)}\0".encode() + source)
    return whole.hexdigest()


def parse(path: Path, content: bytes, modules: Mapping[str, bytes] = EMPTY) -> Submission:
    """A submission from the bytes of a file; nothing is read, `path` only names it.

    Args:
        modules: Those that it imports from beside it, by their paths there.
    Raises:
        KitError: there is nothing that could be graded; the message names the file.
    """
    if len(content) > _limit(path):
        mib = _limit(path) // 2**20
        raise KitError(f"{path} is larger than {mib} MiB: too large for an answer.")
    text, note = decoded(path, content)
    notes = [note] if note else []
    ending = answer_suffix(path.name)
    if told := _told_by(text, ending):
        ending, note = told
        notes.append(note)
    tests: tuple[tuple[str, int], ...] = ()
    if not text.strip():
        cells: tuple[str, ...] = ()
    elif ending == ".ipynb":
        cells, tests = _notebook_cells(path, text)
    elif _is_exported(text):
        # Under the name of a notebook the worker reads it by IPython's rules.
        cells, ending = (COMMENTED_CELL.sub(_uncommented, text),), ".ipynb"
    else:
        cells = (text,)
    if not any(cell.strip() for cell in cells):
        raise KitError(f"{path} is empty: there is nothing to grade.")
    name = f"{answer_stem(path.name)}{ending}"  # answer.ipynb.txt is answer.ipynb
    texts = tuple((name, decoded(Path(name), source)[0]) for name, source in modules.items())
    return Submission(name, cells, digest(content, modules), tuple(notes), texts, tests)


def _told_by(text: str, ending: str) -> tuple[str, str] | None:
    """What a text certainly is, with a note, where its name has the other ending."""
    is_notebook = ending == ".ipynb"
    if text.lstrip().startswith("{") == is_notebook:
        return None
    ends = text[:MARK_CHARACTERS] + text[-MARK_CHARACTERS:]
    if not is_notebook and NOTEBOOK_MARK.search(ends):
        return ".ipynb", "it is a notebook, whatever its name says"
    if is_notebook and CODE_MARK.search(text[:MARK_CHARACTERS]):
        return ".py", "it is no notebook, and was read as a plain Python file"
    return None


def _is_exported(text: str) -> bool:
    """Whether it is a script that was made of a notebook, or one of its cells."""
    return any(mark in text for mark in EXPORTED_MARKS) and EXPORTED.search(text) is not None


def _is_notebook(path: Path) -> bool:
    return answer_suffix(path.name) == ".ipynb"


def _limit(path: Path) -> int:
    return NOTEBOOK_BYTES if _is_notebook(path) else SOURCE_BYTES


def _read_bytes(path: Path) -> bytes:
    if not answer_suffix(path.name) and path.exists() and not path.is_dir():
        raise KitError(f"{path}: {not_an_answer(path.name)}.")
    try:
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "not a regular file"
            raise KitError(f"{path} is {kind}: name the file with the answer in it.")
        with path.open("rb") as file:
            content = file.read(_limit(path) + 1)
    except FileNotFoundError:
        raise KitError(f"There is no file {path}: check the path.") from None
    except OSError as error:
        raise KitError(f"{path} cannot be read: {error.strerror}.") from None
    return content


def _uncommented(match: re.Match[str]) -> str:
    """The body of a cell that Colab commented out, in the lines where it stands."""
    body = re.sub(r"^# ?", "", match[1], flags=re.MULTILINE)
    return f"\n\n{body}"


def decoded(path: Path, content: bytes) -> tuple[str, str]:
    """The text of a file, and a note where its encoding was a guess.

    Raises:
        KitError: it is no text; the message says what it seems to be.
    """
    start = content.lstrip()[:16].lower()
    for mark, kind in OTHERS.items():
        if start.startswith(mark.lower()):
            raise KitError(f"{path} is {kind}: save the answer as plain text, a .py or .ipynb.")
    note = ""
    try:
        text = content.decode("utf-16" if content[:2] in UTF_16 else "utf-8-sig")
    except UnicodeDecodeError:
        text, note = _decode_other(content)
    if "\0" in text and (encoding := _utf_16_without_mark(content)):
        with contextlib.suppress(UnicodeDecodeError):
            text = content.decode(encoding)
            note = "it is not UTF-8, and was read as UTF-16"
    if "\0" in text:
        raise KitError(f"{path} is not a text file: save the answer as UTF-8 text.")
    return text, note


def _utf_16_without_mark(content: bytes) -> str:
    """The encoding if every second byte of most characters is 0, as of ASCII in UTF-16."""
    for start, encoding in ((1, "utf_16_le"), (0, "utf_16_be")):
        if content[start::2].count(0) * 3 > len(content):
            return encoding
    return ""


def _decode_other(content: bytes) -> tuple[str, str]:
    """By the encoding that the file names in its first two lines, as Python; else a guess."""
    for line in content.split(b"\n")[:2]:
        if found := COOKIE.match(line):
            with contextlib.suppress(LookupError, UnicodeDecodeError, ValueError):
                return content.decode(found[1].decode("ascii")), ""
    for encoding in (_guess(content), "cp1252"):
        with contextlib.suppress(LookupError, UnicodeDecodeError):
            return content.decode(encoding), f"it is not UTF-8, and was read as {encoding}"
    return "\0", ""


def _guess(content: bytes) -> str:
    """The likeliest encoding, judged by the lines that are not ASCII."""
    from charset_normalizer import from_bytes

    telling = b"\n".join(line for line in content.split(b"\n") if not line.isascii())
    matches = from_bytes(telling[:GUESSED_BYTES], cp_isolation=ENCODINGS)
    best = matches.best()
    if best is None or "cp1252" in best.could_be_from_charset:
        return "cp1252"
    return str(best.encoding)


class _Mark(msgspec.Struct, frozen=True):
    """What nbgrader notes about a cell."""

    grade: bool = False
    solution: bool = False
    grade_id: Any = None  # a text, if the notebook is as nbgrader makes them


class _Metadata(msgspec.Struct, frozen=True):
    nbgrader: _Mark | None = None


class _Cell(msgspec.Struct):
    cell_type: str
    source: str | list[str] = ""
    metadata: _Metadata = _Metadata()


class _Notebook(msgspec.Struct):
    """As much of a notebook, version 4, as an answer is made of."""

    nbformat: Literal[4]
    cells: list[_Cell]


def _notebook_cells(path: Path, text: str) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    """The code of a notebook, without tests that an instructor's system added to it.

    And these tests by name, with the number of cells before each.
    """
    try:
        notebook = msgspec.json.decode(text, type=_Notebook)
    except (msgspec.DecodeError, RecursionError):
        notebook = _unusual_notebook(path, text)
    sources: list[str] = []
    tests: dict[str, int] = {}
    for cell in notebook.cells:
        mark = cell.metadata.nbgrader
        if cell.cell_type != "code":
            continue
        if mark is None or not _is_test(mark):
            sources.append("".join(cell.source))
        elif isinstance(mark.grade_id, str):
            tests[mark.grade_id] = len(sources)
    if sum(map(len, sources)) > SOURCE_BYTES:
        raise KitError(f"{path} holds more than {SOURCE_BYTES // 2**20} MiB of code.")
    return tuple(sources), tuple(tests.items())


def _unusual_notebook(path: Path, text: str) -> _Notebook:
    """A notebook of an older version, or one that only nbformat can make sense of.

    nbformat takes a second to load, three times as long as grading an answer.
    """
    if len(text) > UNUSUAL_BYTES:
        mib = UNUSUAL_BYTES // 2**20
        raise KitError(f"{path} is no notebook of version 4, and larger than {mib} MiB.")
    import nbformat

    log = logging.getLogger("traitlets")  # where nbformat tells of each thing that it mends
    was_silent, log.disabled = log.disabled, True
    try:
        return msgspec.convert(nbformat.reads(text, as_version=4), _Notebook)
    except Exception as error:  # nbformat has no common base for what it raises
        reason = printable(" ".join(str(error).split())[:120])
        todo = "open it in Jupyter and save it again"
        if type(error).__name__ == "NotJSONError":
            reason = "it is no JSON"
            if text.rstrip()[-1:] != "}":
                reason, todo = "it is cut short", "save it again where it is still open"
        elif not NOTEBOOK_MARK.search(text):
            reason = "it has not the form of one"
        raise KitError(
            f"{path} is not a Jupyter notebook that can be read ({reason}): {todo}."
        ) from None
    finally:
        log.disabled = was_silent


def _is_test(mark: _Mark) -> bool:
    """Whether nbgrader put this cell there to test the answer."""
    return mark.grade and not mark.solution
