"""Other operators, comparisons and conditions."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradekit.edits.source import Edit, Source
from gradekit.edits.values import is_number

SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
    ast.LShift: "<<", ast.RShift: ">>",
}  # fmt: skip
# What is written instead of each, the likeliest first.
OTHERS = {
    "+": "- *", "-": "+ /", "*": "/ ** // % @ +", "/": "* // - **", "//": "/ % *", "%": "// *",
    "**": "* /", "@": "*", "&": "|", "|": "&", "^": "** &", "<<": ">>", ">>": "<<",
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
OTHER_COMPARISONS = {
    "<": ["<=", ">=", ">", "!=", "=="], "<=": ["<", ">", ">=", "==", "!="],
    ">": [">=", "<=", "<", "!=", "=="], ">=": [">", "<", "<=", "==", "!="],
    "==": ["!=", "<=", ">=", "<", ">"], "!=": ["==", ">", "<", ">=", "<="],
    "is": ["is not"], "is not": ["is"], "in": ["not in"], "not in": ["in"],
}  # fmt: skip
ONE_STEP = 0.6  # one too many is likelier than any other term too many
ASSIGNMENTS = {"+": "- *", "-": "+", "*": "/ +", "/": "*", "//": "/"}


def binary(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Another operator, operands the other way round, one operand alone."""
    if not isinstance(node, ast.BinOp) or type(node.op) not in SIGNS:
        return
    sign = SIGNS[type(node.op)]
    gap = source.end(node.left), source.start(node.right)
    between = source.text[gap[0] : gap[1]]
    for place, other in enumerate(OTHERS[sign].split()):
        # A comment between the operands may hold the sign once more.
        if between.count(sign) == 1:
            text = between.replace(sign, other)
            weight = 0.9 if place == 0 else 0.5
            yield source.edit(*gap, text, node, "which operator?", weight)
    for other in ("+", "-", "*", "/", "//", "%", "**", "@"):
        if between.count(sign) == 1 and other != sign and other not in OTHERS[sign].split():
            text = between.replace(sign, other)
            yield source.edit(*gap, text, node, "which operator?", 0.25)
    left, right = source.code(node.left), source.code(node.right)
    if sign in ("-", "/", "@", "//", "%", "**", "<<"):
        text = f"{source.atom(node.right)} {sign} {source.atom(node.left)}"
        yield source.edit(*_span(source, node), text, node, "in which order?", 0.5)
    for kept in (node.left, node.right):
        alone = source.atom(kept) if isinstance(source.parents[node], ast.BinOp) else None
        text = alone or (left if kept is node.left else right)
        weight = ONE_STEP if kept is node.left and right == "1" and sign in "+-" else 0.3
        yield source.edit(*_span(source, node), text, node, "is one part too many?", weight)
    yield from _regrouped(source, node, sign)


def _span(source: Source, node: ast.BinOp) -> tuple[int, int]:
    return source.start(node), source.end(node)


def _regrouped(source: Source, node: ast.BinOp, sign: str) -> Iterator[Edit]:
    """`a + b * c` as `(a + b) * c` and the other way round."""
    question = "what belongs together?"
    for inner, left in ((node.left, True), (node.right, False)):
        if not isinstance(inner, ast.BinOp) or type(inner.op) not in SIGNS:
            continue
        own = SIGNS[type(inner.op)]
        a, b = source.atom(inner.left), source.atom(inner.right)
        last = inner.right
        if left and sign in "+-" and isinstance(last, ast.BinOp) and type(last.op) in SIGNS:
            # a + b * c - d -> a + b * (c - d)
            factor, times = source.code(last.left), SIGNS[type(last.op)]
            term = f"{source.atom(last.right)} {sign} {source.atom(node.right)}"
            text = f"{a} {own} {factor} {times} ({term})"
            is_inner = isinstance(source.parents[node], ast.BinOp)
            yield source.replaced(node, f"({text})" if is_inner else text, question, 0.4)
        if left:  # (a own b) sign c -> a own (b sign c)
            text = f"{a} {own} ({b} {sign} {source.atom(node.right)})"
        else:  # a sign (b own c) -> (a sign b) own c
            text = f"({source.atom(node.left)} {sign} {a}) {own} {b}"
        if own != sign or sign in "-/":  # a + b + c is the same in any grouping, a - b - c is not
            weight = 0.4 if isinstance(source.parents[node], ast.BinOp) else 0.5
            if isinstance(source.parents[node], ast.BinOp):
                text = f"({text})"
            yield source.replaced(node, text, question, weight)


def epsilons(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`sqrt(v + eps)` and `sqrt(v) + eps`: a sum that moves out of a call, or into it."""
    question = "inside or outside of the function?"
    if isinstance(node, ast.Call) and len(node.args) == 1:
        (inner,) = node.args
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add | ast.Sub):
            function, sign = source.code(node.func), SIGNS[type(inner.op)]
            left, right = source.code(inner.left), source.code(inner.right)
            outside = f"({function}({left}) {sign} {right})"
            yield source.replaced(node, outside, question, 0.4)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        left_node = node.left
        if isinstance(left_node, ast.Call) and len(left_node.args) == 1:
            function, sign = source.code(left_node.func), SIGNS[type(node.op)]
            argument, right = source.code(left_node.args[0]), source.code(node.right)
            yield source.replaced(node, f"{function}({argument} {sign} {right})", question, 0.4)


def comparisons(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Another comparison."""
    if not isinstance(node, ast.Compare):
        return
    operands = [node.left, *node.comparators]
    for place, operator in enumerate(node.ops):
        sign = COMPARISONS[type(operator)]
        gap = source.end(operands[place]), source.start(operands[place + 1])
        between = source.text[gap[0] : gap[1]]
        for rank, other in enumerate(OTHER_COMPARISONS[sign]):
            text = between.replace(sign, other, 1)
            question = "which comparison, and does the border belong to it?"
            yield source.edit(*gap, text, node, question, 0.9 if rank < 2 else 0.5)
        if sign in ("in", "not in"):
            left, right = operands[place : place + 2]
            yield source.exchanged(left, right, node, "what is looked for, and in what?", 0.3)


def conditions(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`and` for `or`; one half of a condition alone; both branches exchanged."""
    if isinstance(node, ast.BoolOp):
        sign = "and" if isinstance(node.op, ast.And) else "or"
        other = "or" if sign == "and" else "and"
        for left, right in zip(node.values, node.values[1:], strict=False):
            gap = source.end(left), source.start(right)
            text = source.text[gap[0] : gap[1]].replace(sign, other, 1)
            yield source.edit(*gap, text, node, "`and` or `or`?", 0.9)
        if len(node.values) == 2:
            for value in node.values:
                yield source.replaced(node, source.code(value), "which conditions?", 0.4)
    elif isinstance(node, ast.IfExp):
        body, other = source.code(node.body), source.code(node.orelse)
        test = source.code(node.test)
        question = "which way round is the condition?"
        yield source.replaced(node, f"{other} if {test} else {body}", question, 0.4)
        for alone in (body, other):
            yield source.replaced(node, f"({alone})", "is a condition too many?", 0.3)


def assignments(source: Source, node: ast.AST) -> Iterator[Edit]:
    """`=` for `+=`, and the other way round."""
    if isinstance(node, ast.AugAssign):
        sign = SIGNS[type(node.op)]
        gap = source.end(node.target), source.start(node.value)
        question = "which kind of assignment?"
        for rank, other in enumerate(ASSIGNMENTS.get(sign, "").split()):
            text = source.text[gap[0] : gap[1]].replace(sign, other, 1)
            yield source.edit(*gap, text, node, question, 0.9 if rank == 0 else 0.5)
        text = source.text[gap[0] : gap[1]].replace(f"{sign}=", "=", 1)
        yield source.edit(*gap, text, node, question, 0.6)
        target, value = source.code(node.target), source.code(node.value)
        if isinstance(node.target, ast.Name):  # not in place
            text = f"{target} = {target} {sign} ({value})"
            yield source.replaced(node, text, "in place, or a new array?", 0.6)
    elif isinstance(node, ast.Assign) and len(node.targets) == 1:
        target_node = node.targets[0]
        if isinstance(target_node, ast.Name | ast.Subscript | ast.Attribute):
            gap = source.end(target_node), source.start(node.value)
            for sign in ("+", "-", "*", "/", "|", "&"):
                text = source.text[gap[0] : gap[1]].replace("=", f"{sign}=", 1)
                weight = 0.5 if sign == "+" else 0.2
                yield source.edit(*gap, text, node, "which kind of assignment?", weight)


def terms(source: Source, node: ast.AST) -> Iterator[Edit]:
    """A step of one more or less: `range(n - 1)`, `i + 1`, and the like."""
    parent = source.parents.get(node)
    if not isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.Subscript | ast.BinOp):
        return
    if isinstance(node, ast.BinOp) and is_number(node.right):
        return
    counted = (
        isinstance(parent, ast.Call)
        and node in parent.args
        and (isinstance(parent.func, ast.Name) and parent.func.id == "range")
    )
    divided = (
        isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Div) and (parent.right is node)
    )
    compared = isinstance(parent, ast.Compare)
    if counted or divided or compared:
        for step in ("+ 1", "- 1"):
            text = f"{source.code(node)} {step}"
            text = f"({text})" if divided else text
            weight = 0.4 if counted else 0.15
            yield source.replaced(node, text, "one too many, or too few?", weight)
