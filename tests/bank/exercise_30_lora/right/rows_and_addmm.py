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
        rows = x.reshape(-1, x.shape[-1])
        thin = rows.mm(self.A.t())
        out = torch.addmm(self.base(rows), thin, self.B.t(), alpha=self.scaling)
        return out.reshape(*x.shape[:-1], -1)

    def merge(self):
        base = self.base
        merged = nn.utils.skip_init(
            nn.Linear, base.in_features, base.out_features, base.bias is not None,
            dtype=base.weight.dtype,
        )
        with torch.no_grad():
            torch.addmm(base.weight, self.B, self.A, alpha=self.scaling, out=merged.weight.data)
            if base.bias is not None:
                merged.bias.copy_(base.bias)
        return merged.eval()


def apply_lora(model, names, rank, alpha):
    targets = []
    for path, module in model.named_modules():
        if isinstance(module, nn.Linear) and path and path.split(".")[-1] in names:
            targets.append(path)
    if not targets:
        raise ValueError("nothing to adapt")
    for p in model.parameters():
        p.requires_grad = False
    count = 0
    for path in targets:
        parent_path, _, name = path.rpartition(".")
        parent = model.get_submodule(parent_path)
        layer = LoRALinear(getattr(parent, name), rank, alpha)
        setattr(parent, name, layer)
        count += layer.A.numel() + layer.B.numel()
    return count


def lora_state_dict(model):
    out = {}
    for path, module in model.named_modules():
        if isinstance(module, LoRALinear):
            prefix = path + "." if path else ""
            out[prefix + "A"] = module.A.detach()
            out[prefix + "B"] = module.B.detach()
    return out
