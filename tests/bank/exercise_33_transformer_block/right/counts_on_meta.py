import torch
from torch import nn
import torch.nn.functional as F

def gelu(x, approximate=False):
    if approximate:
        inner = 0.7978845608028654 * torch.addcmul(x, x.square() * x, torch.tensor(0.044715, dtype=x.dtype))
        return x.mul(0.5).mul(inner.tanh().add(1.0))
    return torch.distributions.Normal(torch.zeros((), dtype=x.dtype), torch.ones((), dtype=x.dtype), validate_args=False).cdf(x) * x

def swiglu(x, W_gate, W_up, W_down):
    return torch.matmul(torch.mul(F.silu(torch.matmul(x, W_gate)), torch.matmul(x, W_up)), W_down)

class TransformerBlock(nn.Module):
    def __init__(self, d_model, num_heads, d_ff):
        super().__init__()
        try:
            assert num_heads > 0 and d_model % num_heads == 0
        except AssertionError:
            raise ValueError("num_heads") from None
        self.dims = d_model, num_heads
        for name, layer in dict(ln1=nn.LayerNorm(d_model), qkv=nn.Linear(d_model, 3*d_model), proj=nn.Linear(d_model, d_model), ln2=nn.LayerNorm(d_model), fc1=nn.Linear(d_model, d_ff), fc2=nn.Linear(d_ff, d_model)).items():
            setattr(self, name, layer)
    def forward(self, x):
        D, H = self.dims
        y = self.ln1(x).transpose(0, 1)
        L = len(y)
        mask = torch.triu(torch.full((L, L), float("-inf"), dtype=x.dtype), 1)
        out, _ = F.multi_head_attention_forward(y, y, y, D, H, self.qkv.weight, self.qkv.bias, None, None, False, 0.0, self.proj.weight, self.proj.bias, training=False, need_weights=False, attn_mask=mask)
        x = x + out.transpose(0, 1)
        return x + self.fc2(gelu(self.fc1(self.ln2(x))))

def transformer_parameters(layers, d_model, d_ff, vocab_size, context, tied=True):
    with torch.device("meta"):
        parts = nn.ModuleList([nn.Embedding(vocab_size, d_model), nn.Embedding(context, d_model), nn.LayerNorm(d_model)])
        for _ in range(layers):
            parts.append(TransformerBlock(d_model, 1, d_ff))
        if not tied:
            parts.append(nn.Linear(d_model, vocab_size, bias=False))
    return sum(p.numel() for p in parts.parameters())
