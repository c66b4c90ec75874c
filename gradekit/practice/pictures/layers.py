"""Convolution and attention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradekit.practice.pictures.picture import Picture, numbers, pair

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradekit.grading.proxy import SubmissionProxy


class Convolution(Picture):
    slug = "convolution"
    title = "Feature maps of a house: vertical edges, horizontal edges, and pooled"
    panels = 3

    def collect(self, answer: SubmissionProxy) -> Any:
        house = np.zeros((20, 26))
        house[9:19, 6:20] = 1
        for row in range(7):
            house[2 + row, 12 - row : 14 + row] = 1
        house[13:19, 9:12] = 0
        edges = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
        kernels = np.stack([edges, edges.T])[:, None]
        maps = answer.conv2d(house[None, None], kernels, np.zeros(2), 1, 1)
        maps = numbers("conv2d(...)", maps, (1, 2, 20, 26))
        pooled = answer.max_pool2d(np.abs(maps).sum(axis=1, keepdims=True), 2)
        return maps[0, 0], maps[0, 1], numbers("max_pool2d(...)", pooled, (1, 1, 10, 13))[0, 0]

    def draw(self, axes: list[Axes], values: Any) -> None:
        names = ("vertical edges", "horizontal edges", "both, pooled")
        for panel, image, name in zip(axes, values, names, strict=True):
            panel.imshow(image, cmap="RdBu" if "edges" in name else "magma")
            panel.set(xlabel=name, xticks=[], yticks=[])


class Attention(Picture):
    slug = "attention"
    title = "Attention weights: which key (column) each query (row) looks at"
    panels = 2

    def collect(self, answer: SubmissionProxy) -> Any:
        rng = np.random.default_rng(3)
        Q, K, V = (rng.normal(size=(8, 16)) for _ in range(3))
        K = K + Q  # so that a query prefers its own key
        found = []
        for mask in (None, np.tril(np.ones((8, 8), dtype=bool))):
            result = answer.scaled_dot_product_attention(Q, K, V, mask)
            _, weights = pair("scaled_dot_product_attention(...)", result)
            found.append(numbers("weights", weights, (8, 8)))
        return found

    def draw(self, axes: list[Axes], values: Any) -> None:
        for panel, weights, name in zip(axes, values, ("no mask", "causal mask"), strict=True):
            panel.imshow(weights, cmap="viridis", vmin=0, vmax=1)
            panel.set(xlabel=f"{name}; rows sum to {weights.sum(axis=1).mean():.2f}")
