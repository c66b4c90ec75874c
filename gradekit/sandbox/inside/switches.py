"""Switches of libraries that hold for a whole process, put back after each request.

A function that forgets to put one back fails the check that looks for it, within one request.
The answer's other functions, whose checks come later, are not to suffer from it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from numpy import geterr, seterr


def remembered() -> Callable[[], None]:
    """A function that puts back what is switched on now: torch's gradients and default dtype, and
    what NumPy does about overflow and its like.
    """
    errors = geterr()
    torch = sys.modules.get("torch")
    if torch is not None:
        gradients, dtype = torch.is_grad_enabled(), torch.get_default_dtype()

    def put_back() -> None:
        if geterr() != errors:
            seterr(**errors)
        if torch is not None and torch.is_grad_enabled() != gradients:
            torch.set_grad_enabled(gradients)
        if torch is not None and torch.get_default_dtype() != dtype:
            torch.set_default_dtype(dtype)

    return put_back
