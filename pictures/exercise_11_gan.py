"""The picture of gan: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import Picture, fields, numbers


def train_gan(answer):
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
    title = "Losses of the two networks, and what the generator makes of noise (goal: the circle)"
    panels = 2

    def collect(self, answer):
        result = fields("the result", answer.probe(train_gan), "d_loss", "g_loss", "made")
        shapes = ((200,), (200,), (200, 2))
        return [numbers("a loss", each, s) for each, s in zip(result, shapes, strict=True)]

    def draw(self, axes, values):
        d_loss, g_loss, made = values
        axes[0].plot(d_loss, label="discriminator")
        axes[0].plot(g_loss, label="generator")
        axes[0].set(xlabel="steps", ylabel="loss")
        axes[0].legend()
        angle = np.linspace(0, 2 * np.pi, 100)
        axes[1].plot(2 + np.cos(angle), 1 + np.sin(angle), color="grey", lw=1)
        axes[1].scatter(made[:, 0], made[:, 1], s=6)
        axes[1].set(xlim=(-2, 5), ylim=(-2.5, 3.5), aspect="equal")
