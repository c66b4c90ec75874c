"""Known mistakes by their behaviour: which file of the bank an answer behaves like.

A signature says how each failed check of one function failed: at which reply of the
submission, and what came back, rounded and hashed. An answer that fails the same checks with the
same replies is told the bank file's sentence. Source text is never looked at, and the score
never depends on this.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from gradekit.grading.shown import label_of
from gradekit.report import Check

ENOUGH = 0.75  # the share of failed checks that must agree in what came back
MOST_NAMES = 2  # mistakes that behave alike are all named, up to this many
GRID = 4096  # values count as equal within about one part in so many of the largest
SHIFTS = (0.5, 0.25)  # two grids: values beside a border of one are inside a cell of the other
DECADES = 0.3  # by which deviations of one mistake may differ: a factor of two
KEPT_DECADES = 1.0  # where both values were kept in the same few digits
MOST_DECIMALS = 9
HASHED_ENTRIES = 4096
HASHED_LEAVES = 1000  # of nested lists and dicts, of which an answer may send a million


class Print(msgspec.Struct, frozen=True, array_like=True):
    """How one check failed: after how many replies, and what the last one was.

    `is_value` is false for an exception or a lost worker; `hashes` has one a grid. `manner` is in
    what the value differs, and, where it is nearly right, in how many digits it was kept. `size`
    is then the decimal logarithm of its deviation, since all such values share their hashes;
    else 0. Both are empty in signatures of an older kit.
    """

    replies: int
    is_value: bool
    hashes: tuple[str, str]
    manner: str = ""
    size: float = 0.0

    @property
    def brief(self) -> str:
        """The same in a word, as a report keeps it."""
        return f"{self.replies}{'v' if self.is_value else 'e'}{self.hashes[0]}"

    def agrees(self, other: Print) -> bool:
        """Whether both came of the same behaviour, as far as rounding lets one tell."""
        return (
            (self.replies, self.is_value) == (other.replies, other.is_value)
            and any(mine == theirs for mine, theirs in zip(self.hashes, other.hashes, strict=True))
            and self._differs_as(other)
        )

    def _differs_as(self, other: Print) -> bool:
        """Whether both are as far from what was expected, and in the same manner."""
        if not (self.manner and other.manner):
            return True
        kept = self.manner.partition(" in ")[2]  # so few digits are evidence of their own
        room = KEPT_DECADES if kept else DECADES
        return self.manner == other.manner and abs(self.size - other.size) <= room


class Mistake(msgspec.Struct, frozen=True):
    """One wrong file of the bank: its name, its sentence, and its failed checks."""

    name: str
    function: str
    sentence: str
    prints: dict[str, Print]


class Signatures(msgspec.Struct, frozen=True):
    """The known mistakes of one exercise, as its grader of that hash saw them."""

    grader_sha256: str
    mistakes: tuple[Mistake, ...]

    def name(self, checks: Iterable[Check], prints: dict[str, Print]) -> dict[str, str]:
        """The sentence for each function whose failed checks behave like a known mistake."""
        failed: dict[str, dict[str, Print]] = {}
        for check in checks:
            if check.outcome == "failed" and check.max_score and check.name in prints:
                failed.setdefault(check.function, {})[check.name] = prints[check.name]
        named = {}
        for function, seen in failed.items():
            if sentences := self._alike(function, seen):
                named[function] = "; or: ".join(sentences)
        return named

    def _alike(self, function: str, seen: dict[str, Print]) -> list[str]:
        """The sentences of the mistakes that failed like `seen`, the closest ones only."""
        scores: dict[str, float] = {}
        for mistake in self.mistakes:
            # The same checks have to fail, no more and no fewer: an answer with
            # two mistakes behaves like none of the files, which have one each,
            # and gets no name that would be half true.
            if mistake.function != function or mistake.prints.keys() != seen.keys():
                continue
            agreeing = [name for name in seen if seen[name].agrees(mistake.prints[name])]
            # Errors such as TypeError have too many causes to go by them alone.
            if any(seen[name].is_value for name in agreeing):
                share = len(agreeing) / len(seen)
                scores[mistake.sentence] = max(share, scores.get(mistake.sentence, 0.0))
        best = max(scores.values(), default=0.0)
        closest = [sentence for sentence, score in scores.items() if score == best]
        # Three or more that behave alike say nothing about this one: better no name than a list.
        return closest if best >= ENOUGH and len(closest) <= MOST_NAMES else []


def path_of(grader: Path) -> Path:
    """Where the signatures of a grader lie."""
    return grader.parent / "mistakes" / f"{grader.stem}.json"


def load(grader: Path, grader_sha256: str) -> Signatures | None:
    """The signatures of a grader; None where there are none, or they are of another version."""
    try:
        signatures = msgspec.json.decode(path_of(grader).read_bytes(), type=Signatures)
    except (OSError, msgspec.DecodeError):
        return None
    # Of another version of the grader: its checks may send other cases, and equal prints would mean
    # nothing. Without signatures no mistake is named, and nobody's score changes.
    return signatures if signatures.grader_sha256 == grader_sha256 else None


def save(grader: Path, signatures: Signatures) -> None:
    """Write the signatures beside their grader, one mistake a line."""
    path = path_of(grader)
    path.parent.mkdir(exist_ok=True)
    lines = ",\n".join(msgspec.json.encode(each).decode() for each in signatures.mistakes)
    path.write_text(
        f'{{"grader_sha256": "{signatures.grader_sha256}", "mistakes": [\n{lines}\n]}}\n', "utf-8"
    )


def print_of(
    replies: int, kind: str, value: Any, manner: str = "", deviation: float = 0.0
) -> Print:
    """The print of a check that failed at its reply number `replies`.

    Args:
        kind: Of the reply: `value`, or what was raised, or how a worker was lost.
        manner: In what the value differs; a `compare.Kind`.
        deviation: Of a value that is nearly right, as a share of the largest number; else 0.
    """
    hashes = []
    for shift in SHIFTS:
        digest = hashlib.blake2b(digest_size=4)
        digest.update(kind.encode())
        with contextlib.suppress(RecursionError):  # nested as deeply as the wire allows
            _feed(digest, value, shift, Room(HASHED_LEAVES))
        hashes.append(digest.hexdigest())
    two = hashes[0], hashes[1]
    if not deviation:
        return Print(replies, kind == "value", two, manner)
    kept = kept_in(value)
    manner = f"{manner} in {kept}" if kept else manner
    return Print(replies, kind == "value", two, manner, round(math.log10(deviation), 2))


def kept_in(value: Any) -> str:
    """In what all numbers of a value can be kept exactly: `float32`, `4 decimals`; else empty.

    Example:
        >>> kept_in([0.1234, 2.5]), kept_in(np.float64(np.float32(0.1))), kept_in(1 / 3)
        ('4 decimals', 'float32', '')
    """
    numbers = np.array([*_floats(value, Room(HASHED_LEAVES))], dtype=np.float64)
    numbers = numbers[np.isfinite(numbers)]
    for decimals in range(MOST_DECIMALS + 1):
        if np.allclose(np.round(numbers, decimals), numbers, rtol=1e-15, atol=0.0):
            return f"{decimals} decimals"
    for name, kind in (("float16", np.float16), ("float32", np.float32)):
        with np.errstate(over="ignore"):
            if (numbers.astype(kind).astype(np.float64) == numbers).all():
                return name
    return ""


def _floats(value: Any, room: Room) -> Iterator[float]:
    """The floats in a value from the wire, up to some number."""
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list | tuple):
        for item in value[: room.leaves]:
            room.leaves -= 1
            yield from _floats(item, room)
    elif type(value).__name__ == "Tensor":
        tensor = value.detach()
        if tensor.is_floating_point():
            yield from tensor.double().reshape(-1)[:HASHED_ENTRIES].tolist()
    elif isinstance(value, np.ndarray | np.generic | float):
        array = np.asarray(value)
        if array.dtype.kind == "f":
            yield from array.reshape(-1)[:HASHED_ENTRIES].astype(np.float64).tolist()


class Room:
    """How many leaves are still to be hashed."""

    def __init__(self, leaves: int) -> None:
        self.leaves = leaves


def _feed(digest: Any, value: Any, shift: float, room: Room) -> None:
    """Hash the first leaves of a value from the wire, floats rounded to one of the grids."""
    room.leaves -= 1
    if label := label_of(value):
        digest.update(label.encode())
    elif isinstance(value, dict):
        # Sorted, because the order of keys is the order in which an answer happened to add them.
        for key in sorted(value, key=repr)[: max(room.leaves, 0)]:
            digest.update(repr(key).encode())
            _feed(digest, value[key], shift, room)
    elif isinstance(value, list | tuple):
        digest.update(f"{type(value).__name__}{len(value)}".encode())
        for item in value[: max(room.leaves, 0)]:
            _feed(digest, item, shift, room)
    elif isinstance(value, set | frozenset):  # whose order differs from process to process
        _feed(digest, sorted(map(repr, value)), shift, room)
    elif type(value).__name__ == "Tensor":
        digest.update(b"tensor")
        tensor = value.detach()
        _feed(digest, (tensor if tensor.is_complex() else tensor.float()).numpy(), shift, room)
    elif isinstance(value, np.ndarray | np.generic | float):
        array = np.asarray(value)
        # The kind of dtype and not its size: a float32 answer behaves like its float64 twin.
        digest.update(f"{array.shape}{array.dtype.kind}".encode())
        digest.update(_rounded(array.reshape(-1)[:HASHED_ENTRIES], shift))
    else:
        digest.update(repr(value).encode())


def _rounded(array: np.ndarray, shift: float) -> bytes:
    if array.dtype.kind not in "fc":
        return array.tobytes()
    parts = np.concatenate([array.real, array.imag]).astype(np.float64)
    finite = np.isfinite(parts)
    largest = float(np.abs(parts[finite]).max(initial=0.0))
    # A power of two not below the largest, so that nearly equal arrays share their grid.
    exponent = math.frexp(largest / 1.01)[1] if largest > 1e-9 else 0
    cells = np.full(parts.shape, -(2**20), dtype=np.int32)
    cells[finite] = np.floor(np.ldexp(parts[finite], -exponent) * GRID + shift)
    cells[np.isposinf(parts)] = 2**20
    cells[np.isnan(parts)] = 2**21
    return str(exponent).encode() + cells.tobytes()
