"""I leave the big matrix alone and learn a small correction of low rank beside it: two thin
matrices, A of shape (rank, in) and B of shape (out, rank). The layer computes the frozen base
plus alpha / rank times x, through A, through B. For a layer of 4096 by 4096 and a rank of 8 these
are 65 thousand numbers instead of 17 million, and the optimiser's state shrinks with them.

B starts at zero, so training begins at exactly the pretrained model. A must not start at zero as
well: the gradient of B is a product with A and that of A a product with B, so with two zeros
neither would ever move. Dividing by the rank keeps the size of the update about the same when I
try another rank, so the learning rate need not be tuned anew.

I never form the product B A while training: two thin products cost less, and a dense (out, in)
update would need as much memory as the weight that I wanted to leave alone. For use I do form it,
once: merged into the weight it costs no time at all. The merged layer is a copy, so I can take the
adapter off again, or put another one on the same base.

Applying it to a model has three traps. Names are compared in full: "q" must not catch "q_proj".
I collect the layers before I replace any, or the walk goes into the layers that I have just put
in. And freezing comes after I know that there is something to adapt, so that a misspelt name
leaves the model as it was. A checkpoint then holds A and B only: a few megabytes a task.

Follow-up: why a low rank? Fine-tuning moves weights along few directions; where a task needs
more, for new facts rather than a new manner, LoRA falls behind full fine-tuning.
"""

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
    return {name: value for name, value in model.state_dict().items() if name in wanted}
