"""Gradients across two processes: tensors that stand here for those of an imported answer.

A tensor with gradients goes out as a leaf of its own. What comes back depends, here, on all that
went out, through a function of autograd whose backward asks the answer's process. Parameters of the
answer are mirrored: they are leaves here, with which optimisers and tests work as usual, and each
side sends what it changed in them with its next message.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from gradekit.sandbox import wire

NO_TENSOR = wire.Tensor("", [])  # `wire` puts the real one in its place
# An answer may send tensors without end: each mirrored one is kept until its check is over.
SENT, MIRRORED = 10_000, 10_000

Backward = Callable[[int, Any, list[int], list[int]], Any]


class Tensors:
    """Those of one check."""

    def __init__(self, backward: Backward) -> None:
        """`backward` asks for gradients: of an output, from its own, by numbers of leaves."""
        self._backward = backward
        self._sent: dict[int, Any] = {}
        self._mirrored: dict[int, Any] = {}
        self._told: dict[int, tuple[Any, Any]] = {}
        self._outputs: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}  # of mirrored leaves, by their ids

    def node(self, value: Any) -> Any:
        """How a tensor with gradients goes out; None for any other value."""
        torch = sys.modules.get("torch")
        if torch is None or not isinstance(value, torch.Tensor) or not value.requires_grad:
            return None
        if (number := self._numbers.get(id(value))) is not None:
            return wire.Live(number, 0, "")
        # It then travels without gradients, as plain data.
        if len(self._sent) >= SENT:
            return None
        number = len(self._sent) + 1
        self._sent[number] = value
        kind = "parameter" if isinstance(value, torch.nn.Parameter) else "leaf"
        return wire.Traced(number, kind, NO_TENSOR, None)

    def arrived(self, node: Any, tensor: Any, grad: Any) -> Any:
        """What stands here for a tensor of the answer that has gradients.

        Raises:
            Malformed: it is no such tensor.
        """
        torch = sys.modules.get("torch")
        if torch is None or not (tensor.is_floating_point() or tensor.is_complex()):
            raise wire.Malformed("a tensor without gradients")
        if node.kind == "output":
            known = self._outputs.get(node.number)
            # The same number with other values: the answer changed its output in place since.
            if known is None or not torch.equal(known.detach(), tensor):
                known = self._depending(node.number, tensor, node.leaves)
                self._outputs[node.number] = known
            return known
        leaf = self._mirrored.get(node.number)
        if leaf is None:
            if len(self._mirrored) >= MIRRORED or node.kind not in ("leaf", "parameter"):
                raise wire.Malformed("too many tensors with gradients")
            parameter = node.kind == "parameter"
            leaf = torch.nn.Parameter(tensor) if parameter else tensor.requires_grad_()
            self._mirrored[node.number] = leaf
            # The id stays unique: `_mirrored` keeps the leaf alive as long as this entry is there.
            self._numbers[id(leaf)] = node.number
            self._set(node.number, leaf.detach(), grad)
        return leaf

    def is_mirrored(self, value: Any) -> bool:
        """Whether a tensor stands for a leaf of the answer's."""
        return id(value) in self._numbers

    def news(self) -> list[Any]:
        """What the check changed in mirrored leaves since they were last sent."""
        changed = []
        for number, leaf in self._mirrored.items():
            data, grad = self._told[number]
            # Compared with copies of what was last sent, since an optimiser changes
            # leaves in place and tells nobody. So a request costs a look at all
            # parameters, which is little beside sending them.
            if not (_same(leaf, data) and _same(leaf.grad, grad)):
                self._told[number] = _copies(leaf)
                changed.append((number, leaf.detach(), leaf.grad))
        return changed

    def settle(self, changes: Any) -> None:
        """Take over what changed in the answer's process.

        Raises:
            Malformed: it is nothing of that kind.
        """
        if not isinstance(changes, list):
            raise wire.Malformed("changes that are none")
        for change in changes:
            if not isinstance(change, tuple) or len(change) != 3 or type(change[0]) is not int:
                raise wire.Malformed("changes that are none")
            number, data, grad = change
            if number < 0:
                self._add_gradient(self._sent.get(-number), grad)
            else:
                self._set(number, data, grad)

    def _set(self, number: int, data: Any, grad: Any) -> None:
        leaf = self._mirrored.get(number)
        if leaf is None or not _fits(data, leaf) or (grad is not None and not _fits(grad, leaf)):
            raise wire.Malformed("a tensor became something else")
        # In place, by way of .data: optimisers of the check hold this very object, and autograd
        # would refuse a change in place of a leaf.
        leaf.data.copy_(data.detach())
        if grad is None or leaf.grad is None:
            leaf.grad = None if grad is None else grad.detach()
        else:
            leaf.grad.copy_(grad.detach())
        self._told[number] = _copies(leaf)

    def _add_gradient(self, leaf: Any, grad: Any) -> None:
        """What the answer's own backward gave a leaf that went out."""
        if leaf is None or not _fits(grad, leaf):
            raise wire.Malformed("a gradient of nothing")
        # As in torch itself: a tensor that is no leaf keeps no gradient.
        if leaf.is_leaf:
            leaf.grad = grad.detach() if leaf.grad is None else leaf.grad + grad.detach()

    def _depending(self, number: int, data: Any, used: list[int]) -> Any:
        """A tensor that depends on those leaves."""
        torch = sys.modules["torch"]
        sent = [each for each in used if each in self._sent]
        # Positive numbers are leaves that we sent, negative ones the answer's own.
        mirrored = [-each for each in used if -each in self._mirrored]
        # Without it the result would have no gradient function where no leaf is known here.
        anchor = torch.zeros((), requires_grad=True)
        leaves = [*map(self._sent.get, sent), *map(self._mirrored.get, mirrored)]

        def gradients(grad: Any) -> list[Any]:
            told = self._backward(number, grad, sent, mirrored)
            if not isinstance(told, list) or len(told) != len(leaves):
                raise wire.Malformed("gradients of nothing")
            return [
                None if each is None or not _fits(each, leaf) else each.detach()
                for each, leaf in zip(told, leaves, strict=True)
            ]

        with torch.enable_grad():
            return _function().apply(gradients, data, anchor, *leaves)


# The class is made at first use, since a grader of NumPy exercises never imports torch.
_functions: list[Any] = []


def _function() -> Any:
    """The function of autograd that asks the answer's process for gradients."""
    if _functions:
        return _functions[0]
    torch = sys.modules["torch"]

    class Remote(torch.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(context: Any, gradients: Any, data: Any, anchor: Any, *leaves: Any) -> Any:
            context.gradients, context.count = gradients, len(leaves)
            # Otherwise torch fills missing gradients with zeros, and each backward would be asked
            # for in the answer's process, though nothing depends on it.
            context.set_materialize_grads(False)
            return data.clone()

        @staticmethod
        def backward(context: Any, grad: Any) -> Any:
            found = [None] * context.count if grad is None else context.gradients(grad.detach())
            return None, None, None, *found

    _functions.append(Remote)
    return Remote


def _fits(value: Any, leaf: Any) -> bool:
    torch = sys.modules["torch"]
    is_tensor = isinstance(value, torch.Tensor)
    return is_tensor and value.shape == leaf.shape and value.dtype == leaf.dtype


def _copies(leaf: Any) -> tuple[Any, Any]:
    return leaf.detach().clone(), None if leaf.grad is None else leaf.grad.detach().clone()


def _same(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    torch = sys.modules["torch"]
    return left.shape == right.shape and bool(torch.equal(left.detach(), right.detach()))
