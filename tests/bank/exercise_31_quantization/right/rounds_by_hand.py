import numpy as np


def to_even(x):
    below = np.floor(x)
    part = x - below
    up = (part > 0.5) | ((part == 0.5) & (below % 2 == 1))
    return below + up


def quantize_symmetric(w, bits=8, axis=None):
    bound = 2 ** (bits - 1) - 1
    if axis is None:
        scale = float(np.sort(np.abs(w), axis=None)[-1]) / bound
        if scale == 0.0:
            scale = 1.0
    else:
        scale = np.abs(w)
        for i in range(w.ndim):
            if i not in (axis, axis + w.ndim):
                scale = scale.max(axis=i, keepdims=True)
        scale = scale / bound
        scale += scale == 0
    return to_even(w / scale).astype(np.int8), scale


def dequantize(q, scale, zero_point=0):
    return scale * (np.array(q, dtype=np.float64) - np.float64(zero_point))


def quantize_affine(x, bits=8):
    levels = 2**bits
    low, high = np.clip(x, None, 0).min(), np.clip(x, 0, None).max()
    scale = (high - low) / (levels - 1)
    if scale == 0:
        scale = 1.0
    zero_point = int(to_even(-low / scale))
    q = to_even(x / scale).astype(int) + zero_point
    q[q < 0] = 0
    q[q >= levels] = levels - 1
    return q.astype(np.uint8), scale, zero_point


def int8_matmul(x_q, x_scale, w_q, w_scale):
    # Half of the sums at a time.
    half = x_q.shape[1] // 2
    first = np.dot(x_q[:, :half].astype(np.int64), w_q[:half].astype(np.int64))
    second = np.tensordot(x_q[:, half:].astype(np.int64), w_q[half:].astype(np.int64), axes=1)
    return x_scale * (first + second) * w_scale
