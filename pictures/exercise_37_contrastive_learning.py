"""The loss of a pair as it comes together, by temperature; and a batch with its hardest pairs."""

import math

import numpy as np
import torch

from gradekit.pictures import Picture, numbers


class ContrastiveLearning(Picture):
    title = "InfoNCE while a query turns to its key, and where the triplet loss pulls"
    panels = 2
    temperatures = (1.0, 0.5, 0.1)
    angles = np.linspace(0, np.pi, 37)

    def collect(self, answer):
        keys = torch.tensor([[1.0, 0.0], [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]])
        curves = []
        for temperature in self.temperatures:
            losses = []
            for angle in self.angles:
                turned = torch.tensor([[math.cos(angle), math.sin(angle)]]).float()
                loss = answer.info_nce(torch.cat([turned, keys[1:]]), keys, temperature)
                losses.append(float(numbers("info_nce(...)", loss, ())))
            curves.append(losses)
        rng = np.random.default_rng(3)
        labels = np.repeat([0, 1, 2], 4)
        centres = np.array([[0.0, 0.0], [2.2, 0.3], [0.9, 1.9]])[labels]
        points = torch.tensor(centres + rng.normal(0.0, 0.45, (12, 2))).float()
        points.requires_grad_()
        loss = answer.hard_triplet_loss(points, torch.tensor(labels), 0.2)
        numbers("hard_triplet_loss(...)", loss, ())
        if isinstance(loss, torch.Tensor) and loss.requires_grad:
            loss.backward()
        pull = torch.zeros_like(points) if points.grad is None else -points.grad
        return curves, points.detach().numpy(), numbers("the gradient", pull, (12, 2)), labels

    def draw(self, axes, values):
        curves, points, pull, labels = values
        for temperature, curve in zip(self.temperatures, curves, strict=True):
            axes[0].plot(np.degrees(self.angles), curve, label=f"temperature {temperature:g}")
        axes[0].set(xlabel="angle between query and key, in degrees", ylabel="loss, three pairs")
        axes[0].legend()
        axes[1].scatter(points[:, 0], points[:, 1], c=[f"C{label}" for label in labels])
        axes[1].quiver(*points.T, *pull.T, angles="xy", scale_units="xy", scale=0.4, width=0.004)
        axes[1].set(xlabel="embedding, first number", ylabel="second number")
