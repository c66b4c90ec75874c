"""On what terms a check meets an answer: by data alone or with handles, and what it may judge.

What an object may judge itself (whether it equals another, is true, contains, comes first) is
read from the course's own solution: a special method that one of its classes defines is part of
the task, and so is a block that swallows errors, or a function that stops an iteration. The
solution's text is parsed, never run, and an answer has no say in it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import ChainMap
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gradekit.course import Course, Exercise
from gradekit.definitions import names_in
from gradekit.errors import KitError
from gradekit.grading.handle import ANY_CLASS, IS_ONE, TRUE
from gradekit.sandbox.known import AS_ARRAY, CONVERSIONS, JUDGING, OPERATORS
from gradekit.sandbox.limits import PLAIN
from gradekit.submission import read

ORDER = frozenset({"__lt__", "__le__", "__gt__", "__ge__"})
# A length gives an object a truth value; an operator may give a difference of 0.
COUNTED = JUDGING | CONVERSIONS | {"__len__", AS_ARRAY, *OPERATORS}
# Modules of whose objects none is a number that arrives as an object, and no data.
WITHOUT_NUMBERS = (sys.stdlib_module_names | {"numpy", "torch", "typing_extensions"}) - {
    "ctypes", "ipaddress", "numbers", "uuid",
}  # fmt: skip
NEVER_FALSE = frozenset("object ABC Enum Module Exception Protocol Generic".split())  # bases
FLAGS = frozenset({"__or__", "__and__", "__xor__"})
SWALLOWS = frozenset({"__exit__"})
# What the abstract classes of `collections.abc` define for those that are derived from them.
OF_SETS = frozenset(
    f"__{name}__" for name in "le lt ge gt eq and or sub xor iand ior isub ixor".split()
)
COLLECTIONS = {
    "Sequence": frozenset({"__contains__"}),
    "MutableSequence": frozenset({"__contains__", "__iadd__"}),
    "Set": OF_SETS, "MutableSet": OF_SETS,
    "Mapping": frozenset({"__contains__", "__eq__"}),
    "MutableMapping": frozenset({"__contains__", "__eq__"}),
}  # fmt: skip
# Masked arrays only arrive where the solution uses them: comparisons of NumPy ignore masked
# entries, so an answer that hides all of them would be equal to anything.
MASKED = re.compile(r"\b(?:np|numpy)\.ma\b|\bmasked_")
# Else no call gives StopIteration: in `zip(map(f, inputs), outputs)` it would end a test's loop
# before anything is compared.
STOPS = re.compile(r"\byield\b|\bStopIteration\b")
GENERATED = "_GeneratorContextManager"  # the class of what `contextmanager` makes of a function

PANDAS = re.compile(r"^\s*(?:import|from) pandas\b", re.MULTILINE)
# What pandas makes of a comparison is a column again, and no verdict: it stays with the answer.
COLUMNS = (
    "Series DataFrame Index RangeIndex DatetimeIndex MultiIndex CategoricalIndex Timestamp "
    "Timedelta Int64DType Float64DType BoolDType ObjectDType "
    "StringDtype CategoricalDtype DateTime64DType"
).split()
COMPARED_BY_ITEM = frozenset(
    [*OPERATORS, "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"]
)


class Terms(NamedTuple):
    """How a worker is used, and the special methods that count, by the solution's classes."""

    mode: str = PLAIN
    judged: Mapping[str, frozenset[str]] = {}
    masked: bool = False  # its arrays may have masked entries, which comparisons ignore
    stops: bool = False  # its functions may raise StopIteration
    libraries: Mapping[str, tuple[str, str]] = {}  # what the solution imports; see `libraries_in`
    seeds: tuple[int, str] | None = None  # set before each cell, and of which variable, if any


def terms_of(course: Course, exercise: Exercise) -> Terms:
    """The terms of an exercise of a course."""
    number = exercise.cell_seed
    seeds = None if number is None else (number, exercise.seed_variable)
    if exercise.mode == PLAIN:
        return Terms(seeds=seeds)
    try:
        solution = read(course.solution(exercise))
        cells = (*solution.cells, *(text for _, text in solution.modules))
    except KitError:  # a course without this solution: nothing is judged by itself
        cells = ()
    return Terms(
        exercise.mode,
        judged_in(cells),
        any(map(MASKED.search, cells)),
        any(map(STOPS.search, cells)),
        libraries_in(cells),
        seeds,
    )


def judged_in(cells: Iterable[str]) -> dict[str, frozenset[str]]:
    """The special methods that the classes of a source define, by the names of the classes."""
    found: dict[str, frozenset[str]] = {}
    cells = [*cells]
    library: dict[str, frozenset[str]] = {
        "Flag": FLAGS, "IntFlag": FLAGS, "suppress": SWALLOWS, "ExitStack": SWALLOWS,
        **COLLECTIONS,
    }  # fmt: skip
    inheritable = ChainMap(found, library)
    any_class: frozenset[str] = frozenset()
    for cell in cells:
        try:
            tree = ast.parse(cell)
        except (SyntaxError, ValueError):
            continue
        if PANDAS.search(cell):
            found.update(dict.fromkeys(COLUMNS, COMPARED_BY_ITEM))
        if re.search(r"\bsuppress\b", cell):
            found["suppress"] = SWALLOWS
        if any(map(_is_swallowing_function, ast.walk(tree))):
            found[GENERATED] = any_class = SWALLOWS
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                # By name, in the order of the text: a base class that is defined later, or
                # elsewhere, counts for nothing, which is the strict side.
                inherited = [inheritable.get(name, frozenset()) for name in map(_name, node.bases)]
                # An answer may do it in a class of another name, or in a function.
                any_class |= _swallowing(node)
                own = _methods(node) | _by_decorators(node) | _swallowing(node)
                own = own.union(found.get(node.name, ()), *inherited) - {TRUE}
                found[node.name] = own | _true_by_default(node, own, found)
    if not _modules_in(cells) <= WITHOUT_NUMBERS:
        any_class |= CONVERSIONS
    if any_class:
        found[ANY_CLASS] = any_class
    return found


def _modules_in(cells: Iterable[str]) -> set[str]:
    """The top-level modules that a source imports, anywhere in it."""
    found: set[str] = set()
    for cell in cells:
        try:
            nodes = [*ast.walk(ast.parse(cell))]
        except (SyntaxError, ValueError):
            continue
        found |= {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
        found |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in found}


def libraries_in(cells: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The names that a source binds by imports only: the module, and the name in it or "".

    A test that takes such a name from the answer's, `np` say, means the library: the answer's own
    could agree with everything.
    """
    imported: dict[str, tuple[str, str]] = {}
    others: set[str] = set()
    for cell in cells:
        try:
            statements = ast.parse(cell).body
        except (SyntaxError, ValueError):
            continue
        for each in statements:
            if isinstance(each, ast.Import):
                imported.update(map(_imported_as, each.names))
            elif isinstance(each, ast.ImportFrom) and each.module and not each.level:
                found = {a.asname or a.name: (each.module, a.name) for a in each.names}
                imported.update(found)
            else:
                others |= names_in(each).bound
    return {name: told for name, told in imported.items() if name not in others}


def _imported_as(alias: ast.alias) -> tuple[str, tuple[str, str]]:
    """`import a.b as c` binds `c` to the inner module, `import a.b` binds `a`."""
    top = alias.name.partition(".")[0]
    return (alias.asname, (alias.name, "")) if alias.asname else (top, (top, ""))


def _methods(node: ast.ClassDef) -> frozenset[str]:
    """The special methods that its body binds, by `def` or by an assignment."""
    names = set()
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            names.add(statement.name)
        elif isinstance(statement, ast.Assign):
            names |= {each.id for each in statement.targets if isinstance(each, ast.Name)}
    return frozenset(names & COUNTED)


def _swallowing(node: ast.ClassDef) -> frozenset[str]:
    """Whether the end of a `with` block of its objects may swallow what was raised in it."""
    for statement in node.body:
        if getattr(statement, "name", "") in ("__exit__", "__aexit__"):
            returned = [each.value for each in ast.walk(statement) if isinstance(each, ast.Return)]
            if not all(getattr(value, "value", value) in (None, False) for value in returned):
                return SWALLOWS
    return frozenset()


def _is_swallowing_function(node: ast.AST) -> bool:
    """Whether it is a function for `contextmanager` that handles what is raised where it yields."""
    if not isinstance(node, ast.FunctionDef):
        return False
    names = {_name(each) for each in node.decorator_list}
    handlers = any(isinstance(each, ast.Try) and each.handlers for each in ast.walk(node))
    return "contextmanager" in names and handlers


def _true_by_default(
    node: ast.ClassDef, own: frozenset[str], found: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """The mark of a class that has no truth value of its own, and no base that might have one."""
    bases = [_name(base.value if isinstance(base, ast.Subscript) else base) for base in node.bases]
    has_own = not own.isdisjoint(("__bool__", "__len__")) or node.keywords
    plain = all(base in NEVER_FALSE or TRUE in found.get(base, ()) for base in bases)
    return frozenset({TRUE} if plain and not has_own else ())


def _by_decorators(node: ast.ClassDef) -> frozenset[str]:
    """What `dataclass`, `total_ordering` and `runtime_checkable` define."""
    names: set[str] = set()
    for each in node.decorator_list:
        options = {}
        if isinstance(each, ast.Call):
            options = {k.arg: getattr(k.value, "value", None) for k in each.keywords}
        name = _name(each.func if isinstance(each, ast.Call) else each)
        if name == "total_ordering":
            names |= ORDER
        if name == "runtime_checkable":
            names |= {IS_ONE}
        if name == "dataclass" and options.get("eq", True):
            names |= {"__eq__"} | (ORDER if options.get("order") else set())
            hashed = options.get("frozen") or options.get("unsafe_hash")
            names |= {"__hash__"} if hashed else set()
    return frozenset(names)


def _name(node: ast.expr) -> str:
    """The last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
