"""Where a refused token comes from, what comes out, and how far a draft goes."""

import numpy as np

from gradekit.pictures import Picture, numbers


def first_tokens(answer, p, q, times):
    """How often each token comes first, if the draft is drawn from q."""
    rng = np.random.default_rng(0)
    counts = [0] * len(p)
    for _ in range(times):
        draft = [int(rng.choice(len(q), p=q))]
        said = answer.speculative_step(draft, np.array([p, p]), q[None], rng)
        counts[int(said[0])] += 1
    return counts


class SpeculativeDecoding(Picture):
    title = "What is left after a refusal; what is said in the end; tokens a step"
    panels = 3
    p = np.array([0.02, 0.08, 0.3, 0.25, 0.15, 0.1, 0.06, 0.04])
    q = np.array([0.05, 0.25, 0.3, 0.12, 0.06, 0.04, 0.08, 0.1])
    times = 3000
    rates = np.linspace(0, 0.999, 60)
    lengths = (1, 3, 7)

    def collect(self, answer):
        residual = answer.residual_distribution(self.p, self.q)
        rate = numbers("acceptance_rate(p, q)", answer.acceptance_rate(self.p, self.q), ())
        first = answer.probe(first_tokens, self.p, self.q, self.times)
        curves = [
            [numbers("expected_tokens(...)", answer.expected_tokens(float(rate), k), ())
             for rate in self.rates]
            for k in self.lengths
        ]  # fmt: skip
        shape = self.p.shape
        return (numbers("residual_distribution(p, q)", residual, shape), float(rate),
                numbers("the tokens said first", first, shape) / self.times, curves)  # fmt: skip

    def draw(self, axes, values):
        residual, rate, first, curves = values
        place = np.arange(len(self.p))
        bars = ("p, the target", self.p), ("q, the draft", self.q), ("residual", residual)
        for number, (label, heights) in enumerate(bars):
            axes[0].bar(place + 0.27 * (number - 1), heights, 0.25, label=label)
        axes[0].set(ylabel=f"accepted: {rate:.0%}")
        axes[0].legend()
        axes[1].bar(place, first, 0.5, color="lightgrey", label="said first, draft from q")
        axes[1].plot(place, self.p, "o", label="p")
        axes[1].set(xlabel="token")
        axes[1].legend()
        for k, curve in zip(self.lengths, curves, strict=True):
            axes[2].plot(self.rates, curve, label=f"k = {k}")
        axes[2].set(xlabel="acceptance rate", ylabel="tokens a step")
        axes[2].legend()
