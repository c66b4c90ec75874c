"""Exercise 30: fine-tuning with two thin matrices, LoRA (torch).

A model of seven billion parameters fits on your card; its gradients and the two moments of Adam
do not. LoRA trains some thousandths of the parameters instead, and the checkpoint of a task
shrinks from gigabytes to megabytes. The formula is one line, so interviewers ask for the class
around it and watch the seams: does training begin at the pretrained model, is the base really
frozen, does merging leave the original intact, do the tensors turn up in the state dict?

Then they ask for the surgery on a whole model, where a name that is compared carelessly adapts
the wrong layers in silence. The follow-up: why does B start at zero, and why not A as well?
"""

from collections.abc import Collection

import torch
from torch import nn


class LoRALinear(nn.Module):
    """A frozen linear layer beside which an update of low rank is trained.

    Called on x `(..., in)`, with any number of leading axes, also with none, it gives
    `base(x) + (alpha / rank) * (x @ A.T) @ B.T`, `(..., out)`, through which gradients reach x,
    A and B. It works with the values that the base's parameters, A and B hold at the moment of
    the call.

    Args:
        base: The layer to adapt, with or without a bias, float32 or float64.
        rank: How many directions the update has; it may exceed `in` and `out`.
        alpha: Scales the update, an int or a float.
    Attributes:
        base: That very layer, not a copy. None of its parameters is trainable any more. Nothing
            else about it changes, neither values nor mode.
        A: `(rank, in)`, a trainable parameter registered on this module itself, in the base's
            dtype. It does not start as all zeros; how it is drawn is free.
        B: `(out, rank)`, likewise, all zeros at the start.
    Raises:
        ValueError: The rank is below 1.

    The state dict of the module has the keys `A`, `B`, `base.weight` and, where the base has a
    bias, `base.bias`, and no others.

    Example:
        >>> base = nn.Linear(2, 3)
        >>> _ = nn.init.eye_(base.weight), nn.init.ones_(base.bias)
        >>> layer = LoRALinear(base, rank=1, alpha=2.0)
        >>> x = torch.tensor([1.0, 10.0])
        >>> bool((layer(x) == base(x)).all()), layer.base is base
        (True, True)
        >>> sorted(name for name, p in layer.named_parameters() if p.requires_grad)
        ['A', 'B']
        >>> with torch.no_grad():
        ...     _ = layer.A.copy_(torch.tensor([[1.0, 0.5]]))
        ...     _ = layer.B.copy_(torch.tensor([[1.0], [0.0], [-1.0]]))
        >>> [round(value, 3) for value in (layer(x) - base(x)).tolist()]
        [12.0, 0.0, -12.0]
        >>> merged = layer.merge()
        >>> bool(torch.allclose(merged(x), layer(x), atol=1e-5)), type(merged).__name__
        (True, 'Linear')

    Source: Hu et al., LoRA: Low-rank adaptation of large language models, 2021, section 4.1.
    """

    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        # TODO: Replace the line below.
        raise NotImplementedError("exercise_30: `LoRALinear` is still a stub")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return `base(x)` plus the scaled update, `(..., out)` for x `(..., in)`."""
        # TODO: Replace the line below.
        raise NotImplementedError("exercise_30: `LoRALinear.forward` is still a stub")

    def merge(self) -> nn.Linear:
        """Return a new `nn.Linear` that computes the same as this layer, without it.

        It has the dtype of the base and shares no memory with this layer or its base, and both
        of them stay as they are. Whether its parameters are trainable is free.
        """
        # TODO: Replace the line below.
        raise NotImplementedError("exercise_30: `LoRALinear.merge` is still a stub")


def apply_lora(model: nn.Module, names: Collection[str], rank: int, alpha: float) -> int:
    """Replace linear layers of a model by `LoRALinear`s, in place, and freeze all else.

    Every `nn.Linear` at any depth below the model whose own attribute name is in `names` is
    replaced. The own name is the last part of the dotted path: `blocks.0.attention.q` has the own
    name `q`. Afterwards every parameter of the model is frozen except the new A and B.

    Args:
        model: In it no layer stands in two places, no layer is of a subclass of `nn.Linear`, and
            there is no `LoRALinear` yet. A module of another kind stays, also if its name is in
            `names`. The model itself is never replaced.
        names: A tuple, list or set of strings.
        rank, alpha: Of each `LoRALinear`.
    Returns:
        The number of trainable scalars in the model afterwards, a Python int.
    Raises:
        ValueError: There is no such layer. The model is then as it was.
    Example:
        >>> block = nn.ModuleDict({"q": nn.Linear(4, 4), "q_norm": nn.LayerNorm(4)})
        >>> model = nn.Sequential(block, nn.Linear(4, 2))
        >>> apply_lora(model, ("q", "v"), rank=2, alpha=4.0)
        16
        >>> {name: type(layer).__name__ for name, layer in block.items()}
        {'q': 'LoRALinear', 'q_norm': 'LayerNorm'}
        >>> apply_lora(nn.Sequential(nn.Linear(4, 4)), ["q"], 2, 4.0)
        Traceback (most recent call last):
        ...
        ValueError: no linear layer is called q
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_30: `apply_lora` is still a stub")


def lora_state_dict(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return what a checkpoint of the fine-tuning has to hold: the tensors A and B.

    Args:
        model: Has any number of `LoRALinear`s at any depth, or is one itself. Other modules may
            have parameters that are called A or B, too; these do not belong in.
    Returns:
        A dict with the tensors A and B of every `LoRALinear`, trainable or not, under the names
        that `model.state_dict()` gives them, and nothing else. Copies or not is free.
    Example:
        >>> model = nn.Sequential(nn.Linear(4, 3), LoRALinear(nn.Linear(3, 2), 2, 1.0))
        >>> sorted(lora_state_dict(model))
        ['1.A', '1.B']
        >>> sorted(lora_state_dict(model[1]))
        ['A', 'B']
    """
    # TODO: Replace the line below.
    raise NotImplementedError("exercise_30: `lora_state_dict` is still a stub")
