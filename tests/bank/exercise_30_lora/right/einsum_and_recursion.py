import math

import torch
import torch.nn.functional as F
from torch import nn


class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        if rank <= 0:
            raise ValueError(rank)
        super().__init__()
        base.weight.requires_grad = False
        if base.bias is not None:
            base.bias.requires_grad = False
        self.base, self.rank, self.alpha = base, rank, alpha
        out_features, in_features = base.weight.shape
        kind = {"dtype": base.weight.dtype, "device": base.weight.device}
        self.register_parameter("A", nn.Parameter(torch.empty(rank, in_features, **kind)))
        self.register_parameter("B", nn.Parameter(torch.zeros(out_features, rank, **kind)))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))

    def forward(self, x):
        update = torch.einsum("...i,ri,or->...o", x, self.A, self.B)
        return F.linear(x, self.base.weight, self.base.bias) + update * self.alpha / self.rank

    @torch.no_grad()
    def merge(self):
        weight = self.base.weight.clone()
        weight += torch.einsum("or,ri->oi", self.B, self.A) * (self.alpha / self.rank)
        has_bias = self.base.bias is not None
        new = nn.Linear(weight.shape[1], weight.shape[0], bias=has_bias, dtype=weight.dtype)
        new.weight.copy_(weight)
        if has_bias:
            new.bias.copy_(self.base.bias)
        return new


def _replace(module, names, rank, alpha):
    made = []
    for name, child in list(module.named_children()):
        if type(child) is nn.Linear:
            if name in names:
                layer = LoRALinear(child, rank, alpha)
                module._modules[name] = layer
                made.append(layer)
        else:
            made += _replace(child, names, rank, alpha)
    return made


def _has(module, names):
    return any(
        (type(child) is nn.Linear and name in names) or _has(child, names)
        for name, child in module.named_children()
    )


def apply_lora(model, names, rank, alpha):
    if not _has(model, names):
        raise ValueError("no match")
    made = _replace(model, names, rank, alpha)
    keep = {id(p) for layer in made for p in (layer.A, layer.B)}
    total = 0
    for p in model.parameters():
        p.requires_grad = id(p) in keep
        total += p.numel() if p.requires_grad else 0
    return total


def lora_state_dict(model):
    def walk(module, prefix):
        if isinstance(module, LoRALinear):
            return {prefix + "A": module.A, prefix + "B": module.B}
        found = {}
        for name, child in module.named_children():
            found.update(walk(child, prefix + name + "."))
        return found

    return walk(model, "")
