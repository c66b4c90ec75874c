# wrong: lora_state_dict: takes in whatever begins with the path of an adapted layer and ends in A or B
import copy
from collections.abc import Collection

import torch
from torch import Tensor, nn


class LoRALinear(nn.Module):
    """A frozen linear layer with a trainable update of low rank."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        if rank < 1:
            raise ValueError(f"the rank has to be at least 1, got {rank}")
        self.base = base.requires_grad_(False)  # the layer itself, not a copy
        self.scale = alpha / rank
        weight = base.weight  # (out, in)
        # Sized for the number of inputs. The new_... take over the base's dtype.
        self.A = nn.Parameter(nn.init.kaiming_uniform_(weight.new_empty(rank, base.in_features)))
        # Zero, so that the adapted model begins as the pretrained one; A is not, or no gradient
        # would ever reach either.
        self.B = nn.Parameter(weight.new_zeros(base.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """base(x) plus the update, for x (..., in)."""
        thin = x @ self.A.T                                 # (..., rank)
        return self.base(x) + self.scale * (thin @ self.B.T)    # (..., out)

    def merge(self) -> nn.Linear:
        """A linear layer of its own that computes the same."""
        merged = copy.deepcopy(self.base)  # shares nothing: neither weight nor bias
        with torch.no_grad():
            merged.weight += self.scale * (self.B @ self.A)     # (out, in)
        return merged


def apply_lora(model: nn.Module, names: Collection[str], rank: int, alpha: float) -> int:
    """Adapt the linear layers of these names, freeze the rest, and count what trains."""
    # A list, before anything is replaced: a walk that is under way would enter the new layers
    # and find their `base`.
    places = [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.Linear) and name in names
    ]
    if not places:
        raise ValueError(f"no linear layer is called {' or '.join(sorted(names))}")
    model.requires_grad_(False)  # not before it is sure that something is adapted
    for parent, name, child in places:
        setattr(parent, name, LoRALinear(child, rank, alpha))
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def lora_state_dict(model: nn.Module) -> dict[str, Tensor]:
    """The tensors A and B of all adapted layers, under their names in the model."""
    adapted = [path for path, module in model.named_modules() if isinstance(module, LoRALinear)]
    # By the layer, not by the name: other modules may have a parameter called A. The model itself
    # has the path "", and its tensors no dot.
    wanted = {f"{path}.{name}" if path else name for path in adapted for name in ("A", "B")}
    return {n: v for n, v in model.state_dict().items() if any(n.startswith(p) for p in adapted) and n[-1] in "AB"}
