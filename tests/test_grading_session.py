"""A warm session: calls that travel together, fixtures, and what it must leave alone."""

from __future__ import annotations

import gc
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from toy_course import toy_course

from gradekit.course import Course
from gradekit.engine import open_session, sandbox_of
from gradekit.errors import SandboxError
from gradekit.grading import judge, memo
from gradekit.grading.checks import PartialCredit
from gradekit.grading.judge import Judge
from gradekit.grading.memo import Memo
from gradekit.grading.originals.borrowed import borrowed
from gradekit.grading.proxy import Current, SubmissionProxy, run_of
from gradekit.grading.raised import SubmissionError
from gradekit.grading.run import Run
from gradekit.sandbox.host import WorkerHandle
from gradekit.sandbox.launch import Sandbox
from gradekit.sandbox.limits import Limits
from gradekit.submission import Submission, read

ANSWER = """
import numpy as np

seen = []


def double(x):
    seen.append(x)
    if x is None:
        raise ValueError("nothing to double")
    return x * 2


def scale_in_place(x, by=2):
    x *= by
    return x


def count():
    return len(seen)


def hang(x):
    while x:
        pass
"""
GRADER = '''
import pytest

from gradekit.grading import check, expect


@pytest.fixture
def fresh():
    return []


@check("double", points=4, hint="?")
@pytest.mark.parametrize("x", [1, 2])
def test_is_wrong_for_one(submission, x):
    """It doubles."""
    expect(submission.double(x) == 2 * x, "no")


@check("double", points=2, hint="?")
def test_keeps_what_it_got(submission, fresh, tmp_path):
    """A fixture is made anew for each submission."""
    fresh.append(submission.double(3))
    expect(fresh == [6] and tmp_path.is_dir(), f"got {fresh}")


def test_of_nothing():
    assert False, "not a check: it counts for nothing"
'''


@pytest.fixture
def submission() -> Iterator[SubmissionProxy]:
    with Sandbox(["numpy"], Limits(check_seconds=1)) as sandbox:
        run = Run(sandbox, "toy", Submission("toy.py", (ANSWER,), "0"))
        run.begin_check()
        yield SubmissionProxy(Current(run))
        run.close()


def test_each_yields_cases_with_their_values(submission):
    """In order, whatever their size: a large one goes alone, small ones go together."""
    cases = [(np.full(size, 1.5),) for size in (3, 40_000, 5, 9_000, 1)]
    for (case, value), (given,) in zip(submission.each("double", cases), cases, strict=True):
        assert case[0] is given
        np.testing.assert_array_equal(value, 2 * given)


def test_each_raises_at_its_turn_and_has_made_all_calls(submission):
    """What was made does not depend on where the loop ends, so reports stay the same."""
    doubled = submission.each("double", [(1,), (None,), (3,)])
    assert next(doubled) == ((1,), 2)
    with pytest.raises(ValueError, match="nothing to double"):
        next(doubled)
    assert str(run_of(submission).state.last_call) == "double(None)"
    assert run_of(submission).state.replies == 2
    assert submission.count() == 3


def test_each_called_shows_the_arguments_afterwards(submission):
    """Each call has arguments of its own."""
    x = np.ones(2)
    answers = [called for _, called in submission.each_called("scale_in_place", [(x,), (x,)], by=3)]
    for called in answers:
        np.testing.assert_array_equal(called.value, [3, 3])
        np.testing.assert_array_equal(called.args[0], [3, 3])
        assert called.kwargs == {"by": 3}
    np.testing.assert_array_equal(x, [1, 1])


def test_chance_is_the_same_for_every_answer():
    """Whoever draws without a seed gets the same numbers in each worker, and the same report."""
    source = "import random\nimport numpy as np\n\n\ndef draw():\n"
    answer = Submission("a.py", (f"{source}    return random.random(), np.random.random()\n",), "0")
    drawn = []
    with Sandbox(["numpy"], Limits()) as sandbox:
        for _ in range(3):  # the zygote prepares more before its second fork
            run = Run(sandbox, "toy", answer)
            run.begin_check()
            drawn.append(SubmissionProxy(Current(run)).draw())
            run.close()
    assert len(set(drawn)) == 1


def test_a_worker_lost_on_the_way_is_told_once(submission):
    """Which of the calls it was cannot be known, so the message does not claim to."""
    with pytest.raises(SubmissionError) as lost:
        list(submission.each("hang", [(0,), (1,), (0,)]))
    text = "stopped after 1 s: one of 3 calls such as hang(0) did not return"
    assert (str(lost.value), lost.value.ending) == (text, "timed_out")


@pytest.mark.parametrize(
    ("earned", "score"), [(1.5, 1.5), (-1.0, 0.0), (5.0, 2.0), (float("nan"), 0.0)]
)
def test_partial_credit_stays_within_the_points_of_its_check(earned, score):
    """A score that is no number would make the sum of the report none, and that of the class."""
    assert judge._part_of(2.0, PartialCredit(earned)) == score


def test_a_score_that_is_no_number_is_not_full_marks():
    """Gradescope's `set_score` may be given what the answer computes: NaN is not below anything."""
    decorators = borrowed()["gradescope_utils.autograder_utils.decorators"]

    @decorators.partial_credit(2.0)
    def scored(self, set_score):
        set_score(self)

    scored(2.0)
    for score in (1.0, float("nan")):
        with pytest.raises(PartialCredit):
            scored(score)


def toy(source: str) -> Submission:
    return Submission("toy.py", (source,), "0")


def test_checks_may_use_fixtures_and_parameters(tmp_path: Path):
    """Again and again in one session; a test that is no check is not run."""
    course = toy_course(tmp_path, GRADER, ANSWER)
    with open_session(course, course.find("toy")) as session:
        for _ in range(3):
            report = session.grade(toy(ANSWER))
            assert [check.outcome for check in report.checks] == ["passed"] * 3
            assert report.score == report.max_score == 10


def test_what_is_remembered_is_what_would_be_found(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the bank, in two orders: the same reports as from checks that run each time."""
    exercise = course.find("softmax")
    bank = Path(course.root, "tests", "bank", exercise.name)
    answers = [read(path) for path in sorted(bank.glob("*/*.py"))[::2]]
    with open_session(course, exercise) as session:
        forward = [session.grade(answer).without_times() for answer in answers]
        judged: list[str] = []
        judgement = Judge.judgement

        def noted(self: Judge, item: Any, error: Any) -> Any:
            judged.append(item)
            return judgement(self, item, error)

        monkeypatch.setattr(Judge, "judgement", noted)
        backward = [session.grade(answer).without_times() for answer in reversed(answers)]
    assert backward[::-1] == forward
    checks = len(answers) * len(forward[0].checks)
    assert len(judged) < checks / 10  # those that ran again
    monkeypatch.setattr(Memo, "recall", lambda *_: None)
    with open_session(course, exercise) as session:
        assert [session.grade(answer).without_times() for answer in answers] == forward


STEPS = '''
import random

from gradekit.grading import check, expect


@check("double", points=6, hint="?")
def test_step_by_step(submission):
    """Each call depends on what came back from the last."""
    x = 1
    while x < 1000:
        x = submission.double(x)
    expect(x == 1024, f"got {x} after {submission.count()} calls")


@check("double", points=4, hint="?")
def test_of_anything(submission):
    """What it asks for is never the same."""
    x = random.random()
    expect(submission.double(x) == 2 * x, "no double")
'''


def test_new_replies_are_looked_at_by_the_check_itself(tmp_path: Path) -> None:
    """It goes on from the replies that are known, and no call is made twice."""
    course = toy_course(tmp_path, STEPS, ANSWER)
    odd = ANSWER.replace("return x * 2", "return x * 2 + (x == 64)")
    hangs = ANSWER.replace("return x * 2", "return hang(x) if x == 64 else x * 2")
    exercise = msgspec.structs.replace(
        course.find("toy"), limits=Limits(check_seconds=0.5, submission_seconds=5)
    )
    with open_session(course, exercise) as session:
        for _ in range(2):
            assert session.grade(toy(ANSWER)).passed
        for _ in range(2):
            assert session.grade(toy(odd)).checks[0].message.endswith("got 1032 after 10 calls")
            check = session.grade(toy(hangs)).checks[0]
            assert check.message == "stopped after 0.5 s: double(64) did not return"
            assert check.ending == "timed_out"
        assert session.grade(toy(ANSWER)).passed


def test_what_fails_on_our_side_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a check that stumbled nor a worker that could not be made meets the next answer."""
    course = toy_course(tmp_path, STEPS, ANSWER)
    with open_session(course, course.find("toy")) as session:
        with monkeypatch.context() as once:
            once.setattr("gradekit.grading.loop._error_of", lambda run: run() or MemoryError())
            for _ in range(2):
                report = session.grade(toy(ANSWER))
                assert [check.outcome for check in report.checks] == ["failed"] * 2
                assert "could not be judged (MemoryError" in report.checks[0].message
        for _ in range(3):
            assert session.grade(toy(ANSWER)).passed

        make, faults = Sandbox.worker, iter([SandboxError("not now")] * 3)

        def worker(self: Sandbox) -> WorkerHandle:
            for fault in faults:
                raise fault
            return make(self)

        monkeypatch.setattr(Sandbox, "worker", worker)
        assert {check.outcome for check in session.grade(toy(ANSWER)).checks} <= {
            "passed", "not_run"
        }  # fmt: skip
        assert session.grade(toy(ANSWER)).passed


MISTAKEN = '''
import numpy as np
from gradekit.grading import assert_close, check


@check("double", points=3, hint="?")
def test_one(submission):
    """It says no tolerance."""
    assert_close(submission.double(1.0), 2.0)


@check("double", points=3, hint="?")
def test_two(submission):
    """It uses what NumPy does not have."""
    assert submission.double(1.0) == np.double_of(1.0)


@check("double", points=4, hint="?")
def test_three(submission):
    """An answer can bring this about."""
    assert len(submission.double("a")) == 2
'''


def test_a_mistake_of_the_grader_is_told_with_its_line(tmp_path: Path) -> None:
    """It is no fault of the answer, which is not blamed; what an answer can cause is its own."""
    course = toy_course(tmp_path, MISTAKEN, ANSWER)
    with open_session(course, course.find("toy")) as session:
        report = session.grade(toy(ANSWER.replace("return x * 2", "return 3")))
    assert [check.outcome for check in report.checks] == ["not_run", "not_run", "failed"]
    messages = [check.message for check in report.checks]
    place = f"graders/{course.find('toy').name}.py, line"
    assert messages[0].startswith(f"{place} 9: TypeError: assert_close() missing 1 required")
    assert messages[1].startswith(f"{place} 15: AttributeError: module 'numpy' has no")
    assert "could not be judged (TypeError" in messages[2]


FOLLOWING = '''
from gradekit.grading import check, expect


@check("double", points=3, hint="?")
def test_one(submission):
    """It doubles 1."""
    expect(submission.double(1) == 2, "no double")


@check("double", points=3, hint="?")
def test_two(submission):
    """It doubles 2; of an answer that does not, more is asked."""
    value = submission.double(2)
    expect(value == 4, f"got {value}" if value == 4 else f"{submission.count()} calls so far")


@check("count", points=4, hint="?")
def test_of_the_order(submission):
    """An answer meets the calls of one check after those of another."""
    count = submission.count()
    expect(count == 2, f"{count} calls so far")
'''


def test_checks_ask_together_and_say_what_they_would_say_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of answers that end their worker, or that a check asks more than others before."""
    changed = {
        "right": "return x * 2",
        "wrong, and asked more": "return x * 2 + (x == 2)",
        "hangs": "return hang(x) if x == 2 else x * 2",
        "ends its process": "return exec('import os; os._exit(0)') if x == 2 else x * 2",
        "forgets what it has seen": "seen.clear(); return x * 2",
    }
    answers = {name: toy(ANSWER.replace("return x * 2", line)) for name, line in changed.items()}
    course = toy_course(tmp_path, FOLLOWING)
    exercise = msgspec.structs.replace(
        course.find("toy"), limits=Limits(check_seconds=0.2, submission_seconds=5)
    )
    parcels: list[int] = []
    exchange = WorkerHandle.exchange

    def noted(self: WorkerHandle, requests: Any, allowance: Any) -> Any:
        parcels.append(len(requests))
        return exchange(self, requests, allowance)

    monkeypatch.setattr(WorkerHandle, "exchange", noted)
    with open_session(course, exercise) as session:
        for _ in range(3):  # to know what each asks, and how long it takes
            assert session.grade(answers["right"]).passed
        parcels.clear()
        found = {name: session.grade(answer).without_times() for name, answer in answers.items()}
        assert parcels[:2] == [1, 3]  # the file of the right answer, and all its checks
    monkeypatch.setattr(Memo, "recall", lambda *_: None)
    with open_session(course, exercise) as session:
        for name, answer in answers.items():
            assert session.grade(answer).without_times() == found[name], name
    assert found["wrong, and asked more"].checks[1].message.endswith("2 calls so far")


WORDS = '''
import itertools

from gradekit.grading import check, expect

numbers = itertools.count(10**6)


@check("double", points=10, hint="?")
def test_counts(submission):
    """It asks for another number each time, which the answer does not know."""
    x = next(numbers)
    value = submission.double(x)
    expect(submission.count() == 1, f"called {submission.count()} times")
    expect(value == 2 * x, "no double")
'''


def test_a_check_that_asks_differently_each_time_is_not_remembered(tmp_path: Path) -> None:
    """Nothing that it does not ask for reaches the answer."""
    course = toy_course(tmp_path, WORDS, ANSWER)
    odd = ANSWER.replace("return x * 2", "return x * 2 + (x % 2)")
    with open_session(course, course.find("toy")) as session:
        for number in range(6):
            report = session.grade(toy(odd if number % 2 else ANSWER))
            assert report.checks[0].message == ("count(): no double" if number % 2 else "")


def test_what_is_remembered_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it all is forgotten, and the reports stay the same."""
    monkeypatch.setattr(memo, "MEMO_BYTES", 4 * memo.ENTRY_BYTES)
    course = toy_course(tmp_path, STEPS, ANSWER)
    with open_session(course, course.find("toy")) as session:
        for add in range(5):
            wrong = toy(ANSWER.replace("return x * 2", f"return x * 2 + {add}"))
            assert [session.grade(wrong).passed for _ in range(2)] == [add == 0] * 2
            assert session.grade(toy(ANSWER)).passed


def test_a_lent_sandbox_outlives_its_session(course: Course) -> None:
    """What several sessions use is started once, and closed by whoever lent it."""
    exercise = course.find("softmax")
    with sandbox_of(course, exercise) as sandbox:
        zygote = sandbox._zygote
        for _ in range(2):
            with open_session(course, exercise, lent=sandbox) as session:
                assert session.grade(read(course.solution(exercise))).passed
        assert sandbox._zygote is zygote is not None and zygote.is_alive()
    assert not zygote.is_alive()


def test_a_session_leaves_the_environment_alone(course, session_of):
    """It belongs to all sessions of a process, and here to the test that is running."""
    before = dict(os.environ)
    path = course.solution(course.find("softmax"))
    assert session_of("softmax").grade(read(path)).passed
    assert dict(os.environ) == before


def test_what_failed_checks_looked_at_is_let_go(course: Course) -> None:
    """Large values that came back are not kept until Python happens to collect its garbage."""

    def resident_mib() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 2**20

    large = "def softmax(x, axis=-1):\n    return [0.5] * 2**19\nlog_softmax = softmax\n"
    with open_session(course, course.find("05")) as session:
        session.grade(read(course.solution(session.exercise)))
        gc.disable()
        try:
            before = resident_mib()
            session.grade(Submission("a.py", (large,), "0"))
            assert resident_mib() - before < 150
        finally:
            gc.enable()
