"""The picture of adam: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import Picture, numbers


class Adam(Picture):
    title = "Adam in a narrow valley, from (-2, 1.5)"
    steepness = np.array([1.0, 25.0])

    def collect(self, answer):
        steepness = self.steepness

        def gradient(x):
            return np.asarray(steepness * x)

        path = answer.adam_minimize(gradient, np.array([-2.0, 1.5]), 150, 0.1)
        return numbers("adam_minimize(...)", path, (151, 2))

    def draw(self, axes, values):
        x, y = np.meshgrid(np.linspace(-2.5, 1.5, 80), np.linspace(-2, 2, 80))
        height = 0.5 * (self.steepness[0] * x**2 + self.steepness[1] * y**2)
        axes[0].contour(x, y, height, levels=np.geomspace(0.1, 60, 10), cmap="Greys", alpha=0.6)
        axes[0].plot(values[:, 0], values[:, 1], ".-", lw=1)
        axes[0].set(xlim=(-2.5, 1.5), ylim=(-2, 2))
