import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


class LoRALinear(nn.Module):
    def __init__(self, base: nn.Linear, rank: int, alpha: float):
        super().__init__()
        if rank < 1:
            raise ValueError("rank must be positive")
        object.__setattr__(self, "r", rank)
        self.base = base.requires_grad_(False)
        self.alpha = alpha
        down, up = nn.Linear(base.in_features, rank, bias=False), torch.zeros(base.out_features, rank)
        self.A = nn.Parameter(down.weight.detach().to(base.weight))
        self.B = nn.Parameter(up.to(base.weight))

    def forward(self, x):
        return self.base(x) + F.linear(F.linear(x, self.A * (self.alpha / self.r)), self.B)

    def merge(self):
        new = copy.deepcopy(self).base
        new.weight.data = new.weight.data.addmm(self.B.data, self.A.data, alpha=self.alpha / self.r)
        return new


def apply_lora(model, names, rank, alpha):
    names = tuple(names)
    parents = dict(model.named_modules())
    hits = [
        path for path, module in parents.items()
        if isinstance(module, nn.Linear) and path and path.split(".")[-1] in names
    ]
    if hits == []:
        raise ValueError(f"none of {names}")
    for parameter in list(model.parameters()):
        parameter.requires_grad = False
    for path in hits:
        parts = path.split(".")
        parents[".".join(parts[:-1])]._modules[parts[-1]] = LoRALinear(parents[path], rank, alpha)
    return sum(x.numel() for x in filter(lambda x: x.requires_grad, model.parameters()))


def lora_state_dict(model):
    result = {}
    for path, module in model.named_modules():
        if isinstance(module, LoRALinear):
            for name, value in module.state_dict(prefix=path + "." if path else "").items():
                if name.rpartition(".")[2] in ("A", "B"):
                    result[name] = value
    return result
