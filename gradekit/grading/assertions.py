"""Assertions whose message raises: the condition did not hold, so the check has its verdict."""

from __future__ import annotations

import ast
import dis
import functools
import linecache
from types import CodeType

NO_MESSAGE = "an assertion did not hold, and its message raises"
FORMAT = "_format_assertmsg"  # what pytest calls with the message, in an assertion it has rewritten
Place = tuple[int, int]  # a line, and a column in it


def is_of_message(error: BaseException) -> bool:
    """Whether an error was raised while the message of an assertion was made.

    It is kept with the error, which loses its frames.
    """
    if "is_of_message" not in vars(error):
        trace, found = error.__traceback__, False
        while trace is not None and not found:
            code = trace.tb_frame.f_code
            is_ours = "site-packages" not in code.co_filename
            found = is_ours and _is_in_message(code, trace.tb_lasti)
            trace = trace.tb_next
        vars(error)["is_of_message"] = found
    return bool(vars(error)["is_of_message"])


@functools.lru_cache(maxsize=1024)
def _is_in_message(code: CodeType, offset: int) -> bool:
    """Whether the instruction at an offset belongs to the message of an assertion."""
    before = [each for each in dis.get_instructions(code) if each.offset <= offset]
    here = before[-1].positions
    if here is None or None in here:
        return False
    # pytest gives everything in an assertion the place of the whole.
    if any(each.argval == FORMAT and each.positions == here for each in before):
        return True
    text = "".join(linecache.getlines(code.co_filename))
    begin, end = (here.lineno, here.col_offset), (here.end_lineno, here.end_col_offset)
    return any(first <= begin and end <= last for first, last in _messages_in(text))


@functools.lru_cache(maxsize=64)
def _messages_in(text: str) -> list[tuple[Place, Place]]:
    """Where the messages of assertions begin and end."""
    try:
        nodes = [*ast.walk(ast.parse(text))]
    except (SyntaxError, ValueError):
        return []
    found = [node.msg for node in nodes if isinstance(node, ast.Assert) and node.msg is not None]
    return [
        ((each.lineno, each.col_offset), (each.end_lineno or 0, each.end_col_offset or 0))
        for each in found
    ]
