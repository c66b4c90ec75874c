"""What objects of an answer may decide themselves, as the course's own solution has it.

An object could claim to equal everything, so the grader does not ask it. It asks only where the
solution's class defines the special method (`__eq__`, `__bool__`, `__contains__`, ...): then the
method is part of the task. The same holds for a `with` block that swallows errors, and for a
function that stops an iteration. The solution is parsed and not run. The answer has no influence.
"""

from __future__ import annotations

import ast
import builtins
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
# The methods that could decide a comparison: a length gives an object a truth value, and an
# operator may return a difference of 0.
COUNTED = JUDGING | CONVERSIONS | {"__len__", AS_ARRAY, *OPERATORS}
# Modules without classes of numbers, apart from those whose numbers arrive as data.
WITHOUT_NUMBERS = (sys.stdlib_module_names | {"numpy", "torch", "typing_extensions"}) - {
    "ctypes", "ipaddress", "numbers", "uuid",
}  # fmt: skip
# Base classes whose objects are true, unless a derived class says otherwise.
NEVER_FALSE = frozenset("object ABC Enum Module Exception Protocol Generic".split())
FLAGS = frozenset({"__or__", "__and__", "__xor__"})
BUILTINS = frozenset(name for name in vars(builtins) if not name.startswith("_"))
SWALLOWS = frozenset({"__exit__"})
# The methods that classes inherit from the abstract classes of `collections.abc`.
OF_SETS = frozenset(
    f"__{name}__" for name in "le lt ge gt eq and or sub xor iand ior isub ixor".split()
)
OF_LISTS = ORDER | {f"__{name}__" for name in "eq len contains add mul iadd imul".split()}
COLLECTIONS = {
    "Sequence": frozenset({"__contains__"}),
    "MutableSequence": frozenset({"__contains__", "__iadd__"}),
    "Set": OF_SETS, "MutableSet": OF_SETS,
    "Mapping": frozenset({"__contains__", "__eq__"}),
    "MutableMapping": frozenset({"__contains__", "__eq__"}),
    "UserDict": frozenset({"__contains__", "__eq__", "__len__", "__or__", "__ior__"}),
    "UserList": OF_LISTS, "deque": OF_LISTS, "UserString": OF_LISTS | {"__mod__", "__hash__"},
}  # fmt: skip
# All classes of libraries whose methods a class may inherit.
LIBRARY: dict[str, frozenset[str]] = {
    "Flag": FLAGS, "IntFlag": FLAGS, "suppress": SWALLOWS, "ExitStack": SWALLOWS, **COLLECTIONS,
}  # fmt: skip
# Masked arrays are accepted only if the solution uses them. NumPy's comparisons ignore masked
# entries, so an array with all entries masked would be equal to anything.
MASKED = re.compile(r"\b(?:np|numpy)\.ma\b|\bmasked_")
# A call may raise StopIteration only if the solution's text has one of these. In
# `zip(map(f, inputs), outputs)` it would end a test's loop before anything is compared.
STOPS = re.compile(r"\byield\b|\bStopIteration\b")
GENERATED = "_GeneratorContextManager"  # the class of the objects that `contextmanager` makes

PANDAS = re.compile(r"^\s*(?:import|from) pandas\b", re.MULTILINE)
# Classes of pandas. A comparison of columns is a column again and not a verdict, so the answer may
# make it.
COLUMNS = (
    "Series DataFrame Index RangeIndex DatetimeIndex MultiIndex CategoricalIndex Timestamp "
    "Timedelta Int64DType Float64DType BoolDType ObjectDType "
    "StringDtype CategoricalDtype DateTime64DType"
).split()
COMPARED_BY_ITEM = frozenset(
    [*OPERATORS, "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"]
)
DRAWS = re.compile(r"^\s*(?:import|from) matplotlib\b", re.MULTILINE)
# Classes of what is drawn: `assert not axes.patches`, and `assert axes.get_legend()`.
DRAWN = {"ArtistList": frozenset({"__len__"}), "Artist": frozenset({TRUE})}
OF_LIBRARIES = [
    (PANDAS, dict.fromkeys(COLUMNS, COMPARED_BY_ITEM)),
    (DRAWS, DRAWN),
    (re.compile(r"\bsuppress\b"), {"suppress": SWALLOWS}),
    # `if found(text):`, where it gives a match or None.
    (re.compile(r"^\s*(?:import|from) re\b", re.MULTILINE), {"Match": frozenset({TRUE})}),
]


class Terms(NamedTuple):
    """How the answers to an exercise are run, and what their objects may decide.

    Attributes:
        mode: Whether the grader gets data only, or handles too.
        judged: The special methods that objects are asked for, by the solution's classes.
        masked: Whether arrays may have masked entries.
        stops: Whether functions may raise StopIteration.
        libraries: The names that the solution imports; see `libraries_in`.
        hides: The built-in names that the solution defines itself, such as `sum`.
        seeds: The seed that is set before each cell, and the name of the variable for it, or "".
    """

    mode: str = PLAIN
    judged: Mapping[str, frozenset[str]] = {}
    masked: bool = False
    stops: bool = False
    libraries: Mapping[str, tuple[str, str]] = {}
    seeds: tuple[int, str] | None = None
    hides: frozenset[str] = frozenset()


def terms_of(course: Course, exercise: Exercise) -> Terms:
    """The terms of an exercise, read from its entry and its solution."""
    number = exercise.cell_seed
    seeds = None if number is None else (number, exercise.seed_variable)
    if exercise.mode == PLAIN:
        return Terms(seeds=seeds)
    try:
        solution = read(course.solution(exercise))
        cells = (*solution.cells, *(text for _, text in solution.modules))
    except KitError:  # the course has no such solution, so objects decide nothing
        cells = ()
    return Terms(
        exercise.mode,
        judged_in(cells),
        any(map(MASKED.search, cells)),
        any(map(STOPS.search, cells)),
        libraries_in(cells),
        seeds,
        hidden_by(cells),
    )


def hidden_by(cells: Iterable[str]) -> frozenset[str]:
    """The built-in names that a source binds at its top: `def sum(a, b)`."""
    trees = filter(None, map(_parsed, cells))
    bound = {name for tree in trees for each in tree.body for name in names_in(each).bound}
    return frozenset(bound & BUILTINS)


def judged_in(cells: Iterable[str]) -> dict[str, frozenset[str]]:
    """The special methods that the classes of a source define, by the names of the classes.

    Under `ANY_CLASS` are those that objects of every class are asked for.
    """
    found: dict[str, frozenset[str]] = {}
    any_class: frozenset[str] = frozenset()
    cells = [*cells]
    for cell in cells:
        if (tree := _parsed(cell)) is None:
            continue
        for used, classes in OF_LIBRARIES:
            found.update(classes if used.search(cell) else {})
        if any(map(_is_swallowing_function, ast.walk(tree))):
            found[GENERATED] = any_class = SWALLOWS
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                # An answer may swallow errors in a class of another name, or in a function.
                any_class |= _swallowing(node)
                found[node.name] = _of_class(node, found)
    if not _modules_in(cells) <= WITHOUT_NUMBERS:
        any_class |= CONVERSIONS
    if any_class:
        found[ANY_CLASS] = any_class
    return found


def _parsed(cell: str) -> ast.Module | None:
    """The syntax tree of a cell; None if it is not valid Python."""
    try:
        return ast.parse(cell)
    except (SyntaxError, ValueError):
        return None


def _of_class(node: ast.ClassDef, found: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The special methods of a class: its own, and those of its bases.

    Bases are looked up by name among the classes so far (`found`) and those of the library. One
    that is defined later, or elsewhere, adds nothing: then the grader decides, which is safe.
    """
    inheritable = ChainMap(dict(found), LIBRARY)
    inherited = [inheritable.get(name, frozenset()) for name in map(_name, node.bases)]
    own = _methods(node) | _by_decorators(node) | _swallowing(node)
    own = own.union(found.get(node.name, ()), *inherited) - {TRUE}
    return own | _true_by_default(node, own, found)


def _modules_in(cells: Iterable[str]) -> set[str]:
    """The top-level modules that a source imports, anywhere in it."""
    found: set[str] = set()
    for tree in filter(None, map(_parsed, cells)):
        nodes = [*ast.walk(tree)]
        found |= {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
        found |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in found}


def libraries_in(cells: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The names that a source binds by imports and in no other way.

    If a test takes such a name from the answer, `np` for example, it gets the library itself: the
    answer's `np` could agree with everything.

    Returns:
        For each name the module, and the name in that module, or "" if it is the module.
    """
    imported: dict[str, tuple[str, str]] = {}
    others: set[str] = set()
    for tree in filter(None, map(_parsed, cells)):
        for each in tree.body:
            if isinstance(each, ast.Import):
                imported.update(map(_imported_as, each.names))
            elif isinstance(each, ast.ImportFrom) and each.module and not each.level:
                found = {a.asname or a.name: (each.module, a.name) for a in each.names}
                imported.update(found)
            else:
                others |= names_in(each).bound
    return {name: origin for name, origin in imported.items() if name not in others}


def _imported_as(alias: ast.alias) -> tuple[str, tuple[str, str]]:
    """`import a.b as c` binds `c` to the inner module, `import a.b` binds `a`."""
    top = alias.name.partition(".")[0]
    return (alias.asname, (alias.name, "")) if alias.asname else (top, (top, ""))


def _methods(node: ast.ClassDef) -> frozenset[str]:
    """The special methods that the body of a class binds, by `def` or by an assignment."""
    names = set()
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            names.add(statement.name)
        elif isinstance(statement, ast.Assign):
            names |= {each.id for each in statement.targets if isinstance(each, ast.Name)}
    return frozenset(names & COUNTED)


def _swallowing(node: ast.ClassDef) -> frozenset[str]:
    """SWALLOWS if a `with` block of its objects may swallow an exception, else nothing."""
    for statement in node.body:
        if getattr(statement, "name", "") in ("__exit__", "__aexit__"):
            returned = [each.value for each in ast.walk(statement) if isinstance(each, ast.Return)]
            if not all(getattr(value, "value", value) in (None, False) for value in returned):
                return SWALLOWS
    return frozenset()


def _is_swallowing_function(node: ast.AST) -> bool:
    """Whether it is a function for `contextmanager` that handles exceptions."""
    if not isinstance(node, ast.FunctionDef):
        return False
    names = {_name(each) for each in node.decorator_list}
    handlers = any(isinstance(each, ast.Try) and each.handlers for each in ast.walk(node))
    return "contextmanager" in names and handlers


def _true_by_default(
    node: ast.ClassDef, own: frozenset[str], found: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """TRUE if neither the class nor a base defines a truth value, so its objects are true."""
    bases = [_name(base.value if isinstance(base, ast.Subscript) else base) for base in node.bases]
    has_own = not own.isdisjoint(("__bool__", "__len__")) or node.keywords
    plain = all(base in NEVER_FALSE or TRUE in found.get(base, ()) for base in bases)
    return frozenset({TRUE} if plain and not has_own else ())


def _by_decorators(node: ast.ClassDef) -> frozenset[str]:
    """The special methods that `dataclass`, `total_ordering` and `runtime_checkable` add."""
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
