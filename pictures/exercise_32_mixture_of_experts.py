"""The load of experts, even and uneven; the loss that sees it; what a capacity drops."""

import numpy as np

from gradekit.pictures import Picture, numbers, pair


def ones(h):
    return np.ones(h.shape)


class MixtureOfExperts(Picture):
    title = "Tokens of each expert, the loss by unevenness, and what a capacity leaves"
    panels = 3
    tokens, experts, k = 120, 8, 2
    biases = (0.0, 0.4, 1.0)
    steps = np.linspace(0, 2, 21)
    capacities = range(0, 76, 5)

    def logits(self, bias):
        """The router likes each expert by `bias` more than the one after it."""
        noise = np.random.default_rng(1).normal(size=(self.tokens, self.experts))
        return noise - bias * np.arange(self.experts)

    def chosen(self, answer, bias):
        experts, _ = pair("route(...)", answer.route(self.logits(bias), self.k))
        return numbers("experts", experts, (self.tokens, self.k)).astype(int)

    def collect(self, answer):
        loads = [
            [int((self.chosen(answer, bias) == e).sum()) for e in range(self.experts)]
            for bias in self.biases
        ]
        losses = [
            numbers("load_balancing_loss(...)", answer.load_balancing_loss(
                self.logits(bias), self.chosen(answer, bias)), ())
            for bias in self.steps
        ]  # fmt: skip
        # Experts that give 1 show the weights that were kept.
        kept = [
            [numbers("moe_forward(...)", answer.moe_forward(
                np.zeros((self.tokens, 1)), self.logits(bias), [ones] * self.experts, self.k,
                capacity), (self.tokens, 1)).mean() for capacity in self.capacities]
            for bias in self.biases
        ]  # fmt: skip
        return loads, losses, kept

    def draw(self, axes, values):
        loads, losses, kept = values
        place = np.arange(self.experts)
        for number, (bias, load) in enumerate(zip(self.biases, loads, strict=True)):
            axes[0].bar(place + 0.27 * (number - 1), load, 0.25, label=f"bias {bias:g}")
        axes[0].axhline(self.tokens * self.k / self.experts, color="grey", lw=0.7, ls="--")
        axes[0].set(xlabel="expert", ylabel="tokens")
        axes[0].legend()
        axes[1].plot(self.steps, losses)
        axes[1].set(xlabel="bias of the router", ylabel="load-balancing loss")
        for bias, curve in zip(self.biases, kept, strict=True):
            axes[2].plot(list(self.capacities), curve, label=f"bias {bias:g}")
        axes[2].set(xlabel="capacity", ylabel="weight that is kept")
        axes[2].legend()
