# right: as_strided windows; a dilation argument with a default; sizes through math.floor
import math

import numpy as np
from numpy.lib.stride_tricks import as_strided


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    extent = dilation * (kernel_size - 1) + 1
    if extent > size + 2 * padding:
        raise ValueError(f"{extent} > {size + 2 * padding}")
    return math.floor((size + 2 * padding - extent) / stride + 1)


def _windows(x, kH, kW, stride):
    N, C, H, W = x.shape
    shape = (N, C, (H - kH) // stride + 1, (W - kW) // stride + 1, kH, kW)
    n, c, h, w = x.strides
    return as_strided(x, shape, (n, c, stride * h, stride * w, h, w), writeable=False)


def conv2d(x, weight, bias, stride=1, padding=0, dilation=1):
    for size, kernel_size in zip(x.shape[2:], weight.shape[2:]):
        conv_output_size(size, kernel_size, stride, padding, dilation)
    if x.shape[1] != weight.shape[1]:
        raise ValueError("channels")
    x = np.pad(x, [(0, 0)] * 2 + [(padding,) * 2] * 2)
    windows = _windows(x, *weight.shape[2:], stride)
    out = np.tensordot(windows, weight, axes=((1, 4, 5), (1, 2, 3))) + bias
    return out.transpose(0, 3, 1, 2)


def max_pool2d(x, kernel_size, stride=None):
    x = np.array(x, dtype=float)
    return np.amax(_windows(x, kernel_size, kernel_size, stride or kernel_size), axis=(4, 5))


def cnn_forward(x, conv_weight, conv_bias, fc_weight, fc_bias):
    h = np.where((z := conv2d(x, conv_weight, conv_bias)) > 0, z, 0.0)
    h = max_pool2d(h, kernel_size=2)
    z = h.reshape(len(h), -1) @ fc_weight + fc_bias
    z -= z.max(1, keepdims=True)
    return np.exp(z - np.log(np.exp(z).sum(1, keepdims=True)))
