"""What may be missing in an expression: a term, a factor, a function, a method, an index.

There are many such changes, and each of them is unlikely: they come last.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import combinations

from gradekit.edits.operators import SIGNS
from gradekit.edits.source import Edit, Source
from gradekit.edits.values import MODULES, called, is_number
from gradekit.edits.vocabulary import (
    ARRAY_METHODS,
    LINKS,
    METHODS,
    SUBSCRIPTS,
    TENSOR_METHODS,
    TORCH_WRAPPERS,
    WRAPPERS,
)

NO_WRAPPERS = ("len", "range", "print", "super", "isinstance", "enumerate", "zip", "type", "next")
MOST_NAMES = 12  # of those in scope
MOST_OF_FILE = 15  # methods and functions that the file has elsewhere
MOST_ASKED = 3  # variables of a condition
ASKED = ("< 1", "< 0", "<= 0", "> 1", "== 0", "== 1", "is None", "is not None")
OUTSIDE = ("{0} < 0 or {0} >= 1", "{0} <= 0 or {0} >= 1", "{0} < 0 or {0} > 1",
           "not 0 <= {0} < 1", "not 0 < {0} < 1")  # fmt: skip
WANTED = ("", " is not None", ".requires_grad", ".grad is not None")  # of what is looped over
MOST_IDLE, MOST_USES, SHORT = 3, 5, 30  # names, expressions with one, and their characters
TOGETHER = (
    "{0} + {1}|{0} - {1}|{1} - {0}|{0} * {1}|{0} / {1}|{1} / {0}|{0} // {1}|{0} @ {1}|{1} @ {0}|"
    "{0} @ {1}.T|{1}.T @ {0}|{1}({0})"
).split("|")
# Beside and below these, a sum needs parentheses.
CLOSE = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Attribute, ast.Subscript)
LOADED = ast.Load | None  # not what is assigned to
OF_LISTS = ("sum", "max", "min", "sorted", "tuple")
OF_SHAPES = ("np.zeros", "np.empty", "np.ones", "torch.zeros", "torch.empty", "torch.ones")
NUMPY_OF_LISTS = ("np.sum", "np.array", "np.mean", "np.concatenate", "np.stack")
TORCH_OF_LISTS = ("torch.stack", "torch.cat", "torch.tensor")
WORD = re.compile(r"\w+")
MOST_LOOPS = 4  # variables of loops, as an index
PLACES = (ast.BinOp, ast.Return, ast.Assign, ast.AugAssign, ast.Call, ast.Compare, ast.keyword,
          ast.Expr, ast.Tuple, ast.List, ast.ListComp, ast.GeneratorExp, ast.IfExp, ast.UnaryOp,
          ast.Dict)  # fmt: skip
AXES = ("-1", "0", "1", "2")
SHARES = ("p", "rate", "prob", "beta", "alpha", "momentum", "decay", "smoothing", "dropout")
FACTORS = (*SHARES, "lr", "gamma", "scale", "temperature", "weight_decay", "penalty", "theta")
SIZES = ("len({})", "{}.shape[0]", "{}.size")  # what sums are divided by
OF_NUMBERS = ("log", "sqrt", "exp")
MOST_AXES = 3  # along which a maximum may be missing
MOST_SIZES = 4  # parameters that may say how many entries there are
MOST_TURNED = 2  # sums of an expression
MOST_LIKE = 4  # names in a row with another one
AS_FLOATS = 0.36  # as likely as a statement that makes floats of it, at the beginning
TERMS = ("1", "2", "1e-8", "1e-12", "1e-5")


class Additions:
    """The additions to the expressions of one source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._rows: dict[ast.AST | None, list[list[str]]] = {}  # by the function

    @cached_property
    def _methods(self) -> list[str]:
        """`.sum(axis=0)` and the like, as the file calls them elsewhere."""
        found: dict[str, None] = {}
        for node in ast.walk(self._source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                # Not from the end of the value: parentheses around it are no part of it.
                start = self._source.end(node.func) - len(node.func.attr) - 1
                text = self._source.text[start : self._source.end(node)]
                is_known = self._source.code(node.func.value) in MODULES
                if not is_known and text[0] == "." and "\n" not in text:
                    found[text] = None
        return [*found][:MOST_OF_FILE]

    @cached_property
    def _reductions(self) -> list[str]:
        """`.sum(axis=0)` and the like, in the words of the library that the file uses."""
        torch, numpy = ("torch." in self._source.text), ("np." in self._source.text)
        words = [("dim", "keepdim")] * torch + [("axis", "keepdims")] * (numpy or not torch)
        return [
            f".{name}({axis}={number}{kept})"
            for axis, keep in words
            for name, kept in (("sum", ""), ("sum", f", {keep}=True"), ("mean", ""))
            for number in AXES
        ]

    @cached_property
    def _functions(self) -> list[str]:
        """The functions that the file calls elsewhere with one argument."""
        found: dict[str, None] = {}
        for node in ast.walk(self._source.tree):
            if not isinstance(node, ast.Call) or len(node.args) != 1:
                continue
            if called(node) not in NO_WRAPPERS:
                if self._source.code(node.func).partition(".")[0] in MODULES:
                    found[self._source.code(node.func)] = None
                elif isinstance(node.func, ast.Name):
                    found[node.func.id] = None
        for node in self._source.tree.body:
            if isinstance(node, ast.FunctionDef):
                arguments = node.args
                if len(arguments.args) - len(arguments.defaults) == 1:
                    found[node.name] = None
        if "import copy" in self._source.text:
            found["copy.deepcopy"] = None
        return [*found][:MOST_OF_FILE]

    @cached_property
    def _subscripts(self) -> list[str]:
        """`[:, None]` and the like, as the file has them, and as one often needs them."""
        found: dict[str, None] = {}
        for node in ast.walk(self._source.tree):
            if isinstance(node, ast.Subscript):
                found[f"[{self._source.code(node.slice)}]"] = None
        named = [f for name in self._source.loop_names[:MOST_LOOPS]
                 for f in (f"[{name}]", f"[:, {name}]", f"[:{name}]", f"[{name}:]")]  # fmt: skip
        return [*dict.fromkeys([*[*found][:MOST_OF_FILE], *SUBSCRIPTS, *named])]

    @cached_property
    def _comparisons(self) -> list[str]:
        found: dict[str, None] = {}
        for node in ast.walk(self._source.tree):
            if isinstance(node, ast.Compare):
                found[self._source.code(node)] = None
        return [*found][:MOST_OF_FILE]

    def edits(self, node: ast.AST) -> Iterator[Edit]:
        """All additions to an expression."""
        yield from self._clauses(node)
        yield from self._links(node)
        yield from self._of_lists(node)
        yield from self._maxima(node)
        if is_number(node) and isinstance(self._source.parents[node], PLACES):
            yield from self._idle(node, self._source.atom(node))
            yield from self._of_number(node)
        if self._is_base(node):
            yield from self._terms(node, self._source.atom(node))
            yield from self._between(node)
        if self._is_called(node):
            yield from self._picked(node)
        if self._is_value(node):
            yield from self._of_value(node)

    def _of_value(self, node: ast.AST) -> Iterator[Edit]:
        question = "is a function, a root or a square missing?"
        atom, code = self._source.atom(node), self._source.code(node)
        for text, weight in self._wrapped(code):
            yield self._source.replaced(node, text, question, weight)
        # Beside an operator it would be read otherwise: -x ** 2 is -(x ** 2), a * 1 - x is a - x.
        in_product = isinstance(self._source.parents[node], ast.BinOp | ast.UnaryOp)
        for text, weight in ((f"{atom} ** 2", 0.25), (f"1 - {atom}", 0.15), (f"1 / {atom}", 0.15)):
            text = f"({text})" if in_product else text
            yield self._source.replaced(node, text, question, weight)
        for text, weight in self._suffixes(node):
            question = "is an index missing?" if text[0] == "[" else "is a method missing?"
            if text in self._reductions:
                question = "is a sum or a mean along an axis missing?"
            yield self._source.replaced(node, atom + text, question, weight)
        yield from self._terms(node, atom)
        yield from self._idle(node, atom)
        if node in self._first_uses:
            text = f"np.asarray({code}, dtype=np.float64)"
            yield self._source.replaced(node, text, "of which type is this?", AS_FLOATS)

    @cached_property
    def _first_uses(self) -> set[ast.AST]:
        """Where each parameter is first asked for, in a file that uses numpy."""
        found: dict[tuple[ast.AST | None, str], ast.AST] = {}
        for node in ast.walk(self._source.tree) if "np." in self._source.text else ():
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                arguments = getattr(self._source.around[node], "args", None)
                if node.id in (each.arg for each in getattr(arguments, "args", ())):
                    found.setdefault((self._source.around[node], node.id), node)
        return {*found.values()}

    def _of_lists(self, node: ast.AST) -> Iterator[Edit]:
        """What may be done to a list."""
        parent = self._source.parents.get(node)
        if not isinstance(parent, ast.Call | ast.Return | ast.Assign | ast.BinOp):
            return
        wrappers: tuple[str, ...] = ()
        if isinstance(node, ast.Tuple) and isinstance(parent, ast.Assign):
            wrappers = OF_SHAPES
        elif isinstance(node, ast.List | ast.ListComp):
            is_numpy = "np." in self._source.text
            wrappers = (*OF_LISTS, *(NUMPY_OF_LISTS if is_numpy else TORCH_OF_LISTS))
        for wrapper in wrappers if isinstance(getattr(node, "ctx", None), LOADED) else ():
            text = f"{wrapper}({self._source.code(node)})"
            yield self._source.replaced(node, text, "is a function missing?", 0.3)

    def _maxima(self, node: ast.AST) -> Iterator[Edit]:
        """A maximum that may be missing below an exponential, which overflows without it."""
        if not isinstance(node, ast.Call) or called(node) != "exp" or len(node.args) != 1:
            return
        (power,) = node.args
        code, atom = self._source.code(power), self._source.atom(power)
        if "max" in code:
            return
        torch = self._source.code(node.func).startswith("torch.")
        name, axis = ("torch.amax", "dim") if torch else ("np.max", "axis")
        axes = re.findall(rf"\b{axis}=([-\w]+)", self._source.text)
        kept = "keepdim=True" if torch else "keepdims=True"
        along = [f", {axis}={each}, {kept}" for each in dict.fromkeys([*axes, "-1"])]
        for how in along[:MOST_AXES] if torch else (*along[:MOST_AXES], ""):
            text = f"{atom} - {name}({code}{how})"
            yield self._source.replaced(power, text, "can it overflow?", 0.5)

    def _links(self, node: ast.AST) -> Iterator[Edit]:
        """What may be missing between a value and its method: `x.T.reshape(-1)`."""
        parent = self._source.parents.get(node)
        is_base = isinstance(parent, ast.Attribute) and isinstance(node, ast.Name | ast.Call)
        if is_base and self._source.code(node) not in MODULES:
            for link in LINKS:
                text = self._source.code(node) + link
                yield self._source.replaced(node, text, "is a method missing?", 0.12)

    def _between(self, node: ast.AST) -> Iterator[Edit]:
        """What may be missing of what a method is called of: `np.exp(x).sum()`, `x[kept].sum()`."""
        atom, code = self._source.atom(node), self._source.code(node)
        if isinstance(self._source.parents[node], ast.Attribute):
            for function in dict.fromkeys([*self._functions, *self._common("exp", "log")]):
                text = f"{function}({code})"
                yield self._source.replaced(node, text, "is a function missing?", 0.14)
            names = (f"[{name}]" for name in self._source.names_near(node, MOST_NAMES))
            for subscript in dict.fromkeys([*self._subscripts, *names]):
                yield self._source.replaced(node, atom + subscript, "is an index missing?", 0.12)
        for method in self._methods:
            yield self._source.replaced(node, atom + method, "is a method missing?", 0.1)

    def _is_called(self, node: ast.AST) -> bool:
        """Whether it is a variable that is called, as an entry of a list of functions may be."""
        parent = self._source.parents.get(node)
        is_function = isinstance(parent, ast.Call) and parent.func is node
        return is_function and isinstance(node, ast.Name) and (
            node.id in self._source.names_in_scope(node)
        )  # fmt: skip

    def _picked(self, node: ast.AST) -> Iterator[Edit]:
        """One of several functions."""
        for index in dict.fromkeys([*self._source.loop_names[:MOST_LOOPS], "0", "-1"]):
            text = f"{self._source.code(node)}[{index}]"
            yield self._source.replaced(node, text, "is an index missing?", 0.3)

    def _of_number(self, node: ast.AST) -> Iterator[Edit]:
        """A function of a number, of those that the file has of one value."""
        for function in self._common(*OF_NUMBERS):
            text = f"{function}({self._source.code(node)})"
            yield self._source.replaced(node, text, "is a function missing?", 0.15)

    def _common(self, *names: str) -> list[str]:
        """Functions of the libraries that the file uses."""
        used = [each for each in ("np", "math", "torch") if f"{each}." in self._source.text]
        return [f"{library}.{name}" for library in used for name in names]

    def _is_base(self, node: ast.AST) -> bool:
        """Whether a method or an entry of it is asked for: of `x` in `(x - mean).std()`."""
        parent = self._source.parents.get(node)
        if not isinstance(parent, ast.Attribute | ast.Subscript) or parent.value is not node:
            return False
        kinds = ast.Name | ast.Call | ast.BinOp | ast.Subscript | ast.Attribute
        is_loaded = isinstance(getattr(parent, "ctx", None), LOADED)
        code = self._source.code(node)
        is_module = code in MODULES or code.startswith(("np.", "torch.", "nn."))
        return isinstance(node, kinds) and is_loaded and not (
            is_module and isinstance(node, ast.Name | ast.Attribute)
        )  # fmt: skip

    def _is_value(self, node: ast.AST) -> bool:
        kinds = ast.Name | ast.Call | ast.BinOp | ast.Attribute | ast.Subscript
        if not isinstance(node, kinds) or not isinstance(
            getattr(node, "ctx", None), ast.Load | None
        ):
            return False
        parent = self._source.parents[node]
        if not isinstance(parent, PLACES) or self._source.code(node) in MODULES:
            return False
        return not (isinstance(parent, ast.Call) and parent.func is node)

    def _wrapped(self, code: str) -> Iterator[tuple[str, float]]:
        """The value within a call."""
        text = self._source.text
        wrappers = TORCH_WRAPPERS if "torch." in text and "np." not in text else WRAPPERS
        for wrapper in dict.fromkeys([*wrappers, *self._functions]):
            yield f"{wrapper}({code})", 0.2 if wrapper in wrappers else 0.15
        library = "torch" if wrappers is TORCH_WRAPPERS else "np"
        for name in ("ones_like", "zeros_like", "all", "any"):
            yield f"{library}.{name}({code})", 0.1
        yield f"max({code}, 0)", 0.08
        yield f"max({code}, 1)", 0.08
        if "np." in text:
            yield f"np.maximum({code}, 0)", 0.08
            yield f"np.clip({code}, 0, 1)", 0.08
        if "(nn.Module)" in text:
            for layer in self._source.attributes[:MOST_NAMES]:
                yield f"self.{layer}({code})", 0.15

    def _suffixes(self, node: ast.AST) -> Iterator[tuple[str, float]]:
        """What may stand behind a value."""
        parent = self._source.parents[node]
        is_matrix = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult)
        for method in self._reductions:
            yield method, 0.15
        common = TENSOR_METHODS if "torch." in self._source.text else ARRAY_METHODS
        for method in dict.fromkeys([*METHODS, *self._methods, *common]):
            yield method, 0.6 if method == ".T" and is_matrix else 0.12
        names = [f"[{name}]" for name in self._source.names_near(node, MOST_NAMES)]
        for subscript in dict.fromkeys([*self._subscripts, *names]):
            yield subscript, 0.12
        for subscript in self._parts(node):
            yield subscript, 0.11

    def _parts(self, node: ast.AST) -> Iterator[str]:
        """So many entries, as the parameters say: `[:k]`, `[:, :k]`, `[i : i + size]`."""
        arguments = getattr(self._source.around[node], "args", None)
        if not isinstance(arguments, ast.arguments):
            return
        named = [each.arg for each in (*arguments.args, *arguments.kwonlyargs)]
        for name in [each for each in named if each != "self"][-MOST_SIZES:]:
            yield from (f"[:{name}]", f"[:, :{name}]", f"[..., :{name}]")
            for loop in self._source.loop_names[:2]:
                yield f"[{loop} : {loop} + {name}]"

    def _terms(self, node: ast.AST, atom: str) -> Iterator[Edit]:
        """A term or a factor more."""
        in_product = isinstance(self._source.parents[node], CLOSE)
        names = self._source.names_near(node, MOST_NAMES)
        near = self._names_beside(node)
        shares = [f"(1 - {name})" for name in names if name.rstrip("12") in SHARES]
        for sign, others in (("+", [*names, *TERMS]), ("*", [*names, "2", "0.5", *shares]),
                             ("-", [*names, "1"]), ("/", [*names, "2", *shares]),
                             ("**", [*names, "0.5"]), ("@", names)):  # fmt: skip
            for other in others:
                text = f"{atom} {sign} {other}"
                text = f"({text})" if in_product else text
                weight = 0.17 if other in near else 0.1 if other in names else 0.11
                if sign in "*/" and other.rstrip("12") in FACTORS:
                    weight = 0.25
                yield self._source.replaced(node, text, "is a term or a factor missing?", weight)
        texts = [f"{name} {sign} {atom}" for name in names for sign in "-/"]
        texts += [
            f"{atom} / {size.format(name)}" for name in names if name in near for size in SIZES
        ]
        texts += [f"{atom} ** (1 / {name})" for name in names]
        texts += self._mirrored(node, atom)
        for text in self._alike(node, atom):
            yield self._source.replaced(node, text, "is a term or a factor missing?", 0.2)
        for text in (*texts, *(f"{atom} {sign} {other}" for sign, other in self._operands)):
            text = f"({text})" if in_product else text
            yield self._source.replaced(node, text, "is a term or a factor missing?", 0.08)

    def _mirrored(self, node: ast.AST, atom: str) -> Iterator[str]:
        """Together with itself, a sign turned: `(1 - e) / (1 + e)`, `f(x + h) - f(x - h)`."""
        code, start = self._source.code(node), self._source.start(node)
        sums = [
            each for each in ast.walk(node)
            if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Add | ast.Sub)
        ][:MOST_TURNED]  # fmt: skip
        for each in sums:
            gap = self._source.end(each.left) - start, self._source.start(each.right) - start
            turned = code[gap[0] : gap[1]].translate(str.maketrans("+-", "-+"))
            other = code[: gap[0]] + turned + code[gap[1] :]
            other = f"({other})" if isinstance(node, ast.BinOp) else other
            yield from (f"{atom} - {other}", f"{other} - {atom}", f"{atom} / {other}")
            yield from (f"{other} / {atom}", f"{atom} * {other}")

    def _alike(self, node: ast.AST, atom: str) -> Iterator[str]:
        """Together with its like of another name: `log(p) - log(q)`, of `p` and `q` in a row."""
        if not isinstance(self._source.parents[node], ast.Assign | ast.Return | ast.keyword):
            return
        code, start = self._source.code(node), self._source.start(node)
        names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
        for name in sorted({each.id for each in names}):
            places = [self._source.start(each) - start for each in names if each.id == name]
            for like in self._in_a_row(node, name):
                other, at = "", 0
                for place in sorted(places):
                    other, at = other + code[at:place] + like, place + len(name)
                other += code[at:]
                other = f"({other})" if atom != code else other
                yield from (f"{atom} - {other}", f"{other} - {atom}", f"{atom} / {other}")
                yield from (f"{other} / {atom}", f"{atom} * {other}", f"{atom} + {other}")

    def _in_a_row(self, node: ast.AST, name: str) -> list[str]:
        """The names that stand beside another one where both are given a value."""
        function = self._source.around[node]
        if function not in self._rows:
            self._rows[function] = [*_rows_of(function)]
        rows = (row for row in self._rows[function] if name in row)
        return [*dict.fromkeys(each for row in rows for each in row if each != name)][:MOST_LIKE]

    @cached_property
    def _operands(self) -> list[tuple[str, str]]:
        """What the file adds, multiplies and the like elsewhere, with the sign, if it is short."""
        found: dict[tuple[str, str], None] = {}
        for node in ast.walk(self._source.tree):
            if isinstance(node, ast.BinOp) and (sign := SIGNS.get(type(node.op))):
                code = self._source.atom(node.right)
                is_name = isinstance(node.right, ast.Name | ast.Constant)
                if not is_name and len(code) <= SHORT and "\n" not in code:
                    found[sign, code] = None
        return [*found][:MOST_OF_FILE]

    def _names_beside(self, node: ast.AST) -> set[str]:
        """The names in the statement around an expression."""
        while not isinstance(node, ast.stmt) and node in self._source.parents:
            node = self._source.parents[node]
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Return | ast.Expr):
            value = getattr(node, "value", None) or node
            return {each.id for each in ast.walk(value) if isinstance(each, ast.Name)}
        return set()

    def _idle(self, node: ast.AST, atom: str) -> Iterator[Edit]:
        """A value together with a name that nothing in the function uses."""
        in_product = isinstance(self._source.parents[node], CLOSE)
        names = sorted(self._source.unused.get(self._source.functions[node], set()))
        for name in names[:MOST_IDLE]:
            for other in self._uses_of(name):
                for pattern in TOGETHER:
                    text = pattern.format(atom, other)
                    text = f"({text})" if in_product else text
                    question = f"what is `{name}` for?"
                    yield self._source.replaced(node, text, question, 0.2)

    def _uses_of(self, name: str) -> list[str]:
        """A name, and the short expressions in which other functions use it."""
        own = f"self.{name}" if name in self._source.attributes else name
        found: dict[str, None] = {own: None}
        for node in ast.walk(self._source.tree):
            if isinstance(node, ast.BinOp | ast.Call | ast.Attribute | ast.Subscript):
                uses = any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))
                if uses and len(code := self._source.code(node)) <= SHORT and "\n" not in code:
                    found[code if isinstance(node, ast.Call) else self._source.atom(node)] = None
        return [*found][:MOST_USES]

    def _clauses(self, node: ast.AST) -> Iterator[Edit]:
        """A condition more, or one instead of `True`; a filter where all is taken."""
        if isinstance(node, ast.comprehension) and not node.ifs:
            yield from self._filters(node)
        tests = node.ifs if isinstance(node, ast.comprehension) else [getattr(node, "test", None)]
        for test in tests:
            if isinstance(test, ast.Constant):
                yield from self._instead(test)
        if not isinstance(node, ast.If | ast.IfExp | ast.While):
            return
        test = self._source.code(node.test)
        for sign in ("or", "and"):
            scope = self._source.names_near(node, MOST_NAMES)
            for other in dict.fromkeys([*self._comparisons, *self._like(node.test), *scope]):
                if other not in test:
                    text = f"{test} {sign} {other}"
                    yield self._source.replaced(node.test, text, "which conditions?", 0.13)

    def _instead(self, test: ast.Constant) -> Iterator[Edit]:
        """A condition instead of one that always holds, or never."""
        scope = self._source.names_near(test, MOST_NAMES)
        asked = [f"{name} {each}" for each in ASKED for name in scope]
        asked += [each.format(name) for each in OUTSIDE for name in scope]
        asked += [f"{a} {sign} {b}" for a, b in combinations(scope, 2) for sign in ("!=", "<", ">")]
        for other in dict.fromkeys([*self._comparisons, *scope, *asked]):
            yield self._source.replaced(test, other, "which condition?", 0.35)
            if other.isidentifier():
                yield self._source.replaced(test, f"not {other}", "which condition?", 0.35)

    def _filters(self, node: ast.comprehension) -> Iterator[Edit]:
        """Some of what a loop goes over."""
        names = [each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)]
        found = [each for each in self._comparisons if set(names) & set(WORD.findall(each))]
        found += [f"{name}{asked}" for name in names for asked in WANTED]
        at = self._source.end(node.iter)
        whole = self._source.parents[node]
        for condition in dict.fromkeys(found):
            text = f" if {condition}"
            yield self._source.edit(at, at, text, whole, "does all of it belong there?", 0.2)

    def _like(self, test: ast.expr) -> Iterator[str]:
        """The condition for other variables, and what is often asked of its own ones."""
        code, start = self._source.code(test), self._source.start(test)
        scope = self._source.names_near(test, MOST_NAMES)
        used = [n for n in ast.walk(test) if isinstance(n, ast.Name) and n.id in scope]
        for node in used[:MOST_ASKED]:
            at = self._source.start(node) - start
            for name in scope if len(used) == 1 else ():
                yield code[:at] + name + code[at + len(node.id) :]
            for asked in ASKED:
                yield f"{node.id} {asked}"


def _rows_of(function: ast.AST | None) -> Iterator[list[str]]:
    """The names that are given values together: parameters, and those of a tuple."""
    for node in ast.walk(function) if function is not None else ():
        if isinstance(node, ast.arguments):
            yield [each.arg for each in (*node.args, *node.kwonlyargs) if each.arg != "self"]
        elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store):
            yield [each.id for each in node.elts if isinstance(each, ast.Name)]
