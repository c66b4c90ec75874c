# wrong: RunningMoments: divides by the number of rows minus one
import numpy as np


class RunningMoments:
    def __init__(self):
        self.rows = []

    def update(self, batch):
        self.rows += list(np.array(batch, dtype=float))

    @property
    def mean(self):
        if not self.rows:
            raise ValueError
        return np.mean(self.rows, axis=0)

    @property
    def variance(self):
        if not self.rows:
            raise ValueError
        return ((self.rows - self.mean) ** 2).sum(axis=0) / max(len(self.rows) - 1, 1)
