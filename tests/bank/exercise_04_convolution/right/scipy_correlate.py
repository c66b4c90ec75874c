# right: scipy's correlate2d for each pair of channels, maximum_filter for the pool
import numpy as np
from scipy import ndimage, signal, special


def conv_output_size(size, kernel_size, stride=1, padding=0):
    positions = range(0, size + 2 * padding - kernel_size + 1, stride)
    if not positions:
        raise ValueError("no position")
    return len(positions)


def conv2d(x, weight, bias, stride=1, padding=0):
    if x.shape[1] != weight.shape[1]:
        raise ValueError("channels")
    p = ((padding, padding),)
    x = np.pad(x, ((0, 0), (0, 0)) + p + p)
    if weight.shape[2] > x.shape[2] or weight.shape[3] > x.shape[3]:
        raise ValueError("kernel")
    return np.stack([
        np.stack([
            sum(signal.correlate2d(a, k, mode="valid") for a, k in zip(image, kernels)) + b
            for kernels, b in zip(weight, bias)
        ])
        for image in x
    ])[..., ::stride, ::stride]


def max_pool2d(x, kernel_size, stride=None):
    stride = kernel_size if stride is None else stride
    k = kernel_size
    largest = ndimage.maximum_filter1d(x, k, axis=2, origin=-(k // 2), mode="nearest")
    largest = ndimage.maximum_filter1d(largest, k, axis=3, origin=-(k // 2), mode="nearest")
    H, W = x.shape[2:]
    return largest[:, :, : H - k + 1 : stride, : W - k + 1 : stride]


def cnn_forward(x, conv_weight, conv_bias, fc_weight, fc_bias):
    hidden = np.clip(conv2d(x, conv_weight, conv_bias), 0, None)
    features = max_pool2d(hidden, 2, 2).reshape(len(x), -1)
    return special.softmax(features @ fc_weight + fc_bias, axis=-1)
