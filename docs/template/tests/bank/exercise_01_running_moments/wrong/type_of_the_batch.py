# wrong: RunningMoments: computes in the type of the batch, so float32 stays float32
import numpy as np


class RunningMoments:
    def __init__(self):
        self.rows = []

    def update(self, batch):
        self.rows.append(np.array(batch))

    @property
    def mean(self):
        if not self.rows:
            raise ValueError
        rows = np.vstack(self.rows)
        return rows.sum(axis=0, dtype=rows.dtype) / len(rows)

    @property
    def variance(self):
        rows = np.vstack(self.rows) if self.rows else self.mean
        distances = rows - self.mean.astype(rows.dtype)
        return (distances**2).sum(axis=0) / len(rows)
