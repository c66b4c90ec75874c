"""The picture of softmax: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import Picture, numbers


class Softmax(Picture):
    title = "Three temperatures, and scores around 1000"
    panels = 2
    scores = np.array([1.0, 2.0, 4.0, 3.0, 0.5])
    temperatures = (0.5, 1.0, 4.0)

    def collect(self, answer):
        small = [
            numbers("softmax(...)", answer.softmax(self.scores / t), (5,))
            for t in self.temperatures
        ]
        large = numbers("softmax(...)", answer.softmax(self.scores + 1000), (5,))
        return small, large

    def draw(self, axes, values):
        small, large = values
        place = np.arange(5)
        for number, (temperature, heights) in enumerate(zip(self.temperatures, small, strict=True)):
            label = f"temperature {temperature:g}"
            axes[0].bar(place + 0.27 * (number - 1), heights, 0.25, label=label)
        axes[0].legend()
        axes[0].set(ylim=(0, 1), ylabel="probability")
        axes[1].bar(place, np.nan_to_num(large), color="tab:red")
        axes[1].set(ylim=(0, 1), ylabel="scores + 1000", xlabel="class")
        if not np.isfinite(large).all():
            axes[1].text(2, 0.5, "nan", ha="center", size=24)
