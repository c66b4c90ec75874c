"""What a class's points say of the class, and of the checks that gave them.

Classical item analysis: how hard a check is, whether those who are good at the rest of the
exercise pass it (the corrected point-biserial correlation), and how well the checks measure one
thing (Cronbach's alpha). Answers that fared alike come in one row with how many they are, so that
the work grows with the ways to fail and not with the class. See Crocker and Algina, Introduction
to Classical and Modern Test Theory, chapters 7 and 14.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

# In the functions that need it: of a class of a few answers there is nothing to be said by them,
# and to import it takes longer than all pages of such a class.
if TYPE_CHECKING:
    import numpy as np

GROUP = 0.27  # of a class: Kelley's share for its strongest and its weakest
SOME = 5  # answers below which correlations say nothing


class Spread(NamedTuple):
    """Where numbers lie: how many, their mean, standard deviation, and quartiles."""

    number: int
    mean: float
    deviation: float
    low: float
    median: float
    high: float


class Item(NamedTuple):
    """One check of an exercise, as a class fared at it.

    Attributes:
        difficulty: The share that passes it.
        discrimination: The correlation of passing it with the points of all the others, -1 to 1;
            None where all pass it, all fail it, or the others tell nobody apart.
        alpha_without: Cronbach's alpha of the others; None where it is not defined.
        strong, weak: The share that passes it among those with the most, and with the fewest,
            points in the others; None where all have equally many.
    """

    difficulty: float
    discrimination: float | None
    alpha_without: float | None
    strong: float | None
    weak: float | None


def spread(values: Sequence[float]) -> Spread | None:
    """Mean, standard deviation (of the class itself, so n below the line) and quartiles."""
    if not values:
        return None
    two = values if len(values) > 1 else [*values, *values]  # which `quantiles` takes at least
    quartiles = statistics.quantiles(two, method="inclusive")
    mean, deviation = statistics.fmean(values), statistics.pstdev(values)
    return Spread(len(values), mean, float(deviation), *map(float, quartiles))


def alpha(covariance: np.ndarray) -> float | None:
    """Cronbach's alpha from the covariances of K items, (K, K); None where it is not defined."""
    count, total = len(covariance), float(covariance.sum())
    if count < 2 or total <= 1e-12:
        return None
    return count / (count - 1) * (1 - float(covariance.trace()) / total)


def items(passed: np.ndarray, points: np.ndarray, counts: np.ndarray) -> list[Item]:
    """What a class says of each of its K checks.

    Args:
        passed: Bool, (R, K): in each row one way to fare.
        points: (K,), of each check.
        counts: (R,), how many answers fared so.
    """
    import numpy as np

    earned = passed * points
    centred = earned - np.average(earned, axis=0, weights=counts)
    covariance = (centred * counts[:, None]).T @ centred / counts.sum()
    return [
        Item(
            float(np.average(passed[:, k], weights=counts)),
            _discrimination(covariance, k),
            alpha(np.delete(np.delete(covariance, k, 0), k, 1)),
            *_by_strength(passed[:, k], earned.sum(axis=1) - earned[:, k], counts),
        )
        for k in range(passed.shape[1])
    ]


def reliability(passed: np.ndarray, points: np.ndarray, counts: np.ndarray) -> float | None:
    """Cronbach's alpha of all checks; the arguments are those of `items`."""
    import numpy as np

    return alpha(np.cov((passed * points).T, fweights=counts, ddof=0).reshape(len(points), -1))


def _discrimination(covariance: np.ndarray, k: int) -> float | None:
    """The correlation of item `k` with the sum of the others."""
    own = covariance[k, k]
    with_total = covariance[k].sum()
    rest = covariance.sum() - 2 * with_total + own
    if own <= 1e-12 or rest <= 1e-12:
        return None
    return float((with_total - own) / sqrt(own * rest))


def _by_strength(
    passed: np.ndarray, rest: np.ndarray, counts: np.ndarray
) -> tuple[float | None, float | None]:
    """The shares that pass among the strongest and the weakest in the other checks.

    Whoever has as many points as the last one of a group belongs to it as well.
    """
    import numpy as np

    order = np.argsort(rest, kind="stable")
    ranks = np.cumsum(counts[order])
    size = GROUP * ranks[-1]
    low = rest[order[np.searchsorted(ranks, size)]]
    high = rest[order[np.searchsorted(ranks, ranks[-1] - size, side="right")]]
    strong = rest >= high
    weak = rest <= low if low < high else ~strong  # most have equally many: all who have fewer
    if strong.all():
        return None, None
    return (
        float(np.average(passed[strong], weights=counts[strong])),
        float(np.average(passed[weak], weights=counts[weak])),
    )
