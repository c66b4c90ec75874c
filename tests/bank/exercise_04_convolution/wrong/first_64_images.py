# wrong: conv2d: leaves out all images after the first 64
import numpy as np


def conv_output_size(size, kernel_size, stride=1, padding=0):
    if kernel_size > size + 2 * padding:
        raise ValueError("fit")
    return (size + 2 * padding - kernel_size) // stride + 1


def conv2d(x, weight, bias, stride=1, padding=0):
    if x.shape[1] != weight.shape[1]:
        raise ValueError("channels")
    N, _, H, W = x.shape
    C, _, kH, kW = weight.shape
    if kH > H + 2 * padding or kW > W + 2 * padding:
        raise ValueError("fit")
    P = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    win = np.lib.stride_tricks.sliding_window_view(P, (kH, kW), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwij,ocij->nohw", win[:64], weight) + bias[:, None, None]


def max_pool2d(x, kernel_size, stride=None):
    s = kernel_size if stride is None else stride
    win = np.lib.stride_tricks.sliding_window_view(x, (kernel_size, kernel_size), axis=(2, 3))
    return win[:, :, ::s, ::s].max(axis=(4, 5))


def _relu_pool(z):
    z = np.maximum(z, 0)
    N, C, H, W = z.shape
    z = z[:, :, :H // 2 * 2, :W // 2 * 2]
    return z.reshape(N, C, H // 2, 2, W // 2, 2).max(axis=(3, 5))


def _conv(x, w, b):
    win = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", win, w) + b[:, None, None]


def cnn_forward(x, conv_weight, conv_bias, fc_weight, fc_bias):
    z = _relu_pool(_conv(x, conv_weight, conv_bias))
    logits = z.reshape(len(x), -1) @ fc_weight + fc_bias
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
