"""What is left of a signal at three noise levels, and deterministic paths from noise to data."""

import itertools

import numpy as np
import torch

from gradekit.pictures import Picture, numbers


class Diffusion(Picture):
    title = "Shares of data and noise; a wave that drowns; DDIM paths to the data -1 and 1"
    panels = 3
    steps = 200
    moments = (0, 60, 199)
    place = np.linspace(0, 4 * np.pi, 160)
    starts = np.linspace(-2.2, 2.2, 12)
    jump = 10

    def collect(self, answer):
        alpha_bar = torch.as_tensor(answer.linear_alpha_bar(self.steps, 5e-4, 0.06))
        levels = numbers("linear_alpha_bar(...)", alpha_bar, (self.steps,))
        wave = torch.from_numpy(np.sin(self.place)).expand(3, -1)
        grain = torch.from_numpy(np.random.default_rng(39).normal(size=(3, 160)))
        drowned = answer.add_noise(wave, torch.tensor(self.moments), grain, alpha_bar)
        drowned = numbers("add_noise(...)", drowned, (3, 160))
        paths = [self.starts]
        times = [*range(self.steps - 1, 0, -self.jump), -1]
        for now, then in itertools.pairwise(times):
            x = torch.from_numpy(paths[-1])
            noise = torch.from_numpy(best_guess(paths[-1], levels[now]))
            t, t_previous = torch.full((12,), now), torch.full((12,), then)
            x = answer.ddim_step(x, t, t_previous, noise, alpha_bar)
            paths.append(numbers("ddim_step(...)", x, (12,)))
        return levels, drowned, times, paths

    def draw(self, axes, values):
        levels, drowned, times, paths = values
        axes[0].plot(np.sqrt(np.clip(levels, 0, 1)), label="of the data")
        axes[0].plot(np.sqrt(np.clip(1 - levels, 0, 1)), label="of the noise")
        axes[0].set(xlabel="timestep", ylabel="factor")
        axes[0].legend()
        for number, (t, row) in enumerate(zip(self.moments, drowned, strict=True)):
            axes[1].plot(self.place, row - 5 * number, linewidth=1, label=f"t = {t}")
        axes[1].set(yticks=[], xlabel="a wave and its mixtures")
        axes[1].legend(loc="upper right")
        axes[2].plot(times, paths, color="black", linewidth=0.8)
        axes[2].invert_xaxis()
        axes[2].set(xlabel="timestep, from noise to data", ylabel="x")


def best_guess(x, level):
    """The noise that a perfect network would see in x, if the data are -1 and 1, half each."""
    level = min(max(float(level), 1e-6), 1 - 1e-6)
    data = np.tanh(x * np.sqrt(level) / (1 - level))
    return (x - np.sqrt(level) * data) / np.sqrt(1 - level)
