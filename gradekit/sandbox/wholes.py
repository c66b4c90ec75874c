"""Modules of torch and optimisers that a check hands to an answer: each side has one of its own.

Their parameters and buffers are shared as other tensors are. Here is the rest: which parts, hooks
and attributes a module has, whether it trains, and what an optimiser keeps of each parameter. Each
side tells the other what has changed since both were equal, and only that, since the other side may
have changed something else meanwhile.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

from gradekit.sandbox.nodes import Malformed
from gradekit.sandbox.snapshots import PLAIN

FIRST = 1_000_000_000  # in a node of a leaf, numbers from here on mean one of these
MEMBERS = ("_modules", "_parameters", "_buffers")
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
OWN = "own"  # attributes of a module
MOST = 10_000  # parts of the modules of one check
CONTAINERS = (list, dict, set, tuple)
Change = tuple[dict[Any, Any], list[Any]]  # what is new by its name, and the names that are gone


class Wholes:
    """Those of one check, by their numbers."""

    def __init__(self, is_others: Callable[[Any], bool]) -> None:
        """`is_others` says of a part that it is an object of the answer's, which it has itself."""
        self._is_others = is_others
        self._values: dict[int, Any] = {}
        self._marks: dict[int, dict[str, dict[Any, Any]]] = {}
        self._numbers: dict[int, int] = {}  # by their ids

    def clear(self) -> None:
        for each in (self._values, self._marks, self._numbers):
            each.clear()

    def add(self, value: Any, first: int = 0) -> int:
        """Number a module and its parts, or an optimiser; nothing else, and nothing twice.

        Args:
            first: The number of the first; 0 for the next one.
        Returns:
            The number that the first was to have.
        """
        number = first = first or FIRST + len(self._values)
        for each in self._parts_of(value, set()):
            if id(each) not in self._numbers and len(self._values) < MOST:
                self._values[number] = each
                self._numbers[id(each)] = number
                self._marks[number] = _mark_of(each)
                number += 1
        return first

    def _parts_of(self, value: Any, seen: set[int]) -> Iterator[Any]:
        torch = sys.modules.get("torch")
        if torch is None or id(value) in seen or self._is_others(value):
            return
        seen.add(id(value))
        if isinstance(value, torch.nn.Module):
            yield value
            for each in vars(value)["_modules"].values():
                yield from self._parts_of(each, seen)
        elif isinstance(value, torch.optim.Optimizer):
            yield value

    def number_of(self, value: Any) -> int | None:
        """The number of one of these; None for anything else."""
        return self._numbers.get(id(value))

    def at(self, number: int) -> Any:
        """
        Raises:
            Malformed: there is none of that number.
        """
        if number not in self._values:
            raise Malformed("an object that it was not given")
        return self._values[number]

    def changes(self) -> list[tuple[int, dict[str, Change]]]:
        """What has changed in them here, by their numbers."""
        found = []
        for number, value in self._values.items():
            before, now = self._marks[number], _mark_of(value)
            if told := {key: each for key in now if (each := _change(before[key], now[key]))}:
                self._marks[number] = now
                contents = _contents_of(value)
                found.append((number, {
                    key: ({name: contents[key][name] for name in new}, gone)
                    for key, (new, gone) in told.items()
                }))  # fmt: skip
        return found

    def set(self, number: int, content: Any) -> None:
        """Take over what has changed on the other side.

        Raises:
            Malformed: that is nothing which could change.
        """
        target = self.at(number)
        if type(content) is not dict:
            raise Malformed("an object became something else")
        for key, change in content.items():
            is_change = type(change) is tuple and len(change) == 2
            if not is_change or type(change[0]) is not dict or type(change[1]) is not list:
                raise Malformed("an object became something else")
            if _is_module(target):
                _set_module(target, key, *change)
            else:
                _set_optimiser(target, key, change[0])
        self._marks[number] = _mark_of(target)


def _change(before: dict[Any, Any], now: dict[Any, Any]) -> Change | None:
    new = {k: v for k, v in now.items() if k not in before or not _is_same(before[k], v)}
    gone = [key for key in before if key not in now]
    return (new, gone) if new or gone else None


def _is_same(a: Any, b: Any) -> bool:
    """Whether it is one object; containers and what is plain by what they hold."""
    if type(a) is not type(b):
        return False
    if type(a) in CONTAINERS:
        parts = [[*each, *each.values()] if type(each) is dict else [*each] for each in (a, b)]
        return len(a) == len(b) and all(map(_is_same, *parts))
    return a is b or (type(a) in PLAIN and bool(a == b))


def _is_module(value: Any) -> bool:
    return isinstance(value, sys.modules["torch"].nn.Module)


@functools.cache
def _of_all_modules() -> frozenset[str]:
    return frozenset(vars(sys.modules["torch"].nn.Module())) - {"training"}


def _contents_of(value: Any) -> dict[str, dict[Any, Any]]:
    """What is told of a module or an optimiser, in sections."""
    own = vars(value)
    if _is_module(value):
        sections: dict[str, dict[Any, Any]] = {key: own[key] for key in (*MEMBERS, *HOOKS)}
        names = [name for name in own if name not in _of_all_modules()]
        return sections | {OWN: {n: own[n] for n in names if _may_be_told(own[n], 0)}}
    parameters = [each for group in value.param_groups for each in group["params"]]
    groups = [{k: v for k, v in group.items() if k != "params"} for group in value.param_groups]
    states = {n: dict(value.state.get(each, {})) for n, each in enumerate(parameters)}
    return {"states": states, "groups": dict(enumerate(groups))}


def _may_be_told(value: Any, depth: int) -> bool:
    """Whether an attribute is plain, or a container of what is."""
    if type(value) in CONTAINERS and depth < 3 and len(value) <= 1000:
        items = [*value, *value.values()] if type(value) is dict else value
        return all(_may_be_told(each, depth + 1) for each in items)
    return type(value) in PLAIN


def _mark_of(value: Any) -> dict[str, dict[Any, Any]]:
    """By which a change is seen: copies, and of an optimiser's tensors identity and version."""
    contents = _contents_of(value)
    if _is_module(value):
        return {
            key: {name: _copy(each) for name, each in told.items()}
            for key, told in contents.items()
        }
    return {
        key: {number: {name: _marked(each) for name, each in told.items()}
              for number, told in parts.items()}
        for key, parts in contents.items()
    }  # fmt: skip


def _copy(value: Any) -> Any:
    if type(value) is dict:
        return {key: _copy(each) for key, each in value.items()}
    return type(value)(map(_copy, value)) if type(value) in CONTAINERS else value


def _marked(value: Any) -> Any:
    return (id(value), value._version) if hasattr(value, "_version") else _copy(value)  # noqa: SLF001


def _set_module(module: Any, key: Any, new: dict[Any, Any], gone: list[Any]) -> None:
    """Change one section of a module."""
    own = vars(module)
    if key == OWN:
        for name, value in new.items():
            _set_attribute(module, name, value)
        return
    if key not in (*MEMBERS, *HOOKS) or not all(type(name) in (str, int) for name in gone):
        raise Malformed("an object became something else")
    for name in gone:
        own[key].pop(name, None)
    if key in MEMBERS:
        for name, value in new.items():
            _set_member(own[key], key, name, value)
    elif all(type(name) is int and callable(each) for name, each in new.items()):
        own[key].update(new)
    else:
        raise Malformed("a hook that is none")


def _set_member(members: dict[str, Any], key: str, name: Any, value: Any) -> None:
    """Set a part, parameter or buffer."""
    torch = sys.modules["torch"]
    kind = torch.nn.Module if key == "_modules" else torch.Tensor
    is_name = type(name) is str and "." not in name and name.isprintable()
    if not is_name or not (value is None or isinstance(value, kind)):
        raise Malformed("a part that is none")
    before: Any = members.get(name)
    if key == "_parameters" and not isinstance(value, torch.nn.Parameter | None):
        value = torch.nn.Parameter(value, requires_grad=False)
    if key == "_buffers" and value is not None and _fits(before, value):
        before.copy_(value)
    else:
        members[name] = value


def _set_attribute(module: Any, name: Any, value: Any) -> None:
    """Set an attribute; a list, dict or set stays the object that it is."""
    is_name = type(name) is str and name not in _of_all_modules()
    # What a class has of that name stays: a list must not stand in the way of a method.
    if not is_name or not _may_be_told(value, 0) or callable(getattr(type(module), name, None)):
        raise Malformed("an attribute that is none")
    before: Any = vars(module).get(name)
    if type(before) is list and type(value) is list:
        before[:] = value
    elif isinstance(before, dict | set) and type(before) is type(value):
        before.clear()
        before.update(value)
    else:
        vars(module)[name] = value


def _fits(before: Any, value: Any) -> bool:
    """Whether a buffer can hold what the other side has put in its place."""
    is_tensor = before is not None and not before.requires_grad
    return is_tensor and before.shape == value.shape and before.dtype == value.dtype


def _set_optimiser(optimiser: Any, key: Any, new: dict[Any, Any]) -> None:
    """Change what an optimiser keeps of some parameters (momentum, ...), or settings of groups."""
    groups = optimiser.param_groups
    parameters = [each for group in groups for each in group["params"]]
    targets = {"states": parameters, "groups": groups}.get(key) if type(key) is str else None
    if targets is None or not all(map(_is_content, new.values())):
        raise Malformed("an optimiser became something else")
    for number, told in new.items():
        if type(number) is not int or not 0 <= number < len(targets):
            raise Malformed("an optimiser became something else")
        target = targets[number]
        if key == "groups":
            target.update({k: v for k, v in told.items() if k in target.keys() - {"params"}})
        else:
            optimiser.state.pop(target, None)
            if told:
                optimiser.state[target] = told


def _is_content(told: Any) -> bool:
    """Whether it is a dict with names as keys and plain data as values."""
    kinds = (*PLAIN, tuple, sys.modules["torch"].Tensor)
    return type(told) is dict and all(
        type(key) is str and type(value) in kinds for key, value in told.items()
    )
