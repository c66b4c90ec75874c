"""Statements too many, missing, out of order, or in the wrong block."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradekit.edits.source import FUNCTIONS, Edit, Source

SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return, ast.Raise)
PARTS = ("parameters", "buffers", "modules", "values", "children")
NAMED_PARTS = ("named_parameters", "named_buffers", "named_modules")
RETURNED = ("float({})", "int({})", "tuple({})", "list({})")
NUMPY_RETURNED = ("np.asarray({})", "np.stack({})")
TORCH_RETURNED = ("torch.tensor({})", "torch.tensor({}, dtype=torch.float64)", "torch.stack({})")
MOST_WITHIN = 3  # statements that share a forgotten `with`
FORGOTTEN = [  # where the file has what they need
    "optimizer.zero_grad()", "model.zero_grad()", "loss.backward()", "optimizer.step()",
    "model.train()", "model.eval()",
]  # fmt: skip


def statements(source: Source) -> Iterator[Edit]:
    """All edits of whole statements."""
    for block, place, statement in source.statements():
        if source.around[statement] is None or _is_text(statement):
            continue
        yield from _dropped(source, statement)
        yield from _exchanged(source, block, place)
        yield from _moved_out(source, block, place)
        yield from _moved_in(source, block, place)
        yield from _within(source, block, place)
        yield from _branches(source, statement)
        yield from _loops(source, statement)
        yield from _returns(source, statement)
        yield from _errors(source, statement)
    yield from _inserted(source)


def _dropped(source: Source, statement: ast.stmt) -> Iterator[Edit]:
    never = (*FUNCTIONS, ast.Pass, ast.Import, ast.ImportFrom)
    if not isinstance(statement, never) and not _is_guarded(source.parents[statement]):
        whole = isinstance(statement, SIMPLE)
        weight = 0.45 if whole else 0.35
        edit = source.replaced(statement, "pass", "does this line belong here?", weight)
        yield edit._replace(replaces=True)
    if isinstance(statement, ast.Break):
        yield source.replaced(statement, "continue", "`break` or `continue`?", 0.9)
    elif isinstance(statement, ast.Continue):
        yield source.replaced(statement, "break", "`break` or `continue`?", 0.9)


def _is_guarded(parent: ast.AST) -> bool:
    """Whether one statement is all that a condition guards.

    To leave it out is the same as a condition that never holds, and that is where to look: what
    raises an error too often is right, and asked wrongly.
    """
    return isinstance(parent, ast.If) and len(parent.body) == 1 and not parent.orelse


def _exchanged(source: Source, block: list[ast.stmt], place: int) -> Iterator[Edit]:
    """A statement and the next one the other way round."""
    if place + 1 >= len(block):
        return
    first, second = block[place], block[place + 1]
    if not isinstance(first, SIMPLE) or not isinstance(second, SIMPLE):
        return
    if isinstance(first, ast.Return) or isinstance(second, ast.Return):
        return
    edit = source.exchanged(first, second, first, "in which order?", 0.4)
    # Both lines change: the first of them is named, whichever text differs first.
    yield edit._replace(replaces=True, line=first.lineno)


def _moved_out(source: Source, block: list[ast.stmt], place: int) -> Iterator[Edit]:
    """The last statement of a loop or a condition after it instead of in it."""
    statement = block[place]
    parent = source.parents[statement]
    if place == 0 or place + 1 < len(block) or not isinstance(statement, SIMPLE):
        return
    if not isinstance(parent, ast.For | ast.While | ast.If | ast.With):
        return
    if statement.lineno != statement.end_lineno:
        return
    start = source.line_start(statement.lineno)
    indent = source.text[source.line_start(parent.lineno) : source.start(parent)]
    if not indent.isspace():  # at the margin: a function's statements are never there
        return
    text = indent + source.code(statement)
    edit = source.edit(start, source.end(statement), text, statement, "inside or after?", 0.5)
    yield edit._replace(replaces=True, line=statement.lineno)


def _moved_in(source: Source, block: list[ast.stmt], place: int) -> Iterator[Edit]:
    """A statement after a loop or a condition as the last one in it."""
    statement, before = block[place], block[place - 1]
    if place == 0 or not isinstance(statement, SIMPLE) or isinstance(statement, ast.Return):
        return
    if not isinstance(before, ast.For | ast.While | ast.If | ast.With):
        return
    if statement.lineno != statement.end_lineno or getattr(before, "orelse", []):
        return
    last = before.body[-1]
    start = source.line_start(statement.lineno)
    indent = source.text[source.line_start(last.lineno) : source.start(last)]
    if not indent.isspace() or isinstance(last, ast.Return | ast.Raise | ast.Break | ast.Continue):
        return
    text = indent + source.code(statement)
    edit = source.edit(start, source.end(statement), text, statement, "inside or after?", 0.45)
    yield edit._replace(replaces=True, line=statement.lineno)


def _within(source: Source, block: list[ast.stmt], place: int) -> Iterator[Edit]:
    """A statement, or all from it on, within a `with` that the file has elsewhere, or needs."""
    statement = block[place]
    start = source.line_start(statement.lineno)
    indent = source.text[start : source.start(statement)]
    if not indent.isspace() or isinstance(statement, FUNCTIONS):
        return
    for last in dict.fromkeys([*block[place : place + MOST_WITHIN], block[-1]]):
        body = source.text[source.start(statement) : source.end(last)]
        if '"""' in body or isinstance(statement, ast.With):
            continue
        for context in _contexts(source):
            text = f"with {context}:\n{indent}    " + body.replace("\n", "\n    ")
            question = f"what is missing around this: `with {context}`?"
            end = source.end(last)
            edit = source.edit(source.start(statement), end, text, statement, question, 0.3)
            yield edit._replace(replaces=True, line=statement.lineno)


def _contexts(source: Source) -> list[str]:
    """What statements may have to be made within."""
    found = [
        source.code(item.context_expr)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.With)
        for item in node.items
    ]
    return [*dict.fromkeys([*found, *(["torch.no_grad()"] if "torch" in source.text else [])])][:3]


def _branches(source: Source, statement: ast.stmt) -> Iterator[Edit]:
    """What a condition guards, done always or never."""
    if isinstance(statement, ast.If):
        never = 0.45 if _is_guarded(statement) else 0.35
        for value, weight in (("True", 0.35), ("False", never)):
            yield source.replaced(statement.test, value, "is the condition right?", weight)


def _loops(source: Source, statement: ast.stmt) -> Iterator[Edit]:
    """Another thing to loop over."""
    if not isinstance(statement, ast.For):
        return
    loop = source.code(statement.iter)
    others = [
        source.code(node.iter)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.For | ast.comprehension)
    ]
    scope = source.names_in_scope(statement)
    is_empty = loop in ("[]", "()")
    several = isinstance(statement.target, ast.Tuple)
    if several:
        others += [f"enumerate({name})" for name in scope] + [f"{name}.items()" for name in scope]
        others += [f"{name}.{method}()" for name in scope for method in NAMED_PARTS]
        others += [f"zip({a}, {b})" for a in scope for b in scope if a < b][:30]
    else:
        others += [f"range({name})" for name in scope] + scope
        others += [f"range(len({name}))" for name in scope] + ["range(1)", "range(2)"]
        others += [f"range({name}.shape[{axis}])" for name in scope for axis in (0, 1)]
        others += [f"{name}.{method}()" for name in scope for method in PARTS]
    # A loop over nothing does nothing: hardly anything else can be missing there.
    weight = 0.7 if is_empty else 0.1
    for other in dict.fromkeys(others[: 150 if is_empty else 12]):
        if other != loop:
            yield source.replaced(statement.iter, other, "what does the loop go over?", weight)
    if not is_empty:
        yield source.replaced(
            statement.iter, f"reversed({loop})", "in which order does the loop go?", 0.3
        )
        for function in ("enumerate", "range", "sorted", "np.ndindex"):
            text = f"{function}({loop})"
            yield source.replaced(statement.iter, text, "what does the loop go over?", 0.15)
        for part in ("[1:]", "[:-1]", "[::-1]"):
            text = f"{source.atom(statement.iter)}{part}"
            yield source.replaced(statement.iter, text, "what does the loop go over?", 0.2)


def _errors(source: Source, statement: ast.stmt) -> Iterator[Edit]:
    """An exception made of what is raised and is none."""
    if isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Constant | ast.JoinedStr):
        for name in ("ValueError", "TypeError", "IndexError", "KeyError", "RuntimeError"):
            text = f"{name}({source.code(statement.exc)})"
            yield source.replaced(statement.exc, text, "is that an exception?", 0.8)


def _returns(source: Source, statement: ast.stmt) -> Iterator[Edit]:
    """Another value returned."""
    if not isinstance(statement, ast.Return) or statement.value is None:
        return
    value = statement.value
    if isinstance(value, ast.Tuple) and len(value.elts) > 1:
        parts = [source.code(each) for each in value.elts]
        for place in range(len(parts) - 1):
            turned = parts.copy()
            turned[place : place + 2] = reversed(turned[place : place + 2])
            yield source.replaced(value, ", ".join(turned), "in which order?", 0.5)
        if len(parts) == 3:
            for turned in (parts[::-1], parts[1:] + parts[:1], parts[2:] + parts[:2]):
                yield source.replaced(value, ", ".join(turned), "in which order?", 0.45)
    is_numpy = "np." in source.text
    for wrapper in (*RETURNED, *(NUMPY_RETURNED if is_numpy else TORCH_RETURNED)):
        text = wrapper.format(source.code(value))
        yield source.replaced(value, text, "which type is returned?", 0.25)


def _inserted(source: Source) -> Iterator[Edit]:
    """A statement more: one that stands elsewhere in the file, or one that is often forgotten."""
    known = _known_statements(source)
    yield from _other_values(source, known)
    for block, place, statement in source.statements():
        function = source.around[statement]
        if function is None or (isinstance(statement, FUNCTIONS) and place == 0):
            continue
        if isinstance(statement, ast.Pass) and isinstance(source.parents[statement], ast.If):
            question = "should this raise an error?"
            edit = source.replaced(statement, "raise ValueError", question, 0.5)
            yield edit._replace(replaces=True)
        for text, home in _candidates(source, statement, function, known):
            near = home is function
            weight = 0.35 if near else 0.2
            if not _is_text(statement):
                yield _before(source, statement, text, weight)
            if place + 1 == len(block) and not isinstance(
                statement, ast.Return | ast.Raise | ast.Break | ast.Continue
            ):
                yield _after(source, statement, text, weight)
            if isinstance(statement, ast.Pass):
                edit = source.replaced(statement, text, "which statement is missing?", 2 * weight)
                yield edit._replace(replaces=True)


def _other_values(source: Source, known: dict[str, ast.AST | None]) -> Iterator[Edit]:
    """What another statement of the file gives the same name."""
    for _, _, statement in source.statements():
        if not isinstance(statement, ast.Assign) or source.around[statement] is None:
            continue
        start = f"{source.code(statement.targets[0])} = "
        for text, home in known.items():
            if text.startswith(start):
                weight = 0.4 if home is source.around[statement] else 0.36
                question = "is that the right value?"
                yield source.replaced(statement, text, question, weight)


def _known_statements(source: Source) -> dict[str, ast.AST | None]:
    """The short statements of the file, and in which function each stands."""
    found: dict[str, ast.AST | None] = {}
    for _, _, statement in source.statements():
        if source.around[statement] is None or _is_text(statement):
            continue
        if isinstance(statement, (*SIMPLE, ast.Break, ast.Continue)):
            code = source.code(statement)
            if "\n" not in code and code not in found:
                found[code] = source.around[statement]
    return found


def _candidates(
    source: Source, statement: ast.stmt, function: ast.AST, known: dict[str, ast.AST | None]
) -> Iterator[tuple[str, ast.AST | None]]:
    """Texts of statements that may be missing beside one, and the function each is from."""
    scope = source.names_in_scope(statement)
    body = getattr(function, "body", [])
    for text, home in known.items():
        if text != source.code(statement):
            yield text, home
    for name in scope if statement in body[-1:] else ():
        yield f"return {name}", function
    if statement in body[:1] or (statement in body[1:2] and _is_text(body[0])):
        for text in _beginnings(source, function):
            yield text, function
    for text in FORGOTTEN:
        if text.partition(".")[0] in scope:
            yield text, function


def _beginnings(source: Source, function: ast.AST) -> Iterator[str]:
    """What is done first, and forgotten."""
    if getattr(function, "name", "") == "__init__":
        yield "super().__init__()"
    arguments = getattr(function, "args", None)
    for argument in arguments.args if isinstance(arguments, ast.arguments) else ():
        name = argument.arg
        if name != "self" and "np." in source.text:
            yield f"{name} = np.asarray({name}, dtype=np.float64)"
            yield f"{name} = {name}.copy()"
        if name != "self" and "torch" in source.text:
            yield f"{name} = {name}.clone()"


def _before(source: Source, statement: ast.stmt, text: str, weight: float) -> Edit:
    at = source.start(statement)
    if getattr(statement, "decorator_list", None):
        at = source.line_start(statement.decorator_list[0].lineno)  # type: ignore[attr-defined]
    indent = source.text[source.line_start(source.line_at(at)) : at]
    # Behind other code in its line (`if x: y()`), where only `;` keeps the block together.
    gap = "\n" + indent if not indent or indent.isspace() else "; "
    edit = source.edit(at, at, text + gap, statement, "is a statement missing here?", weight)
    return edit._replace(replaces=True, line=source.line_at(at))


def _after(source: Source, statement: ast.stmt, text: str, weight: float) -> Edit:
    at = source.end(statement)
    start = source.line_start(statement.lineno)
    indent = source.text[start : source.start(statement)]
    gap = "\n" + indent if not indent or indent.isspace() else "; "
    edit = source.edit(at, at, gap + text, statement, "is a statement missing here?", weight)
    return edit._replace(replaces=True, line=statement.end_lineno or statement.lineno)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
