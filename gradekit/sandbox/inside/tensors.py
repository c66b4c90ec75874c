"""Tensors with gradients, which both sides hold: those that arrived, and those that were sent.

A leaf of one side, such as a parameter, is mirrored on the other, and both are kept equal. Any
other tensor that arrives with gradients becomes a leaf here. What depends on leaves can be asked
for its gradients.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from gradekit.sandbox import wire
from gradekit.sandbox.limits import LIVE_OBJECTS

STEPS = 100_000  # of a computation that are searched for leaves at most
NO_TENSOR = wire.Tensor("", [])  # `wire` puts the real one in its place


class State(NamedTuple):
    """What a leaf held when both sides last agreed."""

    data: Any
    grad: Any
    needs_grad: bool

    @classmethod
    def of(cls, leaf: Any) -> State:
        grad = None if leaf.grad is None else leaf.grad.detach().clone()
        return cls(leaf.detach().clone(), grad, leaf.requires_grad)

    def is_of(self, leaf: Any) -> bool:
        """Whether the leaf still holds that."""
        is_same = _same(leaf, self.data) and _same(leaf.grad, self.grad)
        return is_same and leaf.requires_grad == self.needs_grad


class Tensors:
    """Those of one check."""

    def __init__(self) -> None:
        self._arrived: dict[int, Any] = {}  # by the numbers of the other side
        # Leaves that both sides hold: those of this one by the numbers of objects, those of the
        # other by theirs, negated.
        self._kept: dict[int, Any] = {}
        self._told: dict[int, State] = {}
        self._numbers: dict[int, int] = {}  # of those, by their ids
        self._arrived_whole: list[tuple[Any, Any]] = []  # modules, optimisers; their marks

    def clear(self) -> None:
        for each in (self._arrived, self._kept, self._told, self._numbers, self._arrived_whole):
            each.clear()

    def arrived(self, number: int, kind: str, tensor: Any, grad: Any) -> Any:
        """What stands for a tensor of the other side: a leaf, or one that depends on some there."""
        torch = sys.modules["torch"]
        if kind == "buffer":
            self._kept[-number], self._told[-number] = tensor, State.of(tensor)
            return tensor
        is_parameter = kind == "parameter"
        leaf = torch.nn.Parameter(tensor) if is_parameter else tensor.requires_grad_()
        if len(self._arrived) < LIVE_OBJECTS:
            self._arrived[number] = leaf
            if kind != "inner":
                leaf.grad = grad
                self._keep(-number, leaf)
        return leaf

    def in_pickle(self, told: tuple[Any, ...]) -> Any:
        """The leaf that a pickle stands for: its number, and at first what it holds."""
        number, *first = told
        return self.arrived(-number, *first) if first else self._kept[number]

    def note(self, value: Any) -> None:
        """Something has arrived in a pickle: of modules and optimisers changes are told."""
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.nn.Module | torch.optim.Optimizer):
            self._arrived_whole.append((value, _mark_of(value)))

    def sent(self, number: int) -> Any:
        """The leaf of the other side that has arrived under a number."""
        return self._arrived[number]

    def holds(self, value: Any) -> bool:
        """Whether it is a leaf that both sides hold."""
        return id(value) in self._numbers

    def known(self, value: Any) -> Any:
        """The node of a leaf that the other side holds already; None for any other value."""
        number = self._numbers.get(id(value))
        if number is None:
            return None
        return wire.Sent(-number) if number < 0 else self.node(value, number)

    def node(self, value: Any, number: int) -> Any:
        """The node of a tensor with gradients."""
        torch = sys.modules["torch"]
        if not value.is_leaf:
            return wire.Traced(number, "output", NO_TENSOR, None, self._leaves_of(value))
        if number not in self._kept:
            self._keep(number, value)
        is_parameter = isinstance(value, torch.nn.Parameter)
        return wire.Traced(number, "parameter" if is_parameter else "leaf", NO_TENSOR, value.grad)

    def _keep(self, number: int, leaf: Any) -> None:
        self._kept[number] = leaf
        self._numbers[id(leaf)] = number
        self._told[number] = State.of(leaf)

    def _leaves_of(self, value: Any) -> list[int]:
        """The leaves that a tensor depends on, as far as the other side knows them."""
        known = {id(leaf): number for number, leaf in self._arrived.items()}
        known |= {id(leaf): -number for number, leaf in self._kept.items() if number > 0}
        found: set[int] = set()
        seen: set[Any] = set()
        waiting = [value.grad_fn]
        while waiting and len(seen) < STEPS:
            step = waiting.pop()
            if step is None or step in seen:
                continue
            seen.add(step)
            leaf = getattr(step, "variable", None)
            if leaf is not None and (number := known.get(id(leaf))) is not None:
                found.add(number)
            waiting += [each for each, _ in step.next_functions]
        return sorted(found)

    def set(self, news: list[Any]) -> None:
        """Take over what the other side changed in leaves that both hold."""
        torch = sys.modules["torch"]
        for number, data, grad, needs_grad, is_counted in news:
            leaf = self._kept[number]
            if data.shape == leaf.shape and data.dtype == leaf.dtype:
                with torch.no_grad():
                    (leaf if is_counted else leaf.data).copy_(data)
            else:
                leaf.grad, leaf.data = None, data
            if grad is None or leaf.grad is None:
                leaf.grad = grad
            else:  # an optimiser may have kept the gradient itself
                leaf.grad.detach().copy_(grad)
            leaf.requires_grad_(needs_grad)
            self._told[number] = State.of(leaf)

    def changes(self) -> list[Any]:
        """What has changed here in leaves that both hold; gradients of others that arrived."""
        changed: list[Any] = []
        for number, leaf in self._kept.items():
            if not self._told[number].is_of(leaf):
                self._told[number] = State.of(leaf)
                changed.append((number, leaf.detach(), leaf.grad, leaf.requires_grad))
        for place, (each, mark) in enumerate(self._arrived_whole):
            if (now := _mark_of(each)) != mark:
                self._arrived_whole[place] = (each, now)
                changed.append((place, _told_of(each)))
        for number, each in self._arrived.items():
            if -number not in self._kept and each.grad is not None:
                changed.append((-number, None, each.grad, True))
                each.grad = None
        return changed

    def backward(self, value: Any, grad: Any, arrived: list[int], mirrored: list[int]) -> list[Any]:
        """The gradients of leaves, for that of what depends on them; others keep theirs here."""
        torch = sys.modules["torch"]
        leaves = [self._arrived.get(number) for number in arrived]
        leaves += [self._kept[number] for number in mirrored]
        if torch.is_grad_enabled():  # gradients that are to have gradients
            return self._traced_gradients((value * grad).sum(), leaves)
        before = [None if leaf is None else leaf.grad for leaf in leaves]
        for leaf in leaves:
            if leaf is not None:
                leaf.grad = None
        if value.is_complex():
            torch.autograd.backward(value, grad, retain_graph=True)
        else:  # the same, without a second of imports for the sake of a gradient's shape
            with torch.enable_grad():
                (value * grad).sum().backward(retain_graph=True)
        found = [None if leaf is None else leaf.grad for leaf in leaves]
        for leaf, old in zip(leaves, before, strict=True):
            if leaf is not None:
                leaf.grad = old
        return found

    @staticmethod
    def _traced_gradients(value: Any, leaves: list[Any]) -> list[Any]:
        torch = sys.modules["torch"]
        there = [leaf for leaf in leaves if leaf is not None]
        found = iter(torch.autograd.grad(value, there, create_graph=True, allow_unused=True))
        return [None if leaf is None else next(found) for leaf in leaves]


def is_traced(value: Any) -> bool:
    """Whether it is a tensor that gradients flow through."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, torch.Tensor):
        return False
    return bool(value.requires_grad) and value.layout is torch.strided and not value.is_meta


def _same(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    torch = sys.modules["torch"]
    is_like = left.shape == right.shape and left.dtype == right.dtype
    return is_like and bool(torch.equal(left.detach(), right.detach()))


def _told_of(value: Any) -> Any:
    """What is told of a module, its modes; of an optimiser, its state and settings."""
    if isinstance(value, sys.modules["torch"].nn.Module):
        return [part.training for part in value.modules()]
    groups = value.param_groups
    states = [dict(value.state.get(each, {})) for group in groups for each in group["params"]]
    return states, [{key: group[key] for key in group if key != "params"} for group in groups]


def _mark_of(value: Any) -> Any:
    """What is another once that has changed; of tensors their identity and version."""
    told = _told_of(value)
    if isinstance(told, list):
        return told
    return [
        {key: (id(each), each._version) if hasattr(each, "_version") else each  # noqa: SLF001
         for key, each in part.items()}
        for parts in told for part in parts
    ]  # fmt: skip
