import math

import numpy as np


def largest_of(entries):
    return max(abs(entry) for entry in entries)


def code(entry, scale):
    return round(entry / scale)


def quantize_symmetric(w, bits=8, axis=None):
    bound = (1 << (bits - 1)) - 1
    q = np.zeros(w.shape, dtype="int8")
    if axis is None:
        scale = largest_of(w.ravel().tolist()) / bound or 1.0
        for place in np.ndindex(*w.shape):
            q[place] = code(float(w[place]), scale)
        return q, scale
    axis = axis if axis >= 0 else axis + len(w.shape)
    shape = [1] * len(w.shape)
    shape[axis] = w.shape[axis]
    scales = np.zeros(shape)
    for place in np.ndindex(*w.shape):
        spot = tuple(p if i == axis else 0 for i, p in enumerate(place))
        scales[spot] = max(scales[spot], abs(w[place]))
    for spot in np.ndindex(*shape):
        scales[spot] = scales[spot] / bound if scales[spot] > 0 else 1.0
    for place in np.ndindex(*w.shape):
        spot = tuple(p if i == axis else 0 for i, p in enumerate(place))
        q[place] = code(float(w[place]), float(scales[spot]))
    return q, scales


def dequantize(q, scale, zero_point=0):
    scales = np.broadcast_to(scale, q.shape)
    out = np.empty(q.shape)
    for place in np.ndindex(*q.shape):
        out[place] = (int(q[place]) - int(zero_point)) * float(scales[place])
    return out


def quantize_affine(x, bits=8):
    most = 2**bits - 1
    low, high = 0.0, 0.0
    for entry in x.ravel().tolist():
        low, high = min(low, entry), max(high, entry)
    scale = (high - low) / most if high > low else 1.0
    zero_point = round(-low / scale)
    q = np.empty(x.shape, dtype=np.uint8)
    for place in np.ndindex(*x.shape):
        q[place] = min(max(code(float(x[place]), scale) + zero_point, 0), most)
    return q, scale, zero_point


def int8_matmul(x_q, x_scale, w_q, w_scale):
    rows, columns = x_q.tolist(), w_q.T.tolist()
    out = np.array([[float(sum(map(lambda a, b: a * b, r, c))) for c in columns] for r in rows])
    return out * (np.asarray(x_scale) * np.asarray(w_scale))
