# wrong: RunningMoments: subtracts the squared mean from the mean square
import numpy as np


class RunningMoments:
    def __init__(self):
        self.count = self.total = self.squares = 0

    def update(self, batch):
        batch = np.asarray(batch, dtype=float)
        self.count += len(batch)
        self.total = self.total + batch.sum(axis=0)
        self.squares = self.squares + (batch**2).sum(axis=0)

    @property
    def mean(self):
        if not self.count:
            raise ValueError
        return self.total / self.count

    @property
    def variance(self):
        return self.squares / self.count - self.mean**2 if self.count else self.mean
