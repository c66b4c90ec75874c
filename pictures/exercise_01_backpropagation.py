"""The picture of backpropagation: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import NotDrawable, Picture, numbers


class Backpropagation(Picture):
    title = "Every entry of the gradient: by backpropagation, and by differences"

    def collect(self, answer):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
        weights = {
            "W1": rng.normal(size=(3, 4)),
            "b1": rng.normal(size=4),
            "W2": rng.normal(size=(4, 2)),
            "b2": rng.normal(size=2),
        }
        exact = answer.mlp_gradients(X, y, *weights.values())
        if not isinstance(exact, dict) or set(exact) != set(weights):
            raise NotDrawable("mlp_gradients should return a dict of W1, b1, W2 and b2")
        found = {}
        for name, value in weights.items():

            def loss(moved, name=name):
                at = {**weights, name: moved}
                hidden = np.tanh(X @ at["W1"] + at["b1"])
                return float(np.mean((hidden @ at["W2"] + at["b2"] - y) ** 2))

            by_differences = answer.numerical_gradient(loss, value)
            found[name] = (
                numbers(name, exact[name], value.shape).ravel(),
                numbers("numerical_gradient(...)", by_differences, value.shape).ravel(),
            )
        return found

    def draw(self, axes, values):
        for name, (exact, by_differences) in values.items():
            axes[0].scatter(by_differences, exact, label=name)
        axes[0].axline((0, 0), slope=1, color="grey", lw=0.5)
        axes[0].set(xlabel="numerical_gradient", ylabel="mlp_gradients")
        axes[0].legend()
