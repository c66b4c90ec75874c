"""Dropout sets every activation to zero with probability p while training, so no unit can rely on
one particular other unit being there. One may see it as training an ensemble of 2^n thinned
networks that share weights, with prediction as a cheap average over them, or as noise that
regularises.

The scale keeps the expectation: a unit survives with probability 1 - p, so survivors are
multiplied by 1 / (1 - p), and E[out] = x. Inverted dropout does that in training, which leaves
nothing to do at prediction time; the original paper multiplied by 1 - p at prediction instead.
Forgetting it in either place shows only as activations of the wrong size when predicting.

Given the mask, the layer is an elementwise product, so its gradient is the same product with the
same mask, scale included: dropped units get no gradient, survivors get 1 / (1 - p) times theirs.

How to test it: fix the generator, and check what holds for every mask (entries are 0 or
1 / (1 - p), out is x times mask, prediction changes nothing), and on many entries the share of
zeros, within a few standard deviations sqrt(p (1 - p) / n).

The follow-ups: the mask is drawn anew for every sample and step. In convolutions neighbouring
pixels are so alike that whole channels are dropped instead. With BatchNorm behind it, dropout
shifts the variance between training and prediction. And leaving it on at prediction time, with
several samples averaged, is Monte Carlo dropout: a rough estimate of uncertainty.
"""

from __future__ import annotations

import numpy as np


def dropout_forward(
    x: np.ndarray, p: float, training: bool, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Drop entries with probability p and scale the survivors; return (out, mask)."""
    # Not p == 1: then everything is dropped, and no scale could keep the expectation.
    if not 0 <= p < 1:
        raise ValueError(f"p must be in [0, 1), got {p}")
    if not training:
        return x.copy(), np.ones_like(x)
    # One toss of a coin for each entry: 1 with probability 1 - p. The scale lives in the mask:
    # whoever multiplies by it, forward or back, cannot forget it.
    mask = rng.binomial(1, 1 - p, x.shape) / (1 - p)
    return x * mask, mask


def dropout_backward(grad_out: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Multiply by the mask of the forward pass: out = x * mask, so d out / d x = mask."""
    return grad_out * mask
