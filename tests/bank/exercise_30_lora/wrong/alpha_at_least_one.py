# wrong: LoRALinear: treats an alpha below 1 as 1
import torch
from torch import nn

class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base
        for p in base.parameters():
            p.requires_grad_(False)
        self.scale = max(alpha, 1) / rank
        self.A = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype) * 0.02)
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
    def forward(self, x):
        return self.base(x) + self.scale * (x @ self.A.T) @ self.B.T
    def merge(self):
        b = self.base
        out = nn.Linear(b.in_features, b.out_features, bias=b.bias is not None, dtype=b.weight.dtype)
        with torch.no_grad():
            out.weight.copy_(b.weight + self.scale * self.B @ self.A)
            if b.bias is not None:
                out.bias.copy_(b.bias)
        return out

def apply_lora(model, names, rank, alpha):
    found = [(parent, name) for parent in model.modules() for name, child in parent.named_children()
             if isinstance(child, nn.Linear) and name in names]
    if not found:
        raise ValueError("no such layer")
    for p in model.parameters():
        p.requires_grad_(False)
    for parent, name in found:
        setattr(parent, name, LoRALinear(getattr(parent, name), rank, alpha))
    return sum(p.numel() for p in model.parameters() if p.requires_grad)

def lora_state_dict(model):
    out = {}
    for name, m in model.named_modules():
        if isinstance(m, LoRALinear):
            prefix = name + "." if name else ""
            out[prefix + "A"] = m.A.detach()
            out[prefix + "B"] = m.B.detach()
    return out
