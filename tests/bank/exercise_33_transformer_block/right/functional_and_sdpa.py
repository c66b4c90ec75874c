import torch
import torch.nn.functional as F
from torch import nn


def gelu(x, approximate=False):
    return F.gelu(x, approximate="tanh" if approximate else "none")


def swiglu(x, W_gate, W_up, W_down):
    return F.linear(F.silu(F.linear(x, W_gate.T)) * F.linear(x, W_up.T), W_down.T)


class TransformerBlock(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        if num_heads not in [n for n in range(1, d_model + 1) if d_model % n == 0]:
            raise ValueError(num_heads)
        self.h = num_heads
        self.ln1, self.ln2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.qkv = nn.Linear(d_model, 3 * d_model, bias=True)
        self.proj = nn.Linear(d_model, d_model)
        self.fc1, self.fc2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)
        self.dropout = nn.Dropout(0.0)

    def forward(self, x):
        B, L, D = x.size()
        q, k, v = (
            part.reshape(B, L, self.h, D // self.h).transpose(1, 2)
            for part in self.qkv(self.ln1(x)).split(D, dim=2)
        )
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.dropout(self.proj(a.transpose(1, 2).contiguous().view(B, L, D)))
        return x + self.dropout(self.fc2(F.gelu(self.fc1(self.ln2(x)))))


def transformer_parameters(layers, d_model, d_ff, vocab_size, context, tied=True):
    d = d_model
    per_layer = 4 * d * d + 2 * d * d_ff + 9 * d + d_ff
    return (vocab_size * (1 if tied else 2) + context + 2) * d + layers * per_layer
