# wrong: conv2d: returns the same array each time, so that a later call changes an earlier result
import numpy as np


def _size(size, k, stride=1, padding=0):
    return (size + 2 * padding - k) // stride + 1


def _conv(x, w, b):
    N, _, H, W = x.shape
    O, _, kh, kw = w.shape
    res = np.zeros((N, O, H - kh + 1, W - kw + 1))
    for i in range(H - kh + 1):
        for j in range(W - kw + 1):
            res[:, :, i, j] = (
                np.tensordot(x[:, :, i : i + kh, j : j + kw], w, axes=([1, 2, 3], [1, 2, 3])) + b
            )
    return res


def conv_output_size(size, kernel_size, stride=1, padding=0):
    if kernel_size > size + 2 * padding:
        raise ValueError("kernel")
    return (size + 2 * padding - kernel_size) // stride + 1


_B = {}


def conv2d(x, weight, bias, stride=1, padding=0):
    N, C, H, W = x.shape
    O, C2, kH, kW = weight.shape
    if C != C2:
        raise ValueError("channels")
    if kH > H + 2 * padding or kW > W + 2 * padding:
        raise ValueError("kernel")
    oh = _size(H, kH, stride, padding)
    ow = _size(W, kW, stride, padding)
    xp = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    xp[:, :, padding : padding + H, padding : padding + W] = x
    out = _B.setdefault((N, O, oh, ow), np.zeros((N, O, oh, ow)))
    for i in range(oh):
        for j in range(ow):
            patch = xp[:, :, i * stride : i * stride + kH, j * stride : j * stride + kW]
            out[:, :, i, j] = np.tensordot(patch, weight, axes=([1, 2, 3], [1, 2, 3])) + bias
    return out


def max_pool2d(x, kernel_size, stride=None):
    step = kernel_size if stride is None else stride
    ph = _size(x.shape[2], kernel_size, step)
    pw = _size(x.shape[3], kernel_size, step)
    pooled = np.zeros((x.shape[0], x.shape[1], ph, pw))
    for i in range(ph):
        for j in range(pw):
            win = x[:, :, i * step : i * step + kernel_size, j * step : j * step + kernel_size]
            pooled[:, :, i, j] = win.max(axis=(2, 3))
    return pooled


def cnn_forward(x, conv_weight, conv_bias, fc_weight, fc_bias):
    c = _conv(x, conv_weight, conv_bias)
    a = np.maximum(c, 0)
    h2, w2 = a.shape[2] // 2, a.shape[3] // 2
    q = a[:, :, : 2 * h2, : 2 * w2].reshape(a.shape[0], a.shape[1], h2, 2, w2, 2).max(axis=(3, 5))
    flat = q.reshape(len(q), -1)
    logits = flat @ fc_weight + fc_bias
    z = logits - logits.max(axis=1, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)
