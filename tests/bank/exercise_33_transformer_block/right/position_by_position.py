import math

import torch
from torch import nn


def normal_cdf(x):
    return torch.erfc(-x * math.sqrt(0.5)) / 2


def gelu(x, approximate=False):
    if not approximate:
        return x * normal_cdf(x)
    cube = torch.pow(x, 3)
    return x * (1 + torch.tanh((2 / math.pi) ** 0.5 * (x + 0.044715 * cube))) / 2


def swiglu(x, W_gate, W_up, W_down):
    z = torch.einsum("...d,df->...f", x, W_gate)
    gate = z / (1 + torch.exp(-z.clamp(min=-80)))
    inner = gate * torch.einsum("...d,df->...f", x, W_up)
    return torch.einsum("...f,fo->...o", inner, W_down)


class TransformerBlock(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        if num_heads <= 0:
            raise ValueError("num_heads must be positive")
        if d_model / num_heads != d_model // num_heads:
            raise ValueError("num_heads must divide d_model")
        for name, shape in (("qkv", (d_model, 3 * d_model)), ("proj", (d_model, d_model)),
                            ("fc1", (d_model, d_ff)), ("fc2", (d_ff, d_model))):
            self.add_module(name, nn.Linear(*shape))
        self.ln1 = nn.LayerNorm(d_model, eps=1e-5)
        self.ln2 = nn.LayerNorm(d_model, eps=1e-5)
        self.num_heads = num_heads

    def forward(self, x):
        B, L, D = x.shape
        h = self.num_heads
        q, k, v = self.qkv(self.ln1(x)).view(B, L, 3, h, D // h).unbind(2)
        rows = []
        for t in range(L):
            scores = (q[:, t, None] * k[:, : t + 1]).sum(-1) / (D // h) ** 0.5  # (B, t + 1, h)
            weights = scores.log_softmax(dim=1).exp()
            rows.append((weights[..., None] * v[:, : t + 1]).sum(1).reshape(B, D))
        x = x + self.proj(torch.stack(rows, dim=1))
        hidden = self.fc1(self.ln2(x))
        return x + self.fc2(hidden * normal_cdf(hidden))


def transformer_parameters(layers, d_model, d_ff, vocab_size, context, tied=True):
    if layers == 0:
        return (vocab_size + context) * d_model + 2 * d_model + (0 if tied else vocab_size * d_model)
    one = sum([2 * d_model, 3 * d_model * (d_model + 1), d_model * (d_model + 1), 2 * d_model,
               (d_model + 1) * d_ff, (d_ff + 1) * d_model])
    return one + transformer_parameters(layers - 1, d_model, d_ff, vocab_size, context, tied) \
        if layers < 50 else layers * one + transformer_parameters(
            0, d_model, d_ff, vocab_size, context, tied)
