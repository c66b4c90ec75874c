import torch, torch.nn as nn, torch.nn.functional as F

def gelu(x, approximate=False):
    return F.gelu(x, approximate="tanh" if approximate else "none")

def swiglu(x, W_gate, W_up, W_down):
    return F.linear(F.silu(F.linear(x, W_gate.T)) * F.linear(x, W_up.T), W_down.T)

class TransformerBlock(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        if not isinstance(num_heads, int) or num_heads <= 0 or d_model % num_heads != 0:
            raise ValueError(num_heads)
        super().__init__()
        self.h = num_heads
        self.qkv, self.proj = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)
        self.fc1, self.fc2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)
        self.ln1, self.ln2 = (nn.LayerNorm(d_model) for _ in range(2))
    def forward(self, x):
        B, L, D = x.size()
        q, k, v = (t.unflatten(-1, (self.h, -1)).transpose(1, 2) for t in self.qkv(self.ln1(x)).chunk(3, -1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).flatten(2))
        return x + self.fc2(F.gelu(self.fc1(self.ln2(x))))

def transformer_parameters(layers, d_model, d_ff, vocab_size, context, tied=True):
    block = sum(p.numel() for p in TransformerBlock(d_model, 1, d_ff).parameters())
    return layers * block + (vocab_size * (1 if tied else 2) + context + 2) * d_model
