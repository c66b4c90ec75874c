"""What smoothing asks of a model's confidence, and what perplexity makes of a mean loss."""

import numpy as np
import torch

from gradekit.pictures import Picture, numbers


class LanguageModelLoss(Picture):
    title = "Loss against the target's logit, with and without smoothing; perplexity"
    panels = 2
    smoothings = (0.0, 0.1, 0.3)
    logits = np.linspace(-2, 10, 49)
    losses = np.linspace(0, 4, 17)

    def collect(self, answer):
        targets = torch.zeros(1, dtype=torch.int64)
        curves = []
        for smoothing in self.smoothings:
            curve = []
            for logit in self.logits:
                row = torch.tensor([[float(logit), 0.0, 0.0, 0.0]])
                loss = answer.label_smoothed_loss(row, targets, smoothing)
                curve.append(float(numbers("label_smoothed_loss(...)", loss, ())))
            curves.append(curve)
        perplexities = [
            float(numbers("perplexity(...)", answer.perplexity([float(loss)], [10]), ()))
            for loss in self.losses
        ]
        return curves, perplexities

    def draw(self, axes, values):
        curves, perplexities = values
        for smoothing, curve in zip(self.smoothings, curves, strict=True):
            axes[0].plot(self.logits, curve, label=f"smoothing {smoothing:g}")
            best = int(np.nanargmin(curve)) if np.isfinite(curve).any() else 0
            axes[0].plot(self.logits[best], curve[best], "o", color="black", markersize=4)
        axes[0].set(xlabel="logit of the target, the others at 0", ylabel="loss")
        axes[0].legend()
        axes[1].plot(self.losses, perplexities, marker="o")
        axes[1].set(xlabel="mean loss a token, in nats", ylabel="perplexity")
