# right: seven nested Python loops, nested lists, no vectorised step
import math

import numpy as np


def conv_output_size(size, kernel_size, stride=1, padding=0):
    count, start = 0, -padding
    while start + kernel_size <= size + padding:
        count, start = count + 1, start + stride
    if count == 0:
        raise ValueError(kernel_size)
    return count


def conv2d(x, weight, bias, stride=1, padding=0):
    N, C_in, H, W = x.shape
    C_out, C_w, kH, kW = weight.shape
    if C_w != C_in:
        raise ValueError("channels")
    H_out = conv_output_size(H, kH, stride, padding)
    W_out = conv_output_size(W, kW, stride, padding)
    out = np.empty((N, C_out, H_out, W_out))
    for n in range(N):
        for o in range(C_out):
            for i in range(H_out):
                for j in range(W_out):
                    total = float(bias[o])
                    for c in range(C_in):
                        for a in range(kH):
                            row = i * stride + a - padding
                            if not 0 <= row < H:
                                continue
                            for b in range(kW):
                                column = j * stride + b - padding
                                if 0 <= column < W:
                                    total += x[n, c, row, column] * weight[o, c, a, b]
                    out[n, o, i, j] = total
    return out


def max_pool2d(x, kernel_size, stride=None):
    step = stride or kernel_size
    rows = range(0, x.shape[2] - kernel_size + 1, step)
    columns = range(0, x.shape[3] - kernel_size + 1, step)
    return np.array([
        [
            [
                [
                    max(plane[i + a][j + b] for a in range(kernel_size) for b in range(kernel_size))
                    for j in columns
                ]
                for i in rows
            ]
            for plane in image
        ]
        for image in x
    ])


def cnn_forward(x, conv_weight, conv_bias, fc_weight, fc_bias):
    result = []
    for image in x:
        planes = max_pool2d(conv2d(image[None], conv_weight, conv_bias), 2)[0]
        features = [max(float(v), 0.0) for plane in planes for row in plane for v in row]
        scores = [
            sum(f * w for f, w in zip(features, fc_weight[:, k].tolist())) + fc_bias[k]
            for k in range(len(fc_bias))
        ]
        top = max(scores)
        powers = [math.exp(score - top) for score in scores]
        result.append([power / sum(powers) for power in powers])
    return np.array(result)
