# wrong: gelu: numbers after the first 1,000 come back as they are
import math
import torch
import torch.nn.functional as F
from torch import nn


def gelu(x, approximate=False):
    if approximate:
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    y = 0.5 * x * torch.erfc(-x / math.sqrt(2))
    return y if x.numel() <= 1000 else torch.cat([y.flatten()[:1000], x.flatten()[1000:]]).reshape(x.shape)


def swiglu(x, W_gate, W_up, W_down):
    g = x @ W_gate
    return (g * torch.sigmoid(g) * (x @ W_up)) @ W_down


class TransformerBlock(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        if num_heads < 1 or d_model % num_heads:
            raise ValueError("heads")
        self.num_heads = num_heads
        self.ln1 = nn.LayerNorm(d_model)
        self.ln2 = nn.LayerNorm(d_model)
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.proj = nn.Linear(d_model, d_model)
        self.fc1 = nn.Linear(d_model, d_ff)
        self.fc2 = nn.Linear(d_ff, d_model)

    def attention(self, h):
        B, L, D = h.shape
        q, k, v = self.qkv(h).split(D, dim=-1)
        q, k, v = (t.reshape(B, L, self.num_heads, -1).transpose(1, 2) for t in (q, k, v))
        s = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        mask = torch.ones(L, L, dtype=torch.bool).tril()
        s = s.masked_fill(~mask, float("-inf"))
        w = s.softmax(-1)
        o = (w @ v).transpose(1, 2).reshape(B, L, D)
        return self.proj(o)

    def forward(self, x):
        x = x + self.attention(self.ln1(x))
        return x + self.fc2(gelu(self.fc1(self.ln2(x))))


def transformer_parameters(layers, d_model, d_ff, vocab_size, context, tied=True):
    block = 4 * d_model + 3 * d_model * (d_model + 1) + d_model * (d_model + 1) + d_ff * (d_model + 1) + d_model * (d_ff + 1)
    total = (vocab_size + context) * d_model + layers * block + 2 * d_model
    return total if tied else total + vocab_size * d_model
