"""The picture of activations: what an answer computes, beside what it should be."""

import numpy as np

from gradekit.pictures import Picture, numbers


class Activations(Picture):
    title = "Activations, their derivatives, and what is left of a gradient after layers"
    panels = 3
    names = ("sigmoid", "tanh", "relu")
    x = np.linspace(-5, 5, 201)
    depths = np.arange(1, 21)

    def collect(self, answer):
        found = {}
        for name in self.names:
            value = numbers(name, getattr(answer, name)(self.x), (201,))
            slope = numbers(f"{name}_grad", getattr(answer, f"{name}_grad")(self.x), (201,))
            deep = [
                numbers("the product", answer.gradient_through_layers(name, np.ones((d, 1))), (1,))
                for d in self.depths
            ]
            found[name] = value, slope, np.concatenate(deep)
        return found

    def draw(self, axes, values):
        for name, (value, slope, deep) in values.items():
            axes[0].plot(self.x, value, label=name)
            axes[1].plot(self.x, slope, label=name)
            axes[2].semilogy(self.depths, np.abs(deep) + 1e-20, label=name)
        axes[0].set(ylim=(-1.2, 2), ylabel="activation")
        axes[0].legend()
        axes[1].set(ylim=(-0.1, 1.1), ylabel="derivative")
        axes[2].set(xlabel="layers", ylabel="gradient", ylim=(1e-16, 10))
