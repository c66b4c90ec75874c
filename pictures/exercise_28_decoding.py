"""What is left of a distribution after temperature, top-k and top-p."""

import numpy as np

from gradekit.pictures import Picture, numbers


class Decoding(Picture):
    title = "A model that is sure and one that is not: all tokens, top-k, top-p"
    panels = 3
    sure = np.array([5.0, 2.2, 1.5, 1.0, 0.6, 0.3, 0.0, -0.4, -0.8, -1.2, -1.6, -2.0])
    unsure = np.array([1.6, 1.5, 1.3, 1.2, 1.0, 0.9, 0.7, 0.5, 0.2, -0.3, -0.9, -1.6])
    cuts = ({}, {"top_k": 5}, {"top_p": 0.9})
    temperatures = (0.5, 1.0, 2.0)

    def collect(self, answer):
        what = "next_token_distribution(...)"
        cut = [
            [numbers(what, answer.next_token_distribution(x, **cut), (12,)) for cut in self.cuts]
            for x in (self.sure, self.unsure)
        ]
        tempered = [
            numbers(what, answer.next_token_distribution(self.unsure, t, top_p=0.9), (12,))
            for t in self.temperatures
        ]
        return cut, tempered

    def draw(self, axes, values):
        cut, tempered = values
        place = np.arange(12)
        labels = ("all tokens", "top_k = 5", "top_p = 0.9")
        for panel, name, heights in zip(axes, ("sure", "unsure"), cut, strict=False):
            for number, (label, height) in enumerate(zip(labels, heights, strict=True)):
                label = f"{label}: {np.count_nonzero(height)} left"
                panel.bar(place + 0.27 * (number - 1), height, 0.25, label=label)
            panel.set(ylabel=name)
            panel.legend()
        for number, (t, height) in enumerate(zip(self.temperatures, tempered, strict=True)):
            label = f"temperature {t:g}: {np.count_nonzero(height)} left"
            axes[2].bar(place + 0.27 * (number - 1), height, 0.25, label=label)
        axes[2].set(ylabel="top_p = 0.9", xlabel="token, the likeliest first")
        axes[2].legend()
