"""The picture of dropout: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import Picture, numbers, pair


class Dropout(Picture):
    title = "Masks for p = 0.2 and p = 0.6: dark is dropped, brighter is scaled up more"
    panels = 2

    def collect(self, answer):
        x = np.ones((10, 30))
        found = []
        for p in (0.2, 0.6):
            result = answer.dropout_forward(x, p, True, np.random.default_rng(0))
            out, mask = pair("dropout_forward(...)", result)
            numbers("mask", mask, (10, 30))
            found.append(numbers("out", out, (10, 30)))
        return found

    def draw(self, axes, values):
        for panel, out, p in zip(axes, values, (0.2, 0.6), strict=True):
            panel.imshow(out, cmap="magma", vmin=0, vmax=3, aspect="auto")
            panel.set(xlabel=f"p = {p}: mean {out.mean():.2f}, survivors {out.max():.2f}")
