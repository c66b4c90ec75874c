"""The global random generators, as the other side last set them."""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np

from gradekit.sandbox.draws import of_numpy, of_random


def states() -> dict[str, Any]:
    """Where each generator stands, by which one sees whether it was used."""
    now: dict[str, Any] = {
        "random": random.getstate(),
        "numpy": of_numpy(np.random.get_state(legacy=False)),
    }
    if torch := sys.modules.get("torch"):
        now["torch"] = torch.get_rng_state().numpy().tobytes()
    return now


def told(name: str, state: Any) -> Any:
    """A state as the other side is told of it."""
    return of_random(state) if name == "random" else state


def set_generators(seed: int | None, states: dict[str, Any]) -> None:
    """Seed all of them, then set those whose states have come."""
    torch = sys.modules.get("torch")
    # First all to one seed, then those that the check has set since: a
    # state that did not come is the seeded one.
    if seed is not None:
        random.seed(seed)
        np.random.seed(seed)
        if torch is not None:
            torch.manual_seed(seed)
    if (state := states.get("random")) is not None:
        random.setstate(state)
    if (state := states.get("numpy")) is not None:
        np.random.set_state(state)
    if torch is not None and (state := states.get("torch")) is not None:
        torch.set_rng_state(state)
