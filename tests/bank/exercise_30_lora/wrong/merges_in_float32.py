# wrong: LoRALinear: merges a float64 layer in float32
import torch
from torch import nn


class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank must be positive")
        self.base = base
        for p in base.parameters():
            p.requires_grad_(False)
        dtype = base.weight.dtype
        self.A = nn.Parameter(torch.randn(rank, base.in_features, dtype=dtype) * 0.01)
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, dtype=dtype))
        self.scale = alpha / rank

    def forward(self, x):
        return self.base(x) + self.scale * (x @ self.A.T) @ self.B.T

    def merge(self):
        bias = self.base.bias is not None
        new = nn.Linear(self.base.in_features, self.base.out_features, bias=bias, dtype=self.base.weight.dtype)
        with torch.no_grad():
            new.weight.copy_((self.base.weight.float() + self.scale * self.B.float() @ self.A.float()))
            if bias:
                new.bias.copy_(self.base.bias)
        return new


def apply_lora(model, names, rank, alpha):
    found = []
    for parent in model.modules():
        for name, child in parent.named_children():
            if name in names and isinstance(child, nn.Linear):
                found.append((parent, name, child))
    if not found:
        raise ValueError("no match")
    layers = [LoRALinear(c, rank, alpha) for _, _, c in found]
    for p in model.parameters():
        p.requires_grad_(False)
    for (parent, name, _), layer in zip(found, layers):
        setattr(parent, name, layer)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def lora_state_dict(model):
    state = model.state_dict()
    out = {}
    for name, m in model.named_modules():
        if isinstance(m, LoRALinear):
            prefix = name + "." if name else ""
            for k in ("A", "B"):
                out[prefix + k] = state[prefix + k]
    return out
