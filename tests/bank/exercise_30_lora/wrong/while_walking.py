# wrong: apply_lora: replaces while it walks, and so enters the layers that it has just put in
import copy

import torch
from torch import nn


class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank must be at least 1")
        for p in base.parameters():
            p.requires_grad_(False)
        self.base = base
        self.scaling = alpha / rank
        self.A = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype) * 0.02)
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))

    def forward(self, x):
        return self.base(x) + self.scaling * (x @ self.A.T) @ self.B.T

    def merge(self):
        merged = copy.deepcopy(self.base)
        with torch.no_grad():
            merged.weight.copy_(self.base.weight + self.scaling * self.B @ self.A)
        return merged


def apply_lora(model, names, rank, alpha):
    if not any(
        isinstance(m, nn.Linear) and p and p.split(".")[-1] in names
        for p, m in model.named_modules()
    ):
        raise ValueError("nothing to adapt")
    model.requires_grad_(False)

    def walk(module, depth):
        total = 0
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear) and name in names:
                setattr(module, name, LoRALinear(child, rank, alpha))
                layer = getattr(module, name)
                total += layer.A.numel() + layer.B.numel()
            if depth < 6:
                total += walk(getattr(module, name), depth + 1)
        return total

    return walk(model, 0)


def lora_state_dict(model):
    out = {}
    for path, module in model.named_modules():
        if isinstance(module, LoRALinear):
            prefix = path + "." if path else ""
            out[prefix + "A"] = module.A.detach()
            out[prefix + "B"] = module.B.detach()
    return out
