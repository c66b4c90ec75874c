import math

import numpy as np


def sinusoidal_encoding(length, d_model):
    if d_model % 2:
        raise ValueError("odd")
    table = []
    for pos in range(length):
        row = []
        for i in range(d_model // 2):
            angle = pos / math.pow(10000, 2 * i / d_model)
            row += [math.sin(angle), math.cos(angle)]
        table.append(row)
    return np.array(table)


def apply_rope(x, positions, base=10000.0):
    D = x.shape[-1]
    if D % 2:
        raise ValueError("odd")
    out = np.array(x, dtype=float)
    for index in np.ndindex(x.shape[:-1]):
        for i in range(D // 2):
            angle = int(positions[index[-1]]) / base ** (2 * i / D)
            first, second = float(x[(*index, 2 * i)]), float(x[(*index, 2 * i + 1)])
            out[(*index, 2 * i)] = first * math.cos(angle) - second * math.sin(angle)
            out[(*index, 2 * i + 1)] = first * math.sin(angle) + second * math.cos(angle)
    return out


def alibi_bias(num_heads, length):
    out = np.full((num_heads, length, length), -math.inf)
    for h in range(num_heads):
        slope = 2 ** (-8 * (h + 1) / num_heads)
        for query in range(length):
            for key in range(query + 1):
                out[h, query, key] = slope * (key - query)
    return out
