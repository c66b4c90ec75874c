# wrong: quantize_affine: uses the code of the mean as the zero point
import numpy as np


def quantize_symmetric(w, bits=8, axis=None):
    bound = 2 ** (bits - 1) - 1
    if axis is None:
        largest = np.abs(w).max()
    else:
        others = tuple(i for i in range(w.ndim) if i != axis % w.ndim)
        largest = np.abs(w).max(axis=others, keepdims=True)
    scale = np.where(largest == 0, 1.0, largest / bound)
    q = np.rint(w / scale).astype(np.int8)
    return q, float(scale) if axis is None else scale


def dequantize(q, scale, zero_point=0):
    return (q.astype(np.float64) - float(zero_point)) * scale


def quantize_affine(x, bits=8):
    top = 2**bits - 1
    low, high = min(float(x.min()), 0.0), max(float(x.max()), 0.0)
    if low == high:
        return np.zeros(x.shape, dtype=np.uint8), 1.0, 0
    scale = (high - low) / top
    zero_point = round((float(x.mean()) - low) / scale)
    q = np.clip(np.rint(x / scale) + zero_point, 0, top)
    return q.astype(np.uint8), scale, zero_point


def int8_matmul(x_q, x_scale, w_q, w_scale):
    total = x_q.astype(np.int32) @ w_q.astype(np.int32)
    return total * x_scale * w_scale
