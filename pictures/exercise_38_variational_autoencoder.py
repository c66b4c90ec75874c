"""Codes as they are drawn, what they cost, and how a bound rises to the likelihood."""

import numpy as np
import torch

from gradekit.pictures import Picture, numbers


class VariationalAutoencoder(Picture):
    title = "Samples of three codes; the divergence; the bound of K samples below log p(x)"
    panels = 3
    codes = (((0.0, 0.0), (0.0, 0.0)), ((4.0, 1.0), (-3.0, -1.0)), ((-3.0, 3.0), (-2.0, 1.0)))
    log_vars = np.linspace(-6, 3, 60)
    means = (0.0, 1.0, 2.0)
    counts = (1, 2, 4, 8, 16, 32, 64, 128)
    data = 1.5  # x, where z is standard normal and x is z with noise of variance 1

    def collect(self, answer):
        source = torch.Generator().manual_seed(38)
        clouds = []
        for mu, log_var in self.codes:
            rows = [torch.tensor([each]).expand(150, 2).contiguous() for each in (mu, log_var)]
            clouds.append(
                numbers("reparameterize(...)", answer.reparameterize(*rows, source), (150, 2))
            )
        log_var = torch.from_numpy(self.log_vars)[:, None]
        curves = [
            numbers("kl_to_standard_normal(...)",
                    answer.kl_to_standard_normal(torch.full_like(log_var, mean), log_var), (60,))
            for mean in self.means
        ]  # fmt: skip
        weights = torch.from_numpy(self.log_weights(np.random.default_rng(38)))
        bounds = [
            float(numbers("importance_weighted_bound(...)",
                          answer.importance_weighted_bound(weights[:count]), ()))
            for count in self.counts
        ]  # fmt: skip
        return clouds, curves, bounds

    def log_weights(self, rng):
        """log p(x, z) - log q(z) for z from a q that is wide and off the mark, (128, 200)."""
        places = rng.normal(size=(128, 200))
        z = 1.3 * places
        log_joint = -np.log(2 * np.pi) - z**2 / 2 - (self.data - z) ** 2 / 2
        return log_joint - (-np.log(2 * np.pi) / 2 - np.log(1.3) - places**2 / 2)

    def draw(self, axes, values):
        clouds, curves, bounds = values
        for (mu, log_var), cloud in zip(self.codes, clouds, strict=True):
            label = f"mu ({mu[0]:g}, {mu[1]:g}), log_var ({log_var[0]:g}, {log_var[1]:g})"
            axes[0].plot(*cloud.T, ".", markersize=4, label=label)
        axes[0].set(xlabel="first latent axis", ylabel="second")
        axes[0].legend(fontsize="small")
        for mean, curve in zip(self.means, curves, strict=True):
            axes[1].plot(self.log_vars, curve, label=f"mu = {mean:g}")
        axes[1].set(xlabel="log_var", ylabel="divergence in nats")
        axes[1].legend()
        exact = -np.log(4 * np.pi) / 2 - self.data**2 / 4
        axes[2].axhline(exact, color="black", linestyle="--", label="log p(x)")
        axes[2].plot(self.counts, bounds, marker="o", label="bound of K samples")
        axes[2].set(xlabel="K", ylabel="nats", xscale="log")
        axes[2].legend()
