"""Probabilities, losses, activations and data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradekit.practice.pictures.picture import Picture, numbers, pair

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradekit.grading.proxy import SubmissionProxy


class Softmax(Picture):
    slug = "softmax"
    title = "Three temperatures, and scores around 1000"
    panels = 2
    scores = np.array([1.0, 2.0, 4.0, 3.0, 0.5])
    temperatures = (0.5, 1.0, 4.0)

    def collect(self, answer: SubmissionProxy) -> Any:
        small = [
            numbers("softmax(...)", answer.softmax(self.scores / t), (5,))
            for t in self.temperatures
        ]
        large = numbers("softmax(...)", answer.softmax(self.scores + 1000), (5,))
        return small, large

    def draw(self, axes: list[Axes], values: Any) -> None:
        small, large = values
        place = np.arange(5)
        for number, (temperature, heights) in enumerate(zip(self.temperatures, small, strict=True)):
            label = f"temperature {temperature:g}"
            axes[0].bar(place + 0.27 * (number - 1), heights, 0.25, label=label)
        axes[0].legend()
        axes[0].set(ylim=(0, 1), ylabel="probability")
        axes[1].bar(place, np.nan_to_num(large), color="tab:red")
        axes[1].set(ylim=(0, 1), ylabel="scores + 1000", xlabel="class")
        if not np.isfinite(large).all():
            axes[1].text(2, 0.5, "nan", ha="center", size=24)


class CrossEntropy(Picture):
    slug = "cross_entropy"
    title = "The loss of one prediction, from probabilities and from logits"
    panels = 2
    p = np.linspace(0, 1, 101)
    logits = np.linspace(-60, 60, 61)

    def collect(self, answer: SubmissionProxy) -> Any:
        curves = [
            [float(numbers("the loss", answer.cross_entropy_loss([y], [p]), ())) for p in self.p]
            for y in (1, 0)
        ]
        from_logits = [
            float(
                numbers(
                    "the loss",
                    answer.cross_entropy_from_logits(np.array([[z, 0.0]]), np.array([0])),
                    (),
                )
            )
            for z in self.logits
        ]
        return curves, from_logits

    def draw(self, axes: list[Axes], values: Any) -> None:
        curves, from_logits = values
        for label, curve in zip(("label 1", "label 0"), curves, strict=True):
            axes[0].plot(self.p, curve, label=label)
        axes[0].set(ylim=(0, 8), xlabel="predicted probability of class 1", ylabel="loss")
        axes[0].legend()
        axes[1].plot(self.logits, from_logits)
        axes[1].set(ylim=(-2, 62), xlabel="logit of the true class", ylabel="loss")


class Activations(Picture):
    slug = "activations"
    title = "Activations, their derivatives, and what is left of a gradient after layers"
    panels = 3
    names = ("sigmoid", "tanh", "relu")
    x = np.linspace(-5, 5, 201)
    depths = np.arange(1, 21)

    def collect(self, answer: SubmissionProxy) -> Any:
        found = {}
        for name in self.names:
            value = numbers(name, getattr(answer, name)(self.x), (201,))
            slope = numbers(f"{name}_grad", getattr(answer, f"{name}_grad")(self.x), (201,))
            deep = [
                numbers("the product", answer.gradient_through_layers(name, np.ones((d, 1))), (1,))
                for d in self.depths
            ]
            found[name] = value, slope, np.concatenate(deep)
        return found

    def draw(self, axes: list[Axes], values: Any) -> None:
        for name, (value, slope, deep) in values.items():
            axes[0].plot(self.x, value, label=name)
            axes[1].plot(self.x, slope, label=name)
            axes[2].semilogy(self.depths, np.abs(deep) + 1e-20, label=name)
        axes[0].set(ylim=(-1.2, 2), ylabel="activation")
        axes[0].legend()
        axes[1].set(ylim=(-0.1, 1.1), ylabel="derivative")
        axes[2].set(xlabel="layers", ylabel="gradient", ylim=(1e-16, 10))


class Normalization(Picture):
    slug = "normalization"
    title = "Two columns of different size: min-max scaled, and standardised"
    panels = 2

    def collect(self, answer: SubmissionProxy) -> Any:
        rng = np.random.default_rng(0)
        data = rng.normal([170.0, 2.0], [10.0, 0.5], (80, 2))
        data[:4, 0] += 60
        return (
            numbers("normalize_dataset(...)", answer.normalize_dataset(data), (80, 2)),
            numbers("standardize(...)", answer.standardize(data), (80, 2)),
        )

    def draw(self, axes: list[Axes], values: Any) -> None:
        for panel, scaled, name in zip(axes, values, ("min-max", "standardised"), strict=True):
            panel.scatter(scaled[:, 0], scaled[:, 1], s=12)
            panel.set(ylabel=name)
            panel.axhline(0, color="grey", lw=0.5)
            panel.axvline(0, color="grey", lw=0.5)


class ImbalancedData(Picture):
    slug = "imbalanced_data"
    title = "Classes before and after oversampling; precision and recall by threshold"
    panels = 2
    thresholds = np.linspace(0.05, 0.95, 19)

    def collect(self, answer: SubmissionProxy) -> Any:
        rng = np.random.default_rng(0)
        labels = (rng.random(120) < 0.15).astype(int)
        rows = rng.normal(size=(120, 2))
        _, after = pair("oversample_minority(...)", answer.oversample_minority(rows, labels, rng))
        after = numbers("y_new", after, (-1,))
        scores = np.clip(0.25 + 0.4 * labels + 0.15 * rng.normal(size=120), 0, 1)
        curves = []
        for threshold in self.thresholds:
            result = answer.precision_recall_f1(labels, (scores >= threshold).astype(int))
            curves.append(numbers("precision_recall_f1(...)", result, (3,)))
        counts = [[int((y == c).sum()) for c in (0, 1)] for y in (labels, after)]
        return counts, np.array(curves)

    def draw(self, axes: list[Axes], values: Any) -> None:
        counts, curves = values
        for shift, (label, heights) in enumerate(zip(("before", "after"), counts, strict=True)):
            axes[0].bar(np.arange(2) + 0.4 * shift - 0.2, heights, 0.38, label=label)
        axes[0].set(xticks=[0, 1], xlabel="class", ylabel="rows")
        axes[0].legend()
        for column, name in enumerate(("precision", "recall", "f1")):
            axes[1].plot(self.thresholds, curves[:, column], label=name)
        axes[1].set(ylim=(-0.05, 1.05), xlabel="threshold")
        axes[1].legend()


class Dropout(Picture):
    slug = "dropout"
    title = "Masks for p = 0.2 and p = 0.6: dark is dropped, brighter is scaled up more"
    panels = 2

    def collect(self, answer: SubmissionProxy) -> Any:
        x = np.ones((10, 30))
        found = []
        for p in (0.2, 0.6):
            result = answer.dropout_forward(x, p, True, np.random.default_rng(0))
            out, mask = pair("dropout_forward(...)", result)
            numbers("mask", mask, (10, 30))
            found.append(numbers("out", out, (10, 30)))
        return found

    def draw(self, axes: list[Axes], values: Any) -> None:
        for panel, out, p in zip(axes, values, (0.2, 0.6), strict=True):
            panel.imshow(out, cmap="magma", vmin=0, vmax=3, aspect="auto")
            panel.set(xlabel=f"p = {p}: mean {out.mean():.2f}, survivors {out.max():.2f}")
