"""Other numbers, names, signs and indices."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import combinations, pairwise
from typing import Any

from gradekit.edits.source import FUNCTIONS, Edit, Source
from gradekit.edits.vocabulary import ALONG_AXIS, OF_AXES, STRINGS

BUILTINS = {*dir(builtins), "__file__", "__name__"}
AXIS_WORDS = {"axis", "dim", "axes", "dims", "axis1", "axis2"}
PRODUCTS = (ast.Mult, ast.Div, ast.MatMult)
MOST_NUMBERS = 12  # of those that the file has elsewhere
MOST_BOUNDS = 8  # variables that may be a bound
MOST_NAMED = 12  # attributes and keys of the file
MOST_TURNED = 5  # entries of a tuple
MODULES = ("np", "torch", "math", "F", "nn", "scipy", "self")
LIKE_INFINITY = 1e4  # -1e9 often stands for it
LARGEST = 1e300  # infinity is no number that one types
TINY = (1e-8, 1e-12, 1e-5, 1e-6, 1e-4, 1e-3, 1e-15)
NOTHING = "is there nothing to be given?"
SMALL = {"eps", "epsilon", "tol", "tolerance", "delta"}  # arguments that are no whole numbers
NEVER_NEGATED = (ast.List, ast.Tuple, ast.Dict, ast.Set, ast.Lambda, ast.Compare, ast.BoolOp,
                 ast.Slice, ast.Starred)  # fmt: skip


def constants(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Other values of a number, a truth value or an option's name."""
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool):
            asks = keyword_of(source, node)
            kept = asks in ("keepdims", "keepdim")
            question = "does the axis stay (keepdims)?" if kept else "True or False?"
            yield source.replaced(node, str(not value), question, 0.9)
            return
        if isinstance(value, str) and not isinstance(source.parents[node], ast.Expr):
            for group in STRINGS:
                others = [each for each in group if each != value] if value in group else []
                for other in others:
                    yield source.replaced(node, repr(other), "which option?", 0.5)
        if value is None:
            yield from _instead_of_none(source, node)
    if is_number(node) and not isinstance(source.parents[node], ast.UnaryOp | ast.JoinedStr):
        yield from _numbers(source, node)


def _instead_of_none(source: Source, node: ast.Constant) -> Iterator[Edit]:
    parent = source.parents[node]
    if keyword_of(source, node) in AXIS_WORDS:
        for text in ("-1", "0", "1"):
            yield source.replaced(node, text, "along which axis?", 0.8)
    if isinstance(parent, ast.Call | ast.keyword | ast.Return | ast.Assign):
        for text in (*source.names_near(node, MOST_NAMED), "True", "False", "[]", "0", "1"):
            yield source.replaced(node, text, NOTHING, 0.4)


def _numbers(source: Source, node: ast.AST) -> Iterator[Edit]:
    value = number_of(node)
    question, likely, possible = _other_numbers(source, node, value)
    seen = {_written(value)}
    elsewhere = [each for each in source.numbers if abs(each) < LARGEST][:MOST_NUMBERS]
    beside = _numbers_beside(source, node)
    for weight, values in ((0.85, likely), (0.5, beside), (0.35, possible), (0.2, elsewhere)):
        for other in values:
            text = other if isinstance(other, str) else _written(other)
            if text not in seen:
                seen.add(text)
                if text[0] == "-" and isinstance(source.parents[node], ast.BinOp):
                    text = f"({text})"
                yield source.replaced(node, text, question, weight)


def _numbers_beside(source: Source, node: ast.AST) -> list[float]:
    """The numbers of the same statement: what is written twice should be the same twice."""
    while not isinstance(node, ast.stmt):
        node = source.parents[node]
    parts = ast.walk(node) if isinstance(node, ast.Assign | ast.Return | ast.AugAssign) else ()
    return [number_of(each) for each in parts if is_number(each)][:MOST_NUMBERS]


def _other_numbers(source: Source, node: ast.AST, value: float) -> tuple[str, list[Any], list[Any]]:
    """The question, and the values that are likely or possible instead."""
    parent = source.parents[node]
    steps: list[float] = [value - 1, value + 1]
    several = parent if isinstance(parent, ast.Tuple | ast.List) else node
    if {keyword_of(source, node), keyword_of(source, several)} & AXIS_WORDS:
        names = [name for name in source.names_in_scope(node) if name in AXIS_WORDS]
        return "along which axis?", [*steps, -1, 0, 1, *names], [-2, 2, "None"]
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and parent.right is node:
        names = source.names_in_scope(node)
        return "which power?", [*steps, 2, -value, 0.5, 1], [3, -1, -0.5, -2, *names]
    is_part = isinstance(parent, ast.Tuple) and isinstance(source.parents[parent], ast.Subscript)
    if is_part or isinstance(parent, ast.Subscript | ast.Slice):
        names = [*source.loop_names, *source.names_near(node, MOST_BOUNDS)]
        names += [f"{name} {'-' if value < 0 else '+'} {abs(value)}" for name in source.loop_names]
        return "which index?", [*steps, 0, -1, 1], ["None", -2, 2, -value, *names]
    if abs(value) >= LIKE_INFINITY:
        library = "np" if "np." in source.text else "torch" if "torch" in source.text else "math"
        sign = "-" * (value < 0)
        return "is that as far as it goes?", [f"{sign}{library}.inf", f"float('{sign}inf')"], steps
    if isinstance(value, int) and keyword_of(source, node).partition("_")[0] in SMALL:
        return "how small?", [*TINY], steps
    if isinstance(value, int):
        half = [value // 2] if value % 2 == 0 else []
        return (
            "which number?",
            [*steps, 0, 1, 2, -1],
            [-value, 2 * value, *half, 0.5, "None", 3, 10],
        )
    ratios = [1 / value] if value else []
    scaled = [value * 10, value / 10, value * 2, value / 2]
    small = [value + 1, value - 1]
    likely = [*small, 0.0, 1.0, 0.5, *scaled[2:], 2.0]
    far = [value * 100, value / 100]
    return "which number?", likely, [1 - value, -value, *scaled, *far, *ratios, value**2, *TINY]


def is_number(node: ast.AST) -> bool:
    """Whether it is a number as it is written, with or without a minus."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
        return False
    return isinstance(node.value, int | float) and abs(node.value) < LARGEST


def number_of(node: ast.AST) -> float:
    """The value of what `is_number`."""
    if isinstance(node, ast.UnaryOp):
        return -number_of(node.operand)
    assert isinstance(node, ast.Constant) and isinstance(node.value, int | float)
    return node.value


def _written(value: float) -> str:
    """A number as one would type it: 1e-07 + 1 - 1 is 1e-07 again."""
    return str(value) if isinstance(value, int) else repr(float(f"{value:.9g}"))


def keyword_of(source: Source, node: ast.AST) -> str:
    """The keyword with which an argument or a default is given; else empty."""
    parent = source.parents.get(node)
    if isinstance(parent, ast.keyword):
        return parent.arg or ""
    if isinstance(parent, ast.arguments):
        named = [*parent.posonlyargs, *parent.args]
        if node in parent.defaults:
            return named[len(named) - len(parent.defaults) + parent.defaults.index(node)].arg
        if node in parent.kw_defaults:
            return parent.kwonlyargs[parent.kw_defaults.index(node)].arg
    if isinstance(parent, ast.Call):
        return _axis_by_place(parent, node)
    return ""


def _axis_by_place(call: ast.Call, node: ast.AST) -> str:
    """`axis` for the number in `np.sum(x, 0)`, `x.sum(0)` and `np.swapaxes(x, 0, 1)`."""
    if isinstance(call.func, ast.Attribute) and call.func.attr in ALONG_AXIS | OF_AXES:
        return "axis" if is_number(node) and node in call.args else ""
    return ""


def signs(source: Source, node: ast.AST) -> Iterator[Edit]:
    """A minus, a `not` or a `~` more, or one less."""
    if isinstance(node, ast.UnaryOp) and not is_number(node):
        questions = {ast.USub: "which sign?", ast.Not: "which way round is the condition?"}
        question = questions.get(type(node.op), "should this be turned round?")
        inner = source.code(node.operand)
        text = f"({inner})" if isinstance(node.operand, ast.BinOp | ast.BoolOp) else inner
        yield source.replaced(node, text, question, 0.9)
        if isinstance(node.op, ast.USub):
            return
    if _may_be_negated(source, node):
        weight = 0.3 if isinstance(source.parents[node], ast.Attribute) else 0.6
        yield source.replaced(node, _prefixed(source, node, "-"), "which sign?", weight)
    if _may_be_refused(source, node):
        question = "which way round is the condition?"
        yield source.replaced(node, f"not {source.atom(node)}", question, 0.6)
    if _may_be_inverted(source, node):
        text = _prefixed(source, node, "~")
        yield source.replaced(node, text, "should this mask be turned round?", 0.6)


def together(source: Source, node: ast.AST) -> Iterator[Edit]:
    """What stands in a statement more than once, another in all these places."""
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.Return | ast.Expr):
        return
    places: dict[str, list[ast.expr]] = {}
    for inner in ast.walk(node):
        is_name = isinstance(inner, ast.Name) and _is_loaded(inner)
        is_entry = isinstance(inner, ast.Subscript) and is_number(inner.slice)
        if isinstance(inner, ast.expr) and (is_name or (is_entry and _is_loaded(inner))):
            places.setdefault(source.code(inner), []).append(inner)
    scope = source.names_in_scope(node)
    for code, several in places.items():
        if len(several) < 2 or (code not in scope and "[" not in code):
            continue
        several.sort(key=source.start)
        for other in _instead(code, scope):
            question = "which index?" if "[" in code else "which variable?"
            yield _everywhere(source, several, other, node, question)


def parameters(source: Source, node: ast.AST) -> Iterator[Edit]:
    """A parameter that its function ignores, where its default, or another value, is written."""
    if not isinstance(node, FUNCTIONS):
        return
    named = [*node.args.posonlyargs, *node.args.args]
    defaults: dict[ast.arg, ast.expr | None] = {}
    defaults |= zip(named[::-1], node.args.defaults[::-1], strict=False)
    defaults |= zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    for parameter in [*named, *node.args.kwonlyargs]:
        name, default = parameter.arg, defaults.get(parameter)
        if name not in source.unused.get(source.functions[node], ()):
            continue
        values: list[ast.expr] = [
            each
            for statement in node.body
            for each in ast.walk(statement)
            if isinstance(each, ast.Constant | ast.UnaryOp)
        ]
        given = [each for each in values if keyword_of(source, each) == name]
        same = [each for each in values if default and ast.dump(each) == ast.dump(default)]
        for places in (given, same):
            if places:
                places.sort(key=source.start)
                question = f"what is `{name}` for?"
                yield _everywhere(source, places, name, node, question)._replace(weight=0.6)


def _instead(code: str, scope: list[str]) -> list[str]:
    if "[" not in code:
        return [name for name in scope[:MOST_NAMED] if name != code]
    base, _, index = code.rpartition("[")
    return [f"{base}[{other}]" for other in ("0", "-1", "1") if f"{other}]" != index]


def _everywhere(
    source: Source, places: list[ast.expr], other: str, node: ast.AST, question: str
) -> Edit:
    start, end = source.start(places[0]), source.end(places[-1])
    text, at = "", start
    for place in places:
        text += source.text[at : source.start(place)] + other
        at = source.end(place)
    return source.edit(start, end, text, node, question, 0.2 if other.isidentifier() else 0.4)


def _prefixed(source: Source, node: ast.AST, sign: str) -> str:
    parent = source.parents[node]
    bare = isinstance(node, ast.BinOp) and isinstance(node.op, PRODUCTS) and sign == "-"
    text = f"{sign}{source.code(node) if bare else source.atom(node)}"
    # -x ** 2 would be -(x ** 2), and `a - -b` nobody writes.
    tight = isinstance(parent, ast.BinOp) and (
        isinstance(parent.op, ast.Pow) or parent.right is node
    )
    return f"({text})" if tight or isinstance(parent, ast.Attribute) else text


def _may_be_negated(source: Source, node: ast.AST) -> bool:
    if not isinstance(node, ast.expr) or isinstance(node, NEVER_NEGATED) or is_number(node):
        return False
    if isinstance(node, ast.Constant) or not _is_loaded(node):
        return False
    if isinstance(node, ast.BinOp) and not isinstance(node.op, (*PRODUCTS, ast.Pow)):
        return False
    parent = source.parents[node]
    if isinstance(parent, ast.BinOp):
        # The sign of a factor is that of its product, and a term's is its operator: both have
        # edits of their own, and each try costs milliseconds.
        inside = isinstance(parent.op, PRODUCTS)
        right_term = isinstance(parent.op, ast.Add | ast.Sub) and parent.right is node
        return not inside and not right_term
    if isinstance(parent, ast.keyword):
        return parent.arg not in ("dtype", "out", "where", "generator", "key")
    places = (ast.Call, ast.Return, ast.Assign, ast.AnnAssign, ast.Tuple, ast.List, ast.AugAssign,
              ast.Slice, ast.IfExp, ast.Compare, ast.ListComp, ast.GeneratorExp, ast.Subscript,
              ast.Lambda)  # fmt: skip
    if isinstance(parent, ast.Attribute):  # `(-x).exp()`
        is_method = isinstance(source.parents[parent], ast.Call)
        return is_method and source.code(node).partition(".")[0] not in MODULES
    inner = getattr(parent, "func", None), getattr(parent, "value", None)
    if isinstance(parent, ast.Call | ast.Subscript) and node in inner:
        return False
    return isinstance(parent, places)


def _may_be_refused(source: Source, node: ast.AST) -> bool:
    """Whether a `not` may be missing: comparisons have an opposite of their own."""
    parent = source.parents.get(node)
    if not isinstance(node, ast.expr):
        return False
    is_single = isinstance(node, ast.Compare) and len(node.ops) == 1
    if is_single or isinstance(node, ast.UnaryOp):
        return False
    if isinstance(parent, ast.If | ast.While | ast.IfExp | ast.Assert) and parent.test is node:
        return True
    if isinstance(parent, ast.Return) and not isinstance(node, ast.BinOp | ast.Constant):
        return True
    if isinstance(parent, ast.comprehension):
        return node in parent.ifs
    return isinstance(parent, ast.BoolOp)


def _may_be_inverted(source: Source, node: ast.AST) -> bool:
    if not isinstance(node, ast.Name | ast.Call | ast.Compare | ast.Attribute | ast.Subscript):
        return False
    if not _is_loaded(node):
        return False
    parent = source.parents[node]
    if isinstance(parent, ast.BinOp):
        return isinstance(parent.op, ast.BitAnd | ast.BitOr)
    if isinstance(parent, ast.Subscript):
        return parent.slice is node
    if isinstance(parent, ast.Return | ast.Assign):
        return isinstance(node, ast.Name | ast.Compare)
    if isinstance(parent, ast.Call):
        name = called(parent)
        return node in parent.args and name in MASKED and not isinstance(node, ast.Compare)
    return (
        isinstance(parent, ast.Attribute)
        and isinstance(node, ast.Call)
        and (parent.attr in ("any", "all", "sum"))
    )


MASKED = {"where", "masked_fill", "masked_fill_", "any", "all", "sum", "flatnonzero", "mean"}


def called(call: ast.Call) -> str:
    """The last name of what is called."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _is_loaded(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", ast.Load()), ast.Load)


def indices(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Other bounds of a slice, other axes, an index more or less."""
    question = "which index?"
    if isinstance(node, ast.Slice):
        yield from _bounds(source, node)
    if not isinstance(node, ast.Subscript):
        return
    if _is_loaded(node):
        yield source.replaced(node, source.code(node.value), question, 0.4)
    if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) > 1:
        parts = [source.code(each) for each in node.slice.elts]
        others = [parts[::-1], parts[1:] + parts[:1]]
        others += [
            [*parts[:place], parts[place + 1], parts[place], *parts[place + 2 :]]
            for place in range(len(parts) - 1)
        ]
        for turned in others:
            yield source.replaced(node.slice, ", ".join(turned), question, 0.5)
        for place in range(len(parts)):
            rest = parts[:place] + parts[place + 1 :]
            yield source.replaced(node.slice, ", ".join(rest), question, 0.2)
        yield from _whole_axes(source, node.slice, parts)
    elif isinstance(node.slice, ast.Name | ast.BinOp | ast.Call):
        text = source.code(node.slice)
        for step in (" + 1", " - 1"):
            yield source.replaced(node.slice, text + step, question, 0.5)


def _whole_axes(source: Source, node: ast.Tuple, parts: list[str]) -> Iterator[Edit]:
    """A new axis for a whole one, and the other way round; a whole one more."""
    for place in range(len(parts) + 1):
        more = [*parts[:place], ":", *parts[place:]]
        yield source.replaced(node, ", ".join(more), "which index?", 0.12)
        if parts[place:] and parts[place] in (":", "None"):
            other = "None" if parts[place] == ":" else ":"
            turned = [*parts[:place], other, *parts[place + 1 :]]
            yield source.replaced(node, ", ".join(turned), "which index?", 0.4)


def _bounds(source: Source, node: ast.Slice) -> Iterator[Edit]:
    question = "from where to where?"
    lower, upper = (source.code(each) if each else "" for each in (node.lower, node.upper))
    step = f":{source.code(node.step)}" if node.step else ""
    others = [(lower, ""), ("", upper), (upper, lower)]
    if not lower:
        others.append(("1", upper))
    if not upper:
        others.append((lower, "-1"))
    for change in (" + 1", " - 1"):
        if _is_expression(lower):
            others.append((lower + change, upper))
        if _is_expression(upper):
            others.append((lower, upper + change))
    scope = source.names_near(node, MOST_BOUNDS)
    further = [(name, upper) for name in scope if not lower]
    further += [(lower, name) for name in scope if not upper]
    for low, high in further:
        yield source.replaced(node, f"{low}:{high}{step}", question, 0.25)
    for low, high in others:
        if (low, high) != (lower, upper):
            yield source.replaced(node, f"{low}:{high}{step}", question, 0.5)
    other, weight = ("", 0.5) if step else (":-1", 0.15)
    yield source.replaced(node, f"{lower}:{upper}{other}", question, weight)


def _is_expression(bound: str) -> bool:
    """Whether there is a bound that is no number: those have other edits."""
    return bool(bound) and not bound.lstrip("-").isdigit()


def elements(source: Source, node: ast.AST) -> Iterator[Edit]:
    """One entry more in a tuple or a list: another variable, or another index with either sign."""
    if not isinstance(node, ast.Tuple | ast.List) or not _is_loaded(node):
        return
    if isinstance(source.parents[node], ast.Subscript) or not 1 <= len(node.elts) < MOST_TURNED:
        return
    last, others = node.elts[-1], [*source.names_near(node, MOST_NAMED)]
    inner = last.operand if isinstance(last, ast.UnaryOp) else last
    if isinstance(inner, ast.Subscript) and is_number(inner.slice):
        base = source.code(inner.value)
        others = [f"{sign}{base}[{index}]" for index in (0, 1, -1) for sign in ("", "-")]
    first, given = node.elts[0], {source.code(each) for each in node.elts}
    question = "does something more belong to these?"
    for other in others:
        if other not in given:
            end, start = source.end(last), source.start(first)
            yield source.edit(end, end, f", {other}", node, question, 0.2)
            yield source.edit(start, start, f"{other}, ", node, question, 0.15)


def sizes(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`len(x)`, `x.size` and `x.shape[0]` for one another."""
    value = sized(node)
    if value is None:
        return
    text, base = source.code(node), source.atom(value)
    torch = "torch" in source.text and "np." not in source.text
    others = [f"len({source.code(value)})", f"{base}.numel()" if torch else f"{base}.size"]
    if not isinstance(node, ast.Subscript):  # other indices of a shape have edits of their own
        others += [f"{base}.shape[{axis}]" for axis in (0, 1, -1)]
    for other in others:
        if other != text:
            yield source.replaced(node, other, "the size of what, along which axis?", 0.4)


def sized(node: ast.AST) -> ast.expr | None:
    """What the size is asked of: `x` of `len(x)`, `x.size`, `x.numel()`, `x.shape[1]`."""
    if isinstance(node, ast.Call):
        if called(node) == "len" and len(node.args) == 1:
            return node.args[0]
        is_numel = called(node) == "numel" and isinstance(node.func, ast.Attribute)
        return getattr(node.func, "value", None) if is_numel and not node.args else None
    if isinstance(node, ast.Subscript):
        is_shape = isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
        return getattr(node.value, "value", None) if is_shape else None
    is_size = isinstance(node, ast.Attribute) and node.attr == "size" and _is_loaded(node)
    return getattr(node, "value", None) if is_size else None


def subscripts(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Other letters in the text of an `einsum`: exchanged, left out, one more, another one."""
    parent = source.parents.get(node)
    is_first = isinstance(parent, ast.Call) and called(parent) == "einsum" and node in parent.args
    if not is_first or not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return
    text = node.value
    letters = [*dict.fromkeys(each for each in text if each.isalpha())]
    places = [place for place, each in enumerate(text) if each.isalpha()]
    question = "which letters, in which order?"
    for first, second in combinations(places, 2):
        if text[first:second].isalpha():  # of one operand
            turned = [*text]
            turned[first], turned[second] = text[second], text[first]
            yield source.replaced(node, repr("".join(turned)), question, 0.5)
    given, arrow, result = text.partition("->")
    for other in (",".join(given.split(",")[::-1]) + arrow + result, *(text + b for b in letters)):
        yield source.replaced(node, repr(other), question, 0.4)
    for place in places:
        for other in ("", *letters):
            changed = text[:place] + other + text[place + 1 :]
            yield source.replaced(node, repr(changed), question, 0.25)


def attributes(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Another attribute of `self`, or another key of a dict, of those that the file has."""
    if isinstance(node, ast.Attribute) and source.code(node.value) == "self":
        if _is_loaded(node) and node.attr not in source.methods:
            for other in source.attributes[:MOST_NAMED]:
                if other != node.attr:
                    yield source.replaced(node, f"self.{other}", "which attribute?", 0.3)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        is_key = isinstance(source.parents[node], ast.Subscript | ast.Dict)
        for key in source.keys[:MOST_NAMED] if is_key else ():
            if key != node.value:
                yield source.replaced(node, repr(key), "which key?", 0.3)


def tuples(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Two neighbours exchanged: of a tuple, be it taken apart or made, a list, values of a dict."""
    if isinstance(node, ast.Dict):
        for first, second in pairwise(node.values):
            yield source.exchanged(first, second, node, "which value belongs to which key?", 0.3)
    if not isinstance(node, ast.Tuple | ast.List) or not 2 <= len(node.elts) <= MOST_TURNED:
        return
    if isinstance(source.parents[node], ast.Return | ast.Subscript):  # they have edits of their own
        return
    weight = 0.3 if _is_loaded(node) else 0.45
    for first, second in pairwise(node.elts):
        yield source.exchanged(first, second, node, "in which order?", weight)


def names(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Another variable of the same function; any name instead of one that nothing defines."""
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return
    scope = source.names_in_scope(node)
    if node.id not in scope and node.id not in source.outer_names and node.id not in BUILTINS:
        others = [*scope, *source.outer_names]
        alike = get_close_matches(node.id, [*others, *BUILTINS])  # misspelt, as a rule
        for name in dict.fromkeys([*alike, *others]):
            weight = 0.95 if name in alike else 0.6
            yield source.replaced(node, name, f"what is `{node.id}`?", weight)
    for name in scope if node.id in scope else ():
        if name != node.id:
            yield source.replaced(node, name, "which variable?", 0.25)
