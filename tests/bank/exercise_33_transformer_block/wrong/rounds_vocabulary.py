# wrong: transformer_parameters: rounds the vocabulary up
import math

import torch
from torch import nn


def gelu(x, approximate=False):
    if approximate:
        return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1.0 + torch.erf(x / math.sqrt(2.0)))


def swiglu(x, W_gate, W_up, W_down):
    gate = x @ W_gate
    up = x @ W_up
    return (gate * torch.sigmoid(gate) * up) @ W_down


class TransformerBlock(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        if num_heads <= 0 or d_model % num_heads != 0:
            raise ValueError("num_heads has to divide d_model")
        self.num_heads = num_heads
        self.head_dim = d_model // num_heads
        self.ln1 = nn.LayerNorm(d_model)
        self.ln2 = nn.LayerNorm(d_model)
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.proj = nn.Linear(d_model, d_model)
        self.fc1 = nn.Linear(d_model, d_ff)
        self.fc2 = nn.Linear(d_ff, d_model)

    def attention(self, x):
        B, L, D = x.shape
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q = q.view(B, L, self.num_heads, self.head_dim).transpose(1, 2)
        k = k.view(B, L, self.num_heads, self.head_dim).transpose(1, 2)
        v = v.view(B, L, self.num_heads, self.head_dim).transpose(1, 2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.head_dim)
        mask = torch.tril(torch.ones(L, L, dtype=torch.bool))
        scores = scores.masked_fill(~mask, float("-inf"))
        weights = torch.softmax(scores, dim=-1)
        out = weights @ v
        return out.transpose(1, 2).reshape(B, L, D)

    def forward(self, x):
        x = x + self.proj(self.attention(self.ln1(x)))
        x = x + self.fc2(block_gelu(self.fc1(self.ln2(x))))
        return x


def block_gelu(x):
    return nn.functional.gelu(x)


def transformer_parameters(layers, d_model, d_ff, vocab_size, context, tied=True):
    attention = d_model * 3 * d_model + 3 * d_model + d_model * d_model + d_model
    mlp = d_model * d_ff + d_ff + d_ff * d_model + d_model
    norms = 2 * 2 * d_model
    vocab_size = -(-vocab_size // 64) * 64
    total = vocab_size * d_model + context * d_model
    total += layers * (attention + mlp + norms)
    total += 2 * d_model
    if not tied:
        total += vocab_size * d_model
    return total
