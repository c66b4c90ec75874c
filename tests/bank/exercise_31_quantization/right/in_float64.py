import numpy as np


def quantize_symmetric(w, bits=8, axis=None):
    bound = 2.0 ** (bits - 1) - 1
    if axis is None:
        scale = np.max(np.abs(w)) / bound
        scale = scale if scale > 0 else np.float64(1)
    else:
        moved = np.moveaxis(w, axis, 0)
        scale = np.abs(moved).reshape(len(moved), -1).max(1) / bound
        scale[scale == 0] = 1
        shape = np.ones(w.ndim, dtype=int)
        shape[axis] = -1
        scale = scale.reshape(shape)
    return np.clip(np.round(w / scale), -bound, bound).astype(np.int8), scale


def dequantize(q, scale, zero_point=0):
    return np.multiply(np.subtract(q, np.float64(zero_point), dtype=np.float64), scale)


def quantize_affine(x, bits=8):
    top = 2.0**bits - 1
    low, high = np.minimum(x.min(), 0), np.maximum(x.max(), 0)
    scale = np.where(high > low, (high - low) / top, 1.0)[()]
    zero_point = np.rint(-low / scale)
    q = np.clip(np.rint(x / scale) + zero_point, 0, top)
    return q.astype(np.uint8), scale, np.int64(zero_point)


def int8_matmul(x_q, x_scale, w_q, w_scale):
    return (x_q.astype(float) @ w_q.astype(float)) * x_scale * w_scale
