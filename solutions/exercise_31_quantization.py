"""Quantisation stores a float as a small integer times a step. What is lost is at most half a step
for each number, so everything is about making the step small: it is the largest magnitude over
the largest code. One outlier makes it large for all, so weights get a step for each output channel.

Symmetric codes keep zero at zero, and then a product of two quantised matrices is the product of
the integers, scaled once at the end. For int8 I use -127 to 127 and leave -128 out, so that w and
-w have opposite codes. Activations after a ReLU are never negative and would waste half of the
codes. They get an affine code: the range is stretched over all of them, and one code, the zero
point, stands for 0.0. The range always includes zero, because padding, ReLU and masks make exact
zeros, and an error there would be repeated everywhere.

Four things go wrong. A group of zeros has no largest magnitude to divide by: its step is 1. The
code of the largest value can round to 256: clip before the cast, because a cast wraps to 0.
`q - zero_point` in uint8 wraps too: to float first. And a sum of int8 products needs 32 bits:
65,536 products of at most 2**14 fit into int32, float32 stops being exact at 2**24.

Follow-ups: scales on the rows of x and the columns of w come out of the sum, scales on the shared
axis K do not, which is why outliers in activations are hard: one moves them into the weights, or
keeps those columns in 16 bits. For four bits a step for each group of 64 or 128 weights pays.
Training with rounding in the forward pass needs the straight-through gradient.
"""

import numpy as np


def quantize_symmetric(
    w: np.ndarray, bits: int = 8, axis: int | None = None
) -> tuple[np.ndarray, float | np.ndarray]:
    """Return (q, scale): codes from -bound to bound, and the step between them."""
    bound = 2 ** (bits - 1) - 1
    if axis is None:
        largest = np.abs(w).max()
    else:
        others = tuple(i for i in range(w.ndim) if i != axis % w.ndim)  # axis may be negative
        # keepdims: the scale has to broadcast against w, here and when it is read again.
        largest = np.abs(w).max(axis=others, keepdims=True)  # for (C, D) and axis 0: (C, 1)
    # Asked for exactly, not by a small number: weights may be tiny, and an eps is an error.
    scale = np.where(largest == 0, 1.0, largest / bound)
    q = np.rint(w / scale).astype(np.int8)  # shaped like w; rint: halves to even
    return q, float(scale) if axis is None else scale


def dequantize(q: np.ndarray, scale: float | np.ndarray, zero_point: int = 0) -> np.ndarray:
    """Return the floats that the codes stand for."""
    # To float before the difference: 0 - 3 is 253 in uint8.
    return (q.astype(np.float64) - float(zero_point)) * scale


def quantize_affine(x: np.ndarray, bits: int = 8) -> tuple[np.ndarray, float, int]:
    """Return (q, scale, zero_point): the range of x, with 0.0, spread over all codes."""
    top = 2**bits - 1
    low, high = float(x.min(initial=0.0)), float(x.max(initial=0.0))  # 0.0 is always within
    if low == high:  # both are 0
        return np.zeros(x.shape, dtype=np.uint8), 1.0, 0
    scale = (high - low) / top
    zero_point = round(-low / scale)  # Python's round: halves to even
    # high and zero_point may both be rounded up: clip before the cast, which would wrap to 0.
    q = np.clip(np.rint(x / scale) + zero_point, 0, top)
    return q.astype(np.uint8), scale, zero_point


def int8_matmul(
    x_q: np.ndarray, x_scale: float | np.ndarray, w_q: np.ndarray, w_scale: float | np.ndarray
) -> np.ndarray:
    """Return the product of what two matrices of codes stand for."""
    # int8 @ int8 is summed in int8, and wraps.
    total = x_q.astype(np.int32) @ w_q.astype(np.int32)  # (N, M)
    # A scale of a row of x or of a column of w is a factor of the whole sum.
    return total * x_scale * w_scale
