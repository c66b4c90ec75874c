# wrong: TransformerBlock: has a mask for 128 tokens only
import math
import torch
from torch import nn


def gelu(x, approximate=False):
    if approximate:
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def swiglu(x, W_gate, W_up, W_down):
    gate = x @ W_gate
    return (gate * torch.sigmoid(gate) * (x @ W_up)) @ W_down


class TransformerBlock(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        if num_heads < 1 or d_model % num_heads:
            raise ValueError("num_heads has to divide d_model")
        self.num_heads = num_heads
        self.ln1 = nn.LayerNorm(d_model)
        self.ln2 = nn.LayerNorm(d_model)
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.proj = nn.Linear(d_model, d_model)
        self.fc1 = nn.Linear(d_model, d_ff)
        self.fc2 = nn.Linear(d_ff, d_model)

    def attention(self, x):
        B, L, D = x.shape
        H = self.num_heads
        q, k, v = self.qkv(x).split(D, dim=-1)
        q = q.view(B, L, H, D // H).transpose(1, 2)
        k = k.view(B, L, H, D // H).transpose(1, 2)
        v = v.view(B, L, H, D // H).transpose(1, 2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(D // H)
        mask = torch.ones(128, 128, dtype=torch.bool).tril()[:L, :L]
        scores = scores.masked_fill(~mask, float("-inf"))
        weights = torch.softmax(scores, dim=-1)
        return (weights @ v).transpose(1, 2).reshape(B, L, D)

    def forward(self, x):
        x = x + self.proj(self.attention(self.ln1(x)))
        return x + self.fc2(gelu(self.fc1(self.ln2(x))))


def transformer_parameters(layers, d_model, d_ff, vocab_size, context, tied=True):
    attention = d_model * 3 * d_model + 3 * d_model + d_model * d_model + d_model
    mlp = d_model * d_ff + d_ff + d_ff * d_model + d_model
    norms = 4 * d_model
    total = layers * (attention + mlp + norms)
    total += vocab_size * d_model + context * d_model + 2 * d_model
    if not tied:
        total += vocab_size * d_model
    return total
