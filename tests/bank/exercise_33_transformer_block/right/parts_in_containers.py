import torch
from torch import nn
import torch.nn.functional as F
def gelu(x, approximate=False): return F.gelu(x, approximate=("none", "tanh")[bool(approximate)])
def swiglu(x, W_gate, W_up, W_down): return (F.silu(x @ W_gate) * (x @ W_up)) @ W_down
class TransformerBlock(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        if num_heads < 1 or d_model % num_heads: raise ValueError
        self.heads = num_heads
        self.mlp = nn.Sequential(nn.Linear(d_model, d_ff), nn.GELU(), nn.Linear(d_ff, d_model))
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(2))
        self.attn = nn.ModuleDict({"qkv": nn.Linear(d_model, 3 * d_model), "proj": nn.Linear(d_model, d_model)})
    ln1 = property(lambda self: self.norms[0])
    ln2 = property(lambda self: self.norms[1])
    fc1 = property(lambda self: self.mlp[0])
    fc2 = property(lambda self: self.mlp[2])
    qkv = property(lambda self: self.attn["qkv"])
    proj = property(lambda self: self.attn["proj"])
    def forward(self, x):
        B, L, D = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(B, L, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.permute(0, 2, 1, 3).reshape(B, L, D))
        return x + self.mlp(self.ln2(x))
def transformer_parameters(layers, d_model, d_ff, vocab_size, context, tied=True):
    return (vocab_size + context + 2) * d_model + (0 if tied else vocab_size * d_model) + layers * (4 * d_model ** 2 + 2 * d_model * d_ff + 9 * d_model + d_ff)
