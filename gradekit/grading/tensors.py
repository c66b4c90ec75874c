"""Gradients across the two processes of an imported check and its answer.

- Leaves (such as parameters) of either side are held by both. Optimisers and checks use them as
  usual. Each side sends what it changed in them with its next message.
- Another tensor with gradients is sent as a leaf, and its number is remembered.
- A tensor that the answer computed depends, here, on all leaves that it was computed from. Its
  backward pass is a function of autograd that asks the answer's process for the gradients.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from gradekit.grading.handle import is_handle
from gradekit.sandbox import wire
from gradekit.sandbox.wholes import FIRST, Wholes

NO_TENSOR = wire.Tensor("", [])  # a placeholder, which `wire` replaces by the tensor
# The most tensors of one check, as each is kept until the check is over: sent, and held by both.
SENT, MIRRORED = 10_000, 10_000

Backward = Callable[[int, Any, list[int], list[int]], Any]


class State(NamedTuple):
    """What a leaf held when it was last equal on both sides."""

    data: Any
    grad: Any
    needs_grad: bool
    version: int  # autograd's count of changes in place

    @classmethod
    def of(cls, leaf: Any) -> State:
        grad = None if leaf.grad is None else leaf.grad.detach().clone()
        return cls(leaf.detach().clone(), grad, leaf.requires_grad, leaf._version)  # noqa: SLF001

    def is_of(self, leaf: Any) -> bool:
        """Whether the leaf still holds this, its version aside."""
        is_same = _same(leaf, self.data) and _same(leaf.grad, self.grad)
        return is_same and leaf.requires_grad == self.needs_grad


class Tensors:
    """The tensors with gradients of one check."""

    def __init__(self, backward: Backward, is_constant: Callable[[Any], bool]) -> None:
        """Begin with none.

        Args:
            backward: Asks the answer's process for gradients. It takes the number of an output, the
                output's gradient, and the numbers of the leaves: those sent, and the answer's own.
            is_constant: Whether no answer may change a tensor.
        """
        self._backward = backward
        self._is_constant = is_constant
        self._sent: dict[int, Any] = {}  # tensors that were sent, by their numbers from 1
        # Leaves that both sides hold. The answer's have the number of the answer's object; those
        # that were sent have their number in `_sent`, negated.
        self._kept: dict[int, Any] = {}
        self._agreed: dict[int, State] = {}  # of each kept leaf, by its number
        self._numbers: dict[int, int] = {}  # of the kept leaves, by their ids
        self._outputs: dict[int, Any] = {}  # tensors that the answer computed, by their numbers
        # Buffers of modules, by their ids, with their number in `_sent`, or 0 before they are sent.
        self._buffers: dict[int, tuple[Any, int]] = {}
        self._wholes = Wholes(is_handle)  # modules and optimisers
        self._is_in_backward = False  # while `_continue_backward` is running

    def node(self, value: Any) -> Any:
        """The node as which a tensor with gradients is sent, or a module that the answer has.

        None for any other value.

        Raises:
            RuntimeError: the check has sent too many.
        """
        torch = sys.modules.get("torch")
        if torch is not None and (whole := self._wholes.number_of(value)) is not None:
            return wire.Sent(whole)
        if torch is None or not isinstance(value, torch.Tensor):
            return None
        if (number := self._numbers.get(id(value))) is not None:
            return wire.Live(number, 0, "") if number > 0 else wire.Sent(-number)
        if not value.requires_grad:
            return None
        if not value.is_leaf:
            return wire.Traced(self._next_number(value), "inner", NO_TENSOR, None)
        kind = "parameter" if isinstance(value, torch.nn.Parameter) else "leaf"
        return wire.Traced(self._keep(value), kind, NO_TENSOR, value.grad)

    def in_pickle(self, value: Any) -> Any:
        """What is pickled instead of a leaf, or of a module's buffer; None for any other value.

        So after a module was passed to the answer, both sides hold its parameters.
        """
        torch = sys.modules.get("torch")
        if torch is not None and (whole := self._wholes.number_of(value)) is not None:
            return (whole,)
        if torch is None or not isinstance(value, torch.Tensor | torch.nn.Module):
            return None
        if isinstance(value, torch.nn.Module):
            for each in value.buffers(recurse=False):
                self._buffers.setdefault(id(each), (each, 0))
            return None
        if (number := self._numbers.get(id(value))) is not None:
            return (number,)
        if id(value) in self._buffers and not value.requires_grad:
            return self._buffer_in_pickle(value)
        if not value.requires_grad or not value.is_leaf:
            return None
        kind = "parameter" if isinstance(value, torch.nn.Parameter) else "leaf"
        grad = None if value.grad is None else value.grad.detach()
        return -self._keep(value), kind, value.detach(), grad

    def _buffer_in_pickle(self, value: Any) -> tuple[Any, ...]:
        """As `in_pickle`, of a buffer such as a running mean. It is kept equal on both sides."""
        known, number = self._buffers[id(value)]
        if number:
            return (-number,)
        number = self._next_number(value)
        self._buffers[id(value)] = (known, number)
        self._kept[-number], self._agreed[-number] = value, State.of(value)
        return -number, "buffer", value.detach(), None

    def note(self, value: Any) -> int:
        """Called with each object that is pickled: modules and optimisers get numbers from here.

        Returns:
            The number that the first of these gets, or would get.
        """
        return self._wholes.add(value)

    def _keep(self, leaf: Any) -> int:
        """Hold a leaf that is being sent; return its number."""
        number = self._next_number(leaf)
        self._hold(-number, leaf)
        return number

    def _next_number(self, value: Any) -> int:
        if len(self._sent) >= SENT:
            raise RuntimeError("a check hands over too many tensors with gradients")
        number = len(self._sent) + 1
        self._sent[number] = value
        return number

    def _hold(self, number: int, leaf: Any) -> None:
        # `_kept` keeps the leaf alive, so no other object can get its id.
        self._kept[number] = leaf
        self._numbers[id(leaf)] = number
        self._agreed[number] = State.of(leaf)

    def sent(self, number: int) -> Any:
        """The tensor that was sent with a number, or a module or optimiser.

        Raises:
            Malformed: there is none.
        """
        if number >= FIRST:
            return self._wholes.at(number)
        if number not in self._sent:
            raise wire.Malformed("a tensor that it was not given")
        return self._sent[number]

    def arrived(self, node: Any, tensor: Any, grad: Any) -> Any:
        """The tensor here for a tensor of the answer that has gradients.

        Args:
            node: Its number, whether it is a leaf, and the leaves that it was computed from.
            tensor: Its values.
            grad: Its gradient, or None.
        Raises:
            Malformed: it is no such tensor.
        """
        torch = sys.modules.get("torch")
        if torch is None or not _has_gradients(tensor):
            raise wire.Malformed("a tensor without gradients")
        if node.kind == "output":
            return self._output(node, tensor)
        leaf = self._kept.get(node.number) if node.number > 0 else None
        if leaf is None:
            is_new = node.kind in ("leaf", "parameter") and node.number > 0
            if len(self._kept) >= MIRRORED or not is_new:
                raise wire.Malformed("too many tensors with gradients")
            parameter = node.kind == "parameter"
            leaf = torch.nn.Parameter(tensor) if parameter else tensor.requires_grad_()
            self._hold(node.number, leaf)
            self._set(node.number, leaf.detach(), grad, True)
        return leaf

    def _output(self, node: Any, tensor: Any) -> Any:
        """The tensor here for one that the answer computed: the same one for the same number."""
        known = self._outputs.get(node.number)
        # Other values under the same number: the answer has changed its output in place.
        if known is None or not sys.modules["torch"].equal(known.detach(), tensor):
            known = self._depending(node.number, tensor, node.leaves)
            self._outputs[node.number] = known
        return known

    def are_kept(self, value: Any) -> bool:
        """Whether a tensor is a leaf that both sides hold, or will hold once it is sent."""
        if id(value) in self._numbers:
            return True
        torch = sys.modules.get("torch")
        is_tensor = torch is not None and isinstance(value, torch.Tensor)
        return is_tensor and bool(value.requires_grad and value.is_leaf)

    def news(self) -> list[Any]:
        """What the check has changed in leaves that both sides hold, since this was last sent.

        Returns:
            For each changed leaf its number, data, gradient, `requires_grad`, and whether autograd
            has counted the change. Before them, of modules and optimisers, the number and content.
        """
        changed: list[Any] = [*self._wholes.changes()]
        # An optimiser changes leaves in place, and nothing reports it. So all leaves are compared
        # with copies of what was last sent. That takes little time beside sending them.
        for number, leaf in self._kept.items():
            before = self._agreed[number]
            if not before.is_of(leaf) and leaf.is_leaf:
                self._agreed[number] = now = State.of(leaf)
                # A change through `.data`, as gradcheck makes it, is not counted by autograd.
                is_counted = now.version != before.version
                changed.append((number, leaf.detach(), leaf.grad, leaf.requires_grad, is_counted))
        return changed

    def settle(self, changes: Any) -> None:
        """Take over what the answer's process has changed.

        Args:
            changes: A list. Each is the number of a module or optimiser, and what changed in that
                one; or the number, data, gradient and `requires_grad` of a tensor.
        Raises:
            Malformed: it is no such list.
        """
        if not isinstance(changes, list):
            raise wire.Malformed("changes that are none")
        for change in changes:
            if isinstance(change, tuple) and len(change) == 2 and type(change[0]) is int:
                self._wholes.set(*change)
                continue
            if not isinstance(change, tuple) or len(change) != 4 or type(change[0]) is not int:
                raise wire.Malformed("changes that are none")
            number, data, grad, needs_grad = change
            if number < 0 and number not in self._kept:
                self._continue_backward(self._sent.get(-number), grad)
            else:
                self._set(number, data, grad, needs_grad)

    def _set(self, number: int, data: Any, grad: Any, needs_grad: Any) -> None:
        """Set a leaf that both sides hold to what the answer's process has.

        Raises:
            Malformed: there is no such leaf, or it cannot hold that.
        """
        torch = sys.modules["torch"]
        leaf = self._kept.get(number)
        is_fit = isinstance(data, torch.Tensor) and (grad is None or _fits(grad, data))
        if leaf is None or not is_fit or type(needs_grad) is not bool:
            raise wire.Malformed("a tensor became something else")
        if (needs_grad and not _has_gradients(data)) or not leaf.is_leaf:
            raise wire.Malformed("a tensor that can have no gradients")
        # The check may compare with a constant, or pass it to the next answer.
        if number < 0 and self._is_constant(leaf):
            return
        # In place, since optimisers of the check hold this object; through `.data`, since autograd
        # refuses to change a leaf in place.
        if _fits(data, leaf):
            leaf.data.copy_(data.detach())
        else:  # another type or shape: `model.double()`, or a layer that grows
            leaf.grad, leaf.data = None, data.detach()
        if grad is None or leaf.grad is None:
            leaf.grad = None if grad is None else grad.detach()
        else:
            leaf.grad.detach().copy_(grad.detach())
        leaf.requires_grad_(needs_grad)
        self._agreed[number] = State.of(leaf)

    def _continue_backward(self, inner: Any, grad: Any) -> None:
        """Continue a backward pass of the answer's that has reached a tensor sent from here.

        Args:
            inner: The tensor, which depends on others here.
            grad: Its gradient.
        Raises:
            Malformed: there is no such tensor, or the pass cannot go on.
        """
        # Not within another one: each reply could ask for the next, without end.
        if inner is None or not _fits(grad, inner) or self._is_in_backward:
            raise wire.Malformed("a gradient of nothing")
        self._is_in_backward = True
        try:
            sys.modules["torch"].autograd.backward([inner], [grad.detach()], retain_graph=True)
        except RuntimeError:  # the check has freed this graph by a backward pass of its own
            raise wire.Malformed("a gradient of nothing") from None
        finally:
            self._is_in_backward = False

    def _depending(self, number: int, data: Any, used: list[int]) -> Any:
        """A tensor of values `data` that depends on the leaves `used`.

        Args:
            number: That of the answer's tensor.
            used: Positive numbers are leaves that were sent, negative ones the answer's own.
        """
        torch = sys.modules["torch"]
        sent = [each for each in used if each in self._sent]
        mirrored = [-each for each in used if each < 0 and -each in self._kept]
        # Gives the result a gradient function even if it depends on no leaf that is known here.
        anchor = torch.zeros((), requires_grad=True)
        leaves = [*map(self._sent.get, sent), *map(self._kept.get, mirrored)]

        def gradients(grad: Any) -> list[Any]:
            found = self._backward(number, grad, sent, mirrored)
            if not isinstance(found, list) or len(found) != len(leaves):
                raise wire.Malformed("gradients of nothing")
            # Not detached: with `create_graph` a gradient has gradients itself.
            return [
                each if each is not None and _fits(each, leaf) else None
                for each, leaf in zip(found, leaves, strict=True)
            ]

        with torch.enable_grad():
            return _function().apply(gradients, data, anchor, *leaves)


# Holds the class below, made at first use: graders of NumPy exercises never import torch.
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
            # Without this, torch replaces missing gradients by zeros, and the answer's process
            # would be asked for gradients that nothing depends on.
            context.set_materialize_grads(False)
            return data.clone()

        @staticmethod
        def backward(context: Any, grad: Any) -> Any:
            found = [None] * context.count if grad is None else context.gradients(grad)
            return None, None, None, *found

    _functions.append(Remote)
    return Remote


def _has_gradients(tensor: Any) -> bool:
    """Whether a tensor of this type can have gradients."""
    return bool(tensor.is_floating_point() or tensor.is_complex())


def _fits(value: Any, leaf: Any) -> bool:
    """Whether a value is a tensor with the shape and the type of a leaf."""
    torch = sys.modules["torch"]
    is_tensor = isinstance(value, torch.Tensor)
    return is_tensor and value.shape == leaf.shape and value.dtype == leaf.dtype


def _same(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    torch = sys.modules["torch"]
    is_like = left.shape == right.shape and left.dtype == right.dtype
    return is_like and bool(torch.equal(left.detach(), right.detach()))
