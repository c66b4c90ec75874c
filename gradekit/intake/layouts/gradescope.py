"""Gradescope's export: `submission_123/FILE`, and who is who in submission_metadata.yml.

The metadata is YAML, and any student can hand in a file of that name. Only the one in the
export's root says anything, only about folders that lie beside it. It is read as a stream
of events: nothing is built, no alias is followed, and depth, size and time are bounded.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from gradekit.errors import KitError

SYSTEM = "gradescope"
METADATA = "submission_metadata.yml"
FOLDER = re.compile(r"submission_\d+")
BYTES = 16 * 2**20  # a class of thousands, with the results of its autograder
DEPTH = 40
SECONDS = 20.0
RUBY_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?:\.\d+)?"
    r"(?P<zone> ?(?:Z|UTC|[+-]\d\d:?\d\d))"
)
CHARACTERS = 200  # of a name or an address


class Submitter(NamedTuple):
    """Somebody as Gradescope's metadata tells. `id` is the school's, `email` the login."""

    name: str
    email: str = ""
    id: str = ""


class Told(NamedTuple):
    """Who handed a folder in, together, and when (ISO 8601, "" where it is not told)."""

    submitters: list[Submitter]
    when: str = ""


class NotUsable(Exception):
    """The metadata says nothing that could be relied on; the text says why."""


def people_in(content: bytes) -> dict[str, Told]:
    """Whose each folder is, from the bytes of the metadata.

    Raises:
        NotUsable: it is no such metadata, or too large, deep or slow to read.
        KitError: PyYAML, which reads it, is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise KitError(
            f"{METADATA} says who is who, and reading it needs PyYAML: pip install pyyaml."
        ) from None
    if len(content) > BYTES:
        raise NotUsable(f"it is larger than {BYTES // 2**20} MiB")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return dict(_people(_bounded(yaml.parse(content.decode("utf-8-sig"), Loader=loader))))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError):
        raise NotUsable("it is no YAML that can be read") from None


def _iso(text: str) -> str:
    """A time as Ruby writes it, `2026-09-01 12:00:00.123456000 Z`, in ISO 8601; else ""."""
    match = RUBY_TIME.fullmatch(text.strip())
    if not match:
        return ""
    zone = match["zone"].replace(" ", "").replace("UTC", "Z")
    try:
        when = datetime.fromisoformat(f"{match['day']}T{match['time']}{zone}")
        return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return ""


def _bounded(events: Iterable[Any]) -> Iterator[Any]:
    """The events, as long as they keep to the bounds."""
    depth, until = 0, time.monotonic() + SECONDS
    for count, event in enumerate(events):
        kind = type(event).__name__
        if kind in ("SequenceEndEvent", "MappingEndEvent"):
            depth -= 1
        yield event
        if kind in ("SequenceStartEvent", "MappingStartEvent"):
            depth += 1
        if depth > DEPTH:
            raise NotUsable(f"it is nested more than {DEPTH} deep")
        if count % 1000 == 0 and time.monotonic() > until:
            raise NotUsable(f"reading it took longer than {SECONDS:g} s")


def _people(events: Iterator[Any]) -> Iterator[tuple[str, Told]]:  # noqa: C901  # one state machine
    """Folder and submitters of each entry: `submission_1: {:submitters: [{:name: ...}]}`.

    The path to where we are is kept as the keys of the mappings around; an alias stands for
    nothing, since Gradescope writes none.
    """
    keys: list[str | None] = []  # one a level: the key of a mapping, None in a list
    expects_key: list[bool] = []
    fields: dict[str, str] = {}
    found: list[Submitter] = []
    when = ""
    for event in events:
        kind = type(event).__name__
        if kind in ("ScalarEvent", "AliasEvent"):
            value = str(event.value)[:CHARACTERS] if kind == "ScalarEvent" else ""
            if expects_key and expects_key[-1]:
                keys[-1], expects_key[-1] = value, False
                continue
            if len(keys) == 4 and keys[1] == ":submitters" and keys[3] is not None:
                fields[keys[3]] = value
            elif len(keys) == 2 and keys[1] == ":created_at":
                when = _iso(value)
        elif kind in ("SequenceStartEvent", "MappingStartEvent"):
            if expects_key and expects_key[-1]:
                raise NotUsable("a key of it is no text")
            is_mapping = kind == "MappingStartEvent"
            keys.append("" if is_mapping else None)
            expects_key.append(is_mapping)
            if len(keys) == 2:
                found, when = [], ""
            continue
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            if len(keys) == 4 and keys[1] == ":submitters" and fields.get(":name"):
                found.append(
                    Submitter(fields[":name"], fields.get(":email", ""), fields.get(":sid", ""))
                )
            fields = {} if len(keys) == 4 else fields
            keys.pop()
            expects_key.pop()
            if len(keys) == 1 and found and keys[0] and FOLDER.fullmatch(keys[0]):
                yield keys[0], Told(found, when)
        else:
            continue
        if expects_key:
            expects_key[-1] = keys[-1] is not None
