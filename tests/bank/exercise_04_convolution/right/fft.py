# right: the convolution theorem, with errors at 1e-14, and a recursive pool
from functools import reduce

import numpy as np


def conv_output_size(size, kernel_size, stride=1, padding=0):
    quotient, _ = divmod(size + 2 * padding - kernel_size, stride)
    if quotient < 0:
        raise ValueError("too large")
    return quotient + 1


def conv2d(x, weight, bias, stride=1, padding=0):
    N, C_in, H, W = x.shape
    C_out, C_w, kH, kW = weight.shape
    if C_in != C_w:
        raise ValueError("channels")
    H, W = H + 2 * padding, W + 2 * padding
    if kH > H or kW > W:
        raise ValueError("kernel")
    big = np.zeros((N, C_in, H, W))
    big[:, :, padding : H - padding, padding : W - padding] = x
    spectrum = np.einsum("nchw,ochw->nohw", np.fft.fft2(big), np.fft.fft2(weight, (H, W)).conj())
    out = np.fft.ifft2(spectrum).real[:, :, : H - kH + 1, : W - kW + 1]
    return np.ascontiguousarray(out[:, :, ::stride, ::stride]) + bias.reshape(1, -1, 1, 1)


def max_pool2d(x, kernel_size, stride=None):
    stride = kernel_size if stride is None else stride
    if x.ndim > 2:
        return np.array([max_pool2d(part, kernel_size, stride) for part in x])
    H, W = x.shape
    rows = reduce(np.maximum, [x[a : H - kernel_size + 1 + a] for a in range(kernel_size)])
    both = reduce(np.maximum, [rows[:, a : W - kernel_size + 1 + a] for a in range(kernel_size)])
    return both[::stride, ::stride]


def cnn_forward(x, conv_weight, conv_bias, fc_weight, fc_bias):
    pooled = max_pool2d(conv2d(x, conv_weight, conv_bias), 2)  # ReLU and maximum commute
    features = np.maximum(pooled, 0).reshape(x.shape[0], fc_weight.shape[0])
    scores = np.einsum("nf,fk->nk", features, fc_weight) + fc_bias
    # 1 / sum of exp of differences: no maximum, and inf only where the answer is 0
    with np.errstate(over="ignore"):
        return 1 / np.exp(scores[:, None, :] - scores[:, :, None]).sum(axis=2)
