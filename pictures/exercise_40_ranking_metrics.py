"""Two measures against the share of positives, and pass@k against what replacement would say."""

import numpy as np

from gradekit.pictures import Picture, numbers


class RankingMetrics(Picture):
    title = "Rare positives: the same AUC, another precision; and pass@k of 20 samples"
    panels = 2
    negatives = (100, 300, 1000, 3000, 10000)
    correct = (1, 3, 10)
    samples = 20

    def collect(self, answer):
        rng = np.random.default_rng(0)
        positive = rng.normal(2.0, 1.0, 100)
        measured = []
        for count in self.negatives:
            scores = np.concatenate([positive, rng.normal(0.0, 1.0, count)])
            y = np.repeat([1, 0], [100, count])
            measured.append([
                float(numbers("roc_auc(...)", answer.roc_auc(y, scores), ())),
                float(numbers("average_precision(...)", answer.average_precision(y, scores), ())),
            ])
        passed = [
            [
                float(numbers("pass_at_k(...)", answer.pass_at_k(self.samples, c, k), ()))
                for k in range(1, self.samples + 1)
            ]
            for c in self.correct
        ]
        return np.array(measured), passed

    def draw(self, axes, values):
        measured, passed = values
        share = 100 / (100 + np.array(self.negatives))
        axes[0].plot(share, measured[:, 0], marker="o", label="roc_auc")
        axes[0].plot(share, measured[:, 1], marker="o", label="average precision")
        axes[0].plot(share, share, ls="--", color="grey", label="average precision of chance")
        axes[0].set(xlabel="share of positives", ylabel="measure", xscale="log", ylim=(0, 1.05))
        axes[0].legend()
        k = np.arange(1, self.samples + 1)
        for number, (c, curve) in enumerate(zip(self.correct, passed, strict=True)):
            axes[1].plot(k, curve, color=f"C{number}", label=f"{c} of {self.samples} correct")
            replaced = 1 - (1 - c / self.samples) ** k
            axes[1].plot(k, replaced, color=f"C{number}", ls="--", lw=0.7)
        axes[1].set(xlabel="k (dashed: drawn with replacement)", ylabel="pass@k")
        axes[1].legend()
