"""Slips of another hand than `gradekit.edits`: what people get wrong, each in one place of a text.

Nothing here is shared with the edits that `kit explain` tries, nor with the mutants of `kit
verify`: `benchmarks/explain.py --hand other` measures how the search fares with changes that it
was not made after.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import NamedTuple

SIBLINGS = """
    sum mean|max min|argmax argmin|amax amin|std var|zeros ones|zeros_like ones_like|exp log
    log log2|floor ceil|maximum minimum|sqrt square|any all|cumsum cumprod|sigmoid tanh
    tril triu|vstack hstack|stack concatenate|stack cat|softmax log_softmax|sin cos|argsort sort
    round floor|train eval|append extend|dot multiply|clip abs|randn rand|normal uniform
    float64 float32|int64 int32|float32 float16|float64 int64|clamp_min clamp_max|mean median
    sum prod|log log1p|exp expm1|unsqueeze squeeze|repeat tile|eye ones|parameters buffers
    values keys|isnan isfinite|log log10|expand repeat|matmul multiply|outer dot|sorted list
    fmin fmax|sum cumsum|relu sigmoid|gelu relu|zeros empty|full zeros|logsumexp sum
"""
PAIRS = [tuple(pair.split()) for line in SIBLINGS.strip().splitlines() for pair in line.split("|")]
SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|",
}  # fmt: skip
COMPARISONS = ["<", "<=", ">", ">=", "==", "!="]
CHAINED = ("T", "mT", "real")
WORDS = "mean sum none|left right|ij xy|constant edge|C F|float32 float64"
MOST_TURNED = 4  # entries of a tuple, two of which change places


class Slip(NamedTuple):
    """`new` in place of what stands from `start` to `end`, in characters."""

    kind: str
    start: int
    end: int
    new: str


class Text:
    """A source with the place of each node; ASCII only, so that columns are characters."""

    def __init__(self, text: str) -> None:
        self.text, self.tree = text, ast.parse(text)
        self.starts = [0]
        for line in text.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        return (
            self.starts[node.lineno - 1] + node.col_offset,
            self.starts[node.end_lineno - 1] + node.end_col_offset,
        )

    def code(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.text[start:end]

    def put(self, kind: str, node: ast.AST, new: str) -> Slip:
        return Slip(kind, *self.span(node), new)


def slips(text: str) -> list[tuple[str, str]]:
    """The kind and the whole text of each slip within the functions of a source."""
    if not text.isascii():
        return []
    source, found = Text(text), {}
    for function in _functions(source.tree):
        for node in _nodes(function):
            for make in (*EXPRESSIONS, *STATEMENTS):
                for slip in make(source, node, function):
                    changed = text[: slip.start] + slip.new + text[slip.end :]
                    if changed != text and _is_python(changed):
                        found.setdefault(changed, slip.kind)
    return [(kind, changed) for changed, kind in found.items()]


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(tree):
        body = node.body if isinstance(node, ast.Module | ast.ClassDef) else ()
        yield from (each for each in body if isinstance(each, ast.FunctionDef))


def _nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """What does something: no annotation, no docstring."""
    for statement in function.body:
        for node in ast.walk(statement):
            if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant):
                yield node
    for default in (*function.args.defaults, *filter(None, function.args.kw_defaults)):
        yield from ast.walk(default)


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def variable(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        names = {each.arg for each in ast.walk(function) if isinstance(each, ast.arg)}
        names |= {
            each.id
            for each in ast.walk(function)
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        }
        if node.id in names:
            for name in sorted(names - {node.id, "self"}):
                yield source.put("variable", node, name)


def operands(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    if isinstance(node, ast.BinOp) and type(node.op) in SIGNS:
        left, right, sign = source.code(node.left), source.code(node.right), SIGNS[type(node.op)]
        if sign in ("-", "/", "**", "@", "//", "%"):
            yield source.put("operands", node, f"({right}) {sign} ({left})")
        for other in SIGNS.values():
            if other != sign and other not in "&|":
                new = f"{source.text[source.span(node)[0] : source.span(node.left)[1]]} {other} "
                new += source.text[source.span(node.right)[0] : source.span(node)[1]]
                if new.count("(") == new.count(")"):
                    yield source.put("operator", node, new)
        if sign == "**":
            for power in ("1", "2", "3", "0.5", "-1", "-0.5"):
                yield source.put("exponent", node.right, power)


def arguments(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    if isinstance(node, ast.Call):
        for first, second in zip(node.args, node.args[1:], strict=False):
            start, end = source.span(first)[0], source.span(second)[1]
            new = f"{source.code(second)}, {source.code(first)}"
            yield Slip("arguments", start, end, new)
        parts = [source.code(each) for each in (*node.args, *node.keywords)]
        for place, keyword in enumerate(node.keywords, len(node.args)):
            rest = ", ".join(parts[:place] + parts[place + 1 :])
            kind = "dtype" if keyword.arg == "dtype" else "keyword"
            yield source.put(kind, node, f"{source.code(node.func)}({rest})")
    if isinstance(node, ast.keyword) and node.arg == "dtype":
        module = "torch" if "torch" in source.code(node.value) else "np"
        for dtype in ("float32", "float64", "int64", "float16", "bool"):
            name = "bool_" if (module, dtype) == ("np", "bool") else dtype
            yield source.put("dtype", node.value, f"{module}.{name}")


def siblings(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
        name = node.attr if isinstance(node, ast.Attribute) else node.id
        head = source.code(node)[: -len(name)]
        for pair in PAIRS:
            if name in pair:
                yield source.put("sibling", node, head + pair[1 - pair.index(name)])


def chain(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    modules = ("np", "torch", "math", "F", "nn", "self", "torch.nn.functional", "np.random")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        base = source.code(node.func.value)
        if base not in modules:
            yield source.put("chain", node, base)
    if isinstance(node, ast.Attribute) and node.attr in CHAINED:
        yield source.put("chain", node, source.code(node.value))


def constants(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield source.put("boolean", node, str(not node.value))
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        value = node.value
        for other in (value + 1, value - 1, value * 2, -value, 0):
            yield source.put("constant", node, f"({other!r})" if other < 0 else repr(other))


def signs(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    if isinstance(node, ast.UnaryOp):
        kind = "not" if isinstance(node.op, ast.Not | ast.Invert) else "minus"
        yield source.put(kind, node, f"({source.code(node.operand)})")
    if isinstance(node, ast.IfExp):
        body, test, other = map(source.code, (node.body, node.test, node.orelse))
        yield source.put("branches", node, f"({other}) if {test} else ({body})")
    if isinstance(node, ast.BoolOp):
        sign = " or " if isinstance(node.op, ast.And) else " and "
        yield source.put("and or", node, sign.join(f"({source.code(v)})" for v in node.values))


def comparisons(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = source.code(node.left), source.code(node.comparators[0])
        gap = source.text[source.span(node.left)[1] : source.span(node.comparators[0])[0]]
        if gap.strip() in COMPARISONS:
            for sign in COMPARISONS:
                if sign != gap.strip():
                    yield source.put("comparison", node, f"{left} {sign} {right}")
        elif gap.strip() in ("is", "is not", "in", "not in"):
            sign = gap.strip().replace("not", "").strip() if "not" in gap else {
                "is": "is not", "in": "not in"}[gap.strip()]  # fmt: skip
            yield source.put("comparison", node, f"{left} {sign} {right}")


def bounds(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    if isinstance(node, ast.Slice):
        low, high = (source.code(each) if each else "" for each in (node.lower, node.upper))
        step = f":{source.code(node.step)}" if node.step else ""
        others = [("", high), (low, ""), (high, low), (low or "1", high), (low, high or "-1")]
        others += [(f"{low} + 1" if low else "1", high)]
        others += [(low, f"{high} {sign} 1") for sign in "+-" if high]
        for a, b in others:
            yield source.put("bounds", node, f"{a}:{b}{step}")
    if isinstance(node, ast.Call) and source.code(node.func) == "range":
        parts = [source.code(each) for each in node.args]
        last = parts[-1] if len(parts) < 3 else parts[1]
        before = parts[:1] if len(parts) == 2 else []
        if len(parts) < 3:
            for end in (f"{last} - 1", f"{last} + 1"):
                yield source.put("range", node, f"range({', '.join([*before, end])})")
            start = f"{before[0]} + 1" if before else "1"
            yield source.put("range", node, f"range({start}, {last})")


def jumps(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    if isinstance(node, ast.Break):
        yield source.put("jump", node, "continue")
    if isinstance(node, ast.Continue):
        yield source.put("jump", node, "break")
    if isinstance(node, ast.AugAssign):
        target, value = source.code(node.target), source.code(node.value)
        yield source.put("assignment", node, f"{target} = {value}")
    if isinstance(node, ast.If) and node.orelse and "\n" not in source.code(node.test):
        yield source.put("branches", node.test, f"not ({source.code(node.test)})")


def statements(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    for name in ("body", "orelse"):
        block = getattr(node, name, None)
        if not isinstance(block, list) or not isinstance(node, ast.stmt):
            continue
        yield from _of_block(source, block, function)
    if node is function.body[-1]:
        yield from _of_block(source, function.body, function)


def _of_block(source: Text, block: list[ast.stmt], function: ast.FunctionDef) -> Iterator[Slip]:
    last = function.body[-1]
    returned = source.code(last) if isinstance(last, ast.Return) else "return"
    for place, statement in enumerate(block):
        code = source.code(statement)
        indent = "\n" + " " * statement.col_offset
        is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if is_text or isinstance(statement, ast.FunctionDef | ast.Import | ast.ImportFrom):
            continue
        yield source.put("dropped", statement, "pass")
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr):
            yield source.put("doubled", statement, code + indent + code)
            if block is not function.body and "\n" not in returned:
                yield source.put("early return", statement, code + indent + returned)
            if place + 1 < len(block) and isinstance(
                block[place + 1], ast.Assign | ast.AugAssign | ast.Expr
            ):
                start, end = source.span(statement)[0], source.span(block[place + 1])[1]
                new = source.code(block[place + 1]) + indent + code
                yield Slip("exchanged", start, end, new)


def attributes(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    """`self.bias` for `self.weight`, and one key of a dict for another."""
    if isinstance(node, ast.Attribute) and source.code(node.value) == "self":
        others = {
            each.attr
            for each in ast.walk(source.tree)
            if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store)
        }
        if isinstance(node.ctx, ast.Load) and node.attr in others:
            for other in sorted(others - {node.attr}):
                yield source.put("attribute", node, f"self.{other}")
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        keys = {
            each.slice.value
            for each in ast.walk(source.tree)
            if isinstance(each, ast.Subscript) and isinstance(each.slice, ast.Constant)
        }
        if isinstance(node.slice.value, str):
            for key in sorted(each for each in keys if isinstance(each, str)):
                if key != node.slice.value:
                    yield source.put("key", node.slice, repr(key))


def indices(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield source.put("index dropped", node, source.code(node.value))
        if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) > 1:
            parts = [source.code(each) for each in node.slice.elts]
            yield source.put("index", node.slice, ", ".join([parts[1], parts[0], *parts[2:]]))
        elif not isinstance(node.slice, ast.Slice | ast.Constant | ast.Tuple):
            for step in ("- 1", "+ 1"):
                yield source.put("index", node.slice, f"{source.code(node.slice)} {step}")


def axes(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    if isinstance(node, ast.keyword) and node.arg in ("axis", "dim"):
        for value in ("0", "1", "2", "-1", "-2", "None"):
            if value != source.code(node.value):
                yield source.put("axis", node.value, value)


def less(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    """One operand alone, a call without its function or without one of its arguments."""
    if isinstance(node, ast.BinOp):
        for kept in (node.left, node.right):
            yield source.put("operand dropped", node, f"({source.code(kept)})")
    if isinstance(node, ast.BoolOp):
        for place in range(len(node.values)):
            rest = [f"({source.code(v)})" for v in node.values[:place] + node.values[place + 1 :]]
            sign = " and " if isinstance(node.op, ast.And) else " or "
            yield source.put("condition dropped", node, sign.join(rest))
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        (inner,) = node.args
        if not isinstance(inner, ast.GeneratorExp | ast.Starred):
            yield source.put("call dropped", node, f"({source.code(inner)})")
    elif isinstance(node, ast.Call) and len(node.args) > 1:
        parts = [source.code(each) for each in (*node.args, *node.keywords)]
        rest = ", ".join(parts[: len(node.args) - 1] + parts[len(node.args) :])
        yield source.put("argument dropped", node, f"{source.code(node.func)}({rest})")


def more(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    """A minus or a `not` too many."""
    values = node.args if isinstance(node, ast.Call) else []
    values = [node.value] if isinstance(node, ast.Return | ast.Assign) else values
    for value in values:
        if isinstance(value, ast.Name | ast.Call | ast.Attribute):
            yield source.put("negated", value, f"-{source.code(value)}")
    tests = [node.test] if isinstance(node, ast.If | ast.While | ast.IfExp) else []
    tests += node.ifs if isinstance(node, ast.comprehension) else []
    for test in tests:
        if "\n" not in source.code(test):
            yield source.put("condition negated", test, f"not ({source.code(test)})")


def groups(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    """`a * b + c` for `a * (b + c)`, and the other way round."""
    if not isinstance(node, ast.BinOp) or type(node.op) not in SIGNS:
        return
    sign = SIGNS[type(node.op)]
    for inner, is_left in ((node.left, True), (node.right, False)):
        if not isinstance(inner, ast.BinOp) or type(inner.op) not in SIGNS:
            continue
        own, a, b = SIGNS[type(inner.op)], source.code(inner.left), source.code(inner.right)
        if is_left:
            new = f"({a}) {own} (({b}) {sign} ({source.code(node.right)}))"
        else:
            new = f"(({source.code(node.left)}) {sign} ({a})) {own} ({b})"
        if (own, sign) not in (("+", "+"), ("*", "*")):
            yield source.put("grouped", node, new)


def tuples(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    """Two neighbours of a tuple exchanged, be they given or taken."""
    if isinstance(node, ast.Tuple) and 2 <= len(node.elts) <= MOST_TURNED:
        for first, second in zip(node.elts, node.elts[1:], strict=False):
            start, end = source.span(first)[0], source.span(second)[1]
            yield Slip("tuple", start, end, f"{source.code(second)}, {source.code(first)}")


def texts(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        for pair in (each.split() for each in WORDS.split("|")):
            for other in pair if node.value in pair else ():
                yield source.put("option", node, repr(other))


def defaults(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    """Other values of a parameter that is not given."""
    if node is function.body[-1]:
        for default in (*function.args.defaults, *filter(None, function.args.kw_defaults)):
            if isinstance(default, ast.Constant) and isinstance(default.value, int | float):
                value = default.value
                if not isinstance(value, bool):
                    for other in (value * 10, value / 10, value + 1, 1 - value, 0.0, 1.0):
                        yield source.put("default", default, f"{other!r}")


def returns(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    """Another variable returned, and `+=` for `=`."""
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Name):
        names = {each.arg for each in (*function.args.args, *function.args.kwonlyargs)}
        names |= {
            each.id
            for each in ast.walk(function)
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        }
        for name in sorted(names - {"self"}):
            yield source.put("return", node.value, name)
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, ast.Subscript | ast.Attribute | ast.Name):
            new = f"{source.code(target)} += {source.code(node.value)}"
            yield source.put("assignment", node, new)


def blocks(source: Text, node: ast.AST, function: ast.FunctionDef) -> Iterator[Slip]:
    """The last statement of a loop or a condition after it; a `with` or an `if` without it."""
    if not isinstance(node, ast.For | ast.While | ast.With | ast.If) or node.lineno < 2:
        return
    last, indent = node.body[-1], " " * node.col_offset
    if len(node.body) > 1 and last.lineno == last.end_lineno and not getattr(node, "orelse", ()):
        start = source.starts[last.lineno - 1]
        if not isinstance(last, ast.Break | ast.Continue | ast.Return | ast.Raise):
            yield Slip("moved out", start, source.span(last)[1], indent + source.code(last))
    if isinstance(node, ast.With) and all(each.lineno == each.end_lineno for each in node.body):
        body = ("\n" + indent).join(source.code(each) for each in node.body)
        yield source.put("unwrapped", node, body)


EXPRESSIONS: tuple[Callable[..., Iterator[Slip]], ...] = (
    variable, operands, arguments, siblings, chain, constants, signs, comparisons, bounds, jumps,
    attributes, indices, axes, less, more, groups, tuples, texts, defaults, returns, blocks,
)  # fmt: skip
STATEMENTS = (statements,)
