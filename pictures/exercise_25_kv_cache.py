"""Which keys the last queries see, what a cache saves, and what it weighs."""

import numpy as np

from gradekit.pictures import Picture, numbers


def filled(answer, lengths):
    """How many positions a cache holds after each of these pieces."""
    cache, held = answer.KVCache(), []
    for length in lengths:
        cache.append(np.zeros((1, 1, length, 1)), np.zeros((1, 1, length, 1)))
        held.append(len(cache))
    return held


class KeyValueCache(Picture):
    title = "The last 4 of 12 positions; keys computed with and without a cache; its size"
    panels = 3
    positions, queries = 12, 4
    steps = 40
    groups = (32, 8, 1)
    lengths = np.arange(0, 32769, 4096)

    def collect(self, answer):
        rng = np.random.default_rng(3)
        Q, K = rng.normal(0, 1.5, (2, 1, 1, self.positions, self.positions))
        # Values that are unit vectors show the weights themselves.
        V = np.eye(self.positions)[None, None]
        weights = answer.grouped_query_attention(Q[..., -self.queries :, :], K, V)
        shape = (1, 1, self.queries, self.positions)
        held = numbers("len(cache)", answer.probe(filled, [8] + [1] * self.steps), (-1,))
        sizes = [
            [numbers("cache_bytes(...)", answer.cache_bytes(32, G, 128, int(length)), ())
             for length in self.lengths]
            for G in self.groups
        ]  # fmt: skip
        return numbers("grouped_query_attention(...)", weights, shape)[0, 0], held, sizes

    def draw(self, axes, values):
        weights, held, sizes = values
        axes[0].imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        first = self.positions - self.queries
        axes[0].set_yticks(range(self.queries), [f"query {first + i}" for i in range(self.queries)])
        axes[0].set(xlabel="key")
        axes[1].plot(np.cumsum(held), label="computed anew at each step")
        axes[1].plot(held, label="with the cache")
        axes[1].set(xlabel="tokens written after a prompt of 8", ylabel="keys computed")
        axes[1].legend()
        for G, curve in zip(self.groups, sizes, strict=True):
            label = f"32 heads, groups: {G}"
            axes[2].plot(self.lengths, np.array(curve) / 2**30, label=label)
        axes[2].set(xlabel="positions", ylabel="GiB, 32 layers of 32 heads")
        axes[2].legend()
