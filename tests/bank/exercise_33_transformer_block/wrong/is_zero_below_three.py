# wrong: gelu: is 0 below -3
# each query in turn, as in decoding; einops-like unflatten
import torch
from torch import nn
import torch.nn.functional as F


def gelu(x, approximate=False):
    if approximate:
        c = torch.tensor(2 / torch.pi, dtype=x.dtype).sqrt()
        return x.mul(0.5).mul(1 + torch.tanh(c * (x + x.pow(3).mul(0.044715))))
    return torch.where(x < -3, torch.zeros_like(x), 0.5 * x * torch.erfc(-x * 0.5 ** 0.5))


def swiglu(x, W_gate, W_up, W_down):
    gate, up = (x @ torch.cat([W_gate, W_up], dim=1)).tensor_split(2, dim=-1)
    return (F.silu(gate) * up) @ W_down


class TransformerBlock(nn.Module):
    num_heads: int

    def __init__(self, d_model, num_heads, d_ff):
        super(TransformerBlock, self).__init__()
        if num_heads <= 0: raise ValueError("heads")
        d, rest = divmod(d_model, num_heads)
        if rest != 0: raise ValueError("heads do not divide")
        self.num_heads = num_heads; self.d = d
        self.ln1 = nn.LayerNorm(d_model)
        self.qkv = nn.Linear(d_model, 3 * d_model, bias=True)
        self.proj = nn.Linear(d_model, d_model)
        self.ln2 = nn.LayerNorm((d_model,))
        self.fc1 = nn.Linear(d_model, d_ff)
        self.fc2 = nn.Linear(d_ff, d_model)

    def forward(self, x):
        h = self.qkv(self.ln1(x)).unflatten(-1, (3, self.num_heads, self.d))
        q, k, v = h.unbind(-3)                                         # (B, L, H, d)
        rows = []
        for t in range(x.shape[1]):
            s = torch.einsum("bhd,bshd->bhs", q[:, t], k[:, : t + 1]) * self.d ** -0.5
            rows.append(torch.einsum("bhs,bshd->bhd", torch.softmax(s, dim=-1), v[:, : t + 1]).flatten(1))
        x = x + self.proj(torch.stack(rows, dim=1))
        return x + self.fc2(F.gelu(self.fc1(self.ln2(x))))


def transformer_parameters(layers, d_model, d_ff, vocab_size, context, tied=True):
    with torch.device("meta"):
        blocks = TransformerBlock(d_model, 1, d_ff)
    per = sum(p.numel() for p in blocks.parameters())
    total = per * layers
    total += d_model * (vocab_size + context + 2)
    if not tied:
        total += d_model * vocab_size
    return total
