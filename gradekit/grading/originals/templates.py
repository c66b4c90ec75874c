"""nbgrader's autotests.yml: an instructor's own templates of what AUTOTEST lines compare.

nbgrader fills them in when it releases a notebook, with what the solution gives. Here that is done
when the notebook is imported; the lines that come of it stand in the check.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradekit.errors import GraderError

FILE = "autotests.yml"
NEEDED = ("dispatch", "normalize", "check", "templates")
Evaluate = Callable[[str], Any]  # the value of an expression beside the solution


class Templates:
    """The templates of one kernel."""

    def __init__(self, path: Path, kernel: str) -> None:
        """Read them.

        Raises:
            GraderError: they cannot be used; the message says why.
        """
        import yaml

        try:
            told = yaml.safe_load(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            reason = " ".join(str(error).split())
            raise GraderError(f"{path.name} cannot be read: {reason}") from None
        kernels = told if isinstance(told, dict) else {}
        self._told = kernels.get(kernel) or kernels.get("python3") or kernels.get("python") or {}
        for name in NEEDED:
            if name not in self._told:
                raise GraderError(f"{path.name} has no `{name}` for {kernel}")

    def setup(self) -> str:
        """What is to be run before the first test of a cell."""
        return str(self._told.get("setup") or "")

    def lines(self, snippet: str, salt: str, evaluate: Evaluate) -> list[str]:
        """The tests of one expression.

        Args:
            salt: Is added to what is hashed; empty where the value may be read.
        """
        kind = text_of(evaluate(_filled(self._told["dispatch"], snippet=snippet)))
        tests = self._told["templates"].get(kind) or self._told["templates"]["default"]
        lines = []
        for test in tests:
            expression = _filled(self._told["normalize"], snippet=test["test"])
            if salt:
                expression = _filled(self._told["hash"], snippet=expression, salt=salt)
            expression = _filled(expression, snippet=snippet)
            message = _filled(test["fail"], snippet=snippet).replace('"', '\\"')
            value = text_of(evaluate(expression))
            lines.append(
                _filled(self._told["check"], snippet=expression, value=value, message=message)
            )
        return lines


def _filled(template: str, **values: str) -> str:
    import jinja2

    # Python comes of it, and no page: nothing is escaped.
    return jinja2.Environment().from_string(str(template)).render(**values)


def text_of(value: Any) -> str:
    """What a notebook shows of a value, without quotes: so nbgrader puts it into a test."""
    if isinstance(value, type):
        own = value.__module__ == "builtins"
        return value.__qualname__ if own else f"{value.__module__}.{value.__qualname__}"
    return repr(value).strip('"').strip("'")
