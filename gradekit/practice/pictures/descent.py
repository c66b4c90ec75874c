"""Gradients, and the ways down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradekit.practice.pictures.picture import NotDrawable, Picture, numbers, pair

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradekit.grading.proxy import SubmissionProxy


class Backpropagation(Picture):
    slug = "backpropagation"
    title = "Every entry of the gradient: by backpropagation, and by differences"

    def collect(self, answer: SubmissionProxy) -> Any:
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

            def loss(moved: np.ndarray, name: str = name) -> float:
                at = {**weights, name: moved}
                hidden = np.tanh(X @ at["W1"] + at["b1"])
                return float(np.mean((hidden @ at["W2"] + at["b2"] - y) ** 2))

            by_differences = answer.numerical_gradient(loss, value)
            found[name] = (
                numbers(name, exact[name], value.shape).ravel(),
                numbers("numerical_gradient(...)", by_differences, value.shape).ravel(),
            )
        return found

    def draw(self, axes: list[Axes], values: Any) -> None:
        for name, (exact, by_differences) in values.items():
            axes[0].scatter(by_differences, exact, label=name)
        axes[0].axline((0, 0), slope=1, color="grey", lw=0.5)
        axes[0].set(xlabel="numerical_gradient", ylabel="mlp_gradients")
        axes[0].legend()


class GradientDescent(Picture):
    slug = "gradient_descent"
    title = "The loss on the way down: full batch, single samples, minibatches"
    samples, epochs = 40, 12

    def collect(self, answer: SubmissionProxy) -> Any:
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

    def draw(self, axes: list[Axes], values: Any) -> None:
        for name, (epochs, loss) in values.items():
            axes[0].semilogy(epochs, loss, label=name)
        axes[0].set(xlabel="epochs", ylabel="loss", ylim=(0.03, 20))
        axes[0].legend()


class GradientClipping(Picture):
    slug = "gradient_clipping"
    title = "Gradient norms back through time, and norms before and after clipping at 1"
    panels = 2
    steps = 30

    def collect(self, answer: SubmissionProxy) -> Any:
        rng = np.random.default_rng(0)
        W, _ = np.linalg.qr(rng.normal(size=(5, 5)))
        grad = rng.normal(size=5)
        shape = (self.steps + 1,)
        through_time = {
            scale: numbers("norms", answer.bptt_gradient_norms(scale * W, grad, self.steps), shape)
            for scale in (0.8, 1.0, 1.2)
        }
        clipped = []
        for size in np.linspace(0.1, 3, 15):
            grads = [size * part for part in (np.array([[0.6]]), np.array([0.8, 0.0]))]
            after, before = pair("clip_by_global_norm(...)", answer.clip_by_global_norm(grads, 1.0))
            parts = [numbers("clipped", part).ravel() for part in after]
            norm = float(numbers("norm", before, ()))
            clipped.append((norm, float(np.linalg.norm(np.concatenate(parts)))))
        return through_time, np.array(clipped)

    def draw(self, axes: list[Axes], values: Any) -> None:
        through_time, clipped = values
        for scale, norms in through_time.items():
            axes[0].semilogy(norms, label=f"largest singular value {scale}")
        axes[0].set(xlabel="steps back", ylabel="gradient norm")
        axes[0].legend()
        axes[1].plot(clipped[:, 0], clipped[:, 1], "o-")
        axes[1].set(xlabel="norm before", ylabel="norm after", ylim=(0, 3), xlim=(0, 3.1))


class Adam(Picture):
    slug = "adam"
    title = "Adam in a narrow valley, from (-2, 1.5)"
    steepness = np.array([1.0, 25.0])

    def collect(self, answer: SubmissionProxy) -> Any:
        steepness = self.steepness

        def gradient(x: np.ndarray) -> np.ndarray:
            return np.asarray(steepness * x)

        path = answer.adam_minimize(gradient, np.array([-2.0, 1.5]), 150, 0.1)
        return numbers("adam_minimize(...)", path, (151, 2))

    def draw(self, axes: list[Axes], values: Any) -> None:
        x, y = np.meshgrid(np.linspace(-2.5, 1.5, 80), np.linspace(-2, 2, 80))
        height = 0.5 * (self.steepness[0] * x**2 + self.steepness[1] * y**2)
        axes[0].contour(x, y, height, levels=np.geomspace(0.1, 60, 10), cmap="Greys", alpha=0.6)
        axes[0].plot(values[:, 0], values[:, 1], ".-", lw=1)
        axes[0].set(xlim=(-2.5, 1.5), ylim=(-2, 2))
