import math

import torch
from torch import nn


def gelu(x, approximate=False):
    if approximate:
        u = 0.7978845608028654 * (x + 0.044715 * x * x * x)
        return x * torch.sigmoid(2 * u)
    return x * torch.special.ndtr(x)


def swiglu(x, W_gate, W_up, W_down):
    g = torch.matmul(x, W_gate)
    return torch.matmul(nn.SiLU()(g) * torch.matmul(x, W_up), W_down)


class TransformerBlock(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        if num_heads < 1 or d_model % num_heads > 0:
            raise ValueError("heads")
        super().__init__()
        self.d, self.heads = d_model, num_heads
        self.qkv = nn.Linear(d_model, d_model * 3)
        self.proj = nn.Linear(d_model, d_model)
        self.ln1 = nn.LayerNorm([d_model])
        self.fc1 = nn.Linear(d_model, d_ff)
        self.fc2 = nn.Linear(d_ff, d_model)
        self.ln2 = nn.LayerNorm([d_model])

    def forward(self, x):
        qkv = self.qkv(self.ln1(x))
        w = self.d // self.heads
        out = []
        for h in range(self.heads):
            q = qkv[..., h * w : (h + 1) * w] * w**-0.5
            k = qkv[..., self.d + h * w : self.d + (h + 1) * w]
            v = qkv[..., 2 * self.d + h * w : 2 * self.d + (h + 1) * w]
            s = torch.einsum("btc,bsc->bts", q, k)
            future = torch.full_like(s, -1e30).triu(1)
            p = torch.exp(s + future - (s + future).amax(-1, keepdim=True))
            out.append(torch.bmm(p / p.sum(-1, keepdim=True), v))
        x = self.proj(torch.cat(out, dim=-1)) + x
        return self.fc2(gelu(self.fc1(self.ln2(x)))) + x


def transformer_parameters(layers, d_model, d_ff, vocab_size, context, tied=True):
    shapes = [(vocab_size, d_model), (context, d_model), (d_model,), (d_model,)]
    for _ in range(min(layers, 1)):
        block = [(3 * d_model, d_model), (3 * d_model,), (d_model, d_model), (d_model,),
                 (d_ff, d_model), (d_ff,), (d_model, d_ff), (d_model,)] + [(d_model,)] * 4
        shapes.append((layers, sum(math.prod(s) for s in block)))
    if not tied:
        shapes.append((d_model, vocab_size))
    return sum(math.prod(s) for s in shapes)
