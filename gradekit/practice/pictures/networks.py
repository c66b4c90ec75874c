"""Networks that are trained. What needs a live network runs beside the answer, as a probe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradekit.practice.pictures.picture import NotDrawable, Picture, numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gradekit.grading.proxy import SubmissionProxy


def fields(what: str, value: Any, *names: str) -> list[Any]:
    """The named values of a dict."""
    if not isinstance(value, dict) or not set(names) <= set(value):
        raise NotDrawable(f"{what} should be a dict with {', '.join(names)}")
    return [value[name] for name in names]


def finetune(answer: Any) -> dict[str, Any]:
    """Losses of 40 epochs on a frozen backbone, and how far its parameters moved."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.Tanh())
    before = [parameter.detach().clone() for parameter in backbone.state_dict().values()]
    model = answer.build_finetune_model(backbone, 16, 3)
    optimizer = torch.optim.SGD(answer.trainable_parameters(model), lr=0.5)
    X = torch.randn(60, 4)
    y = (X[:, 0] > 0).long() + (X[:, 1] > 0.3).long()
    losses = [answer.finetune_epoch(model, X, y, optimizer) for _ in range(40)]
    after = backbone.state_dict().values()
    moved = sum(float((a - b).abs().sum()) for a, b in zip(after, before, strict=True))
    return {"losses": losses, "moved": moved}


class TransferLearning(Picture):
    slug = "transfer_learning"
    title = "The loss of a new head on a frozen backbone"

    def collect(self, answer: SubmissionProxy) -> Any:
        losses, moved = fields("the result", answer.probe(finetune), "losses", "moved")
        return numbers("losses", losses, (40,)), float(numbers("moved", moved, ()))

    def draw(self, axes: list[Axes], values: Any) -> None:
        losses, moved = values
        axes[0].plot(losses)
        axes[0].set(xlabel=f"epochs; the backbone moved by {moved:.3g}", ylabel="loss", ylim=(0, 2))


def train_gan(answer: Any) -> dict[str, Any]:
    """Losses of 200 steps towards a cloud of points, and what the generator makes at the end."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
    discriminator = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizers = [torch.optim.Adam(net.parameters(), lr=0.01) for net in (generator, discriminator)]
    steps = []
    for _ in range(200):
        real = torch.tensor([2.0, 1.0]) + 0.5 * torch.randn(64, 2)
        noise = torch.randn(64, 2)
        steps.append(answer.gan_train_step(generator, discriminator, real, noise, *optimizers))
    made = generator(torch.randn(200, 2)).detach()
    return {name: [step[name] for step in steps] for name in ("d_loss", "g_loss")} | {"made": made}


class Gan(Picture):
    slug = "gan"
    title = "Losses of the two networks, and what the generator makes of noise (goal: the circle)"
    panels = 2

    def collect(self, answer: SubmissionProxy) -> Any:
        result = fields("the result", answer.probe(train_gan), "d_loss", "g_loss", "made")
        shapes = ((200,), (200,), (200, 2))
        return [numbers("a loss", each, s) for each, s in zip(result, shapes, strict=True)]

    def draw(self, axes: list[Axes], values: Any) -> None:
        d_loss, g_loss, made = values
        axes[0].plot(d_loss, label="discriminator")
        axes[0].plot(g_loss, label="generator")
        axes[0].set(xlabel="steps", ylabel="loss")
        axes[0].legend()
        angle = np.linspace(0, 2 * np.pi, 100)
        axes[1].plot(2 + np.cos(angle), 1 + np.sin(angle), color="grey", lw=1)
        axes[1].scatter(made[:, 0], made[:, 1], s=6)
        axes[1].set(xlim=(-2, 5), ylim=(-2.5, 3.5), aspect="equal")


def train_autoencoder(answer: Any) -> dict[str, Any]:
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
    slug = "autoencoder"
    title = "The loss while it learns a line, and errors on the line and off it"
    panels = 2

    def collect(self, answer: SubmissionProxy) -> Any:
        result = answer.probe(train_autoencoder)
        losses, usual, unusual = fields("the result", result, "losses", "usual", "unusual")
        return (
            numbers("losses", losses, (300,)),
            numbers("reconstruction_error(...)", usual, (120,)),
            numbers("reconstruction_error(...)", unusual, (40,)),
        )

    def draw(self, axes: list[Axes], values: Any) -> None:
        losses, usual, unusual = values
        axes[0].semilogy(losses)
        axes[0].set(xlabel="epochs", ylabel="loss")
        most = max(float(np.nanmax(unusual)), 1e-6)
        axes[1].hist(
            [usual, unusual], bins=np.linspace(0, most, 20).tolist(), label=["usual", "unusual"]
        )
        axes[1].set(xlabel="reconstruction error", ylabel="rows")
        axes[1].legend()


def train_classifier(answer: Any) -> list[list[float]]:
    """Losses of `train` at three learning rates, from the same start."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    X = torch.randn(80, 2)
    y = (X[:, 0] * X[:, 1] > 0).float()
    curves = []
    for lr in (3e-4, 1e-2, 0.3):
        torch.manual_seed(1)
        model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
        curves.append(answer.train(model, X, y, 100, lr))
    return curves


class TrainingLoop(Picture):
    slug = "training_loop"
    title = "The loss at three learning rates"

    def collect(self, answer: SubmissionProxy) -> Any:
        return numbers("the losses", answer.probe(train_classifier), (3, 100))

    def draw(self, axes: list[Axes], values: Any) -> None:
        for lr, losses in zip((3e-4, 1e-2, 0.3), values, strict=True):
            axes[0].plot(losses, label=f"lr = {lr:g}")
        axes[0].set(xlabel="epochs", ylabel="loss", ylim=(0, 1.5))
        axes[0].legend()
