"""What a token's features become, with and without the mean, and where the gradient goes."""

import numpy as np

from gradekit.pictures import Picture, numbers


class LayerNormalization(Picture):
    title = "One token before and after, and what is left of its gradient"
    panels = 2
    D = 24

    def collect(self, answer):
        rng = np.random.default_rng(2)
        x = rng.normal(3.0, 1.5, self.D)
        one, zero = np.ones(self.D), np.zeros(self.D)
        layer = numbers("layer_norm(...)", answer.layer_norm(x, one, zero), (self.D,))
        rms = numbers("rms_norm(...)", answer.rms_norm(x, one), (self.D,))
        # Part of it would shift the row, part would stretch it: both are taken away.
        grad_out = 0.6 + 0.4 * (x - x.mean()) + 0.3 * rng.normal(size=self.D)
        gradients = answer.layer_norm_backward(grad_out, x, one)
        grad_x = numbers("grad_x", gradients[0], (self.D,))
        return x, layer, rms, grad_out, grad_x

    def draw(self, axes, values):
        x, layer, rms, grad_out, grad_x = values
        place = np.arange(self.D)
        axes[0].axhline(0.0, color="grey", lw=0.5)
        for row, label, mark in ((x, "x", "."), (rms, "rms_norm", "s"), (layer, "layer_norm", "o")):
            label = f"{label}: mean {row.mean():.2f}"
            axes[0].plot(place, row, mark + "-", lw=0.6, ms=4, label=label)
        axes[0].set(ylabel="feature's value", ylim=(-7, 7))
        axes[0].legend(loc="lower right")
        axes[1].axhline(0.0, color="grey", lw=0.5)
        axes[1].bar(place - 0.2, grad_out, 0.4, label="grad_out")
        axes[1].bar(place + 0.2, grad_x, 0.4, label="grad_x: no shift, no stretch")
        axes[1].set(xlabel="feature", ylabel="gradient", ylim=(-2.5, 1.5))
        axes[1].legend(loc="lower right")
