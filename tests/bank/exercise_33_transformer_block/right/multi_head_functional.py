import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def gelu(x, approximate=False):
    module = nn.GELU(approximate="tanh") if approximate else nn.GELU()
    return module(x)


def swiglu(x, W_gate, W_up, W_down):
    both = x @ torch.cat([W_gate, W_up], dim=1)
    gate, up = both.split(W_gate.shape[1], dim=-1)
    return (F.silu(gate) * up).matmul(W_down)


class TransformerBlock(nn.Module):
    def __init__(self, d_model: int, num_heads: int, d_ff: int):
        super().__init__()
        try:
            bad = num_heads < 0 or d_model % num_heads
        except ZeroDivisionError:
            bad = True
        if bad:
            raise ValueError("no positive divisor")
        self.cfg = (d_model, num_heads, d_ff)
        self.ln1 = nn.LayerNorm(d_model)
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.proj = nn.Linear(d_model, d_model)
        self.ln2 = nn.LayerNorm(d_model)
        self.fc1 = nn.Linear(d_model, d_ff)
        self.fc2 = nn.Linear(d_ff, d_model)
        self.register_buffer("mask", torch.zeros(1, 1, dtype=torch.bool), persistent=False)

    def forward(self, x):
        d, heads, _ = self.cfg
        L = x.shape[1]
        if self.mask.shape[0] < L:
            self.mask = torch.ones(L, L, dtype=torch.bool).triu(diagonal=1)
        normed = self.ln1(x).transpose(0, 1)
        out, _ = F.multi_head_attention_forward(
            normed, normed, normed, d, heads, self.qkv.weight, self.qkv.bias, None, None, False,
            0.0, self.proj.weight, self.proj.bias, need_weights=False,
            attn_mask=self.mask[:L, :L],
        )
        x = x + out.transpose(0, 1)
        return x + self.fc2(F.gelu(self.fc1(self.ln2(x))))


def transformer_parameters(layers, d_model, d_ff, vocab_size, context, tied=True):
    table = {
        "embedding": vocab_size * d_model, "positions": context * d_model, "final": 2 * d_model,
        "head": 0 if tied else vocab_size * d_model,
        "norms": layers * 4 * d_model,
        "attention": layers * 4 * (d_model**2 + d_model),
        "mlp": layers * (2 * d_model * d_ff + d_model + d_ff),
    }
    return sum(table.values())
