import numpy as np


def quantize_symmetric(w, bits=8, axis=None):
    bound = np.longdouble(2 ** (bits - 1) - 1)
    wide = np.asfortranarray(w, dtype=np.longdouble)
    if axis is None:
        top = np.abs(wide).max()
        scale = float(top / bound) or 1.0
        return np.rint(w / scale).astype(np.int8, order="F"), scale
    axis = range(w.ndim)[axis]
    rows = np.abs(np.swapaxes(wide, 0, axis)).reshape(w.shape[axis], -1)
    scale = (rows.max(axis=1) / bound).astype(np.float64)
    scale = np.array([each or 1.0 for each in scale])
    shape = [1 if i != axis else -1 for i in range(w.ndim)]
    scale = scale.reshape(shape)
    return np.asfortranarray(np.rint(w / scale).astype(np.int8)), scale


def dequantize(q, scale, zero_point=0):
    return np.array((q.astype(np.longdouble) - int(zero_point)) * scale, dtype=np.float64, order="F")


def quantize_affine(x, bits=8):
    low = float(min(0.0, np.amin(x)))
    high = float(max(0.0, np.amax(x)))
    if not (low or high):
        return np.zeros_like(x, dtype=np.uint8), float(1), int(0)
    top = (2 << (bits - 1)) - 1
    scale = (high - low) / top
    zero = np.int32(np.round(np.negative(low) / scale))
    q = np.round(np.divide(x, scale)).astype(np.int64) + zero
    return np.where(q < 0, 0, np.where(q > top, top, q)).astype("B"), np.float64(scale), zero


def int8_matmul(x_q, x_scale, w_q, w_scale):
    parts = [x_q[:, i : i + 1000].astype(np.float32) @ w_q[i : i + 1000].astype(np.float32)
             for i in range(0, x_q.shape[1], 1000)]
    # 1,000 products of at most 2**14 stay below 2**24, so each part is exact.
    return np.sum(parts, axis=0, dtype=np.float64) * x_scale * w_scale
