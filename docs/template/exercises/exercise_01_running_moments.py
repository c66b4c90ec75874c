"""Exercise 01: Mean and variance of data that arrive in batches (a class).

Before training one standardises the features, and the data do not fit into memory. So an object
takes one batch after the other, forgets it, and can be asked at any time. Interviewers then ask:
how do the objects of ten machines become one?

`readings.csv` lies beside this file: three thermometers, a line a minute.
"""

import numpy as np
from numpy.typing import ArrayLike


class RunningMoments:
    """Mean and variance of each column over the rows of all batches so far.

    Example:
        >>> rows = np.loadtxt("readings.csv", delimiter=",", skiprows=1)
        >>> moments = RunningMoments()
        >>> moments.update(rows[:7])
        >>> moments.update(rows[7:])
        >>> moments.mean.round(2).tolist()
        [20.0, 1205.64, -4.59]
        >>> moments.variance.round(2).tolist()
        [0.34, 2171.8, 41.98]

    Source: Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing
    sample variances, 1979.
    """

    def __init__(self) -> None:
        # TODO: Replace the line below, and those of the others.
        raise NotImplementedError("exercise_01: `RunningMoments` is still a stub")

    def update(self, batch: ArrayLike) -> None:
        """Take in a batch `(n, D)` of at least one row; n may differ, D stays.

        It may be a list, and hold integers of any size or float32; it stays as it was.
        """
        raise NotImplementedError("exercise_01: `RunningMoments` is still a stub")

    @property
    def mean(self) -> np.ndarray:
        """The mean of each column, float64 `(D,)`.

        Raises:
            ValueError: there was no batch yet; the variance raises it, too.
        """
        raise NotImplementedError("exercise_01: `RunningMoments` is still a stub")

    @property
    def variance(self) -> np.ndarray:
        """The variance of each column, float64 `(D,)`, which divides by the number of rows.

        It is right also where the mean is a million times the spread.
        """
        raise NotImplementedError("exercise_01: `RunningMoments` is still a stub")
