import numpy as np


def quantize_symmetric(w, bits=8, axis=None):
    bound = sum(2**i for i in range(bits - 1))
    size = np.abs(w)
    if axis is None:
        scale = np.divide(size.max(), bound) if size.any() else 1.0
    else:
        scale = np.apply_over_axes(np.max, size, [i for i in range(w.ndim) if i != axis % w.ndim])
        scale = scale.reshape([n if i == axis % w.ndim else 1 for i, n in enumerate(w.shape)])
        scale = np.where(scale, scale, bound) / bound
    q = np.copysign(np.minimum(np.rint(size / scale), bound), w)
    return q.astype("i1"), scale


def dequantize(q, scale, zero_point=0):
    table = {}
    for code in np.unique(q).tolist():
        table[code] = float(code - int(zero_point))
    return np.vectorize(table.__getitem__, otypes=[float])(q) * scale


def quantize_affine(x, bits=8):
    top = 2**bits - 1
    padded = np.concatenate([np.zeros(1), x.reshape(-1)])
    ordered = np.sort(padded)
    scale = (ordered[-1] - ordered[0]) / top
    if scale == 0:
        scale = 1.0
    zero = int(np.rint(np.abs(ordered[0]) / scale))
    codes = np.rint(padded[1:] / scale) + zero
    codes[codes > top] = top
    return codes.reshape(x.shape).astype(np.uint8), scale, zero


def int8_matmul(x_q, x_scale, w_q, w_scale):
    x, w = x_q.astype(object), w_q.astype(object)
    return np.asarray(x_scale) * (x @ w).astype(np.float64) * np.asarray(w_scale)
