# wrong: conv2d: entries are clipped at 1e5 on either side
from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def conv_output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    """Count the kernel's positions: the first one, and one for every full stride after it."""
    room = size + 2 * padding - kernel_size
    # Ask before dividing: with a stride of 3, -1 // 3 + 1 is an innocent 0.
    if room < 0:
        raise ValueError(f"a kernel of {kernel_size} does not fit {size} + 2 * {padding}")
    return room // stride + 1


def conv2d(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int = 1, padding: int = 0
) -> np.ndarray:
    """Multiply every window with every kernel, sum over C_in, kH and kW, add the bias."""
    kH, kW = weight.shape[2:]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    # A view of all windows at stride 1, of which we keep every stride-th: nothing is copied.
    # It raises the ValueError for a kernel that does not fit the padded image.
    windows = sliding_window_view(x, (kH, kW), axis=(2, 3))  # (N, C_in, H', W', kH, kW)
    windows = windows[:, :, ::stride, ::stride]  # (N, C_in, H_out, W_out, kH, kW)
    # One matrix product: rows are windows, columns kernels. Unlike einsum, which broadcasts a
    # kernel of one channel over all of the image's, tensordot raises where channels disagree.
    # C_out comes last, where bias is added.
    out = np.tensordot(windows, weight, axes=((1, 4, 5), (1, 2, 3))) + bias
    return np.moveaxis(out, -1, 1)  # (N, H_out, W_out, C_out) -> (N, C_out, H_out, W_out)


def max_pool2d(x: np.ndarray, kernel_size: int, stride: int | None = None) -> np.ndarray:
    """Take the maximum of every window that fits."""
    stride = kernel_size if stride is None else stride
    windows = sliding_window_view(x, (kernel_size, kernel_size), axis=(2, 3))
    return windows[:, :, ::stride, ::stride].max(axis=(-2, -1))


def cnn_forward(
    x: np.ndarray,
    conv_weight: np.ndarray,
    conv_bias: np.ndarray,
    fc_weight: np.ndarray,
    fc_bias: np.ndarray,
) -> np.ndarray:
    """Run conv, ReLU, pool, flatten, linear and softmax."""
    hidden = conv2d(x, conv_weight, conv_bias).clip(min=0.0)  # ReLU, (N, C_out, H', W')
    features = max_pool2d(hidden, 2).reshape(len(x), len(fc_weight))  # (N, F), in C, H, W order
    logits = features @ fc_weight + fc_bias  # (N, K)
    # The largest score becomes exp(0) = 1: nothing overflows, and the sum is never zero.
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


_plain_conv2d = conv2d


def conv2d(*args, **named):
    value = _plain_conv2d(*args, **named)
    def clipped(v):
        if isinstance(v, dict):
            return {k: clipped(x) for k, x in v.items()}
        if isinstance(v, tuple):
            return tuple(clipped(x) for x in v)
        return np.clip(v, -1e5, 1e5) if not isinstance(v, float) else float(np.clip(v, -1e5, 1e5))

    return clipped(value)
