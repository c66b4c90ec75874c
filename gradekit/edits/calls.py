"""Other arguments, other functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from itertools import combinations

from gradekit.edits.source import FUNCTIONS, Edit, Source
from gradekit.edits.values import AXIS_WORDS, called
from gradekit.edits.vocabulary import (
    ALONG_AXIS,
    DTYPES,
    GROUPS,
    KEEPING,
    KEYWORDS,
    MAKES_ARRAYS,
    STRIPPED,
    UNIVERSAL,
    VALUED,
)

MOST_NAMES = 12  # of those in scope
NO_MORE = {"len", "float", "int", "abs", "bool", "sum", "list", "tuple", "set", "sorted", "print"}
MOST_LIKE = 3  # arguments of a call that may lack one like its last
KINDS_OF_NUMBERS = {"dtype", "device"}  # variables that are handed on under their own name
RANDOM_NAMES = {"rng", "seed", "generator", "g"}
RANDOM_WORDS = ("generator", "random_state", "seed", "rng")
NEIGHBOURS: dict[str, list[str]] = {}
for _group in GROUPS:
    for _name in _group:
        _known = NEIGHBOURS.setdefault(_name, [])
        _known += [other for other in _group if other != _name and other not in _known]


class Calls:
    """The edits of calls in one source."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @cached_property
    def _own(self) -> dict[str, ast.arguments]:
        """The parameters of the answer's own functions and classes, by name."""
        found: dict[str, ast.arguments] = {}
        for node in ast.walk(self._source.tree):
            if isinstance(node, FUNCTIONS):
                found[node.name] = node.args
            elif isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, FUNCTIONS) and inner.name == "__init__":
                        found[node.name] = inner.args
        return found

    @cached_property
    def _keywords(self) -> dict[str, list[str]]:
        """The keyword arguments of each called name elsewhere in the file, as text."""
        found: dict[str, list[str]] = {}
        for node in ast.walk(self._source.tree):
            if isinstance(node, ast.Call):
                texts = found.setdefault(called(node), [])
                for keyword in node.keywords:
                    text = self._source.code(keyword)
                    if text not in texts:
                        texts.append(text)
        return found

    @cached_property
    def _all_keywords(self) -> list[str]:
        return [*dict.fromkeys(text for texts in self._keywords.values() for text in texts)]

    def edits(self, node: ast.AST) -> Iterator[Edit]:
        """All edits of a call, and of a function or a dtype that is handed on."""
        yield from self._other_attribute(node)
        yield from self._unbiased(node)
        if not isinstance(node, ast.Call):
            return
        yield from self._fewer(node)
        yield from self._swapped(node)
        yield from self._more(node)
        yield from self._first(node)
        yield from self._other_function(node)
        yield from self._without_call(node)
        yield from self._other_dtype(node)
        yield from self._other_range(node)
        yield from self._stabilised(node)

    def _open(self, node: ast.Call) -> int:
        """Where the arguments begin: behind the parenthesis."""
        return self._source.text.index("(", self._source.end(node.func)) + 1

    def _fewer(self, node: ast.Call) -> Iterator[Edit]:
        """An argument less."""
        every = [*node.args, *node.keywords]
        for place, part in enumerate(every):
            start, end = self._with_comma(node, every, place)
            keyword = getattr(part, "arg", None)
            weight = 0.5 if keyword else 0.15
            question = _asks(keyword) if keyword else "is one argument too many?"
            edit = self._source.edit(start, end, "", node, question, weight)
            yield edit._replace(line=self._source.line_at(self._source.start(part)))

    def _with_comma(self, node: ast.Call, every: list[ast.AST], place: int) -> tuple[int, int]:
        """From where to where an argument stands, with the comma that goes with it."""
        source = self._source
        if place + 1 < len(every):
            return source.start(every[place]), source.start(every[place + 1])
        start = source.end(every[place - 1]) if place else source.start(every[place])
        return start, source.end(every[place])

    def _swapped(self, node: ast.Call) -> Iterator[Edit]:
        """Two arguments exchanged."""
        for i, j in combinations(range(len(node.args)), 2):
            if j > i + 1 and len(node.args) > 4:  # of many arguments, neighbours are mixed up
                continue
            weight = 0.7 if j == i + 1 else 0.4
            question = "in which order are the arguments?"
            yield self._source.exchanged(node.args[i], node.args[j], node, question, weight)
        values = [each.value for each in node.keywords]
        for first, second in combinations(values[:MOST_LIKE], 2):
            yield self._source.exchanged(first, second, node, "which argument is which?", 0.3)

    def _more(self, node: ast.Call) -> Iterator[Edit]:
        """An argument more."""
        given = {keyword.arg for keyword in node.keywords}
        seen: set[str] = set()
        for text, question, weight in self._missing(node):
            name = text.partition("=")[0] if "=" in text else ""
            if text in seen or (name.isidentifier() and name in given):
                continue
            seen.add(text)
            yield self._appended(node, text, question, weight)

    def _appended(self, node: ast.Call, text: str, question: str, weight: float) -> Edit:
        source = self._source
        every = [*node.args, *node.keywords]
        at = source.end(every[-1]) if every else self._open(node)
        # A generator that is the only argument may stand without parentheses of its own; beside
        # another one it may not.
        if len(every) == 1 and isinstance(every[0], ast.GeneratorExp):
            code = source.code(every[0])
            if not code.startswith("("):
                text = f"({code}), {text}"
                return source.edit(source.start(every[0]), at, text, node, question, weight)
            inner = source.start(every[0]), source.end(every[0])
            if inner[0] < self._open(node):  # its parentheses are the call's own
                text = f"(({code[1:-1]}), {text})"
                return source.edit(*inner, text, node, question, weight)
        comma = ", " if every else ""
        edit = source.edit(at, at, comma + text, node, question, weight)
        return edit._replace(line=source.line_at(max(at - 1, 0)))

    def _first(self, node: ast.Call) -> Iterator[Edit]:
        """An argument more, before one that is given by its place or the first keyword."""
        scope = self._source.names_near(node, MOST_NAMES)
        if called(node) in NO_MORE:
            return
        places = node.args if len(node.args) <= MOST_LIKE else node.args[:1]
        for argument in [*places, *node.keywords[:1]]:
            if isinstance(argument, ast.Starred | ast.GeneratorExp):
                return
            is_keyword = isinstance(argument, ast.keyword)
            for name in (*scope, "-1", "0", "1") if is_keyword else scope:
                at, question = self._source.start(argument), "is an argument missing?"
                yield self._source.edit(at, at, f"{name}, ", node, question, 0.12)

    def _missing(self, node: ast.Call) -> Iterator[tuple[str, str, float]]:
        """Texts of arguments that may be missing, with a question and a weight."""
        name = called(node)
        scope = self._source.names_in_scope(node)
        if name in self._own:
            yield from self._missing_of_own(node, self._own[name], scope)
        for text in self._keywords.get(name, []):
            yield text, _asks(text.partition("=")[0]), 0.8
        yield from self._missing_axis(node, name, scope)
        if name in MAKES_ARRAYS:
            for dtype in self._dtypes(node):
                yield f"dtype={dtype}", _asks("dtype"), 0.5
        for text in KEYWORDS.get(name, []):
            yield text, _asks(text.partition("=")[0]), 0.5
        yield from self._missing_valued(node, name, scope)
        if name not in self._own:
            yield from self._missing_of_others(node, scope)

    def _missing_valued(
        self, node: ast.Call, name: str, scope: list[str]
    ) -> Iterator[tuple[str, str, float]]:
        """Keywords whose value is a variable."""
        for keyword in VALUED.get(name, ()):
            for each in scope[:MOST_NAMES]:
                yield f"{keyword}={each}", _asks(keyword), 0.3
        for text in self._outs(node, scope) if name in UNIVERSAL else ():
            yield f"out={text}", _asks("out"), 0.25

    def _missing_of_others(
        self, node: ast.Call, scope: list[str]
    ) -> Iterator[tuple[str, str, float]]:
        """Arguments of functions that nothing is known of, named like variables."""
        question = "is an argument missing?"
        for each in self._parameters(node):
            yield f"{each}={each}", question, 0.3
        for each in scope:
            if each in KINDS_OF_NUMBERS:
                yield f"{each}={each}", question, 0.3
            for word in RANDOM_WORDS if each in RANDOM_NAMES else ():
                yield f"{word}={each}", question, 0.1
        for each in () if node.keywords else self._like_the_last(node, scope):
            yield each, question, 0.2
        for each in () if node.keywords else (*scope[:MOST_NAMES], "-1", "0", "1", "2", "3", "0.5"):
            yield each, question, 0.1
        for each in scope[:MOST_NAMES] if called(node) in ("max", "min") else ():
            yield f"len({each})", question, 0.15

    def _like_the_last(self, node: ast.Call, scope: list[str]) -> Iterator[str]:
        """`y[batch]` after `X[batch]`: the last argument with another variable."""
        last = node.args[-1] if node.args else None
        if not isinstance(last, ast.Subscript | ast.Attribute) or len(node.args) > MOST_LIKE:
            return
        base = last.value
        if isinstance(base, ast.Name) and base.id in scope:
            rest = self._source.code(last)[len(base.id) :]
            yield from (name + rest for name in scope[:MOST_NAMES] if name != base.id)

    def _parameters(self, node: ast.Call) -> list[str]:
        """The parameters of the function around a call that the call does not use."""
        function = self._source.around[node]
        arguments = getattr(function, "args", None)
        if not isinstance(arguments, ast.arguments):
            return []
        used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        return [each.arg for each in named if each.arg not in used | {"self"}]

    def _missing_of_own(
        self, node: ast.Call, parameters: ast.arguments, scope: list[str]
    ) -> Iterator[tuple[str, str, float]]:
        """Parameters of one's own function that are not given."""
        named = [*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs]
        names = [each.arg for each in named if each.arg != "self"]
        rest = names[len(node.args) :]
        given = {keyword.arg for keyword in node.keywords}
        for parameter in rest:
            if parameter in given:
                continue
            question = "is an argument of your own function missing?"
            if parameter in scope:
                yield f"{parameter}={parameter}", question, 0.9
            for value in ("True", "False"):
                yield f"{parameter}={value}", question, 0.5
            for other in scope:
                if other != parameter:
                    yield f"{parameter}={other}", question, 0.4
            for value in ("0", "1", "-1", "None"):
                yield f"{parameter}={value}", question, 0.3

    def _missing_axis(
        self, node: ast.Call, name: str, scope: list[str]
    ) -> Iterator[tuple[str, str, float]]:
        if name not in ALONG_AXIS:
            return
        given = {keyword.arg for keyword in node.keywords}
        torch = "torch" in self._source.text
        arrays = "np." in self._source.text or not torch
        words = [*(["axis", "keepdims"],) * arrays, *(["dim", "keepdim"],) * torch]
        values = ["-1", "0", "1"]
        values += [each for each in scope if each in AXIS_WORDS]
        values += self._axes
        for axis, keep in words:
            if not given & AXIS_WORDS:
                for value in dict.fromkeys([*values, "2", "-2", "(0, 1)", "(2, 3)", "(1, 2)"]):
                    weight = 0.6 if value in values else 0.3
                    yield f"{axis}={value}", _asks("axis"), weight
                    if name in KEEPING and not given & {"keepdims", "keepdim"}:
                        text = f"{axis}={value}, {keep}=True"
                        yield text, _asks("axis"), weight / 2
            if name in KEEPING and (given & {axis} or len(node.args) >= 1):
                yield f"{keep}=True", _asks(keep), 0.9

    @cached_property
    def _axes(self) -> list[str]:
        """The axes that are given anywhere in the file."""
        texts = (text.partition("=") for text in self._all_keywords)
        return [*dict.fromkeys(value for word, _, value in texts if word in AXIS_WORDS)]

    def _dtypes(self, node: ast.Call) -> list[str]:
        texts = (text.partition("=") for text in self._all_keywords)
        used = [value for word, _, value in texts if word == "dtype"]
        text = self._source.text
        common = [each for each in DTYPES if "." not in each or f"{each.split('.')[0]}." in text]
        own = [f"{each}.dtype" for each in self._source.names_in_scope(node)[:4]]
        return [*dict.fromkeys([*used, *common, *own])]

    def _outs(self, node: ast.Call, scope: list[str]) -> list[str]:
        """What a result may be written into: the arguments, then the variables."""
        code = [self._source.code(each) for each in node.args if isinstance(each, ast.Name)]
        statement: ast.AST = node
        while not isinstance(statement, ast.stmt):
            statement = self._source.parents[statement]
        alone = isinstance(statement, ast.Expr)
        return [*dict.fromkeys([*code, *(scope if alone else scope[:3])])]

    def _other_function(self, node: ast.Call) -> Iterator[Edit]:
        name = called(node)
        end = self._source.end(node.func)
        for other in NEIGHBOURS.get(name, []):
            if self._source.text[end - len(name) : end] == name:
                yield self._source.edit(
                    end - len(name), end, other, node, "is this the right function?", 0.5
                )
        if name in self._own and isinstance(node.func, ast.Name):
            for other in [*self._own][:MOST_NAMES]:
                if other != name:
                    yield self._source.replaced(
                        node.func, other, "which of your own functions?", 0.2
                    )

    def _other_attribute(self, node: ast.AST) -> Iterator[Edit]:
        """Another function or dtype, where it is not called."""
        parent = self._source.parents.get(node)
        if not isinstance(node, ast.Attribute) or isinstance(parent, ast.Attribute):
            return
        if isinstance(parent, ast.Call) and parent.func is node:
            return
        end = self._source.end(node)
        for other in NEIGHBOURS.get(node.attr, []) if isinstance(node.ctx, ast.Load) else ():
            question = "is this the right function?"
            yield self._source.edit(end - len(node.attr), end, other, node, question, 0.4)

    def _without_call(self, node: ast.Call) -> Iterator[Edit]:
        """The value without what is done to it."""
        name = called(node)
        source = self._source
        question = "is a function too many?"
        if name not in STRIPPED and name not in self._own:
            return
        if node.args and not isinstance(node.args[0], ast.Starred):
            inner = node.args[0]
            in_sum = isinstance(source.parents[node], ast.BinOp | ast.Attribute | ast.Subscript)
            text = source.atom(inner) if in_sum else source.code(inner)
            if isinstance(inner, ast.GeneratorExp):
                return
            yield source.replaced(node, text, question, 0.35)
        if isinstance(node.func, ast.Attribute) and name not in ("mean", "sum", "max"):
            base = source.code(node.func.value)
            if base not in ("np", "torch", "math", "F", "nn", "self"):
                yield source.replaced(node, base, question, 0.3)

    def _other_dtype(self, node: ast.Call) -> Iterator[Edit]:
        for keyword in node.keywords:
            if keyword.arg != "dtype":
                continue
            for dtype in self._dtypes(node):
                if dtype != self._source.code(keyword.value):
                    yield self._source.replaced(keyword.value, dtype, _asks("dtype"), 0.35)

    @cached_property
    def _deviations(self) -> dict[str, ast.Call]:
        """Variables that are a variance or a deviation, and the calls that give it."""
        found: dict[str, ast.Call] = {}
        for node in ast.walk(self._source.tree):
            if not isinstance(node, ast.Assign) or len(node.targets) != 1:
                continue
            target, value = node.targets[0], node.value
            pairs = [(target, value)]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = [*zip(target.elts, value.elts, strict=False)]
            for name, call in pairs:
                if not isinstance(name, ast.Name) or not isinstance(call, ast.Call):
                    continue
                if called(call) in ("var", "std") and (call.args or call.keywords):
                    found[name.id] = call
        return found

    def _unbiased(self, node: ast.AST) -> Iterator[Edit]:
        """In place of a variance, be it over N or over N - 1, the other one."""
        call = self._deviations.get(node.id) if isinstance(node, ast.Name) else None
        if call is None or not isinstance(getattr(node, "ctx", None), ast.Load):
            return
        code = self._source.code(call)
        options = [text for text in KEYWORDS["var"] if text.partition("=")[0] not in code]
        for text in options:
            new = f"{code[:-1]}, {text})"
            yield self._source.replaced(node, new, "divided by N, or by N - 1?", 0.4)

    def _other_range(self, node: ast.Call) -> Iterator[Edit]:
        """Counting from 0 or from 1: `range(n)` and `range(1, n + 1)` for one another."""
        if self._source.code(node.func) != "range" or not 1 <= len(node.args) <= 2:
            return
        parts = [self._source.code(each) for each in node.args]
        if len(parts) == 1:
            others = [f"1, {parts[0]} + 1", f"1, {parts[0]}"]
        else:
            last = self._source.atom(node.args[1])
            others = [parts[1].removesuffix("+ 1").strip(), f"{last} - {parts[0]}"]
        start, end = self._source.start(node.args[0]), self._source.end(node.args[-1])
        for text in others:
            yield self._source.edit(start, end, text, node, "from where to where?", 0.35)

    def _stabilised(self, node: ast.Call) -> Iterator[Edit]:
        """`exp(x)` as `exp(x - x.max())`, along each axis that the file names."""
        if called(node) != "exp" or len(node.args) != 1:
            return
        value = self._source.atom(node.args[0])
        torch = self._source.code(node.func) == "torch.exp"
        word, keep, largest = ("dim", "keepdim", "amax") if torch else ("axis", "keepdims", "max")
        axes = [name for name in self._source.names_in_scope(node) if name in AXIS_WORDS]
        for axis in dict.fromkeys([*axes, *self._axes, "-1"]):
            text = f"{value} - {value}.{largest}({word}={axis}, {keep}=True)"
            question = "how large can this become?"
            yield self._source.replaced(node.args[0], text, question, 0.6)


def _asks(keyword: str | None) -> str:
    """The question about a keyword."""
    if keyword in AXIS_WORDS:
        return "along which axis?"
    if keyword in ("keepdims", "keepdim"):
        return "does the axis stay (keepdims)?"
    if keyword == "dtype":
        return "of which dtype?"
    if keyword == "out":
        return "where is the result written to?"
    return f"is `{keyword}` right, or missing?" if keyword else "which arguments?"
