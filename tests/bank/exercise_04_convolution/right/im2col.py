# right: windows as columns of one matrix, and one matrix product
import numpy as np


def conv_output_size(size, kernel_size, stride=1, padding=0):
    out = (size - kernel_size + 2 * padding + stride) // stride
    if kernel_size > size + 2 * padding:
        raise ValueError("kernel too large")
    return out


def _columns(x, kH, kW, stride):
    N, C, H, W = x.shape
    H_out, W_out = conv_output_size(H, kH, stride), conv_output_size(W, kW, stride)
    columns = np.empty((N, C, kH, kW, H_out, W_out))
    for i in range(kH):
        for j in range(kW):
            columns[:, :, i, j] = x[
                :, :, i : i + stride * H_out : stride, j : j + stride * W_out : stride
            ][:, :, :H_out, :W_out]
    return columns


def conv2d(x, weight, bias, stride=1, padding=0):
    if x.shape[1] != weight.shape[1]:
        raise ValueError("channels")
    p = padding
    padded = np.zeros((*x.shape[:2], x.shape[2] + 2 * p, x.shape[3] + 2 * p))
    padded[:, :, p : p + x.shape[2], p : p + x.shape[3]] = x
    columns = _columns(padded, *weight.shape[2:], stride)
    N, *_, H_out, W_out = columns.shape
    flat = columns.reshape(N, -1, H_out * W_out)
    out = weight.reshape(len(weight), -1) @ flat + bias[:, None]
    return out.reshape(N, len(weight), H_out, W_out)


def max_pool2d(x, kernel_size, stride=None):
    stride = kernel_size if stride is None else stride
    return _columns(x, kernel_size, kernel_size, stride).max(axis=2).max(axis=2)


def cnn_forward(x, conv_weight, conv_bias, fc_weight, fc_bias):
    hidden = conv2d(x, conv_weight, conv_bias)
    hidden *= hidden > 0
    logits = max_pool2d(hidden, 2).reshape(len(x), -1).dot(fc_weight) + fc_bias
    log_norm = np.logaddexp.reduce(logits, axis=1)
    return np.exp(logits - log_norm[:, None])
