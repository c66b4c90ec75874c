"""Layer normalisation takes mean and variance of one token's features, so a sample never hears of
its neighbours: it behaves alike in training and in use, with any batch size and any length. That is
why transformers have it, and batch normalisation does not fit sequences. gamma and beta, one
number a feature, then give the network its scale and shift back.

I subtract the mean before I square. mean(x**2) - mean(x)**2 is the same on paper, and at entries of
1e6 it subtracts two numbers of 1e12 whose last digit is worth 1e-4: the variance is noise, or
negative. eps goes under the root, to the variance; a constant row then becomes beta.

Backwards, x enters three times: directly, through the mean and through the variance. With g =
grad_out * gamma, the gradient is g, less its mean over the features, less x_hat times the mean of
g * x_hat, over the deviation. In contrast to batch normalisation gamma differs along the axis of
those means, so it has to go inside. gamma and beta serve all tokens, so their gradients
are sums over all leading axes.

RMSNorm leaves out the mean and beta: what helps is the rescaling, and one pass over memory is
saved. Squares overflow at 1e154, so I divide each row by its own largest entry first, and eps by
the square of that. The root of eps takes part in the maximum: else a row of zeros would divide by
zero, and for a tiny one eps over the square would overflow.

Follow-ups: before the sublayer (pre-norm) rather than after it keeps a clean residual path, and
deep stacks train without warm-up; half precision computes these statistics in float32.
"""

import numpy as np


def layer_norm(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5
) -> np.ndarray:
    """Return x, (..., D), normalised over its last axis, times gamma, plus beta."""
    apart = x - x.mean(axis=-1, keepdims=True)  # (..., D)
    var = (apart**2).mean(axis=-1, keepdims=True)  # (..., 1)
    return gamma * apart / np.sqrt(var + eps) + beta


def layer_norm_backward(
    grad_out: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (grad_x, grad_gamma, grad_beta) of sum(grad_out * out)."""
    apart = x - x.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((apart**2).mean(axis=-1, keepdims=True) + eps)  # (..., 1)
    x_hat = apart / deviation  # (..., D)
    g = grad_out * gamma  # gamma is not constant along the axis of the means below
    through = g.mean(axis=-1, keepdims=True) + x_hat * (g * x_hat).mean(axis=-1, keepdims=True)
    tokens = tuple(range(x.ndim - 1))  # all axes but the last; none for a single token
    return (g - through) / deviation, (grad_out * x_hat).sum(tokens), grad_out.sum(tokens)


def rms_norm(x: np.ndarray, gamma: np.ndarray, eps: float = 1e-6) -> np.ndarray:
    """Return x, (..., D), over the root of its mean square, times gamma."""
    largest = np.abs(x).max(axis=-1, keepdims=True)  # (..., 1): every row has its own
    scale = np.maximum(largest, np.sqrt(eps))  # never zero, and eps / scale**2 is at most 1
    small = x / scale  # at most 1, so that squares neither overflow nor matter when they vanish
    return gamma * small / np.sqrt((small**2).mean(axis=-1, keepdims=True) + eps / scale / scale)
