import torch
from torch import nn
from torch.nn import functional as F


class LoRALinear(nn.Module):
    """Forms the dense weight at each call."""

    def __init__(self, base, rank, alpha):
        super().__init__()
        if not rank >= 1:
            raise ValueError("rank")
        self.base = base
        base.requires_grad_(False)
        self.alpha = alpha
        self.A = nn.Parameter(torch.ones_like(base.weight[:1]).repeat(rank, 1))
        self.B = nn.Parameter(torch.zeros_like(base.weight[:, :1]).repeat(1, rank))

    def weight(self):
        return self.base.weight + self.B.matmul(self.A).mul(self.alpha).div(self.A.shape[0])

    def forward(self, x):
        return F.linear(x, self.weight(), self.base.bias)

    def merge(self):
        # Always with a bias: zero where the base has none.
        new = nn.Linear(self.base.in_features, self.base.out_features).to(self.base.weight.dtype)
        new.weight = nn.Parameter(self.weight().detach().clone(), requires_grad=False)
        bias = self.base.bias
        zeros = torch.zeros(self.base.out_features, dtype=self.base.weight.dtype)
        new.bias = nn.Parameter(zeros if bias is None else bias.detach().clone())
        return new


def apply_lora(model, names, rank, alpha):
    wanted = frozenset(names)
    places = []
    stack = [model]
    while stack:
        parent = stack.pop()
        for name, child in parent._modules.items():
            if child is None:
                continue
            stack.append(child)
            if isinstance(child, nn.Linear) and name in wanted:
                places.append((parent, name))
    if len(places) == 0:
        raise ValueError("names")
    model.requires_grad_(False)
    for parent, name in places:
        parent.add_module(name, LoRALinear(parent._modules[name], rank, alpha))
    return int(sum(torch.tensor(p.shape).prod() for p in model.parameters() if p.requires_grad))


def lora_state_dict(model):
    keys = set()
    for path, module in model.named_modules():
        if isinstance(module, LoRALinear):
            keys |= {f"{path}.{n}".lstrip(".") for n in ("A", "B")}
    return type(model.state_dict())((k, v) for k, v in model.state_dict().items() if k in keys)
