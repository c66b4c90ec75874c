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
        mask = numbers("causal_mask(8)", answer.causal_mask(8), (8, 8)) > 0  # the answer's own
        for views in (None, mask):
            result = answer.scaled_dot_product_attention(Q, K, V, views)
            _, weights = pair("scaled_dot_product_attention(...)", result)
            found.append(numbers("weights", weights, (8, 8)))
        return found

    def draw(self, axes, values):
        names = "no mask", "causal_mask(8)"
        for panel, weights, name in zip(axes, values, names, strict=True):
            panel.imshow(weights, cmap="viridis", vmin=0, vmax=1)
            panel.set(xlabel=f"{name}; rows sum to {weights.sum(axis=1).mean():.2f}")
