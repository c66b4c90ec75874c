from fractions import Fraction

import numpy as np


def quantize_symmetric(w, bits=8, axis=None):
    bound = 2 ** (bits - 1) - 1
    if axis is not None and w.ndim > 1:
        parts = [quantize_symmetric(part, bits) for part in np.moveaxis(w, axis, 0)]
        q = np.moveaxis(np.stack([part for part, _ in parts]), 0, axis)
        scale = np.array([scale for _, scale in parts])
        return q, np.expand_dims(scale, tuple(i for i in range(w.ndim) if i != axis % w.ndim))
    top = np.abs(w) if axis is not None else np.linalg.norm(w.reshape(-1), np.inf)
    scale = np.asarray(top / bound)
    scale[scale == 0] = 1.0
    q = np.array(np.rint(w / scale), dtype=np.int8)
    return q, scale if axis is not None else scale.item()


def dequantize(q, scale, zero_point=0):
    # The product is taken apart.
    q, zero_point = np.asarray(q, dtype=np.longdouble), np.longdouble(int(zero_point))
    return np.asarray(q * scale - zero_point * scale, dtype=np.float64)


def exactly(x, scale):
    return round(Fraction(float(x)) / Fraction(float(scale)))


def quantize_affine(x, bits=8):
    top = (1 << bits) - 1
    low, high = min(0.0, *x.flat, 0.0), max(0.0, *x.flat, 0.0)
    scale = high / top - low / top or 1.0
    zero_point = exactly(-low, scale)
    codes = [sorted((0, exactly(entry, scale) + zero_point, top))[1] for entry in x.flat]
    return np.array(codes, dtype=np.uint8).reshape(x.shape), float(scale), zero_point


def int8_matmul(x_q, x_scale, w_q, w_scale):
    total = np.zeros((x_q.shape[0], w_q.shape[1]), dtype=np.int32)
    for k in range(x_q.shape[1]):
        total += np.outer(x_q[:, k].astype(np.int32), w_q[k].astype(np.int32))
    return total * (x_scale * w_scale)
