"""Where a random generator stands, as it travels, and whether another place lies ahead of that.

Nearly all of them are Mersenne twisters: Python's, NumPy's old ones and torch's. A state of one is
its key (bytes), how much of the key has been used, and a normal number that it keeps for the next
draw; of NumPy's newer ones it is three ints. A state that an answer made up could make a generator
loop without end. So a test's own moves on only to where it comes by drawing.
"""

from __future__ import annotations

import math
import random
import sys
from typing import Any

import numpy as np

KEY = 624  # numbers of 32 bits in a twister's key
BLOCKS, AT_ONCE = 2048, 64  # keys that are tried: more than a million draws
KINDS = (np.random.Generator, np.random.RandomState, random.Random)
FARTHEST = 40.0  # normal numbers are nearer to 0
# A twister of torch's, byte for byte: its seed, `left`, whether it is seeded, `next`, its key, and
# normal numbers.
TORCH = np.dtype([
    ("seed", "u8"), ("left", "i4"), ("seeded", "i4"), ("next", "u8"), ("key", "u8", KEY),
    ("normals", "f8", 3), ("valid", "i4"), ("pad", "i4"), ("normal", "f4"), ("has", "u4"),
])  # fmt: skip
State = Any


def is_generator(value: Any) -> bool:
    kind = type(value)
    if any(kind is each for each in KINDS):
        return True
    return kind.__module__ == "torch._C" and kind.__name__ == "Generator"


def state_of(value: Any) -> State:
    """Where a generator stands; None where it is of a rare kind."""
    if type(value) is random.Random:
        return of_random(value.getstate())
    if type(value) is np.random.RandomState:
        return of_numpy(value.get_state(legacy=False))
    if type(value) is not np.random.Generator:
        return value.get_state().numpy().tobytes() if value.device.type == "cpu" else None
    told: Any = value.bit_generator.state
    if told.get("bit_generator") == "PCG64":
        return int(told["state"]["state"]), int(told["has_uint32"]), int(told["uinteger"])
    return of_numpy(told)


def of_random(told: Any) -> State:
    """The state that `random.getstate` gives."""
    _, numbers, normal = told
    return np.array(numbers[:KEY], np.uint32).tobytes(), int(numbers[KEY]), normal


def of_numpy(told: Any) -> State:
    """The state that `np.random.get_state(legacy=False)` gives."""
    if told.get("bit_generator") != "MT19937":
        return None
    normal = float(told["gauss"]) if told.get("has_gauss") else None
    return told["state"]["key"].tobytes(), int(told["state"]["pos"]), normal


def to_random(state: State) -> Any:
    key, used, normal = state
    return 3, (*np.frombuffer(key, np.uint32).tolist(), used), normal


def to_numpy(state: State) -> dict[str, Any]:
    key, used, normal = state
    inner = {"key": np.frombuffer(key, np.uint32), "pos": used}
    kept = {"has_gauss": int(normal is not None), "gauss": normal or 0.0}
    return {"bit_generator": "MT19937", "state": inner, **kept}


def to_torch(state: State) -> Any:
    return sys.modules["torch"].frombuffer(bytearray(state), dtype=sys.modules["torch"].uint8)


def put(value: Any, state: State) -> None:
    """Let a generator stand there, which is of the kind that the state comes from."""
    if type(value) is random.Random:
        value.setstate(to_random(state))
    elif type(value) is np.random.RandomState:
        value.set_state(to_numpy(state))
    elif type(value) is not np.random.Generator:
        value.set_state(to_torch(state))
    else:
        told: Any = value.bit_generator.state
        if told.get("bit_generator") == "PCG64":
            told["state"]["state"], told["has_uint32"], told["uinteger"] = state
        else:
            told["state"] = to_numpy(state)["state"]
        value.bit_generator.state = told


def is_ahead(ours: State, theirs: Any) -> bool:
    """Whether a generator that stands at `ours` can come to `theirs` by being drawn from."""
    if type(theirs) is not type(ours):
        return False
    if isinstance(ours, bytes):
        return _is_ahead_in_torch(ours, theirs)
    if len(theirs) != 3 or type(ours[0]) is not bytes:
        return _is_place(theirs)
    return _is_twister(theirs) and _comes_to(*_place(ours), *_place(theirs))


def _is_place(theirs: Any) -> bool:
    """Whether it is a state of PCG64: any is ahead of any other."""
    limits = (2**128, 2, 2**32)
    return len(theirs) == 3 and all(
        type(n) is int and 0 <= n < most for n, most in zip(theirs, limits, strict=True)
    )


def _is_twister(theirs: Any) -> bool:
    key, used, normal = theirs
    is_key = type(key) is bytes and len(key) == 4 * KEY and type(used) is int and 0 <= used <= KEY
    return is_key and (normal is None or (type(normal) is float and abs(normal) < FARTHEST))


def _place(state: State) -> tuple[np.ndarray, int]:
    return np.frombuffer(state[0], np.uint32), state[1]


def _comes_to(key: np.ndarray, used: int, wanted: np.ndarray, used_there: int) -> bool:
    """Whether a twister comes from one key, of which so much is used, to another."""
    if np.array_equal(key, wanted):
        return used_there >= used
    twister = np.random.MT19937()
    begun: Any = {"bit_generator": "MT19937", "state": {"key": key, "pos": KEY}}
    twister.state = begun
    sought = _drawn_from(wanted)
    for _ in range(0, BLOCKS, AT_ONCE):
        drawn = np.asarray(twister.random_raw(KEY * AT_ONCE)).reshape(AT_ONCE, KEY)
        if any(np.array_equal(drawn[n], sought) for n in np.flatnonzero(drawn[:, 0] == sought[0])):
            return True
    return False


def _drawn_from(key: np.ndarray) -> np.ndarray:
    """The numbers that a twister draws from a key: to compare them is quicker than to make keys."""
    drawn = key.astype(np.uint64)
    drawn ^= drawn >> 11
    drawn ^= (drawn << 7) & 0x9D2C5680
    drawn ^= (drawn << 15) & 0xEFC60000
    return drawn ^ (drawn >> 18)


def _is_ahead_in_torch(ours: bytes, theirs: bytes) -> bool:
    if len(theirs) != TORCH.itemsize or len(ours) != TORCH.itemsize:
        return False
    here, there = (np.frombuffer(each, TORCH)[0] for each in (ours, theirs))
    numbers = [*there["normals"].tolist(), float(there["normal"])]
    if not all(math.isfinite(each) and abs(each) < FARTHEST for each in numbers):
        return False
    used, used_there = (KEY if each["left"] == 1 else int(each["next"]) for each in (here, there))
    is_place = 0 < there["left"] <= KEY and used_there in (KEY, KEY + 1 - there["left"])
    keys = [each["key"].astype(np.uint32) for each in (here, there)]
    is_seeded = there["seeded"] == 1 and there["valid"] in (0, 1) and there["has"] in (0, 1)
    is_key = bool((there["key"] < 2**32).all())
    return bool(is_place and is_seeded and is_key) and _comes_to(keys[0], used, keys[1], used_there)
