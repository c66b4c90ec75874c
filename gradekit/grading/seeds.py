"""The global random generators, which an imported check and its answer seem to share.

Where a check sets or uses one, its state goes to the answer's process before the next request.
Where the answer draws from one, ours moves on to where the answer's stands, if it comes there by
drawing (draws.py), and else by one draw, as after an answer that sets a seed. At the beginning of a
check all are seeded alike on both sides, so that equal answers get equal numbers.
"""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np

from gradekit.sandbox import draws


class Generators:
    """What the answer's process last knew of their states."""

    def __init__(self, seed: int) -> None:
        """Seed all of them."""
        seed %= 2**32
        random.seed(seed)
        np.random.seed(seed)
        if torch := sys.modules.get("torch"):
            torch.manual_seed(seed)
        self._first: int | None = seed
        self._known = _states()

    def news(self) -> Any:
        """What to tell of them with the next request; None where nothing has changed."""
        states = _states()
        changed = {
            name: state for name, state in states.items() if not _same(state, self._known.get(name))
        }
        self._known = states
        seed, self._first = self._first, None
        return (seed, changed) if changed or seed is not None else None

    def move_on(self, drawn: dict[Any, Any]) -> None:
        """The answer has drawn from those, which stand there now: so ours are not where they were.

        Where ours cannot come there: one draw, however many the answer made. That is enough for a
        test that looks whether the state has moved.
        """
        if "random" in drawn:
            if draws.is_ahead(draws.of_random(random.getstate()), drawn["random"]):
                random.setstate(draws.to_random(drawn["random"]))
            else:
                random.random()
        if "numpy" in drawn:
            if draws.is_ahead(draws.of_numpy(np.random.get_state(legacy=False)), drawn["numpy"]):
                np.random.set_state(draws.to_numpy(drawn["numpy"]))
            else:
                np.random.rand()
        if "torch" in drawn and (torch := sys.modules.get("torch")):
            if draws.is_ahead(torch.get_rng_state().numpy().tobytes(), drawn["torch"]):
                torch.set_rng_state(draws.to_torch(drawn["torch"]))
            else:
                torch.rand(1)
        self._known = _states()


def _states() -> dict[str, Any]:
    states: dict[str, Any] = {"random": random.getstate(), "numpy": np.random.get_state()}
    if torch := sys.modules.get("torch"):
        states["torch"] = torch.get_rng_state()
    return states


def _same(left: Any, right: Any) -> bool:
    # torch was not there yet; or there was no state.
    if left is None or right is None:
        return left is right
    # NumPy's state, with an array in it, and not that of `random`, which has 625 numbers.
    if isinstance(left, tuple) and any(isinstance(each, np.ndarray) for each in left):
        return all(map(_same, left, right))
    if hasattr(left, "numpy"):
        left, right = left.numpy(), right.numpy()
    return bool(np.array_equal(left, right)) if isinstance(left, np.ndarray) else left == right
