"""Tensors with gradients, which both sides hold: those that arrived, and those that were sent.

A tensor that arrives with gradients becomes a leaf. A leaf of the answer, such as a parameter, is
mirrored on the other side, and both are kept equal. What depends on leaves can be asked for its
gradients.
"""

from __future__ import annotations

import sys
from typing import Any

from gradekit.sandbox import wire
from gradekit.sandbox.limits import LIVE_OBJECTS

STEPS = 100_000  # of a computation that are searched for leaves at most
NO_TENSOR = wire.Tensor("", [])  # `wire` puts the real one in its place


class Tensors:
    """Those of one check."""

    def __init__(self) -> None:
        self._leaves: dict[int, Any] = {}  # that arrived, by the numbers of the other side
        self._mirrored: dict[int, Any] = {}  # by the numbers of objects
        self._told: dict[int, tuple[Any, Any]] = {}  # their data and gradients, as told last

    def clear(self) -> None:
        self._leaves.clear()
        self._mirrored.clear()
        self._told.clear()

    def arrived(self, node: Any, tensor: Any) -> Any:
        """The leaf that stands for a tensor of the other side."""
        import torch

        is_parameter = node.kind == "parameter"
        leaf = torch.nn.Parameter(tensor) if is_parameter else tensor.requires_grad_()
        if len(self._leaves) < LIVE_OBJECTS:
            self._leaves[node.number] = leaf
        return leaf

    def node(self, value: Any, number: int) -> Any:
        """The node of a tensor with gradients."""
        torch = sys.modules["torch"]
        if not value.is_leaf:
            return wire.Traced(number, "output", NO_TENSOR, None, self._leaves_of(value))
        self._mirrored[number] = value
        self._told[number] = _copies(value)
        is_parameter = isinstance(value, torch.nn.Parameter)
        return wire.Traced(number, "parameter" if is_parameter else "leaf", NO_TENSOR, value.grad)

    def _leaves_of(self, value: Any) -> list[int]:
        """The leaves that a tensor depends on, as far as the other side knows them."""
        known = {id(leaf): number for number, leaf in self._leaves.items()}
        known |= {id(leaf): -number for number, leaf in self._mirrored.items()}
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
        """Take over what the other side changed in leaves that it mirrors."""
        torch = sys.modules["torch"]
        for number, data, grad in news:
            leaf = self._mirrored[number]
            with torch.no_grad():
                leaf.copy_(data)
            leaf.grad = grad
            self._told[number] = _copies(leaf)

    def changes(self) -> list[Any]:
        """What has changed here in leaves that are mirrored; gradients of leaves that arrived."""
        changed: list[Any] = []
        for number, leaf in self._mirrored.items():
            data, grad = self._told[number]
            if not (_same(leaf, data) and _same(leaf.grad, grad)):
                self._told[number] = _copies(leaf)
                changed.append((number, leaf.detach(), leaf.grad))
        for number, leaf in self._leaves.items():
            if leaf.grad is not None:
                changed.append((-number, None, leaf.grad))
                leaf.grad = None
        return changed

    def backward(self, value: Any, grad: Any, arrived: list[int], mirrored: list[int]) -> list[Any]:
        """The gradients of leaves, for that of what depends on them; others keep theirs here."""
        torch = sys.modules["torch"]
        leaves = [self._leaves.get(number) for number in arrived]
        leaves += [self._mirrored[number] for number in mirrored]
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


def is_traced(value: Any) -> bool:
    """Whether it is a tensor that gradients flow through."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, torch.Tensor):
        return False
    return bool(value.requires_grad) and value.layout is torch.strided and not value.is_meta


def _copies(leaf: Any) -> tuple[Any, Any]:
    return leaf.detach().clone(), None if leaf.grad is None else leaf.grad.clone()


def _same(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    torch = sys.modules["torch"]
    return left.shape == right.shape and bool(torch.equal(left.detach(), right.detach()))
