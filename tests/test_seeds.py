"""The random generators that imported checks and answers seem to share."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from gradekit.grading.seeds import Generators
from gradekit.sandbox import draws


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


@pytest.mark.parametrize("torch_too", [False, True])
def test_what_an_answer_drew_moves_ours_on_and_is_no_news(torch_too: bool) -> None:
    torch = pytest.importorskip("torch")
    generators = Generators(7)
    generators.news()
    other = random.Random(7), np.random.RandomState(7), torch.Generator().manual_seed(7)
    other[0].random(), other[1].normal(size=5001), torch.randn(3, generator=other[2])
    names = ["random", "numpy", "torch"][: 2 + torch_too]
    generators.move_on({n: draws.state_of(each) for n, each in zip(names, other, strict=False)})
    assert random.random() == other[0].random()
    assert np.random.normal() == other[1].normal()
    assert torch.equal(torch.rand(1), torch.rand(1, generator=other[2])) == torch_too
    generators.news()
    generators.move_on(dict.fromkeys(names, draws.state_of(random.Random(8))))
    assert generators.news() is None


@pytest.mark.parametrize(
    "make",
    [random.Random, np.random.RandomState, np.random.default_rng,
     lambda seed: np.random.Generator(np.random.MT19937(seed)),
     lambda seed: pytest.importorskip("torch").Generator().manual_seed(seed)],
)  # fmt: skip
def test_a_generator_moves_on_to_where_it_can_come(make: Callable[[int], Any]) -> None:
    """By drawing: neither back, nor to a state that somebody has made up."""
    generator = make(3)
    begun = draws.state_of(generator)
    for method in ("random", "random_sample", "normal_"):
        if hasattr(generator, method):
            getattr(generator, method)()
    if type(generator).__module__ == "torch._C":
        pytest.importorskip("torch").randn(1000, generator=generator)
    drawn = draws.state_of(generator)
    assert draws.is_ahead(begun, drawn)
    if isinstance(drawn, bytes):
        made_up = [bytes(len(drawn)), drawn[:24] + bytes(4992) + drawn[5016:], drawn[:-8], b""]
    elif isinstance(drawn[0], bytes):
        key, used, _ = drawn
        made_up = [(bytes(len(key)), used, None), (key, 999, None), (key, used, 1e300)]
        made_up += [(key[::-1], used, None), (key[:-1], used, None), (key, used, float("nan"))]
    else:
        made_up = [(2**128, 0, 0), (1, 2, 0), (True, 0, 0), (1, 0)]
        begun = draws.state_of(make(3))
    wrong = [*made_up, None, "text", 5]
    assert not any(draws.is_ahead(begun, each) for each in wrong)
    if isinstance(drawn[0], bytes):
        assert not draws.is_ahead(drawn, begun)
    draws.put(generator, begun)
    assert draws.state_of(generator) == begun
