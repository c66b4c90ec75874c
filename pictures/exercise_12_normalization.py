"""The picture of normalization: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import Picture, numbers


class Normalization(Picture):
    title = "Two columns of different size: min-max scaled, and standardised"
    panels = 2

    def collect(self, answer):
        rng = np.random.default_rng(0)
        data = rng.normal([170.0, 2.0], [10.0, 0.5], (80, 2))
        data[:4, 0] += 60
        return (
            numbers("normalize_dataset(...)", answer.normalize_dataset(data), (80, 2)),
            numbers("standardize(...)", answer.standardize(data), (80, 2)),
        )

    def draw(self, axes, values):
        for panel, scaled, name in zip(axes, values, ("min-max", "standardised"), strict=True):
            panel.scatter(scaled[:, 0], scaled[:, 1], s=12)
            panel.set(ylabel=name)
            panel.axhline(0, color="grey", lw=0.5)
            panel.axvline(0, color="grey", lw=0.5)
