"""The picture of cross entropy: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import Picture, numbers


class CrossEntropy(Picture):
    title = "The loss of one prediction, from probabilities and from logits"
    panels = 2
    p = np.linspace(0, 1, 101)
    logits = np.linspace(-60, 60, 61)

    def collect(self, answer):
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

    def draw(self, axes, values):
        curves, from_logits = values
        for label, curve in zip(("label 1", "label 0"), curves, strict=True):
            axes[0].plot(self.p, curve, label=label)
        axes[0].set(ylim=(0, 8), xlabel="predicted probability of class 1", ylabel="loss")
        axes[0].legend()
        axes[1].plot(self.logits, from_logits)
        axes[1].set(ylim=(-2, 62), xlabel="logit of the true class", ylabel="loss")
