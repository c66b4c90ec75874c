"""Tensors with gradients, which both sides hold: those that arrived, and those that were sent.

A leaf of one side, such as a parameter, is mirrored on the other, and both are kept equal. Any
other tensor that arrives with gradients becomes a leaf here. What depends on leaves can be asked
for its gradients.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from gradekit.sandbox import wire
from gradekit.sandbox.limits import LIVE_OBJECTS
from gradekit.sandbox.wholes import FIRST, Wholes

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

    def __init__(self, is_own: Callable[[Any], bool]) -> None:
        """`is_own` says of an object that it is one of the answer's."""
        self._arrived: dict[int, Any] = {}  # by the numbers of the other side
        # Leaves that both sides hold: those of this one by the numbers of objects, those of the
        # other by theirs, negated.
        self._kept: dict[int, Any] = {}
        self._told: dict[int, State] = {}
        self._numbers: dict[int, int] = {}  # of those, by their ids
        self._inner: dict[int, int] = {}  # numbers of those that depend on others, by their ids
        self._wholes = Wholes(is_own)  # modules and optimisers

    def clear(self) -> None:
        for each in (self._arrived, self._inner, self._kept, self._told, self._numbers):
            each.clear()
        self._wholes.clear()

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
            if kind == "inner":
                self._inner[id(leaf)] = number
            else:
                leaf.grad = grad
                self._keep(-number, leaf)
        return leaf

    def in_pickle(self, told: tuple[Any, ...]) -> Any:
        """The leaf that a pickle stands for: its number, and at first what it holds."""
        number, *first = told
        if number >= FIRST:
            return self._wholes.at(number)
        return self.arrived(-number, *first) if first else self._kept[number]

    def note(self, value: Any, first: int) -> None:
        """Something has arrived in a pickle: modules and optimisers have numbers from `first`."""
        self._wholes.add(value, first)

    def sent(self, number: int) -> Any:
        """What has arrived under a number: a leaf of the other side, or a module or optimiser."""
        return self._wholes.at(number) if number >= FIRST else self._arrived[number]

    def holds(self, value: Any) -> bool:
        """Whether it is a leaf that both sides hold, or a module or optimiser."""
        return id(value) in self._numbers or self._wholes.number_of(value) is not None

    def known(self, value: Any) -> Any:
        """The node of what the other side holds already; None for any other value."""
        number = self._numbers.get(id(value))
        if number is None:
            there = self._wholes.number_of(value) or self._inner.get(id(value))
            return None if there is None else wire.Sent(there)
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
        """Take over what the other side changed in leaves that both hold, and in modules."""
        torch = sys.modules["torch"]
        for number, *changed in news:
            if number >= FIRST:
                self._wholes.set(number, *changed)
                continue
            data, grad, needs_grad, is_counted = changed
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
        changed += self._wholes.changes()
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
