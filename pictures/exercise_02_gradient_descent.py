"""The picture of gradient descent: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import Picture, numbers


class GradientDescent(Picture):
    title = "The loss on the way down: full batch, single samples, minibatches"
    samples, epochs = 40, 12

    def collect(self, answer):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(self.samples, 2))
        y = X @ np.array([2.0, -1.0]) + 0.3 * rng.normal(size=self.samples)
        make = np.random.default_rng
        paths = {
            "full batch": (answer.batch_gradient_descent(X, y, 0.1, self.epochs), self.samples),
            "single samples": (
                answer.stochastic_gradient_descent(X, y, 0.03, self.epochs, make(1)),
                1,
            ),
            "batches of 8": (
                answer.minibatch_gradient_descent(X, y, 0.08, self.epochs, 8, make(1)),
                8,
            ),
        }
        losses = {}
        for name, (path, step) in paths.items():
            path = numbers(f"the path ({name})", path, (-1, 2))
            loss = ((path @ X.T - y) ** 2).mean(axis=1)
            losses[name] = np.arange(len(loss)) * step / self.samples, loss
        return losses

    def draw(self, axes, values):
        for name, (epochs, loss) in values.items():
            axes[0].semilogy(epochs, loss, label=name)
        axes[0].set(xlabel="epochs", ylabel="loss", ylim=(0.03, 20))
        axes[0].legend()
