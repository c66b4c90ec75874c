"""The picture of autoencoder: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import Picture, fields, numbers


def train_autoencoder(answer):
    """Losses on points of a line, and errors of points on it and off it."""
    import torch

    torch.manual_seed(0)
    along = torch.rand(120, 1)
    usual = torch.cat([along, 1 - along, 0.5 * along + 0.25], dim=1)
    unusual = torch.rand(40, 3)
    model = answer.build_autoencoder(3, 1)
    losses = answer.train_autoencoder(model, usual, 300)
    errors = [answer.reconstruction_error(model, x) for x in (usual, unusual)]
    return {"losses": losses, "usual": errors[0], "unusual": errors[1]}


class Autoencoder(Picture):
    title = "The loss while it learns a line, and errors on the line and off it"
    panels = 2

    def collect(self, answer):
        result = answer.probe(train_autoencoder)
        losses, usual, unusual = fields("the result", result, "losses", "usual", "unusual")
        return (
            numbers("losses", losses, (300,)),
            numbers("reconstruction_error(...)", usual, (120,)),
            numbers("reconstruction_error(...)", unusual, (40,)),
        )

    def draw(self, axes, values):
        losses, usual, unusual = values
        axes[0].semilogy(losses)
        axes[0].set(xlabel="epochs", ylabel="loss")
        most = max(float(np.nanmax(unusual)), 1e-6)
        axes[1].hist(
            [usual, unusual], bins=np.linspace(0, most, 20).tolist(), label=["usual", "unusual"]
        )
        axes[1].set(xlabel="reconstruction error", ylabel="rows")
        axes[1].legend()
