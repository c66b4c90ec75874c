"""A stream's maximum and total, block by block, and the weights of attention in blocks."""

import numpy as np

from gradekit.pictures import Picture, numbers, pair


class OnlineSoftmax(Picture):
    title = "A stream of scores in blocks, and attention whose keys come in blocks"
    panels = 2
    count, block = 12, 8
    length, keys_at_a_time = 32, 8

    def collect(self, answer):
        rng = np.random.default_rng(4)
        rising = np.linspace(-2.0, 3.0, self.count)[:, None]
        scores = rng.normal(rising, 1.0, (self.count, self.block))
        stats = [
            pair("streaming_stats(...)", answer.streaming_stats([*scores[:seen]]))
            for seen in range(1, self.count + 1)
        ]
        place = np.arange(self.length)
        # Each query looks for the keys near half of its own place.
        Q = 150 * np.stack([np.cos(place / 20), np.sin(place / 20), place / 60], axis=1)
        K = np.stack([np.cos(place / 10), np.sin(place / 10), place / 60], axis=1)
        weights = answer.blockwise_attention(
            Q, K, np.eye(self.length), self.keys_at_a_time, True
        )
        shape = self.length, self.length
        return scores, numbers("(maximum, total)", stats, (self.count, 2)), numbers(
            "blockwise_attention(...)", weights, shape
        )

    def draw(self, axes, values):
        scores, stats, weights = values
        seen = np.arange(1, self.count + 1)
        axes[0].plot(np.repeat(seen, self.block), scores.ravel(), ".", color="grey", label="scores")
        axes[0].step(seen, stats[:, 0], where="mid", label="maximum so far")
        axes[0].plot(seen, stats[:, 1], "o-", label="sum of exp(score - maximum) so far")
        axes[0].set(xlabel="blocks seen", ylim=(-5, 20))
        axes[0].legend(loc="upper left")
        axes[1].imshow(weights, aspect="auto", cmap="Blues", interpolation="nearest", vmax=0.4)
        for edge in range(self.keys_at_a_time, self.length, self.keys_at_a_time):
            axes[1].axvline(edge - 0.5, color="tab:orange", lw=0.8)
        axes[1].set(xlabel="key (lines: where a block ends)", ylabel="query, causal")
