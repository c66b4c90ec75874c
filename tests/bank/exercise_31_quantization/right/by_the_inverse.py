import numpy as np


def quantize_symmetric(w, bits=8, axis=None):
    bound = 2 ** (bits - 1) - 1
    axes = None if axis is None else tuple(set(range(w.ndim)) - {axis % w.ndim})
    top = np.maximum(w.max(axis=axes, keepdims=True), -w.min(axis=axes, keepdims=True))
    nothing = top == 0
    scale = np.where(nothing, bound, top) / bound
    inverse = bound / np.where(nothing, bound, top)
    q = (w * inverse).round().astype(np.int8)
    return q, (scale.item() if axis is None else scale)


def dequantize(q, scale, zero_point=0):
    # Python's ints in an object array.
    return ((q.astype(object) - int(zero_point)).astype(np.float64)) * scale


def quantize_affine(x, bits=8):
    steps = 2**bits - 1
    ends = np.append(x.ravel(), 0.0)
    low, width = ends.min(), np.ptp(ends)
    if width == 0:
        return (x * 0).astype(np.uint8), 1.0, 0
    scale = width / steps
    zero_point = int(np.around(abs(low) / scale))
    # Both rounded at once: an integer is added, so nothing but a half can differ.
    q = np.rint(x / scale + zero_point)
    return np.minimum(np.maximum(q, 0), steps).astype(np.uint8), float(scale), zero_point


def int8_matmul(x_q, x_scale, w_q, w_scale):
    return np.einsum("nk,km->nm", x_q, w_q, dtype=np.int64) * (x_scale * np.ones((1, 1))) * w_scale
