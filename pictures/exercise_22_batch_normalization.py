"""Batch normalisation: a column before and after, and the running values on their way."""

import numpy as np

from gradekit.pictures import Picture, numbers


class BatchNormalization(Picture):
    title = "Two columns normalised, and the running values on their way to the truth"
    panels = 2
    steps = 60

    def collect(self, answer):
        rng = np.random.default_rng(0)
        one, zero = np.ones(2), np.zeros(2)
        mean, var, path = zero, one, []
        for _ in range(self.steps):
            x = rng.normal([3.0, -1.0], [2.0, 0.5], (16, 2))
            out, mean, var = answer.batch_norm_forward(x, one, zero, mean, var, True)
            mean, var = numbers("running_mean", mean, (2,)), numbers("running_var", var, (2,))
            path.append([*mean, *var])
        return x, numbers("out", out, (16, 2)), np.array(path)

    def draw(self, axes, values):
        x, out, path = values
        axes[0].scatter(x[:, 0], x[:, 1], label="x, one batch", color="grey")
        axes[0].scatter(out[:, 0], out[:, 1], label="out", color="tab:blue")
        axes[0].set(xlabel="column 0", ylabel="column 1")
        axes[0].legend()
        lines = ("mean 0", 3.0), ("mean 1", -1.0), ("variance 0", 4.0), ("variance 1", 0.25)
        for number, (label, truth) in enumerate(lines):
            axes[1].plot(path[:, number], label=label, color=f"C{number}")
            axes[1].axhline(truth, color=f"C{number}", lw=0.5, ls="--")
        axes[1].set(xlabel="training steps", ylabel="running values")
        axes[1].legend(loc="upper right")
