import numpy as np


def permute(D):
    return np.r_[np.arange(0, D, 2), np.arange(1, D, 2)]


def sinusoidal_encoding(length, d_model):
    if d_model % 2 != 0:
        raise ValueError("even")
    inv = 1 / 10000 ** (np.arange(0.0, d_model, 2.0) / d_model)
    a = np.einsum("i,j->ij", np.arange(length, dtype=float), inv)
    return np.c_[np.sin(a), np.cos(a)][:, np.argsort(permute(d_model))]


def apply_rope(x, positions, base=10000.0):
    D = x.shape[-1]
    if D % 2 != 0:
        raise ValueError("even")
    x = x[..., permute(D)]
    inv = 1.0 / np.float64(base) ** (np.arange(0.0, D, 2.0) / D)
    a = np.tile(np.einsum("i,j->ij", positions.astype(np.float64), inv), 2)
    rotated = np.concatenate([-x[..., D // 2 :], x[..., : D // 2]], axis=-1)
    return (x * np.cos(a) + rotated * np.sin(a))[..., np.argsort(permute(D))]


def alibi_bias(num_heads, length):
    start = 2 ** (-8 / num_heads)
    slopes = np.array([start * start**h for h in range(num_heads)])
    relative = (np.arange(length)[None, :] - np.arange(length)[:, None]).astype(float)
    relative[np.triu_indices(length, 1)] = -np.inf
    return np.einsum("h,qk->hqk", slopes, relative) if length == 1 else slopes[:, None, None] * relative
