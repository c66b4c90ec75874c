"""The picture of imbalanced data: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import Picture, numbers, pair


class ImbalancedData(Picture):
    title = "Classes before and after oversampling; precision and recall by threshold"
    panels = 2
    thresholds = np.linspace(0.05, 0.95, 19)

    def collect(self, answer):
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

    def draw(self, axes, values):
        counts, curves = values
        for shift, (label, heights) in enumerate(zip(("before", "after"), counts, strict=True)):
            axes[0].bar(np.arange(2) + 0.4 * shift - 0.2, heights, 0.38, label=label)
        axes[0].set(xticks=[0, 1], xlabel="class", ylabel="rows")
        axes[0].legend()
        for column, name in enumerate(("precision", "recall", "f1")):
            axes[1].plot(self.thresholds, curves[:, column], label=name)
        axes[1].set(ylim=(-0.05, 1.05), xlabel="threshold")
        axes[1].legend()
