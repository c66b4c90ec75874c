# wrong: quantize_affine: clips at 255 whatever the bits
import numpy as np


def quantize_symmetric(w, bits=8, axis=None):
    w = np.asarray(w, dtype=np.float64)
    bound = 2 ** (bits - 1) - 1
    if axis is None:
        top = np.abs(w).max()
        scale = float(top / bound) if top > 0 else 1.0
    else:
        axes = tuple(i for i in range(w.ndim) if i != axis % w.ndim)
        top = np.abs(w).max(axis=axes, keepdims=True)
        scale = np.where(top > 0, top / bound, 1.0)
    q = np.clip(np.rint(w / scale), -bound, bound).astype(np.int8)
    return q, scale


def dequantize(q, scale, zero_point=0):
    return (np.asarray(q).astype(np.float64) - zero_point) * scale


def quantize_affine(x, bits=8):
    x = np.asarray(x, dtype=np.float64)
    low, high = min(x.min(), 0.0), max(x.max(), 0.0)
    levels = 2**bits - 1
    if low == high:
        return np.zeros(x.shape, dtype=np.uint8), 1.0, 0
    scale = (high - low) / levels
    zero_point = int(np.rint(-low / scale))
    q = np.clip(np.rint(x / scale) + zero_point, 0, 255).astype(np.uint8)
    return q, float(scale), zero_point


def int8_matmul(x_q, x_scale, w_q, w_scale):
    acc = x_q.astype(np.int32) @ w_q.astype(np.int32)
    return acc * x_scale * w_scale
