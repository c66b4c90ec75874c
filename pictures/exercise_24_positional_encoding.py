"""Waves, the scores that turning leaves to a distance, and what distance costs each head."""

import numpy as np

from gradekit.pictures import Picture, numbers


class PositionalEncoding(Picture):
    title = "Waves, scores that know the distance, and what distance costs"
    panels = 3
    length, d_model, D = 64, 32, 32
    bases = (100.0, 10000.0)
    query = 100

    def collect(self, answer):
        waves = answer.sinusoidal_encoding(self.length, self.d_model)
        places = np.arange(2 * self.query + 1)
        row = np.ones((1, self.D))
        scores = []
        for base in self.bases:
            keys = answer.apply_rope(np.ones((len(places), self.D)), places, base)
            query = answer.apply_rope(row, np.array([self.query]), base)
            keys = numbers("apply_rope(...)", keys, (len(places), self.D))
            scores.append(keys @ numbers("apply_rope(...)", query, (1, self.D))[0] / self.D)
        bias = numbers("alibi_bias(...)", answer.alibi_bias(4, 33), (4, 33, 33))
        shape = self.length, self.d_model
        return numbers("sinusoidal_encoding(...)", waves, shape), scores, bias

    def draw(self, axes, values):
        waves, scores, bias = values
        axes[0].imshow(waves.T, aspect="auto", cmap="RdBu", interpolation="nearest")
        axes[0].set(xlabel="position", ylabel="column of the encoding")
        places = np.arange(2 * self.query + 1) - self.query
        for base, score in zip(self.bases, scores, strict=True):
            axes[1].plot(places, score, label=f"base {base:g}")
        axes[1].set(xlabel="position of the key less that of the query", ylabel="score by RoPE")
        axes[1].legend()
        for head, row in enumerate(bias[:, 24]):
            axes[2].plot(np.where(np.isfinite(row), row, np.nan), label=f"head {head}")
        axes[2].axvspan(24.5, 32.5, alpha=0.15)
        axes[2].set(xlabel="key (shaded: after the query, 24)", ylabel="bias by ALiBi")
        axes[2].legend(loc="lower right")
