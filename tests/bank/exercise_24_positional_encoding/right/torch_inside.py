import math

import numpy as np
import torch


def sinusoidal_encoding(length, d_model):
    if d_model % 2:
        raise ValueError("even, please")
    pos = torch.arange(length, dtype=torch.float64).unsqueeze(1)
    i = torch.arange(0, d_model, 2, dtype=torch.float64)
    angles = pos * torch.exp(i * (-math.log(10000.0) / d_model))
    return torch.stack((angles.sin(), angles.cos()), dim=2).flatten(1).numpy()


def apply_rope(x, positions, base=10000.0):
    tensor = torch.tensor(np.array(x))
    if tensor.shape[-1] % 2:
        raise ValueError("even, please")
    D = tensor.shape[-1]
    theta = torch.pow(torch.tensor(float(base), dtype=torch.float64),
                      -torch.arange(0, D, 2, dtype=torch.float64) / D)
    angles = torch.outer(torch.tensor(np.array(positions)).double(), theta)
    turned = torch.view_as_complex(tensor.unflatten(-1, (-1, 2)).contiguous())
    turned = turned * torch.polar(torch.ones_like(angles), angles)
    return torch.view_as_real(turned).flatten(-2).numpy()


def alibi_bias(num_heads, length):
    h = torch.arange(1, num_heads + 1, dtype=torch.float64)
    place = torch.arange(length, dtype=torch.float64)
    bias = -torch.pow(2.0, -8 * h / num_heads).view(-1, 1, 1) * (place.view(-1, 1) - place)
    future = torch.ones(length, length, dtype=torch.bool).triu(1)
    return bias.masked_fill(future, -math.inf).numpy()
