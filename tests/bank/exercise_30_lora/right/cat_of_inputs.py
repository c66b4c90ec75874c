import torch
from torch import nn


class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.add_module("base", base)
        self.base.weight.requires_grad_(False)
        if self.base.bias is not None:
            self.base.bias.requires_grad_(False)
        self.s = torch.tensor(alpha, dtype=torch.float64) / rank
        self.A = nn.Parameter(0.1 * torch.rand_like(base.weight[0]).expand(rank, -1).contiguous())
        self.B = nn.Parameter(torch.zeros_like(base.weight[:, 0])[:, None].expand(-1, rank).clone())

    def forward(self, x):
        # One product of [x, thin] with [W, s B].
        thin = torch.matmul(x, self.A.transpose(0, 1))
        s = self.s.to(x.dtype)
        both = torch.cat([self.base.weight, s * self.B], dim=1)
        out = torch.cat([x, thin], dim=-1) @ both.transpose(0, 1)
        return out if self.base.bias is None else out + self.base.bias

    def merge(self):
        layer = nn.Linear(
            self.base.in_features, self.base.out_features, self.base.bias is not None,
            dtype=self.base.weight.dtype,
        )
        x = torch.eye(self.base.in_features, dtype=self.base.weight.dtype)
        zero = torch.zeros(1, self.base.in_features, dtype=self.base.weight.dtype)
        with torch.no_grad():
            offset = self(zero)
            layer.weight.copy_((self(x) - offset).T)
            if layer.bias is not None:
                layer.bias.copy_(offset[0])
        return layer


def apply_lora(model, names, rank, alpha):
    snapshot = [(p, list(p.named_children())) for p in model.modules()]
    snapshot = [(p, n, c) for p, kids in snapshot for n, c in kids]
    snapshot = [(p, n, c) for p, n, c in snapshot if n in names and isinstance(c, nn.Linear)]
    if len(snapshot) < 1:
        raise ValueError
    fresh = []
    for p, n, c in snapshot:
        layer = LoRALinear(c, rank, alpha)
        fresh += [layer.A, layer.B]
        p.__setattr__(n, layer)
    for q in model.parameters():
        if all(q is not f for f in fresh):
            q.requires_grad = False
    return sum(map(torch.numel, fresh))


def lora_state_dict(model):
    owners = {id(t) for m in model.modules() if isinstance(m, LoRALinear) for t in (m.A, m.B)}
    return {n: t for n, t in model.state_dict(keep_vars=True).items() if id(t) in owners}
