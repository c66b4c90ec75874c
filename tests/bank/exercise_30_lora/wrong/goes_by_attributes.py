# wrong: apply_lora: replaces whatever has a weight and in_features
"""F.linear, deepcopy merges, named_modules surgery."""
import copy
import math
import torch
import torch.nn.functional as F
from torch import nn


class LoRALinear(nn.Module):
    def __init__(self, base: nn.Linear, rank: int, alpha: float):
        super().__init__()
        if rank < 1:
            raise ValueError("rank must be at least 1")
        self.base = base.requires_grad_(False)
        self.scaling = alpha / rank
        self.A = nn.Parameter(base.weight.new_empty(rank, base.in_features))
        self.B = nn.Parameter(base.weight.new_zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))

    def extra_repr(self):
        return f"scaling={self.scaling}"

    def forward(self, x):
        return self.base(x) + self.scaling * F.linear(F.linear(x, self.A), self.B)

    @torch.no_grad()
    def merge(self):
        merged = copy.deepcopy(self.base)
        merged.weight += self.scaling * self.B @ self.A
        return merged


def apply_lora(model, names, rank, alpha):
    wanted = [(path, m) for path, m in model.named_modules() if path and hasattr(m, "weight") and hasattr(m, "in_features") and path.rpartition(".")[2] in names]
    if not wanted:
        raise ValueError(f"nothing called {names}")
    model.requires_grad_(False)
    for path, module in wanted:
        parent, _, own = path.rpartition(".")
        setattr(model.get_submodule(parent), own, LoRALinear(module, rank, alpha))
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def lora_state_dict(model):
    owned = {f"{path}.{n}".lstrip(".") for path, m in model.named_modules() if isinstance(m, LoRALinear) for n in "AB"}
    return {k: v for k, v in model.state_dict().items() if k in owned}
