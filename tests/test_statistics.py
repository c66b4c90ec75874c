"""The statistics of a class: as scipy has them, and as one counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from gradekit.statistics import Item, items, reliability, spread

POINTS = np.array([1.0, 2.0, 0.5, 3.0, 3.5])


def drawn_class(answers: int = 120) -> np.ndarray:
    """A class of several abilities, (N, K), whose last check the strong ones fail."""
    generator = np.random.default_rng(3)
    ability = generator.normal(size=(answers, 1))
    hardness = np.array([-1.0, 0.0, 0.3, 0.8, 0.0])
    luck = generator.normal(size=(answers, 5))
    passed = ability + luck > hardness
    passed[:, 4] = ability[:, 0] + luck[:, 4] < 0
    return passed


def alpha_of(scores: np.ndarray) -> float:
    """Cronbach's alpha, straight from its definition."""
    count = scores.shape[1]
    total = scores.sum(axis=1).var(ddof=1)
    return count / (count - 1) * (1 - scores.var(axis=0, ddof=1).sum() / total)


def test_items_agree_with_scipy() -> None:
    """Difficulty, discrimination and alpha without each check are those of the textbook."""
    passed = drawn_class()
    found = items(passed, POINTS, np.ones(len(passed)))
    for k, item in enumerate(found):
        rest = np.delete(passed * POINTS, k, axis=1)
        told = scipy.stats.pointbiserialr(passed[:, k], rest.sum(axis=1)).statistic
        assert item.discrimination == pytest.approx(told)
        assert item.difficulty == pytest.approx(passed[:, k].mean())
        assert item.alpha_without == pytest.approx(alpha_of(rest))
    assert found[4].discrimination is not None and found[4].discrimination < -0.2
    assert reliability(passed, POINTS, np.ones(len(passed))) == pytest.approx(
        alpha_of(passed * POINTS)
    )


def test_rows_with_counts_stand_for_that_many_answers() -> None:
    """Answers that fared alike may come in one row."""
    passed = drawn_class()
    rows, counts = np.unique(passed, axis=0, return_counts=True)
    assert len(rows) < len(passed)
    together, apart = items(rows, POINTS, counts), items(passed, POINTS, np.ones(len(passed)))
    for mine, theirs in zip(together, apart, strict=True):
        assert mine == pytest.approx(theirs)


def test_a_class_of_four_by_hand() -> None:
    """Three checks of a point each; who passes the first two fails the third.

        a b c   total
        1 1 0   2
        1 1 0   2
        1 0 1   2
        0 0 1   1

    Variances: a 3/16, b 1/4, c 1/4, total 3/16. Of a and the rest (1, 1, 1, 1): none. Of c and
    its rest (2, 2, 1, 0): cov = -3/8, var of the rest 11/16, so r = -3/8 / sqrt(11/64).
    Without a the rest never varies; without b totals are 1 1 2 1, alpha = 2 (1 - 7/16 / 3/16).
    """
    passed = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1], [0, 0, 1]], dtype=bool)
    a, b, c = items(passed, np.ones(3), np.ones(4))
    assert (a.difficulty, b.difficulty, c.difficulty) == (0.75, 0.5, 0.5)
    assert a.discrimination is None
    assert c.discrimination == pytest.approx(-3 / 8 / np.sqrt(11 / 64))
    assert a.alpha_without is None
    assert b.alpha_without == pytest.approx(2 * (1 - 7 / 3))
    # The two strongest elsewhere fail c, the weakest one passes it.
    assert (c.strong, c.weak) == (0.0, 1.0)


def test_what_is_not_defined_is_none() -> None:
    """Where everybody passes, or there is but one check, nothing can be correlated."""
    everybody = items(np.ones((1, 2), dtype=bool), np.ones(2), np.array([7]))
    assert everybody == [Item(1.0, None, None, None, None)] * 2
    alone = items(np.array([[True], [False]]), np.ones(1), np.array([3, 1]))
    assert alone == [Item(0.75, None, None, None, None)]
    assert reliability(np.array([[True], [False]]), np.ones(1), np.array([3, 1])) is None


def test_spread_by_hand() -> None:
    """Quartiles as most people count them; the deviation is of the class, not of a sample."""
    told = spread([1, 2, 3, 4])
    assert told is not None
    assert told[:2] == (4, 2.5)
    assert told.deviation == pytest.approx(np.sqrt(5 / 4))
    assert (told.low, told.median, told.high) == (1.75, 2.5, 3.25)
    assert spread([]) is None
