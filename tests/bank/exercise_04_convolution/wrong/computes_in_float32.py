# wrong: conv2d: keeps only some of the digits, as in float32 or with an epsilon added
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def conv_output_size(size, kernel_size, stride=1, padding=0):
    room = size + 2 * padding - kernel_size
    if room < 0:
        raise ValueError("the kernel does not fit")
    return room // stride + 1


def conv2d(x, weight, bias, stride=1, padding=0):
    N, C_in, H, W = x.shape
    C_out, C_k, kH, kW = weight.shape
    if C_in != C_k:
        raise ValueError("channels disagree")
    if kH > H + 2 * padding or kW > W + 2 * padding:
        raise ValueError("the kernel does not fit")
    H_out = (H + 2 * padding - kH) // stride + 1
    W_out = (W + 2 * padding - kW) // stride + 1
    x, weight = x.astype(np.float32), weight.astype(np.float32)
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros((N, C_out, H_out, W_out))
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            window = padded[:, :, top : top + kH, left : left + kW]
            products = np.tensordot(window, weight, axes=([1, 2, 3], [1, 2, 3]))
            out[:, :, i, j] = products + bias
    return out


def max_pool2d(x, kernel_size, stride=None):
    if stride is None:
        stride = kernel_size
    N, C, H, W = x.shape
    H_out = (H - kernel_size) // stride + 1
    W_out = (W - kernel_size) // stride + 1
    out = np.zeros((N, C, H_out, W_out))
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            window = x[:, :, top : top + kernel_size, left : left + kernel_size]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out


def cnn_forward(x, conv_weight, conv_bias, fc_weight, fc_bias):
    N = x.shape[0]
    windows = sliding_window_view(x, conv_weight.shape[2:], axis=(2, 3))
    conv = np.einsum("nchwij,ocij->nohw", windows, conv_weight)
    conv = conv + conv_bias[:, None, None]
    hidden = np.maximum(conv, 0)
    H, W = hidden.shape[2] // 2, hidden.shape[3] // 2
    blocks = hidden[:, :, : 2 * H, : 2 * W].reshape(N, -1, H, 2, W, 2)
    pooled = blocks.max(axis=(3, 5))
    features = pooled.reshape(N, -1)
    logits = features @ fc_weight + fc_bias
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)
