"""Built-in names of the answer's process, as the parts of a test's surroundings change them."""

from __future__ import annotations

import sys
from typing import Any

import cloudpickle

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # no worker may import this file


def builtin_names(answer: Any) -> list[dict[str, Any]]:
    """Runs in the worker: the dicts of built-in names of the answer and of its modules.

    They are no longer Python's own, since their import knows stand-ins.
    """
    import sys as system

    found = [answer.namespace["__builtins__"]]
    for module in list(system.modules.values()):
        if type(getattr(module, "__loader__", None)).__name__ == "Siblings":
            names = vars(module).get("__builtins__")
            if isinstance(names, dict) and not any(names is each for each in found):
                found.append(names)
    return found


def set_builtin(answer: Any, name: str, value: Any) -> Any:
    """Runs in the worker: bind a built-in name; what it was bound to.

    In Python's own built-in names as well, since libraries look there.
    """
    import builtins

    before = answer.namespace["__builtins__"][name]
    for names in (*builtin_names(answer), vars(builtins)):
        names[name] = value
    return before


def share_with_modules(answer: Any, name: str) -> None:
    """Runs in the worker: give the answer's modules the function that stands in the answer.

    There it was set as any name of it is, since a function of the test can be handed over so.
    """
    own, *others = builtin_names(answer)
    for names in others:
        names[name] = answer.namespace[name]


def share_no_more(answer: Any, name: str) -> None:
    """Runs in the worker: as before `share_with_modules`."""
    import builtins

    answer.namespace.pop(name, None)
    for names in builtin_names(answer)[1:]:
        names[name] = getattr(builtins, name)
