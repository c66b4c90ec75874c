import torch
from torch import nn


class Adapter(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        self.base = base
        self._rank, self._alpha = int(rank), float(alpha)
        w = base.weight.data
        self.A = nn.Parameter(torch.stack([w.new_full((w.shape[1],), 0.01) for _ in range(rank)]))
        self.B = nn.Parameter(torch.stack([w.new_zeros(w.shape[0])] * rank, dim=1))
        for p in base.parameters():
            p.requires_grad_(False)

    def forward(self, x):
        y = self.base(x)
        for k in range(self._rank):
            y = y + (self._alpha / self._rank) * (x * self.A[k]).sum(-1, keepdim=True) * self.B[:, k]
        return y

    def merge(self):
        w = self.base.weight.detach().clone()
        for k in range(self._rank):
            w += self._alpha / self._rank * torch.outer(self.B[:, k], self.A[k]).detach()
        layer = nn.Linear.__new__(nn.Linear)
        nn.Module.__init__(layer)
        layer.in_features, layer.out_features = w.shape[1], w.shape[0]
        layer.weight = nn.Parameter(w)
        b = self.base.bias
        layer.register_parameter("bias", None if b is None else nn.Parameter(b.detach().clone()))
        return layer


class LoRALinear(Adapter):
    def __init__(self, base, rank, alpha):
        if rank < 1:
            raise ValueError("rank < 1")
        super().__init__(base, rank, alpha)


def matches(parent, names):
    for name, child in parent.named_children():
        if isinstance(child, nn.Linear) and name in names:
            yield parent, name
        yield from matches(child, names)


def apply_lora(model, names, rank, alpha):
    todo = list(matches(model, names))
    if not todo:
        raise ValueError("none")
    for p in model.parameters():
        p.requires_grad_(False)
    layers = []
    for parent, name in todo:
        layers.append(LoRALinear(getattr(parent, name), rank, alpha))
        setattr(parent, name, layers[-1])
    return sum(rank * (m.base.in_features + m.base.out_features) for m in layers)


def lora_state_dict(model):
    layers = {path: m for path, m in model.named_modules() if isinstance(m, LoRALinear)}
    return {
        ".".join(filter(None, (path, name))): getattr(m, name).data
        for path, m in layers.items()
        for name in ("A", "B")
    }
