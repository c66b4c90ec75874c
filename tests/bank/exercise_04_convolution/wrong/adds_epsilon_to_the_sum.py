# wrong: cnn_forward: adds 1e-8 to the sum that the softmax divides by
import numpy as np

def conv_output_size(size, kernel_size, stride=1, padding=0):
    if kernel_size > size + 2 * padding:
        raise ValueError("kernel")
    return (size + 2 * padding - kernel_size) // stride + 1

def conv2d(x, weight, bias, stride=1, padding=0):
    N, C, H, W = x.shape
    O, C2, kh, kw = weight.shape
    if C != C2:
        raise ValueError("channels")
    if kh > H + 2 * padding or kw > W + 2 * padding:
        raise ValueError("kernel")
    ho = (H + 2 * padding - kh) // stride + 1
    wo = (W + 2 * padding - kw) // stride + 1
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros((N, O, ho, wo))
    for i in range(ho):
        for j in range(wo):
            patch = xp[:, :, i * stride:i * stride + kh, j * stride:j * stride + kw]
            out[:, :, i, j] = np.tensordot(patch, weight, axes=([1, 2, 3], [1, 2, 3]))
    return out + bias[None, :, None, None]

def max_pool2d(x, kernel_size, stride=None):
    if stride is None:
        stride = kernel_size
    k = kernel_size
    N, C, H, W = x.shape
    hp = (H - k) // stride + 1
    wp = (W - k) // stride + 1
    res = np.zeros((N, C, hp, wp))
    for i in range(hp):
        for j in range(wp):
            res[:, :, i, j] = x[:, :, i * stride:i * stride + k, j * stride:j * stride + k].max(axis=(2, 3))
    return res

def _conv(x, weight, bias):
    O, C, kh, kw = weight.shape
    w = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", w, weight) + bias[:, None, None]

def cnn_forward(x, conv_weight, conv_bias, fc_weight, fc_bias):
    a = _conv(x, conv_weight, conv_bias)
    a = np.maximum(a, 0)
    N, C, H, W = a.shape
    a = a[:, :, :H // 2 * 2, :W // 2 * 2].reshape(N, C, H // 2, 2, W // 2, 2).max(axis=(3, 5))
    s = a.reshape(N, -1) @ fc_weight + fc_bias
    s = s - s.max(axis=1, keepdims=True)
    e = np.exp(s)
    return e / (e.sum(axis=1, keepdims=True) + 1e-8)
