"""Handles: what a check may do with objects that stay in the answer's process, and what not."""

from __future__ import annotations

import ctypes
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gradekit.caches import cache
from gradekit.course import Course
from gradekit.engine import open_session
from gradekit.grading import classes, confined, handle
from gradekit.grading.raised import SubmissionError
from gradekit.grading.session import Session
from gradekit.grading.terms import judged_in
from gradekit.report import Report
from gradekit.sandbox import named, tiers
from gradekit.sandbox.known import CONVERSIONS
from gradekit.sandbox.nodes import Malformed
from gradekit.sandbox.wholes import Wholes
from gradekit.submission import Submission, read

LIVE = Course(Path(__file__).parent / "live")


@pytest.fixture(scope="module")
def stack() -> Iterator[Session]:
    """A warm session whose checks hold handles."""
    with open_session(LIVE, LIVE.find("stack")) as session:
        yield session


@pytest.fixture(scope="module")
def shared() -> Iterator[Session]:
    """A warm session whose checks are as tests of elsewhere."""
    with open_session(LIVE, LIVE.find("shared")) as session:
        yield session


@pytest.fixture(scope="module")
def gradients() -> Iterator[Session]:
    """A warm session whose checks follow gradients."""
    with open_session(LIVE, LIVE.find("gradients")) as session:
        yield session


def solution(name: str) -> Submission:
    return read(LIVE.solution(LIVE.find(name)))


def graded(session: Session, text: str) -> Report:
    return session.grade(Submission("answer.py", (text,), text))


def test_the_solution_gets_all_points_each_time(stack: Session) -> None:
    """Also where replies are remembered: the numbers of objects are the same each time."""
    reports = [stack.grade(solution("stack")) for _ in range(3)]
    assert [report.score for report in reports] == [10] * 3, reports[0].failed


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("return self\n\n    def pop", "return Stack()\n\n    def pop", "stack_forgets"),
        ("class Tower(Stack)", "class Tower(Grid)", "class_is_another"),
        ("class Empty(LookupError)", "class Empty(ValueError)", "error_is_another"),
        ('super().__init__("nothing there", size)', "super().__init__(size)", "error_is_another"),
        ("raise Empty(0)", "raise LookupError(0)", "error_is_another"),
        ("return kind is ValueError", "return False", "with_block_is_not_left"),
        ("dataclass(order=True)", "dataclass(eq=False)", "point_equals_all"),
        ("RED = 1", "RED = 3", "members_are_lost"),
        ("class Grid(list)", "class Grid(tuple)", "data_in_disguise"),
        ("yield from range(n)", "return [*range(n)]", "generator_is_a_list"),
        ('VERSION = "1.0"', 'VERSION = "1.1"', "names_are_hidden"),
        ('"""Twice.', '"""Thrice.', "names_are_hidden"),
        ("return item in self.items", "return True", "bag_judges_all"),
    ],
)
def test_a_mistake_loses_its_check(stack: Session, old: str, new: str, lost: str) -> None:
    """What differs from the solution is found through handles."""
    (cell,) = solution("stack").cells
    assert old in cell
    failed = {check.name for check in graded(stack, cell.replace(old, new)).failed}
    assert f"test_{lost}" in failed


def test_imported_checks_share_a_process_it_seems(shared: Session) -> None:
    """Arguments, identity, callbacks, output and seeds; the same each time."""
    reports = [shared.grade(solution("shared")) for _ in range(3)]
    assert [report.score for report in reports] == [10] * 3, reports[0].failed
    ways = shared.ways_of(solution("shared"))
    assert "written" in ways["test_sorts_a_copy"]
    assert "callbacks" in ways["test_calls_something_else"]
    assert ways["test_prints_nothing"] == set()


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("items.sort()", "return sorted(items)", "sorts_a_copy"),
        ("array /= 2\n    return array", "return array / 2", "sorts_a_copy"),
        ("return x\n\n\ndef both", "return [*x]\n\n\ndef both", "gives_another_object"),
        ("return [x, y, (x,", "return [x, y, ([*x],", "gives_another_object"),
        ("function(function(x))", "2 * function(x)", "calls_something_else"),
        ("except KeyError", "except Exception", "calls_something_else"),
        ("return function()", "return 1 / 0", "calls_something_else"),
        ('print("hello", name)', 'print("bye", name)', "prints_something_else"),
        ("return random.random(), ", "return random.uniform(0, 2), ", "draws_other_numbers"),
        ("float(np.random.rand())", "0.5", "draws_other_numbers"),
        ("    node.items = items", "    pass", "objects_are_copies"),
        ("self.labels = books, [*labels]", "self.labels = [*books], [*labels]", "keeps_copies"),
        ("self.labels = books, [*labels]", "self.labels = books, labels", "keeps_copies"),
        ("return [*self.labels]", "return self.labels", "keeps_copies"),
        ("self.rows = [[0, 0], [0, 0]]", "self.rows = [[0, 0]] * 2", "keeps_copies"),
        ("each.tell(number, watchers)", "each.tell(0, watchers)", "lists_of_a_class_are_copies"),
        ("lambda: [0]", "lambda: [1]", "lists_of_a_class_are_copies"),
        ("return nodes[0].after, nodes", "return type(last)(2), nodes", "objects_are_copies"),
    ],
)
def test_a_mistake_loses_its_imported_check(shared: Session, old: str, new: str, lost: str) -> None:
    """What differs from the solution is found where a process seems to be shared."""
    (cell,) = solution("shared").cells
    assert old in cell
    failed = {check.name for check in graded(shared, cell.replace(old, new)).failed}
    assert f"test_{lost}" in failed


def test_gradients_cross(gradients: Session) -> None:
    """Through outputs, parameters, optimisers of either side; the same each time."""
    reports = [gradients.grade(solution("gradients")) for _ in range(2)]
    assert [report.score for report in reports] == [10] * 2, reports[0].failed


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("return x * factor", "return x.detach() * factor", "gradient_ends"),
        ("return x * factor", "return (x * factor).detach() + x - x", "gradient_ends"),
        ("return 2 * grad", "return 3 * grad", "second_output_is_cut_off"),
        ("torch.tanh(self.first(x))", "torch.tanh(self.first(x)).detach()", "model_does_not_train"),
        ("each -= self.rate * each.grad", "each - each.grad", "own_optimiser_stands_still"),
        ("loss.backward()", "loss", "backward_inside_is_lost"),
        ("torch.randn(n)", "torch.zeros(n)", "other_noise"),
        ("return 2 * self.part(x)", "return self.part(x)", "parts_are_copies"),
    ],
)
def test_a_lost_gradient_loses_its_check(gradients: Session, old: str, new: str, lost: str) -> None:
    """What is wrong with a gradient is seen over here."""
    (cell,) = solution("gradients").cells
    assert old in cell
    failed = {check.name for check in graded(gradients, cell.replace(old, new)).failed}
    assert f"test_{lost}" in failed


def test_columns_of_pandas_are_compared_item_by_item_where_the_solution_uses_it() -> None:
    """What comes of `frame.city == "Oslo"` is a column again; without pandas nothing is."""
    assert {"__eq__", "__gt__", "__add__"} <= judged_in(["import pandas as pd"])["Series"]
    assert judged_in(["import numpy as np\nSeries = 1"]) == {}
    assert judged_in(["def f():\n    import sympy"]) == {"": CONVERSIONS}


@pytest.mark.skipif(not tiers.landlock_abi(), reason="no Landlock on this machine")
def test_the_kernel_confines_the_thread_of_imported_checks(
    shared: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And no other thread; C code, of which no audit hook hears, can open nothing else either."""
    shared.wait_until_warm()
    graders = [each.native_id for each in threading.enumerate() if each.name == "grader"]
    states = [Path(f"/proc/self/task/{each}/status").read_text() for each in graders]
    assert any("NoNewPrivs:\t1" in state for state in states)
    assert "NoNewPrivs:\t0" in Path("/proc/self/status").read_text()

    for name in ("temporary", "home"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes").write_text("secret")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    cache("").mkdir(parents=True, exist_ok=True)
    libc = ctypes.CDLL(None)

    def opens(path: Path, mode: str) -> bool:
        return bool(libc.fopen(str(path).encode(), mode.encode()))

    def look() -> list[bool]:
        confined.confine(LIVE, LIVE.find("shared"))
        temporary, home = (tmp_path / name for name in ("temporary", "home"))
        return [
            opens(temporary / "notes", "r"),
            opens(temporary / "new", "w"),
            opens(LIVE.stub(LIVE.find("shared")), "r"),
            opens(home / "notes", "r"),
            opens(home / "new", "w"),
            opens(LIVE.solution(LIVE.find("shared")), "r"),
            opens(LIVE.grader(LIVE.find("shared")), "r+"),
            opens(cache("page.py"), "w"),  # kit runs what it has compiled and kept there
        ]

    with ThreadPoolExecutor(1) as one:
        assert one.submit(look).result() == [*[True] * 3, *[False] * 5]
    assert opens(tmp_path / "home" / "notes", "r")


def test_which_methods_a_solution_lets_judge() -> None:
    """Decided from the text of the solution: its own methods, decorators, and what they inherit."""
    found = judged_in([
        "import dataclasses, functools\n"
        "class Plain:\n    def push(self): pass\n"
        "@functools.total_ordering\nclass A:\n    def __eq__(self, other): pass\n    __ne__ = 1\n"
        "class B(A): pass\n"
        "@dataclasses.dataclass(frozen=True)\nclass C: x: int = 1\n"
        "@dataclasses.dataclass(eq=False)\nclass D: x: int = 1\n",
        "class E:\n    def __len__(self): pass\n    def __repr__(self): pass",
        "class F(Plain): pass\nclass G(dict): pass\nclass H(E): pass\nclass I(metaclass=M): pass",
        "no python at all (",
    ])  # fmt: skip
    order = {"__lt__", "__le__", "__gt__", "__ge__"}
    assert found == {
        "Plain": {handle.TRUE},
        "A": {"__eq__", "__ne__", *order, handle.TRUE},
        "B": {"__eq__", "__ne__", *order, handle.TRUE},
        "C": {"__eq__", "__hash__", handle.TRUE},
        "D": {handle.TRUE},
        "E": {"__len__"},
        "F": {handle.TRUE},
        "G": set(),
        "H": {"__len__"},
        "I": set(),
    }


def test_an_exercise_that_is_not_live_has_no_handles(
    session_of: Callable[[str], Session], course: Course
) -> None:
    """Its workers refuse the requests, and its functions give data only."""
    session = session_of("05")
    from gradekit.grading.run import Run

    run = Run(session._sandbox, "m", Submission("a.py", ("def f():\n    return f\nx = 1",), "0"))
    run.begin_check()
    try:
        for kind, asked in [("get", ["x"]), ("attribute", [1, "get", "real"]),
                            ("operate", [1, "__neg__", ()])]:  # fmt: skip
            with pytest.raises(Exception, match="no check of this exercise may hold handles"):
                run.request(kind, asked, "it")
        with pytest.raises(Exception, match="a `function` object"):
            run.request("call", ["f", (), {}, False], "it")
    finally:
        run.close()


BACKWARD = """
import sys, torch
Tensors = sys.modules["gradekit.sandbox.inside.tensors"].Tensors
def scaled(x, factor):
    return x * factor
"""


@pytest.mark.parametrize(
    "lie",
    [
        "Tensors.backward = lambda self, value, grad, *leaves: [torch.zeros(5)]",
        "Tensors.backward = lambda self, value, grad, *leaves: [1.0] * sum(map(len, leaves))",
        "Tensors.backward = lambda self, value, grad, *leaves: 1 / 0",
        "Tensors.changes = lambda self: [(1, torch.zeros(7).int(), None, True)]",
        "Tensors.changes = lambda self: [(-1, None, torch.zeros(7), True)]",
        "Tensors.changes = lambda self: [(-1, torch.zeros(2), torch.zeros(7), True)]",
        "Tensors.changes = lambda self: [(-1, torch.zeros(2), None, 5)]",
        "Tensors.changes = lambda self: [(-99, torch.zeros(2), None, True)]",
        "Tensors.known = lambda self, value: sys.modules['gradekit.sandbox.wire'].Sent(77)",
        "Tensors.changes = lambda self: [(0, [True])]",
        "Tensors.changes = lambda self: 5",
    ],
)
def test_gradients_that_lie_earn_nothing(gradients: Session, lie: str) -> None:
    """Other shapes, kinds and numbers of tensors than were asked for cost the check only."""
    report = graded(gradients, BACKWARD + lie)
    assert report.score == 0
    assert not report.not_run
    assert gradients.grade(solution("gradients")).score == 10


@pytest.mark.parametrize(
    "content",
    [
        5,
        {"_modules": 5},
        {"_modules": ({"x": 5}, [])},
        {"_modules": ({"a.b": None}, [])},
        {"_parameters": ({"bias": "text"}, [])},
        {"_buffers": ({5: None}, [])},
        {"_forward_hooks": ({0: "text"}, [])},
        {"_forward_hooks": ({}, [[]])},
        {"own": ({"forward": 5}, [])},
        {"own": ({"_modules": 5}, [])},
        {"own": ({"name": print}, [])},
        {"__class__": ({"name": 5}, [])},
    ],
)
def test_a_module_becomes_nothing_else(content: object) -> None:
    """Of what an answer tells of a test's module, nothing is taken that could not be its own."""
    torch = pytest.importorskip("torch")
    shared = Wholes(lambda value: False)
    number = shared.add(torch.nn.Linear(1, 1))
    with pytest.raises(Malformed):
        shared.set(number, content)
    number = shared.add(torch.optim.SGD([torch.zeros(1)]))
    for wrong in (content, {"states": ({7: {}}, [])}, {"groups": ({0: {"lr": print}}, [])}):
        with pytest.raises(Malformed):
            shared.set(number, wrong)
    with pytest.raises(Malformed):
        shared.set(7, {})


@pytest.mark.parametrize(
    "parts", [["torch.return_types.max", [1]], ["builtins.tuple", []], [[], []], ["torch.Size", []]]
)
def test_no_tuple_is_made_of_unknown_classes(parts: list[object]) -> None:
    """Tuples with names are those of libraries, with as many items."""
    with pytest.raises(Malformed):
        named.made_of(parts)


def test_a_handle_is_of_use_in_its_own_check_only(stack: Session) -> None:
    """Whoever keeps one meets a sentence, and no object of a later check."""
    run = stack._run(solution("stack"))
    try:
        run.begin_check("one")
        kept = run.variable("Stack")()
        assert kept.size == 0
        run.begin_check("two")
        other = run.variable("Stack")()
        for use in (lambda: kept.size, lambda: other.push(kept), lambda: len(kept.items)):
            with pytest.raises(RuntimeError, match="its own check"):
                use()
    finally:
        run.close()


def test_arrays_that_are_gone_weigh_nothing(shared: Session) -> None:
    """A check may get many large arrays one after the other, and not keep them all."""
    run = shared._run(solution("shared"))
    try:
        run.begin_check("one")
        zeros = run.variable("np").zeros
        for _ in range(80):
            assert zeros(2**19).shape == (2**19,)
        assert run.state.told_bytes < 2**24
        with pytest.raises(SubmissionError, match="more data than one check may be told"):
            kept = [zeros(2**19) for _ in range(80)]
            assert not kept
    finally:
        run.close()


def test_equality_without_an_answer_is_false(stack: Session) -> None:
    """An `__eq__` that gives None makes objects unequal, as it does natively."""
    (cell,) = solution("stack").cells
    line = "return isinstance(other, Bag) and sorted(self.items) == sorted(other.items)"
    assert line in cell
    run = stack._run(Submission("answer.py", (cell.replace(line, "pass"),), ""))
    try:
        run.begin_check("one")
        bag = run.variable("Bag")
        assert (bag(1) != bag(2)) is True
        assert not bag(1) == bag(1)  # noqa: SIM201  # the other operator is asked
    finally:
        run.close()


def test_numbers_of_objects_follow_the_check(stack: Session) -> None:
    """The same way through a check gives the same numbers, so that replies can be remembered."""
    run = stack._run(solution("stack"))
    found = []
    try:
        for name in ("one", "two"):
            run.begin_check(name)
            made = [run.variable("Stack")(), run.variable("Tower")()]
            found.append([each.kit__ref.number for each in (*made, made[0].push)])
    finally:
        run.close()
    assert found[0] == found[1]


def test_the_signs_of_a_handle_are_local(stack: Session) -> None:
    """Names with two underscores that libraries look for are not asked of the answer."""
    run = stack._run(solution("stack"))
    try:
        run.begin_check("one")
        made = run.variable("Stack")([1])
        asked = run.state.requests
        for name in ("__array__", "__array_interface__", "__torch_function__", "__index__"):
            assert not hasattr(made, name)
        assert made != [1]
        assert repr(made) == "<Stack object>"
        assert run.state.requests == asked
        names = vars(type(made))  # of the answer's class: that of the class here would be empty
        assert {"__init__", "push"} <= names.keys() and "shrink" not in names
        with pytest.raises(TypeError):
            names["push"] = None
    finally:
        run.close()


def test_an_error_of_the_system_is_rebuilt_without_its_init() -> None:
    """OSError and its like have a `__new__` of their own, which has to be used for them."""
    kind = type("Denied", (PermissionError,), {})
    ref: Any = object()
    error = classes.object_of(kind, ref)
    assert isinstance(error, PermissionError) and vars(error)["kit__ref"] is ref
