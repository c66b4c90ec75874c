"""The loss of a preference against its margin, and PPO's clipped objective against the ratio."""

import numpy as np
import torch

from gradekit.pictures import Picture, numbers


class PreferenceOptimization(Picture):
    title = "DPO's loss by margin, and the clipped loss by ratio"
    panels = 2
    betas = (0.1, 0.5, 1.0)
    margins = np.linspace(-20, 20, 41)
    ratios = np.linspace(0.4, 1.8, 57)
    advantages = (1.0, -1.0)

    def collect(self, answer):
        zero = torch.zeros(1)
        dpo = [
            [
                float(numbers("dpo_loss(...)", answer.dpo_loss(
                    torch.tensor([float(margin)]), zero, zero, zero, beta), ()))
                for margin in self.margins
            ]
            for beta in self.betas
        ]
        mask = torch.ones((1, 1), dtype=torch.bool)
        clipped = [
            [
                float(numbers("clipped_policy_loss(...)", answer.clipped_policy_loss(
                    torch.tensor([[float(np.log(ratio))]]), torch.zeros((1, 1)),
                    torch.tensor([advantage]), mask), ()))
                for ratio in self.ratios
            ]
            for advantage in self.advantages
        ]
        return dpo, clipped

    def draw(self, axes, values):
        dpo, clipped = values
        for beta, curve in zip(self.betas, dpo, strict=True):
            axes[0].plot(self.margins, curve, label=f"beta {beta:g}")
        axes[0].set(xlabel="policy's margin less the reference's", ylabel="loss")
        axes[0].legend()
        for advantage, curve in zip(self.advantages, clipped, strict=True):
            axes[1].plot(self.ratios, curve, label=f"advantage {advantage:+g}")
        axes[1].axvspan(0.8, 1.2, alpha=0.15)
        axes[1].set(xlabel="ratio of new to old probability", ylabel="loss")
        axes[1].legend()
