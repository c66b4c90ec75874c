"""I keep three things: how many rows I have seen, their mean, and the sum of their squared
distances from that mean. A batch has the same three, and the two merge exactly: the mean moves
towards the batch's by its share of the rows, and the squares add up, plus what the distance of
the two means contributes. One pass, and memory for one batch.

I do not take the mean of the squares minus the square of the mean. On paper it is the same; in
floating point it subtracts two numbers that agree in all the digits that matter as soon as the
mean is large against the spread, and can even come out negative.

Follow-ups: merging is associative, so machines can each take a part. Batch normalisation keeps a
decaying average instead, which forgets, and is not this.
"""

import numpy as np
from numpy.typing import ArrayLike


class RunningMoments:
    """Mean and variance of each column over the rows of all batches so far."""

    def __init__(self) -> None:
        self._count, self._mean, self._squares = 0, np.zeros(1), np.zeros(1)

    def update(self, batch: ArrayLike) -> None:
        """Take in a batch `(n, D)`."""
        # float64 before any sum: 200 + 100 is 44 in uint8.
        batch = np.asarray(batch, dtype=np.float64)
        share = len(batch) / (self._count + len(batch))
        batch_mean = batch.mean(axis=0)  # (D,)
        apart = batch_mean - self._mean
        self._squares = self._squares + ((batch - batch_mean) ** 2).sum(axis=0)
        # What both parts' rows are further from the common mean than from their own.
        self._squares = self._squares + apart**2 * self._count * share
        self._mean = self._mean + apart * share
        self._count += len(batch)

    @property
    def mean(self) -> np.ndarray:
        """The mean of each column."""
        if not self._count:
            raise ValueError("there is no mean of nothing")
        return self._mean

    @property
    def variance(self) -> np.ndarray:
        """The variance of each column."""
        if not self._count:
            raise ValueError("there is no variance of nothing")
        return self._squares / self._count
