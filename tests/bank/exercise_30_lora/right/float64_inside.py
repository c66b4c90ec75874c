import torch
from torch import nn


class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError
        self.base = base
        for p in base.parameters():
            p.requires_grad = False
        self.register_buffer("scale", torch.tensor(alpha / rank), persistent=False)
        init = torch.eye(rank, base.in_features)
        self.A = nn.Parameter(init.to(base.weight.dtype))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank).to(base.weight.dtype))

    def forward(self, x):
        out = x.double() @ self.base.weight.double().T
        if self.base.bias is not None:
            out = out + self.base.bias.double()
        thin = x.double() @ self.A.double().T
        return (out + self.scale.double() * thin @ self.B.double().T).to(x.dtype)

    def merge(self):
        weight = self.base.weight.double() + self.scale.double() * self.B.double() @ self.A.double()
        merged = nn.Linear(*reversed(weight.shape), bias=self.base.bias is not None)
        merged = merged.to(self.base.weight.dtype)
        state = {"weight": weight.to(self.base.weight.dtype)}
        if self.base.bias is not None:
            state["bias"] = self.base.bias
        merged.load_state_dict(state)
        return merged.requires_grad_(False)


def apply_lora(model, names, rank, alpha):
    found = [
        (path, m)
        for path, m in model.named_modules()
        if path != "" and isinstance(m, nn.Linear) and path.rsplit(".", 1)[-1] in set(names)
    ]
    if not found:
        raise ValueError
    new = {}
    for path, m in found:
        new[path] = LoRALinear(m, rank, alpha)
        head, dot, tail = path.rpartition(".")
        setattr(model.get_submodule(head), tail, new[path])
    trainable = {p + "." + n for p in new for n in "AB"}
    count = 0
    for name, p in model.named_parameters():
        p.requires_grad_(name in trainable)
        if name in trainable:
            count += p.numel()
    return count


def lora_state_dict(model):
    return {
        key: value.clone()
        for key, value in model.state_dict(keep_vars=True).items()
        if key.rpartition(".")[2] in ("A", "B")
        and isinstance(model.get_submodule(key.rpartition(".")[0]), LoRALinear)
    }
