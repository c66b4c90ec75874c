"""Folders, zips and notebooks of any shape: each file is read or listed, in bounded time.

`KIT_CASES=20000 python -m pytest tests/handed_in/test_fuzz.py` tries that many.
"""

from __future__ import annotations

import io
import json
import os
import time
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.intake.archive import Archive
from gradekit.intake.discovery import discover
from gradekit.intake.nested import WithZips
from gradekit.submission import parse

CASES = int(os.environ.get("KIT_CASES", "60"))
COURSE = Course(Path(__file__).resolve().parents[2])
CODE = "import numpy as np\n\ndef softmax(x, axis=-1):\n    return x\n"

people = st.sampled_from(
    ["ada", "Ada Lovelace", "ada\u200b", "Zo\u00eb", "Zoe\u0308", "submitted", "..", ".hidden",
     "lovelaceada_101_2001", "\u674e",
     "lovelaceada_LATE_101_2001", "LATE_anon_ab1cd_77", "adam", "a" * 200,
     "Ada_77_assignsubmission_file_", "Group A-Ada_77_assignsubmission_file_", "submission_12",
     "Participant_77_assignsubmission_file_", "exercise_05_softmax", "section 1", "ps1", "x\x07y"]
)  # fmt: skip
files = st.sampled_from(
    ["exercise_05_softmax.py", "exercise_05.ipynb", "5.py", "softmax.PY", "softmax_and_adam.py",
     "05_adam.py", "exercise_99.py", "hw.ipynb.txt", "Untitled.ipynb", "timestamp.txt", "a.pdf",
     "submission_metadata.yml", "exercise_05_softmax-1.py", "exercise_05 (2).py", "._5.py", ".py",
     "lovelaceada_101_2001_exercise_05_softmax-2.py", "decoding.py", "adam.py", "\U0001f600.py"]
)  # fmt: skip
paths = st.builds(
    lambda parts, name, flat: f"{'/'.join(parts)}{'_' if flat else '/'}{name}" if parts else name,
    st.lists(st.one_of(people, st.text(max_size=8)), max_size=4),
    st.one_of(files, files, st.text(max_size=12)),
    st.booleans(),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=10,
)
cell = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.one_of(st.just("code"), st.just("markdown"), values),
        "source": st.one_of(st.just(CODE), st.just([CODE]), st.text(), values),
        "metadata": st.one_of(st.just({}), values),
        "id": values,
        "outputs": values,
    },
)
notebooks = st.fixed_dictionaries(
    {"cells": st.lists(cell, max_size=4)},
    optional={
        "nbformat": st.one_of(st.just(4), st.integers(0, 6), values),
        "nbformat_minor": st.one_of(st.just(5), values),
        "metadata": st.one_of(st.just({}), values),
    },
).map(lambda made: json.dumps(made).encode())
metadata = st.sampled_from(
    [b"[" * 5000, b"submission_12:\n  :submitters:\n  - :name: Eve\n", b"a: &a [*a]", b"\xff\0",
     b"2026-09-01 12:00:00 UTC", b"9999-99-99"]
)  # fmt: skip
contents = st.one_of(
    st.just(CODE.encode()),
    st.just(CODE.encode("utf-16")),
    notebooks,
    metadata,
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
)


@st.composite
def zips(draw: st.DrawFn, depth: int = 1) -> bytes:
    """A zip with any names and contents, sometimes one that is damaged, or holds another."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", draw(st.sampled_from([0, 8]))) as archive:
        for path in draw(st.lists(paths, min_size=1, max_size=8)):
            info = zipfile.ZipInfo(path.replace("\0", "") or "x", draw(st.sampled_from(DATES)))
            info.external_attr = draw(st.sampled_from([0, 0o100644 << 16, 0o120777 << 16]))
            archive.writestr(info, draw(contents))
        if depth and draw(st.booleans()):
            name = draw(people)
            archive.writestr(f"{name}/hw.zip", draw(zips(depth - 1)))
    content = bytearray(made.getvalue())
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 3]))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content)


DATES = [(1980, 1, 1, 0, 0, 0), (2026, 9, 1, 12, 0, 0), (2107, 12, 31, 23, 59, 58)]
seen: Counter[str] = Counter()


@settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    derandomize=CASES < 1000,
)
@given(zips())
def tried(content: bytes) -> None:
    started = time.process_time()
    seen["cases"] += 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's, of names that are there twice
        try:
            handed_in = WithZips(Archive(io.BytesIO(content)))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            seen["no zip"] += 1
            return
        found = discover(handed_in, COURSE)
        read = 0
        for entry in found.entries:
            try:
                parse(Path(entry.file), handed_in.read(entry.path))
                read += 1
            except KitError as error:
                assert str(error).isprintable() or "\n" in str(error)
    seen["reach grading"] += bool(read)
    counted = [(each.student, each.exercise) for each in found.entries if each.counted]
    assert len(counted) == len(set(counted)), "one counts for each person and exercise"
    keys = {each.student: each.person.key for each in found.entries}
    assert len(set(keys.values())) == len(keys), "nobody is called like somebody else"
    for each in found.not_graded:
        assert each.reason and each.file.isprintable()
    assert time.process_time() - started < 10


@pytest.mark.filterwarnings("ignore")  # zipfile's, of names that are there twice
def test_whatever_is_handed_in_is_read_or_listed() -> None:
    """Nothing but listed refusals comes of any zip, and many of them reach grading."""
    pytest.importorskip("yaml")
    seen.clear()
    pytest.importorskip("nbformat").validate  # noqa: B018  # loaded here, it costs no case its time
    tried()
    # hypothesis takes constants from whatever modules are loaded, so a short run varies.
    share = 0.3 if CASES >= 1000 else 0.1
    assert seen["reach grading"] >= share * seen["cases"], seen
