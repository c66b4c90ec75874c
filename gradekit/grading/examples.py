"""The doctest examples of a stub, run against a submission as its visible checks.

The stub is ours: the submission may delete its docstrings. Examples are run in the worker,
and what they print is compared here.
"""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradekit.definitions import defined_in
from gradekit.grading.compare import Mismatch
from gradekit.grading.proxy import SubmissionProxy

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def functions_of(stub: Path) -> Iterator[tuple[str, list[doctest.Example]]]:
    """The functions and classes of a stub in order, each with the examples of its docstring.

    The stub's own imports come first among the examples: an answer need not repeat them.
    """
    parser = doctest.DocTestParser()
    body = ast.parse(stub.read_text("utf-8")).body
    imports = [
        doctest.Example(ast.unparse(node), "")
        for node in body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    for name, node in defined_in(body).items():
        # A heading right under an example would count as what the example prints.
        text = re.sub(r"(?m)^\w+:", r"\n\g<0>", ast.get_docstring(node) or "")
        examples = parser.get_examples(text)
        yield name, [*imports, *examples] if examples else []


def run_examples(submission: SubmissionProxy, examples: list[doctest.Example]) -> None:
    """Fail at the first example that prints something else than its docstring says."""
    sources = [(example.source, example.exc_msg is not None) for example in examples]
    outputs = submission.probe(evaluate, sources)
    if not isinstance(outputs, list) or len(outputs) != len(examples):
        raise Mismatch("the examples did not run")
    checker = doctest.OutputChecker()
    for example, got in zip(examples, outputs, strict=True):
        wanted = example.want
        if example.exc_msg is not None:  # of an error only the type counts
            wanted = f"raised {example.exc_msg.partition(':')[0].strip()}\n"
        if not isinstance(got, str) or not checker.check_output(wanted, got, FLAGS):
            shown = got.strip() if isinstance(got, str) else "something else"
            raise Mismatch(f"expected {wanted.strip()}, got {shown}", example.source.strip())


def evaluate(answer: Any, sources: list[tuple[str, bool]]) -> list[str]:
    """Runs in the worker: what each example prints, or `raised` and the error's name.

    Each source comes with whether it should raise; where not, the error travels on.
    """
    import builtins
    import contextlib
    import io
    import sys

    own = answer.namespace.get("__name__")
    # After `from numpy import *`, `round` and `bool` are NumPy's: they print in another way.
    namespace = {
        name: value
        for name, value in answer.namespace.items()
        if not hasattr(builtins, name)
        or getattr(value, "__module__", None) == own
        or name[0] == "_"
    }
    outputs, values = [], list[str]()
    sys.displayhook = lambda value: None if value is None else values.append(repr(value))
    for source, should_raise in sources:
        values.clear()
        # What an answer prints for its own debugging is no part of what an example shows.
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(source, "<example>", "single"), namespace)
        except Exception as error:
            # A stub that is not written yet raises
            # NotImplementedError, and passes no example with that.
            if not should_raise or isinstance(error, NotImplementedError):
                raise
            values[:] = [f"raised {type(error).__name__}"]
        prints = source.startswith("print(") and not values
        outputs.append(printed.getvalue() if prints else "".join(f"{v}\n" for v in values))
    return outputs
