"""The random generators that imported checks and answers seem to share."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from gradekit.grading.seeds import Generators


@pytest.fixture(autouse=True)
def _states_put_back() -> Iterator[None]:
    states = random.getstate(), np.random.get_state()
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])


def test_only_what_has_changed_is_told() -> None:
    generators = Generators(7)
    seed, changed = generators.news()
    assert seed == 7 and changed == {}
    assert generators.news() is None
    random.gauss(0, 1)  # of which the second number is kept for later
    _, changed = generators.news()
    assert changed == {"random": random.getstate()} and changed["random"][2] is not None
    assert generators.news() is None
    random.gauss(0, 1)
    assert [*generators.news()[1]] == ["random"]
    np.random.rand()
    assert [*generators.news()[1]] == ["numpy"]
    assert generators.news() is None


def test_what_an_answer_drew_moves_ours_on_and_is_no_news() -> None:
    generators = Generators(7)
    generators.news()
    before = random.getstate(), np.random.get_state()[2]
    generators.move_on(["random", "numpy"])
    assert random.getstate() != before[0]
    assert np.random.get_state()[2] != before[1]
    assert generators.news() is None
