"""Codes of a range that is not symmetric, and the error of weights with one outlier."""

import numpy as np

from gradekit.pictures import Picture, numbers


class Quantization(Picture):
    title = "Sixteen codes for a range with few negative numbers, and what one outlier costs"
    panels = 2
    bits = (3, 4, 5, 6, 7, 8)

    def collect(self, answer):
        x = np.linspace(-0.5, 2.0, 201)
        q, scale = answer.quantize_symmetric(x, 4)
        symmetric = numbers("dequantize(...)", answer.dequantize(q, scale), (201,))
        q, scale, zero_point = answer.quantize_affine(x, 4)
        affine = numbers("dequantize(...)", answer.dequantize(q, scale, zero_point), (201,))
        w = np.random.default_rng(0).normal(0.0, 1.0, (8, 64))
        w[0, 0] = 20.0  # one outlier, in the first channel
        errors = [[self.error(answer, w, bits, axis) for bits in self.bits] for axis in (None, 0)]
        return x, symmetric, affine, errors

    def error(self, answer, w, bits, axis):
        """The root of the mean squared error of the weights."""
        back = numbers("dequantize(...)", answer.dequantize(*answer.quantize_symmetric(
            w, bits, axis)), w.shape)
        return float(np.sqrt(np.mean((back - w) ** 2)))

    def draw(self, axes, values):
        x, symmetric, affine, errors = values
        axes[0].plot(x, x, color="grey", lw=0.5)
        axes[0].step(x, symmetric, where="mid", label="symmetric, 4 bits")
        axes[0].step(x, affine, where="mid", label="affine, 4 bits")
        axes[0].set(xlabel="stored number", ylabel="what its code stands for")
        axes[0].legend()
        for label, curve in zip(("one scale", "one a channel"), errors, strict=True):
            axes[1].plot(self.bits, curve, marker="o", label=label)
        axes[1].set(xlabel="bits", ylabel="error of the weights", yscale="log")
        axes[1].legend()
