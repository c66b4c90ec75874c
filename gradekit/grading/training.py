"""Helpers for graders of functions that train: small models, snapshots, counted callbacks.

A model, an optimiser or a callback cannot travel as data, so a probe builds it beside the
answer, with what is in here. A check calls a function once or a few times, and compares
snapshots from before and after: these are plain data, so they can come back.

Parameters are given, never drawn, since drawing takes as long as a training step: a problem
comes from a seed, on both sides, by `numbers(seed)`. Nothing here holds an expected value.

It imports torch, so a grader of a numpy exercise has no use for it.
"""

from __future__ import annotations

import math
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import cloudpickle
import torch
from torch import Tensor, nn

from gradekit.grading.compare import Mismatch, assert_close, expect, same
from gradekit.grading.shown import show

# Where an answer runs, this module cannot be imported: what probes use of it travels whole.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

Snapshot = dict[str, Any]
WORDS = {"parameters": "parameter", "buffers": "buffer", "gradients": "gradient"}


# What the grader and the probe both make from a seed


def numbers(seed: int, dtype: torch.dtype = torch.float32) -> Callable[..., Tensor]:
    """A function that draws standard normal tensors of any shape, the same for the same seed.

    They are drawn in float64 and then rounded, so both types give the same problem.

    Example:
        >>> normal = numbers(3)
        >>> normal(2, 3).shape, normal(4).dtype
        (torch.Size([2, 3]), torch.float32)
        >>> bool((numbers(3)(5) == numbers(3)(5)).all())
        True
    """
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)

    return normal


# What probes build


def linear(weight: Tensor, bias: Tensor | None = None) -> nn.Linear:
    """An `nn.Linear`, no subclass, of copies of `weight` `(out, in)` and `bias` `(out,)`.

    Example:
        >>> layer = linear(torch.tensor([[1.0, 2.0]]), torch.tensor([0.5]))
        >>> layer(torch.tensor([[3.0, 4.0]])).tolist()
        [[11.5]]
        >>> layer
        Linear(in_features=2, out_features=1, bias=True)
    """
    # Without its __init__, which draws weights: that takes time, and moves torch's generator on.
    layer = nn.Linear.__new__(nn.Linear)
    nn.Module.__init__(layer)
    layer.out_features, layer.in_features = weight.shape
    layer.weight = nn.Parameter(weight.detach().clone())
    if bias is None:
        layer.register_parameter("bias", None)
    else:
        layer.bias = nn.Parameter(bias.detach().clone())
    return layer


def model_of(**layers: nn.Module) -> nn.Sequential:
    """An `nn.Sequential` of named layers, in the order given.

    Example:
        >>> model = model_of(first=linear(torch.ones(4, 3)), bend=nn.Tanh())
        >>> [name for name, _ in model.named_parameters()]
        ['first.weight']
    """
    return nn.Sequential(OrderedDict(layers))


class Lifted(nn.Sequential):
    """A network whose own flag counts: in evaluation mode it adds 1 to what its layers give.

    So who switches its layers over, and not the network itself, is found out.

    Example:
        >>> Lifted(nn.Identity()).eval()(torch.zeros(1)).tolist()
        [1.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Through all layers; one more in evaluation mode."""
        for layer in self:
            x = layer(x)
        return x + float(not self.training)


def give_old_gradients(model: nn.Module, value: float) -> None:
    """Fill `.grad` of every trainable parameter, as if `backward` had been called before.

    Example:
        >>> layer = linear(torch.zeros(1, 2))
        >>> give_old_gradients(layer, 7.0)
        >>> layer.weight.grad.tolist()
        [[7.0, 7.0]]
    """
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, value) if parameter.requires_grad else None


def set_modes(model: nn.Module, modes: Sequence[bool]) -> None:
    """Give each module, in the order of `model.modules()`, a training flag of its own.

    Example:
        >>> model = nn.Sequential(nn.Dropout(), nn.Dropout())
        >>> set_modes(model, [True, True, False])
        >>> [module.training for module in model.modules()]
        [True, True, False]
    """
    for module, training in zip(model.modules(), modes, strict=True):
        module.training = training


class Counted(nn.Module):
    """A callback, a criterion for example, that notes what it is given and passes it on.

    `seen` holds, for each call, the shape of every tensor among its arguments; `tracked`
    whether any of them records gradients. A deep copy is the same object, so what an answer
    copies still counts.

    Example:
        >>> criterion = Counted(nn.MSELoss())
        >>> float(criterion(torch.ones(3), torch.zeros(3)))
        1.0
        >>> criterion.seen, criterion.tracked
        ([[[3], [3]]], [False])
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function
        self.seen: list[list[list[int]]] = []
        self.tracked: list[bool] = []

    def __deepcopy__(self, memo: dict[int, Any]) -> Counted:
        return self

    def forward(self, *args: Any) -> Any:
        """Call the function, and note the call."""
        tensors = [value for value in args if isinstance(value, Tensor)]
        self.seen.append([list(tensor.shape) for tensor in tensors])
        self.tracked.append(any(tensor.requires_grad for tensor in tensors))
        return self.function(*args)


def random_states(call: Callable[[], object], seeds: Iterable[int]) -> list[Tensor]:
    """torch's random state after `call`, for each of several seeds set before it.

    A function that seeds torch itself leaves the same state each time.

    Example:
        >>> first, second = random_states(lambda: torch.manual_seed(1), (3, 4))
        >>> bool((first == second).all())
        True
    """
    states = []
    for seed in seeds:
        # Not `torch.manual_seed`: that notes the stack for the devices that are not there, and
        # takes as long as a small model's training step.
        torch.default_generator.manual_seed(seed)
        call()
        states.append(torch.get_rng_state())
    return states


# Snapshots: what a call may change, as plain data


def snapshot(
    model: nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
    parts: Iterable[str] = ("parameters", "buffers", "modes", "requires_grad"),
) -> Snapshot:
    """Copies of the named parts of a model and its optimiser, as data that can travel.

    Args:
        parts: Of "parameters" and "buffers" (dicts of tensors by name), "gradients" (the
            same, None where there is none), "modes" and "requires_grad" (lists of flags),
            "settings" (what each module is, and with what: a dropout's rate), and "optimiser"
            (its learning rates and weight decays, what each entry of its state is, and all their
            numbers in a row, float64).

    Example:
        >>> seen = snapshot(linear(torch.zeros(1, 2)), parts=["parameters", "modes"])
        >>> seen
        {'parameters': {'weight': tensor([[0., 0.]])}, 'modes': [True]}
    """
    seen: Snapshot = {}
    for part in parts:
        if part == "parameters":
            seen[part] = {name: p.detach().clone() for name, p in model.named_parameters()}
        elif part == "buffers":
            seen[part] = {name: b.detach().clone() for name, b in model.named_buffers()}
        elif part == "gradients":
            seen[part] = {
                name: None if p.grad is None else p.grad.detach().clone()
                for name, p in model.named_parameters()
            }
        elif part == "modes":
            seen[part] = [module.training for module in model.modules()]
        elif part == "requires_grad":
            seen[part] = [p.requires_grad for p in model.parameters()]
        elif part == "settings":
            seen[part] = [
                f"{type(module).__name__}({module.extra_repr()})" for module in model.modules()
            ]
        elif part == "optimiser" and optimizer is not None:
            seen[part] = _state_of(optimizer)
        else:
            raise ValueError(f"no part of a snapshot: {part}")
    return seen


def _state_of(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """The optimiser's state as one row of numbers, and the name of each entry."""
    names, rows = [], []
    state = optimizer.state_dict()
    # `state_dict` and not `optimizer.state`: its keys are numbers, while those of `state` are the
    # parameters themselves, which differ between two models.
    for index, entry in state["state"].items():
        for key, value in entry.items():
            names.append(f"{index} {key}" if value is not None else f"{index} {key} None")
            if value is not None:
                rows.append(torch.as_tensor(value, dtype=torch.float64).reshape(-1))
    settings = [
        [float(group.get(key, 0.0)) for group in state["param_groups"]]
        for key in ("lr", "weight_decay")
    ]
    row = torch.cat(rows) if rows else torch.zeros(0, dtype=torch.float64)
    return {"settings": settings, "names": names, "row": row}


def assert_untouched(
    before: Snapshot,
    after: Snapshot,
    *parts: str,
    given: str | None = None,
    why: str = "",
) -> None:
    """Fail unless these parts of two snapshots (all, if none is named) agree bit for bit.

    Args:
        given: What was done in between.
        why: A sentence for the learner, put behind what changed.

    Example:
        >>> layer = linear(torch.zeros(1, 2))
        >>> before = snapshot(layer)
        >>> _ = layer.eval()
        >>> assert_untouched(before, snapshot(layer), given="an evaluation")
        Traceback (most recent call last):
        ...
        gradekit.grading.compare.Mismatch: an evaluation: expected modes (training?) to stay \
[True], got [False]
    """
    why = f". {why}" if why else ""
    for part in parts or before:
        old, new = before[part], after[part]
        if same(old, new):
            continue
        if part in WORDS:
            raise Mismatch(_difference(WORDS[part], old, new) + why, given)
        if part == "optimiser":
            changed = "settings" if not same(old["settings"], new["settings"]) else "state"
            raise Mismatch(f"the optimiser's {changed} changed{why}", given)
        if part == "settings" and len(old) == len(new):  # most of them say nothing
            pairs = [two for two in zip(old, new, strict=True) if two[0] != two[1]]
            left, right = (", ".join(each) for each in zip(*pairs, strict=True))
            raise Mismatch(f"expected {left} to stay, got {right}{why}", given)
        what = {"modes": "modes (training?)"}.get(part, part)
        raise Mismatch(f"expected {what} to stay {old}, got {new}{why}", given)


def _difference(word: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Which of the tensors changed first, and how."""
    if old.keys() != new.keys():
        return f"expected the {word}s {', '.join(old)}, got {', '.join(new)}"
    name = next(name for name in old if not same(old[name], new[name]))
    was, now = old[name], new[name]
    if was is None or now is None or was.shape != now.shape or was.dtype != now.dtype:
        return f"the {word} {name} went from {show(was)} to {show(now)}"
    changed = ~((was == now) | (was.isnan() & now.isnan()))
    if not bool(changed.any()):  # 0.0 and -0.0
        return f"the {word} {name} changed the sign of a zero"
    first = tuple(torch.nonzero(changed)[0].tolist())
    left, right = show(was[first].item()), show(now[first].item())
    if left == right:
        left, right = repr(was[first].item()), repr(now[first].item())
    return f"the {word} {name} went from {left} to {right}" + (f" at {list(first)}" * bool(first))


def assert_tensors(
    actual: Mapping[str, Any],
    expected: Mapping[str, Tensor],
    *,
    rtol: float,
    atol: float = 0.0,
    given: str,
) -> None:
    """Fail unless each tensor by name is as expected, in shape, dtype and value.

    Example:
        >>> wanted = {"weight": torch.tensor([1.0])}
        >>> assert_tensors({"weight": torch.tensor([1.5])}, wanted, rtol=1e-4, given="a step")
        Traceback (most recent call last):
        ...
        gradekit.grading.compare.Mismatch: a step, weight afterwards: expected [1.], got [1.5]
    """
    for name, value in expected.items():
        where = f"{given}, {name} afterwards"
        expect(name in actual, f"there is no parameter {name}", given=where)
        assert_close(actual[name], value, rtol=rtol, atol=atol, given=where)


# Truth that several graders share: losses and updates, written out


def global_norm(gradients: Iterable[Tensor]) -> float:
    """The length of all gradients laid out as one vector.

    Example:
        >>> global_norm([torch.tensor([3.0]), torch.tensor([[4.0]])])
        5.0
    """
    return math.sqrt(sum(float((g.double() ** 2).sum()) for g in gradients))


def gradients_of(
    loss: Callable[[dict[str, Tensor]], Tensor], weights: Mapping[str, Tensor]
) -> tuple[float, dict[str, Tensor]]:
    """The value of `loss(weights)` and its gradients by name.

    Example:
        >>> gradients_of(lambda w: (w["a"] ** 2).sum(), {"a": torch.tensor([3.0])})
        (9.0, {'a': tensor([6.])})
    """
    leaves = {name: weight.detach().clone().requires_grad_() for name, weight in weights.items()}
    value = loss(leaves)
    gradients = torch.autograd.grad(value, list(leaves.values()))
    return value.item(), dict(zip(leaves, gradients, strict=True))


def descended(
    weights: Mapping[str, Tensor], gradients: Mapping[str, Tensor], lr: float
) -> dict[str, Tensor]:
    """The weights after one step of gradient descent.

    Example:
        >>> descended({"a": torch.tensor([3.0])}, {"a": torch.tensor([6.0])}, lr=0.5)
        {'a': tensor([0.])}
    """
    return {name: weight - lr * gradients[name] for name, weight in weights.items()}
