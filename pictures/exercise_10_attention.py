"""The picture of attention: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import Picture, numbers, pair


class Attention(Picture):
    title = "Attention weights: which key (column) each query (row) looks at"
    panels = 2

    def collect(self, answer):
        rng = np.random.default_rng(3)
        Q, K, V = (rng.normal(size=(8, 16)) for _ in range(3))
        K = K + Q  # so that a query prefers its own key
        found = []
        for mask in (None, np.tril(np.ones((8, 8), dtype=bool))):
            result = answer.scaled_dot_product_attention(Q, K, V, mask)
            _, weights = pair("scaled_dot_product_attention(...)", result)
            found.append(numbers("weights", weights, (8, 8)))
        return found

    def draw(self, axes, values):
        for panel, weights, name in zip(axes, values, ("no mask", "causal mask"), strict=True):
            panel.imshow(weights, cmap="viridis", vmin=0, vmax=1)
            panel.set(xlabel=f"{name}; rows sum to {weights.sum(axis=1).mean():.2f}")
