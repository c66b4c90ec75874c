import numpy as np


class RunningMoments:
    count = 0

    def update(self, batch):
        for row in np.asarray(batch, dtype=np.float64):
            if not self.count:
                self._mean = self._squares = 0.0
            self.count += 1
            step = row - self._mean
            self._mean = self._mean + step / self.count
            self._squares = self._squares + step * (row - self._mean)

    @property
    def mean(self):
        return self._asked()._mean

    @property
    def variance(self):
        return self._asked()._squares / self.count

    def _asked(self):
        if self.count == 0:
            raise ValueError
        return self
