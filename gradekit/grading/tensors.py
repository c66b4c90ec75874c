"""Gradients across two processes: tensors that stand here for those of an imported answer.

Leaves of either side, such as parameters, are held by both: optimisers and tests work with them as
usual, and each side sends what it changed in them with its next message. Any other tensor with
gradients goes out as a leaf of its own. What comes back depends, here, on all that went out,
through a function of autograd whose backward asks the answer's process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from gradekit.sandbox import wire

NO_TENSOR = wire.Tensor("", [])  # `wire` puts the real one in its place
# An answer may send tensors without end: each mirrored one is kept until its check is over.
SENT, MIRRORED = 10_000, 10_000

Backward = Callable[[int, Any, list[int], list[int]], Any]


class State(NamedTuple):
    """What a leaf held when both sides last agreed."""

    data: Any
    grad: Any
    needs_grad: bool
    version: int  # as autograd counts what is done to it in place

    @classmethod
    def of(cls, leaf: Any) -> State:
        grad = None if leaf.grad is None else leaf.grad.detach().clone()
        return cls(leaf.detach().clone(), grad, leaf.requires_grad, leaf._version)  # noqa: SLF001

    def is_of(self, leaf: Any) -> bool:
        """Whether the leaf still holds that."""
        is_same = _same(leaf, self.data) and _same(leaf.grad, self.grad)
        return is_same and leaf.requires_grad == self.needs_grad


class Tensors:
    """Those of one check."""

    def __init__(self, backward: Backward, is_constant: Callable[[Any], bool]) -> None:
        """
        Args:
            backward: Asks for gradients: of an output, from its own, by numbers of leaves.
            is_constant: Says of a tensor that no answer may change it.
        """
        self._backward = backward
        self._is_constant = is_constant
        self._sent: dict[int, Any] = {}
        # Leaves that both sides hold: the answer's by the numbers of its objects, those that were
        # sent by theirs, negated.
        self._kept: dict[int, Any] = {}
        self._told: dict[int, State] = {}
        self._numbers: dict[int, int] = {}  # of those, by their ids
        self._outputs: dict[int, Any] = {}
        self._buffers: dict[int, tuple[Any, int]] = {}  # of modules, by ids; 0: not sent yet
        self._handed_over: list[Any] = []  # modules and optimisers
        self._is_going_on = False

    def node(self, value: Any) -> Any:
        """How a tensor with gradients goes out; None for any other value.

        Raises:
            RuntimeError: the check has sent too many.
        """
        torch = sys.modules.get("torch")
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
        """What stands in a pickle for a leaf or a buffer of a module; None for any other value.

        So the parameters of a module that is handed over are those of the check.
        """
        torch = sys.modules.get("torch")
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
        """As `in_pickle`, for running means and their like: they are kept equal, no more."""
        known, number = self._buffers[id(value)]
        if number:
            return (-number,)
        number = self._next_number(value)
        self._buffers[id(value)] = (known, number)
        self._kept[-number], self._told[-number] = value, State.of(value)
        return -number, "buffer", value.detach(), None

    def note(self, value: Any) -> None:
        """Something has been pickled: of modules and optimisers more is kept equal than leaves."""
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.nn.Module | torch.optim.Optimizer):
            self._handed_over.append(value)

    def _keep(self, leaf: Any) -> int:
        """Hold a leaf that is sent from now on; its number."""
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
        # The id stays unique: `_kept` keeps the leaf alive as long as this entry is there.
        self._kept[number] = leaf
        self._numbers[id(leaf)] = number
        self._told[number] = State.of(leaf)

    def sent(self, number: int) -> Any:
        """The leaf that was sent under a number.

        Raises:
            Malformed: there is none.
        """
        if -number not in self._kept or number <= 0:
            raise wire.Malformed("a tensor that it was not given")
        return self._sent[number]

    def arrived(self, node: Any, tensor: Any, grad: Any) -> Any:
        """What stands here for a tensor of the answer that has gradients.

        Raises:
            Malformed: it is no such tensor.
        """
        torch = sys.modules.get("torch")
        if torch is None or not _has_gradients(tensor):
            raise wire.Malformed("a tensor without gradients")
        if node.kind == "output":
            known = self._outputs.get(node.number)
            # The same number with other values: the answer changed its output in place since.
            if known is None or not torch.equal(known.detach(), tensor):
                known = self._depending(node.number, tensor, node.leaves)
                self._outputs[node.number] = known
            return known
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

    def are_kept(self, value: Any) -> bool:
        """Whether a tensor is a leaf that both sides hold, or will be once it is sent."""
        if id(value) in self._numbers:
            return True
        torch = sys.modules.get("torch")
        is_tensor = torch is not None and isinstance(value, torch.Tensor)
        return is_tensor and bool(value.requires_grad and value.is_leaf)

    def news(self) -> list[Any]:
        """What the check changed, since they were last sent, in leaves that both sides hold."""
        changed = []
        # Compared with copies of what was last sent, since an optimiser changes leaves in place and
        # tells nobody. So a request costs a look at all parameters, which is little beside sending
        # them.
        for number, leaf in self._kept.items():
            before = self._told[number]
            if not before.is_of(leaf) and leaf.is_leaf:
                self._told[number] = now = State.of(leaf)
                # Not where it was done through `.data`, as gradcheck does it: no graph minds that.
                is_counted = now.version != before.version
                told = leaf.detach(), leaf.grad, leaf.requires_grad, is_counted
                changed.append((number, *told))
        return changed

    def settle(self, changes: Any) -> None:
        """Take over what changed in the answer's process.

        Raises:
            Malformed: it is nothing of that kind.
        """
        if not isinstance(changes, list):
            raise wire.Malformed("changes that are none")
        for change in changes:
            if isinstance(change, tuple) and len(change) == 2:
                self._change(*change)
                continue
            if not isinstance(change, tuple) or len(change) != 4 or type(change[0]) is not int:
                raise wire.Malformed("changes that are none")
            number, data, grad, needs_grad = change
            if number < 0 and number not in self._kept:
                self._go_on_backward(self._sent.get(-number), grad)
            else:
                self._set(number, data, grad, needs_grad)

    def _change(self, place: Any, told: Any) -> None:
        """Take over what changed in a module or optimiser that was handed over."""
        if type(place) is not int or not 0 <= place < len(self._handed_over):
            raise wire.Malformed("an object that it was not given")
        target = self._handed_over[place]
        if isinstance(target, sys.modules["torch"].nn.Module):
            _set_modes(target, told)
        else:
            _set_optimiser(target, told)

    def _set(self, number: int, data: Any, grad: Any, needs_grad: Any) -> None:
        torch = sys.modules["torch"]
        leaf = self._kept.get(number)
        is_fit = isinstance(data, torch.Tensor) and (grad is None or _fits(grad, data))
        if leaf is None or not is_fit or type(needs_grad) is not bool:
            raise wire.Malformed("a tensor became something else")
        if (needs_grad and not _has_gradients(data)) or not leaf.is_leaf:
            raise wire.Malformed("a tensor that can have no gradients")
        # The check may compare with it, or give it to the next answer: it stays as it is.
        if number < 0 and self._is_constant(leaf):
            return
        # In place, by way of .data: optimisers of the check hold this very object, and autograd
        # would refuse a change in place of a leaf.
        if _fits(data, leaf):
            leaf.data.copy_(data.detach())
        else:  # as `model.double()` and a layer that grows do it
            leaf.grad, leaf.data = None, data.detach()
        if grad is None or leaf.grad is None:
            leaf.grad = None if grad is None else grad.detach()
        else:
            leaf.grad.detach().copy_(grad.detach())
        leaf.requires_grad_(needs_grad)
        self._told[number] = State.of(leaf)

    def _go_on_backward(self, inner: Any, grad: Any) -> None:
        """The answer's own backward has come to a tensor that depends on others here."""
        # Each reply could ask for another such step, to no end.
        if inner is None or not _fits(grad, inner) or self._is_going_on:
            raise wire.Malformed("a gradient of nothing")
        self._is_going_on = True
        try:
            sys.modules["torch"].autograd.backward([inner], [grad.detach()], retain_graph=True)
        except RuntimeError:  # the check has gone that way before, and kept nothing of it
            raise wire.Malformed("a gradient of nothing") from None
        finally:
            self._is_going_on = False

    def _depending(self, number: int, data: Any, used: list[int]) -> Any:
        """A tensor that depends on those leaves."""
        torch = sys.modules["torch"]
        sent = [each for each in used if each in self._sent]
        # Positive numbers are leaves that we sent, negative ones the answer's own.
        mirrored = [-each for each in used if each < 0 and -each in self._kept]
        # Without it the result would have no gradient function where no leaf is known here.
        anchor = torch.zeros((), requires_grad=True)
        leaves = [*map(self._sent.get, sent), *map(self._kept.get, mirrored)]

        def gradients(grad: Any) -> list[Any]:
            told = self._backward(number, grad, sent, mirrored)
            if not isinstance(told, list) or len(told) != len(leaves):
                raise wire.Malformed("gradients of nothing")
            # With their own history where a gradient is to have gradients (`create_graph`).
            return [
                each if each is not None and _fits(each, leaf) else None
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
            found = [None] * context.count if grad is None else context.gradients(grad)
            return None, None, None, *found

    _functions.append(Remote)
    return Remote


def _set_modes(module: Any, modes: Any) -> None:
    """Whether the parts of a module are in training, as `train()` and `eval()` set it."""
    parts = [*module.modules()]
    if not isinstance(modes, list) or len(modes) != len(parts):
        raise wire.Malformed("a module became something else")
    for part, mode in zip(parts, modes, strict=True):
        part.training = mode is True


def _set_optimiser(optimiser: Any, told: Any) -> None:
    """What an optimiser keeps of each parameter, momentum say, and the settings of its groups."""
    groups = optimiser.param_groups
    parameters = [each for group in groups for each in group["params"]]
    if not isinstance(told, tuple) or len(told) != 2:
        raise wire.Malformed("an optimiser became something else")
    states, settings = told
    if not _are_dicts(states, len(parameters)) or not _are_dicts(settings, len(groups)):
        raise wire.Malformed("an optimiser became something else")
    for parameter, state in zip(parameters, states, strict=True):
        optimiser.state.pop(parameter, None)
        if state:
            optimiser.state[parameter] = state
    for group, setting in zip(groups, settings, strict=True):
        group.update({name: setting[name] for name in setting if name in group.keys() - {"params"}})


def _are_dicts(told: Any, count: int) -> bool:
    """Whether they are so many dicts of data, by names."""
    if not isinstance(told, list) or len(told) != count:
        return False
    torch = sys.modules["torch"]
    kinds = (int, float, bool, str, tuple, type(None), torch.Tensor)
    return all(
        type(each) is dict and all(type(key) is str for key in each)
        and all(type(value) in kinds for value in each.values())
        for each in told
    )  # fmt: skip


def _has_gradients(tensor: Any) -> bool:
    return bool(tensor.is_floating_point() or tensor.is_complex())


def _fits(value: Any, leaf: Any) -> bool:
    torch = sys.modules["torch"]
    is_tensor = isinstance(value, torch.Tensor)
    return is_tensor and value.shape == leaf.shape and value.dtype == leaf.dtype


def _same(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    torch = sys.modules["torch"]
    is_like = left.shape == right.shape and left.dtype == right.dtype
    return is_like and bool(torch.equal(left.detach(), right.detach()))
