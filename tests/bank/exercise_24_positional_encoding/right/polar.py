import cmath

import numpy as np
import torch


def sinusoidal_encoding(length, d_model):
    if d_model % 2:
        raise ValueError("odd width")
    out = torch.zeros(length, d_model, dtype=torch.float64)
    pos = torch.arange(length, dtype=torch.float64)
    for i in range(0, d_model, 2):
        out[:, i] = torch.sin(pos / 10000 ** (i / d_model))
        out[:, i + 1] = torch.cos(pos / 10000 ** (i / d_model))
    return out.numpy()


def apply_rope(x, positions, base=10000.0):
    D = x.shape[-1]
    if D % 2:
        raise ValueError("odd width")
    out = np.array(x, order="F")
    flat = out.reshape(-1, *x.shape[-2:])
    for part in flat:
        for row, p in zip(part, positions):
            for i in range(0, D, 2):
                z = complex(row[i], row[i + 1]) * cmath.exp(1j * float(p) * base ** (-i / D))
                row[i], row[i + 1] = z.real, z.imag
    return flat.reshape(x.shape)


def alibi_bias(num_heads, length):
    near = torch.arange(length)[None, :] - torch.arange(length)[:, None]
    slopes = torch.tensor([2 ** (-8 * (h + 1) / num_heads) for h in range(num_heads)]).double()
    slopes = torch.from_numpy(2.0 ** (-8 * np.arange(1, num_heads + 1) / num_heads))
    return torch.where(near > 0, -torch.inf, slopes.view(-1, 1, 1) * near).numpy()
