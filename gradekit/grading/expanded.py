"""How large a value is when all that stands in it several times is counted each time.

A list of two references to a list of two references and so on takes 40 short lists for a tree of
10**12 leaves: whoever goes through it by `==`, `repr` or `np.array` is busy for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np

from gradekit.grading.shown import is_tensor
from gradekit.sandbox import wire
from gradekit.sandbox.snapshots import PLAIN, items_of, parts_of

MOST = 2**24  # items of a value: as many as a frame can bring one by one
OF_CONTAINER = 16  # what a container counts beside its items: going into it takes as long
MOST_OF_ONE = 2**21  # items that an array counts: more come in no frame, so they are the check's


def require_no_explosion(values: Iterable[Any]) -> None:
    """See to it that a check can go through what an answer has given.

    What contains itself is not counted within itself: that is a mistake of the test's, which has a
    limit of its own (originals/endless.py).

    Raises:
        Malformed: it cannot.
    """
    sizes: dict[int, int] = {}  # of containers, by their ids; 0 while one is being looked at
    # Containers, each with whether its items have been looked at.
    waiting = [(value, False) for value in values if type(value) not in PLAIN]
    while waiting:
        value, is_counted = waiting.pop()
        key = id(value)
        if key in sizes and not is_counted:
            continue
        items = items_of(value)
        parts = parts_of(items or ())
        if is_counted or not parts:
            sizes[key] = _size_of(value, items) + sum(sizes.get(id(part), 0) for part in parts)
            if sizes[key] > MOST:
                raise wire.Malformed("a value that is too large when it is written out")
            continue
        sizes[key] = 0
        waiting.append((value, True))
        waiting += [(part, False) for part in parts if id(part) not in sizes]


def _size_of(value: Any, items: Collection[Any] | None) -> int:
    if items is not None:
        return OF_CONTAINER + len(value)
    if isinstance(value, np.ndarray):
        return min(value.size, MOST_OF_ONE)
    return min(int(value.numel()), MOST_OF_ONE) if is_tensor(value) else 1
