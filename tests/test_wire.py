"""The wire: what goes in comes out, and whatever else comes in does no harm."""

from __future__ import annotations

import contextlib
import datetime
import enum
import json
import math
import os
import random
import resource
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, configuration, given, settings
from hypothesis import strategies as st

from gradekit.grading.compare import same
from gradekit.sandbox import frames, wire
from gradekit.sandbox.atoms import Member
from gradekit.sandbox.host import WorkerHandle, WorkerLost, reply_in, without_data
from gradekit.sandbox.limits import BUFFER_BYTES, STRUCTURE_BYTES, Limits

FRAMES = int(os.environ.get("KIT_FUZZ_FRAMES", "1000000"))


@pytest.fixture(scope="module", autouse=True)
def hypothesis_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what hypothesis remembers out of the checkout."""
    configuration.set_hypothesis_home_dir(tmp_path_factory.mktemp("hypothesis"))


def frame_of(value: Any, kind: str = "value", number: int = 1) -> tuple[bytes, bytearray]:
    """The structure and the buffers of a frame, as they arrive."""
    frame = bytearray(b"".join(map(bytes, wire.encode(kind, number, value))))
    size, _ = wire.HEADER.unpack_from(frame)
    return bytes(frame[8 : 8 + size]), frame[8 + size :]


def raw(body: Any, buffers: bytes = b"", kind: str = "value", number: int = 1) -> bytes:
    """A frame as an attacker writes it: any structure at all, with a header that fits."""
    structure = msgspec.msgpack.encode([kind, number, body])
    return wire.HEADER.pack(len(structure), len(buffers)) + structure + buffers


def decode_raw(frame: bytes) -> Any:
    size, _ = wire.HEADER.unpack(frame[:8])
    return wire.decode(frame[8 : 8 + size], bytearray(frame[8 + size :]))[2]


# ------------------------------------------------------------------ what may travel

VALUES = [
    None, True, 0, -1, 2**63 - 1, 2**63, -(2**63) - 1, 2**1000, 0.5, -0.0, math.inf, math.nan,
    "", "naïve \U0001f600", b"", b"\0\xff", [], (), {}, [1, [2.0, (None, "x")]],
    {"a": 1, 2: [3], (4, "5"): {"b": ()}, None: 0.5}, [0.25] * 100, [0.25, 1] * 100, (0.5,) * 99,
    {str(key): key for key in range(500)}, {key: -key for key in range(200)},
    np.float64(0.5), np.float32(-1.5), np.int8(-3), np.bool_(True), np.complex128(1 + 2j),
    np.zeros(()), np.zeros((0, 3)), np.zeros((2, 0, 4), np.int16), np.eye(3, dtype=bool),
    np.arange(24.0).reshape(2, 3, 4), np.arange(12).reshape(3, 4)[:, ::2],
    np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array([np.nan, np.inf, -0.0]),
    *(np.ones((2, 3)).astype(name) for name in sorted(wire.ARRAY_DTYPES)),
    torch.tensor(0.5), torch.zeros(0, 3), torch.arange(6.0).reshape(2, 3).T,
    torch.ones(3, requires_grad=True).detach() * 2, torch.eye(3, dtype=torch.bool),
    {1, 2, 3}, set(), frozenset({"a", (1, 2)}), {*range(1000)}, {str(key) for key in range(1000)},
    {0.5 * key for key in range(100)}, dict.fromkeys(range(100_000), 1), [*range(100_000)],
    {(key, key): 0.5 * key for key in range(1000)}, [True] * 100, [1, 2**70] * 50,
    1 + 2j, complex(math.nan, -0.0), Fraction(1, 3), Fraction(-(2**100), 7), Decimal("0.10"),
    Decimal("-0"), Decimal("NaN"), Decimal("Infinity"), Decimal("1.5e-300"), range(3),
    range(10, -2, -3), range(2**70, 2**70 + 2), datetime.date(2020, 2, 29),
    datetime.datetime(2020, 1, 2, 3, 4, 5, 6, fold=1), datetime.timedelta(-1, 5, 7),
    uuid.UUID(int=7),
    datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=-5.5))),
    datetime.time(23, 59, 59, 999_999), Member("Color", "RED", 1),
    np.array(["a", "naïve"]), np.array([b"ab", b""]), np.array([], "U3"), np.array([["x"]] * 3),
    np.array(["2020-01-01", "NaT"], "M8[D]"), np.array([1, -2], "m8[ns]"), np.datetime64(5, "s"),
    np.str_("ab"), np.timedelta64(3, "h"), np.zeros(2, dtype="f8,i4"),
    np.array([(1, ("a", [1, 2]))], dtype=[("n", "i8"), ("p", [("s", "U3"), ("v", "i4", 2)])]),
    *(torch.ones(2, 3).to(getattr(torch, name)) for name in sorted(wire.ARRAY_DTYPES)),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:40])
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    """Data of every kind survives the way there and back: type, shape, dtype, every bit."""
    kind, number, back = wire.decode(*frame_of(value, "raised", 7))
    assert (kind, number) == ("raised", 7)
    assert type(back) is type(value)
    assert same(back, value)


def test_bfloat16_comes_back() -> None:
    """A dtype that NumPy lacks travels between tensors."""
    value = torch.tensor([1.5, -2.0], dtype=torch.bfloat16)
    back = wire.decode(*frame_of(value))[2]
    assert back.dtype == torch.bfloat16
    assert torch.equal(back, value)


def test_a_big_endian_array_comes_back_as_a_native_one() -> None:
    """The byte order of an array is no part of its value."""
    back = wire.decode(*frame_of(np.array([1.0, 2.0], dtype=">f8")))[2]
    assert back.dtype == np.float64
    assert back.tolist() == [1.0, 2.0]


def test_a_masked_array_keeps_its_mask() -> None:
    """`[1, --, 3]` is not `[1, 2, 3]`; for checks on plain data it is nothing at all."""
    value = np.ma.array([1, 2, 3], mask=[False, True, False])
    back = wire.decode(*frame_of(value))[2]
    assert type(back) is np.ma.MaskedArray
    assert back.tolist() == [1, None, 3]
    with pytest.raises(wire.Malformed, match="masked"):
        wire.decode(*frame_of(value), plain=True)
    assert type(wire.decode(*frame_of(np.ma.array([1, 2])))[2]) is np.ndarray  # nothing is masked


def test_an_enum_arrives_by_value() -> None:
    """A member is equal to the same member, and not to its value or to one of another class."""
    color, other = (enum.Enum(name, {"RED": 1}) for name in ("Color", "Other"))
    back, different = wire.decode(*frame_of([color.RED, other.RED]))[2]  # type: ignore[attr-defined]
    assert (back.enum, back.name, back.value) == ("Color", "RED", 1)
    assert back == Member("Color", "RED", 1)
    assert back != different
    assert back != 1
    assert back != ("Color", "RED", 1)


def test_an_enum_of_texts_arrives_as_its_text() -> None:
    """A member that is a `str` equals its value, and so does what arrives."""
    word = enum.Enum("Word", {"YES": "yes"}, type=str)
    back = wire.decode(*frame_of([word.YES]))[2]
    assert back == ["yes"] and type(back[0]) is str


def test_arrays_arrive_writable_and_apart() -> None:
    """Each array that arrives has memory of its own, and can be written to."""
    left, right = wire.decode(*frame_of([np.zeros(2), np.ones(3)]))[2]
    left += 5
    assert right.tolist() == [1, 1, 1]


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=30,
)


@given(plain_values)
@settings(deadline=None, database=None, derandomize=True, max_examples=100)
def test_any_plain_value_comes_back(value: Any) -> None:
    """Whatever is built from plain values survives, however it is nested."""
    assert same(wire.decode(*frame_of(value))[2], value)


class Rules(datetime.tzinfo):
    """A zone whose offset is computed."""

    def utcoffset(self, moment: Any) -> datetime.timedelta:
        return datetime.timedelta(hours=1)

    def dst(self, moment: Any) -> None:
        return None

    def tzname(self, moment: Any) -> str:
        return "computed"


NOT_DATA = {
    "an object": object(),
    "a generator": (x for x in ()),
    "an array of objects": np.array([object()]),
    "a structured array with objects": np.zeros(2, dtype=[("a", "f8"), ("b", "O")]),
    "an array of dates in steps of 25 seconds": np.zeros(2, "M8[25s]"),
    "a long range": range(2**40),
    "a Decimal that takes gigabytes to print": Decimal("1e999999"),
    "a Decimal of many digits": Decimal("1" * 5000),
    "a Fraction of long ints": Fraction(1, 1 << 100_000),
    "a Decimal that raises": Decimal("sNaN"),
    "a time of a zone with rules": datetime.datetime(2020, 1, 1, tzinfo=Rules()),
    "a sparse tensor": torch.eye(2).to_sparse(),
    "a meta tensor": torch.zeros(2, device="meta"),
    "too many dimensions": np.zeros((1,) * 20),
    "a long int": 1 << 100_000,
    "a long string": "x" * (STRUCTURE_BYTES + 1),
    "long bytes": bytes(STRUCTURE_BYTES + 1),
    "a large array": np.zeros(BUFFER_BYTES // 8 + 1),
    "a long list of floats": [0.5] * (BUFFER_BYTES // 8 + 1),
    "a dict that weighs too much": {(key, key): str(key) for key in range(50_000)},
}


@pytest.mark.parametrize("what", NOT_DATA)
def test_what_is_no_data_is_named(what: str) -> None:
    """A value that cannot travel is refused where it is, with a sentence."""
    with pytest.raises(wire.NotData, match=r"\w+"):
        wire.encode("value", 1, NOT_DATA[what])


def test_only_bytes_limit_a_list() -> None:
    """As many numbers as fit; to a worker, as many as a test has."""
    numbers = [3] * (BUFFER_BYTES // 8)
    structure, buffers = frame_of(numbers)
    assert wire.decode(structure, buffers)[2] == numbers


def test_a_cycle_is_no_data() -> None:
    """A list that holds itself is refused, not followed."""
    value: list[Any] = []
    value.append({"self": (value,)})
    with pytest.raises(wire.NotData, match="contains itself"):
        wire.encode("value", 1, value)


# ------------------------------------------------------------------ what an attacker writes

HOSTILE = {
    "a pickle": (["o", 16], bytes(16)),
    "no such kind": (["z", 1], b""),
    "a dtype that is code": (["a", "object", [1]], bytes(16)),
    "a dtype with a shape in it": (["a", "(1000000,1000000)f8", [1]], bytes(16)),
    "a void dtype": (["a", "V100", [1]], bytes(112)),
    "a torch function as dtype": (["x", "load", [1]], bytes(16)),
    "a negative shape": (["a", "float64", [-1]], bytes(16)),
    "a shape that overflows": (["a", "float64", [2**32, 2**32]], bytes(16)),
    "an empty array of huge sides": (["a", "float64", [0, 2**62]], b""),
    "an empty array that overflows": (["a", "int8", [0, *[2**26] * 7]], b""),
    "an empty tensor that overflows": (["x", "int8", [0, *[2**26] * 7]], b""),
    "many dimensions": (["a", "int8", [1] * 500], bytes(16)),
    "more contents than sent": (["a", "float64", [100]], bytes(16)),
    "less contents than sent": (["a", "float64", [1]], bytes(160)),
    "contents used twice": (["l", [["a", "int8", [16]], ["a", "int8", [16]]]], bytes(16)),
    "a float for a shape": (["a", "float64", [2.0]], bytes(16)),
    "a bool that counts as 200": (["a", "bool", [16]], b"\xc8" * 16),
    "a bool tensor that counts as 200": (["x", "bool", [16]], b"\xc8" * 16),
    "a bool scalar of 200": (["s", "bool"], b"\xc8" * 16),
    "a negative count": (["f", -1], b""),
    "a negative count of ints": (["n", -1], b""),
    "ints of the universe": (["n", 2**60], b""),
    "a set without items": (["e", False, 5], b""),
    "a set of lists": (["e", False, ["l", [["l", []]]]], b""),
    "a set in a set": (["e", False, ["e", False, ["l", [1]]]], b""),
    "a mapping of other lengths": (["m", ["l", [1, 2]], ["l", [1]]], b""),
    "a mapping of no lists": (["m", 1, 2], b""),
    "an atom of no kind": (["w", "eval", ["1"]], b""),
    "a Fraction by zero": (["w", "Fraction", [1, 0]], b""),
    "a Fraction of a negative denominator": (["w", "Fraction", [1, -3]], b""),
    "a Fraction of texts": (["w", "Fraction", ["1", "3"]], b""),
    "a Fraction of truth values": (["w", "Fraction", [True, 3]], b""),
    "a Decimal of a huge exponent": (["w", "Decimal", ["1e999999999"]], b""),
    "a Decimal of a tiny exponent": (["w", "Decimal", ["1e-999999999"]], b""),
    "a Decimal of many digits": (["w", "Decimal", ["1" * 200_000]], b""),
    "a Decimal that raises": (["w", "Decimal", ["sNaN"]], b""),
    "a Decimal that is none": (["w", "Decimal", ["one"]], b""),
    "a range without end": (["w", "range", [0, 2**62, 1]], b""),
    "a range without step": (["w", "range", [0, 5, 0]], b""),
    "a date that there is not": (["w", "date", [2021, 2, 29]], b""),
    "a year beyond all": (["w", "date", [10**18, 1, 1]], b""),
    "a zone of two days": (["w", "time", [1, 2, 3, 4, 0, 172800.0]], b""),
    "a timedelta beyond all": (["w", "timedelta", [10**12, 0, 0]], b""),
    "a UUID of too few digits": (["w", "UUID", ["12"]], b""),
    "an Enum without a name": (["w", "Enum", [1, 2, 3]], b""),
    "an Enum with a long name": (["w", "Enum", ["E", "n" * 1000, 3]], b""),
    "a text of no characters": (["a", "U1", [4]], b"\xff" * 16),
    "a text of half characters": (["a", "U1", [4]], b"\x00\xd8\x00\x00" * 4),
    "a text of length 0": (["a", "U0", [4]], b""),
    "a dtype of objects in dates": (["a", "M8[O]", [2]], bytes(16)),
    "a text of all memory": (["a", "U99999", [2**24]], b""),
    "a structure without fields": (["r", [1], [], []], b""),
    "a structure of one name twice": (["r", [1], ["a", "a"], [["a", "int8", [1]]] * 2], bytes(32)),
    "a structure of lying shape": (["r", [3], ["a"], [["a", "int8", [1]]]], bytes(16)),
    "a structure of other things": (["r", [1], ["a"], [["l", [1]]]], b""),
    "a structure of nothing": (["r", [2**20], ["a"], [["a", "int8", [2**20, 0]]]], b""),
    "a mask of another shape": (["q", ["a", "int8", [2]], ["a", "bool", [3]]], bytes(32)),
    "a mask of numbers": (["q", ["a", "int8", [2]], ["a", "int8", [2]]], bytes(32)),
    "a mask over a list": (["q", ["l", [1]], ["a", "bool", [1]]], bytes(16)),
    "an object": (["h", 1, ["k", 2, "Any", [], []], ""], b""),
    "a class": (["c", "type"], b""),
    "an argument": (["g", 0], b""),
    "a tensor with a history": (["y", 1, False, ["x", "int8", [16]]], bytes(16)),
    "a count of the universe": (["f", 2**60], b""),
    "a huge int": (["i", "0x" + "f" * 100_000], b""),
    "an int that is none": (["i", "__import__('os')"], b""),
    "bytes of the universe": (["b", 2**60], b""),
    "negative bytes": (["b", -5], b""),
    "an unhashable key": (["d", [["l", []]], [1]], b""),
    "more keys than values": (["d", [1, 2], [1]], b""),
    "colliding keys": (
        ["d", [["i", hex(k * (2**61 - 1))] for k in range(10, 40_000)], [0] * 39_990], b"",
    ),
    "deep": (json.loads('["l",[' * 70 + "1" + "]]" * 70), b""),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_frame_is_malformed(what: str) -> None:
    """A frame that `encode` could not have made is refused, quickly and in one way."""
    body, buffers = HOSTILE[what]
    started = time.process_time()
    with pytest.raises(wire.Malformed):
        decode_raw(raw(body, buffers))
    assert time.process_time() - started < 1


def test_depth_beyond_everything_is_malformed() -> None:
    """A megabyte of nothing but opening brackets is refused without a crash."""
    with pytest.raises(wire.Malformed):
        wire.decode(b"\x93\xa1v\x01" + b"\x92\xa1l\x91" * 200_000, bytearray())


def test_no_frame_runs_code() -> None:
    """A pickle inside a frame stays a string of bytes that nobody loads."""
    frame = raw(["o", 32], b"cos\nsystem\n(S'false'\ntR.".ljust(32))
    with pytest.raises(wire.Malformed, match="only data"):
        decode_raw(frame)


nodes = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=9)
    | st.tuples(
        st.sampled_from("axs"),
        st.sampled_from([*sorted(wire.TENSOR_DTYPES), "object", "f8", "", "U99", "float65"]),
        st.lists(st.sampled_from([0, 1, 2, 3, -1, 2**31, 2**62, 2**63]), max_size=40),
    )
    | st.tuples(st.sampled_from("fibos"), st.integers(-9, 99) | st.text(max_size=9)),
    lambda inner: st.tuples(st.sampled_from("ltd"), st.lists(inner, max_size=4))
    | st.tuples(st.just("d"), st.lists(inner, max_size=3), st.lists(inner, max_size=3)),
    max_leaves=12,
)  # fmt: skip


@given(nodes, st.binary(max_size=64))
@settings(
    deadline=None, database=None, derandomize=True, max_examples=500,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_any_structure_is_data_or_malformed(body: Any, buffers: bytes) -> None:
    """Well-formed msgpack of any meaning becomes plain data or is malformed."""
    with contextlib.suppress(wire.Malformed):
        decode_raw(raw(body, buffers))


def test_a_million_mutated_frames() -> None:
    """Frames with wrong bytes in any place are data or malformed, and cost next to nothing."""
    rng = random.Random(20261121)
    corpus = [frame_of(value) for value in VALUES if len(frame_of(value)[0]) < 200]
    corpus += [frame_of((error, "")) for error in ({"reason": "raised", "where": (1, "x", None)},)]
    telling = b"\x90\x91\x92\x93\xa1\xc0\xc1\xc4\xca\xcb\xcf\xd3\xd9\xda\xdb\xdc\xdd\xde\xdf"
    telling += b"ldafibosxtmenwrqkhcgy"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    good = 0
    slowest = 0.0
    below, choice = rng.randrange, rng.choice
    for number in range(FRAMES):
        structure, buffers = corpus[number % len(corpus)]
        mutant = bytearray(structure)
        for _ in range(number % 3 + 1):
            place = below(len(mutant))
            action = below(4)
            if action == 0:
                mutant[place] = below(256)
            elif action == 1:
                mutant[place] = choice(telling)
            elif action == 2:
                mutant.insert(place, below(256))
            else:
                del mutant[place : place + below(4) + 1]
            if not mutant:
                mutant.append(0x93)
        contents = buffers if number % 5 else bytearray(rng.randbytes(below(64)))
        started = time.perf_counter()
        try:
            wire.decode(mutant, contents)
            good += 1
        except wire.Malformed:
            pass
        slowest = max(slowest, time.perf_counter() - started)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
    assert 0 < good < FRAMES  # the mutations are neither all harmless nor all nonsense
    assert slowest < 5
    assert grown < 200 * 1024, f"{grown} KiB"


# ------------------------------------------------------------------ a worker that is no worker


class Puppet:
    """Stands for the process of a worker; what it does is up to the test's thread."""

    def __init__(self, *, ended: bool = True, status: int = 0, peak_mib: float = 10) -> None:
        self.started = time.thread_time()
        self.ended, self.status, self.peak_mib = ended, status, peak_mib

    def cpu_seconds(self) -> float:
        return 0.0

    def is_sleeping(self) -> bool:
        return True

    def resident_mib(self) -> float:
        return 0.0

    def has_ended(self, seconds: float) -> bool:
        return self.ended

    def kill(self) -> None:
        pass

    def reap(self) -> tuple[int, float]:
        return self.status, self.peak_mib


Play = Callable[[socket.socket], None]
LIMITS = Limits(patience=2)


@pytest.fixture
def lost_to() -> Iterator[Callable[..., WorkerLost]]:
    """Ask a worker that plays false once; return how it was lost."""
    opened: list[socket.socket] = []

    def lost_to(play: Play, body: Any = None, **puppet: Any) -> WorkerLost:
        mine, its = socket.socketpair()
        opened.extend((mine, its))
        its.settimeout(10)
        its.sendall(b"".join(wire.encode("ready", 0, None)))
        worker = WorkerHandle(mine, Puppet(**puppet), LIMITS)

        def act() -> None:
            with contextlib.suppress(OSError):
                play(its)

        thread = threading.Thread(target=act)
        thread.start()
        started = time.monotonic()
        with pytest.raises(WorkerLost) as lost:
            ask(worker, body)
        assert time.monotonic() - started < 5
        assert mine.fileno() == -1  # closed for good
        its.close()
        thread.join(10)
        assert not thread.is_alive()
        return lost.value

    yield lost_to
    for end in opened:
        end.close()


def ask(worker: WorkerHandle, body: Any) -> None:
    """Make a request and read its reply, as a run does."""
    frame = wire.encode("call", 1, body)
    (reply,) = worker.exchange([frame], worker.allow(0.2))
    try:
        reply_in(reply, 1)
    except wire.Malformed as error:
        worker.close()
        raise without_data(error) from None


def request(its: socket.socket) -> None:
    its.recv(2**16)


def replies(frame: bytes) -> Play:
    def play(its: socket.socket) -> None:
        request(its)
        its.sendall(frame)
        its.recv(1)

    return play


def test_a_reply_to_another_question(lost_to: Callable[..., WorkerLost]) -> None:
    """A reply with the wrong number is malformed."""
    lost = lost_to(replies(raw(["t", [1, ""]], number=2)))
    assert lost.ending == "malformed"
    assert "another question" in str(lost)


@pytest.mark.parametrize(
    "frame",
    [
        raw(["t", [1, ""]], kind="ready"), raw(["t", [1, ""]], kind="load"), raw(["t", [1]]),
        raw(["t", [1, 2]]), raw(["l", [1, ""]]), raw(1), raw(["o", 16], bytes(16)), b"\0" * 8,
        b"\xff" * 8, struct.pack("<II", STRUCTURE_BYTES + 1, 0), struct.pack("<II", 5, 2**31),
        struct.pack("<II", 40, 0) + b"\xc1" * 40,
    ],
    ids=repr,
)  # fmt: skip
def test_a_reply_that_is_none(frame: bytes, lost_to: Callable[..., WorkerLost]) -> None:
    """A frame that is no reply, or announces too much, is malformed."""
    lost = lost_to(replies(frame))
    assert lost.ending == "malformed"
    assert "softmax([1, 2]) sent back no proper data" in lost.told("softmax([1, 2])")


def test_a_reply_that_nobody_asked_for() -> None:
    """Replies ahead of the next requests are not taken for theirs."""
    mine, its = socket.socketpair()
    with mine, its:
        its.sendall(b"".join(wire.encode("ready", 0, None)) + raw(["t", [1, ""]]))
        worker = WorkerHandle(mine, Puppet(), LIMITS)
        with pytest.raises(WorkerLost, match="nobody asked for"):
            ask(worker, None)


def test_a_connection_that_closes(lost_to: Callable[..., WorkerLost]) -> None:
    """Closing in the middle of a frame is the end of the worker, said by its exit status."""
    for part in (b"", b"\x05", raw(["t", [1, ""]])[:-2]):
        lost = lost_to(lambda its, part=part: (its.sendall(part), its.close()), status=3 << 8)
        assert lost.ending == "crashed"
        assert "exit status 3" in str(lost)


def test_a_connection_that_closes_while_the_process_goes_on(
    lost_to: Callable[..., WorkerLost],
) -> None:
    """A worker that closes its connection and lives is ended, and not mistaken for a hog."""
    lost = lost_to(lambda its: its.close(), ended=False, status=9)
    assert lost.ending == "crashed"
    assert "closed its connection" in str(lost)


@pytest.mark.parametrize(
    ("status", "peak_mib", "ending", "text"),
    [
        (11, 50, "crashed", "segmentation fault"), (31, 50, "crashed", "forbidden system call"),
        (40, 50, "crashed", "signal 40"), (9, 1900, "out_of_memory", "used more than 2 GiB"),
        (9, 900, "out_of_memory", "900 MiB, and there was no more"),
        (6, 1900, "out_of_memory", "used more than 2 GiB"), (24, 50, "timed_out", "after 60 s"),
        (1 << 8, 1900, "out_of_memory", "used more than 2 GiB"),
    ],
)  # fmt: skip
def test_how_a_worker_ended(
    status: int, peak_mib: float, ending: str, text: str, lost_to: Callable[..., WorkerLost]
) -> None:
    """The wait status and the memory of a worker say why it ended."""
    lost = lost_to(lambda its: its.close(), status=status, peak_mib=peak_mib)
    assert lost.ending == ending
    assert text in str(lost)


def test_silence(lost_to: Callable[..., WorkerLost]) -> None:
    """A worker that says nothing, or half a frame, is stopped when its time is up."""
    for part in (b"", b"\x05", raw(["t", [1, ""]])[:-1]):
        lost = lost_to(replies(part))
        assert lost.ending == "timed_out"
        assert lost.told("softmax([1, 2])") == "stopped after 0.2 s: softmax([1, 2]) did not return"


def test_an_endless_trickle(lost_to: Callable[..., WorkerLost]) -> None:
    """Bytes that keep coming, but never make a frame, do not stop the clock."""

    def play(its: socket.socket) -> None:
        request(its)
        its.sendall(struct.pack("<II", 100, BUFFER_BYTES))
        while True:
            its.sendall(b"x")

    assert lost_to(play).ending == "timed_out"


def test_a_worker_that_does_not_read(lost_to: Callable[..., WorkerLost]) -> None:
    """A request that nobody takes is given up when the time is up."""
    lost = lost_to(lambda its: time.sleep(1), body=["f", [np.zeros(2**21)], {}, False])
    assert lost.ending == "timed_out"


@pytest.mark.parametrize(
    "parts", [["Counter", [1]], ["deque", {}], ["bytearray", 5], [["Counter"], {}], ["Counter"]]
)
def test_containers_that_are_none_are_malformed(parts: list[Any]) -> None:
    """Only a class of the table is made, of what such an object holds."""
    with pytest.raises(wire.Malformed):
        frames.made_whole(parts)
