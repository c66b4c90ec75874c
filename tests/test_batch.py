"""Grading a class: nothing is lost, nothing is graded twice, and a death costs nobody.

Most tests use a course of one small exercise, whose grader ends its own process when an
answer returns DEADLY, as a bug of ours might.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

import gradekit.batch.grader
from gradekit.batch.classroom import Classroom
from gradekit.batch.journal import Journal
from gradekit.batch.machines import Machines, this_machine
from gradekit.commands import kit
from gradekit.course import Course
from gradekit.engine import open_session
from gradekit.errors import GraderError, KitError
from gradekit.grading.session import Session
from gradekit.results import RESULTS, read_attempts, read_history, read_results
from gradekit.sandbox.tiers import PROCESS
from gradekit.submission import parse

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="full isolation needs Linux")

DEADLY = 13
GRADER = f"""
import os, signal
from gradekit.grading import assert_equal, check

@check("double", points=6, hint="What is twice 21?")
def test_small(submission):
    '''Small numbers are doubled.'''
    if submission.double(21) == {DEADLY}:
        os.kill(os.getpid(), signal.SIGKILL)
    assert_equal(submission.double(21), 42)

@check("double", points=4, hint="And of nothing?")
def test_zero(submission):
    '''Zero stays zero.'''
    assert_equal(submission.double(0), 0)
"""
ENTRY = """
[[exercise]]
name = "exercise_01_double"
title = "Doubling"
library = "numpy"
topics = ["arithmetic"]
difficulty = 1
minutes = 1
hints = ["a", "b", "c"]
"""
RIGHT, WRONG = "def double(x):\n    return 2 * x\n", "def double(x):\n    return x * x\n"
NAME = "exercise_01_double"


@pytest.fixture
def small(tmp_path: Path) -> Course:
    """A course of one exercise that takes no time."""
    root = tmp_path / "course"
    for folder in ("exercises", "solutions", "graders"):
        (root / folder).mkdir(parents=True)
    (root / "exercises/exercises.toml").write_text(ENTRY)
    (root / f"exercises/{NAME}.py").write_text("def double(x):\n    raise NotImplementedError\n")
    (root / f"solutions/{NAME}.py").write_text(RIGHT)
    (root / f"graders/{NAME}.py").write_text(GRADER)
    return Course(root)


def hand_in(folder: Path, *answers: str) -> Path:
    """A class with one answer each, each different from all others by its last line."""
    for number, answer in enumerate(answers):
        path = folder / f"student{number:03}" / f"{NAME}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{answer}# {number}\n")
    return folder


def scores(folder: Path) -> dict[str, float]:
    """The points of everybody; also asserts that nobody stands there twice."""
    results = list(read_results(folder))
    assert len({(each.student, each.exercise) for each in results}) == len(results)
    return {each.student: each.report.score for each in results}


def canonical(folder: Path) -> str:
    """results.jsonl without what may differ from run to run: order and times."""
    lines = []
    for line in (folder / RESULTS).read_bytes().splitlines():
        value = msgspec.json.decode(line)
        value["report"]["seconds"] = 0
        for check in value["report"]["checks"]:
            check["seconds"] = 0
        lines.append(msgspec.json.encode(value).decode())
    return "\n".join(sorted(lines))


def grade_class(
    course: Course,
    handed_in: Path,
    out: Path,
    machines: Any = lambda: this_machine(2),
    tell: Callable[[], None] = lambda: None,
) -> Classroom:
    classroom = Classroom(course, handed_in, out, seed=0)
    classroom.grade(machines, None, lambda earlier: None, tell)
    return classroom


def children(pid: int) -> list[int]:
    """The processes that a process has started, and theirs, as long as they live."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += [int(child), *children(int(child))]
    return found


def command_line(pid: int) -> str:
    """Its words with spaces between; "" of a process that has ended meanwhile."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


class Counting(Executor):
    """One thread of this process, which counts what it is asked."""

    def __init__(self) -> None:
        self._inner = ThreadPoolExecutor(1)
        self.submitted = 0

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.submitted += 1
        return self._inner.submit(function, *args, **kwargs)

    def machines(self) -> Any:
        return nullcontext(Machines(self, width=lambda: 3))


WITH_TRUTH = """\
from gradekit.grading import Truth, check

DOUBLE = Truth(
    "double", lambda x: 2.0 * x, rtol=1e-9, inputs=lambda st: st.tuples(st.sampled_from([1.0, 3.0]))
)


@check("double", points=10, hint="How often does x count?")
def test_squares(submission):
    \"\"\"It doubles.\"\"\"
    DOUBLE.assert_holds(submission, [(7.0,)])
"""


def test_full_feedback_shows_a_call_that_is_not_graded(small: Course, tmp_path: Path) -> None:
    """It is looked for once for equal bytes, and also where a run before did without it."""
    (small.root / f"graders/{NAME}.py").write_text(WITH_TRUTH)
    handed_in = hand_in(tmp_path / "in", RIGHT, WRONG, WRONG)
    last = handed_in / "student002" / f"{NAME}.py"
    last.write_bytes((handed_in / "student001" / f"{NAME}.py").read_bytes())
    out, counting = tmp_path / "out", Counting()
    grade_class(small, handed_in, out, counting.machines)
    plain = {each.student: each.report for each in read_results(out)}
    assert not any(report.explained or report.checks[0].counterexample for report in plain.values())
    classroom = Classroom(small, handed_in, out, seed=0)
    assert len(classroom.preview(None, explain=True).replaced) == 2
    classroom.grade(counting.machines, None, lambda earlier: None, lambda: None, explain=True)
    full = {each.student: each.report for each in read_results(out)}
    example = full["student001"].checks[0].counterexample
    assert example is not None
    assert (example.call, example.expected, example.got) == ("double(1.0)", "2", "1")
    assert full["student002"].checks == full["student001"].checks
    assert counting.submitted == 3
    classroom.write("full")
    for page in (out / "feedback" / "student002").glob("exercise_*"):
        assert "double(1.0)" in page.read_text("utf-8")
    classroom.write("hints")
    assert not any("double(1.0)" in page.read_text("utf-8") for page in out.glob("feedback/*/*"))


def test_everybody_gets_their_own_points(small: Course, tmp_path: Path) -> None:
    """Right, wrong, broken and endless answers each get what they deserve, by any executor."""
    answers = [RIGHT, WRONG, "def double(x)\n", "import os\nos._exit(0)\n", "x = 1\n"]
    handed_in = hand_in(tmp_path / "in", *answers)
    grade_class(small, handed_in, tmp_path / "out")
    expected = [10, 4, 0, 0, 0]
    assert list(dict(sorted(scores(tmp_path / "out").items())).values()) == expected
    grade_class(small, handed_in, tmp_path / "other", Counting().machines)
    assert canonical(tmp_path / "other") == canonical(tmp_path / "out")


def test_same_bytes_are_graded_once(small: Course, tmp_path: Path) -> None:
    """Identical answers are graded once, whatever their files are called, and all get points."""
    for number in range(8):
        path = tmp_path / "in" / f"name{number}_{number}_9_{NAME}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(RIGHT if number % 2 else WRONG)
    counting = Counting()
    grade_class(small, tmp_path / "in", tmp_path / "out", counting.machines)
    assert counting.submitted == 2
    assert sorted(scores(tmp_path / "out").values()) == [4.0] * 4 + [10.0] * 4


def test_only_what_changed_is_graded_again(small: Course, tmp_path: Path) -> None:
    """The same command grades changed and new answers only; a changed grader, everything."""
    handed_in = hand_in(tmp_path / "in", *[RIGHT] * 4)
    grade_class(small, handed_in, tmp_path / "out", (counting := Counting()).machines)
    grade_class(small, handed_in, tmp_path / "out", counting.machines)
    assert counting.submitted == 4
    hand_in(tmp_path / "in", RIGHT, WRONG, RIGHT, RIGHT, WRONG)
    classroom = grade_class(small, handed_in, tmp_path / "out", counting.machines)
    assert counting.submitted == 6
    assert (classroom.earlier, classroom.finished) == (3, 2)
    assert list(dict(sorted(scores(tmp_path / "out").items())).values()) == [10, 4, 10, 10, 4]
    path = small.grader(small.find("1"))
    path.write_text(path.read_text() + "# changed\n")
    changed = Course(small.root)
    gradekit.batch.grader._sessions.clear()
    grade_class(changed, handed_in, tmp_path / "out", counting.machines)
    assert counting.submitted == 11


def test_results_of_files_that_are_gone_stay(small: Course, tmp_path: Path) -> None:
    """What a class hands in may come in parts: one part does not wipe out another."""
    first = hand_in(tmp_path / "monday", RIGHT)
    second = hand_in(tmp_path / "tuesday", RIGHT, WRONG)
    (second / "student000" / f"{NAME}.py").unlink()
    grade_class(small, first, tmp_path / "out", (counting := Counting()).machines)
    grade_class(small, second, tmp_path / "out", counting.machines)
    assert scores(tmp_path / "out") == {"student000": 10, "student001": 4}


def test_what_left_its_export_does_not_count(small: Course, tmp_path: Path) -> None:
    """An answer that is gone from its own export is listed and left out, and can come back."""
    handed_in = hand_in(tmp_path / "in", RIGHT, WRONG)
    machines = Counting().machines
    grade_class(small, handed_in, tmp_path / "out", machines)
    path = handed_in / "student001" / f"{NAME}.py"
    text = path.read_text()
    path.unlink()
    classroom = grade_class(small, handed_in, tmp_path / "out", machines)
    assert scores(tmp_path / "out") == {"student000": 10}
    overview = classroom.write("full")
    assert any("no longer in this export" in each.reason for each in overview.not_graded)
    path.write_text(text)
    again = grade_class(small, handed_in, tmp_path / "out", machines)
    assert again.finished == 0
    assert scores(tmp_path / "out") == {"student000": 10, "student001": 4}


def test_what_was_replaced_is_in_the_history(small: Course, tmp_path: Path) -> None:
    """A changed answer or engine moves the old line into the history, with why."""
    handed_in = hand_in(tmp_path / "in", WRONG)
    machines = Counting().machines
    grade_class(small, handed_in, tmp_path / "out", machines)
    hand_in(tmp_path / "in", RIGHT)
    grade_class(small, handed_in, tmp_path / "out", machines)
    (old,) = read_history(tmp_path / "out")
    assert (old.result.report.score, old.why) == (
        4,
        "another answer of the same person was handed in",
    )


@pytest.mark.parametrize("what", ["engine", "helper", "first version"])
def test_a_result_holds_while_all_that_made_it_does(
    what: str, small: Course, tmp_path: Path, monkeypatch: Any
) -> None:
    """Another engine, another module that the grader imports, or no word of them: graded anew."""
    helper = small.root / "graders/helper.py"
    helper.write_text("TWICE = 2\n")
    grader = small.grader(small.find("1"))
    grader.write_text("import sys\nif 0:\n    import helper\n" + grader.read_text())
    gradekit.batch.grader._sessions.clear()
    handed_in = hand_in(tmp_path / "in", RIGHT, WRONG)
    machines = Counting().machines
    grade_class(small, handed_in, tmp_path / "out", machines)
    assert grade_class(small, handed_in, tmp_path / "out", machines).finished == 0
    if what == "engine":
        monkeypatch.setattr("gradekit.batch.versions.engine", lambda: "another")
    elif what == "helper":
        helper.write_text("TWICE = 3\n")
    else:
        path = tmp_path / "out" / RESULTS
        lines = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
        keep = ("student", "exercise", "file", "report")
        path.write_bytes(
            b"".join(msgspec.json.encode({k: line[k] for k in keep}) + b"\n" for line in lines)
        )
        assert scores(tmp_path / "out") == {"student000": 10, "student001": 4}
    assert grade_class(small, handed_in, tmp_path / "out", machines).finished == 2
    assert {each.why for each in read_history(tmp_path / "out")} == {
        "the grader or the engine changed"
    }
    assert scores(tmp_path / "out") == {"student000": 10, "student001": 4}


def test_torn_end_is_graded_again(small: Course, tmp_path: Path) -> None:
    """Wherever in its last line the file ends, the same command makes it whole again."""
    handed_in = hand_in(tmp_path / "in", RIGHT, WRONG, RIGHT)
    machines = Counting().machines
    grade_class(small, handed_in, tmp_path / "out", machines)
    whole = (tmp_path / "out" / RESULTS).read_bytes()
    expected = canonical(tmp_path / "out")
    last = whole[:-1].rindex(b"\n") + 1
    for end in (last, last + 1, last + 40, len(whole) - 2, len(whole) - 1):
        (tmp_path / "out" / RESULTS).write_bytes(whole[:end])
        assert grade_class(small, handed_in, tmp_path / "out", machines).finished == 1
        assert canonical(tmp_path / "out") == expected
    (tmp_path / "out" / RESULTS).write_bytes(b"\0\xff no json\n" + whole)
    assert grade_class(small, handed_in, tmp_path / "out", machines).finished == 0
    assert canonical(tmp_path / "out") == expected


@pytest.mark.parametrize("victim", ["grader", "zygote"])
def test_kill_in_the_middle_changes_nothing(victim: str, small: Course, tmp_path: Path) -> None:
    """Graders and zygotes that are killed at random moments are replaced; results agree."""
    handed_in = hand_in(tmp_path / "in", *[RIGHT, WRONG] * 30)
    grade_class(small, handed_in, tmp_path / "calm")
    dice = random.Random(7)
    killed = 0
    of_other_tests = set(children(os.getpid()))

    def tell() -> None:
        nonlocal killed
        if dice.random() < 0.1:
            mark = "spawn_main" if victim == "grader" else "zygote"
            ours = set(children(os.getpid())) - of_other_tests
            if found := [pid for pid in sorted(ours) if mark in command_line(pid)]:
                with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                    os.kill(dice.choice(found), signal.SIGKILL)
                    killed += 1

    grade_class(small, handed_in, tmp_path / "killed", tell=tell)
    assert killed >= 3
    assert canonical(tmp_path / "killed") == canonical(tmp_path / "calm")


def test_killed_worker_is_tried_again(small: Course, tmp_path: Path) -> None:
    """An answer whose process somebody killed from outside is graded again, alone."""
    slow = "import time\ndef double(x):\n    time.sleep(0.3)\n    return 2 * x\n"
    handed_in = hand_in(tmp_path / "in", *[f"{slow}# {number}\n" for number in range(6)])
    killed = 0

    def tell() -> None:
        nonlocal killed
        end = time.monotonic() + 20
        while killed < 2 and time.monotonic() < end:
            for zygote in children(os.getpid()):
                if "zygote" in command_line(zygote) and (workers := children(zygote)):
                    os.kill(workers[0], signal.SIGKILL)  # it sleeps at least 0.3 s
                    killed += 1
                    return

    grade_class(small, handed_in, tmp_path / "out", lambda: this_machine(1), tell)
    assert killed == 2
    assert set(scores(tmp_path / "out").values()) == {10.0}


COORDINATOR = """
import os, random, signal, sys
from pathlib import Path
from gradekit.batch.classroom import Classroom
from gradekit.batch.machines import this_machine
from gradekit.course import Course

def tell():
    if dice.random() < 0.08:
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    course, handed_in, out = map(Path, sys.argv[1:4])
    dice = random.Random(int(sys.argv[4]))
    classroom = Classroom(Course(course), handed_in, out, seed=0)
    classroom.grade(lambda: this_machine(2), None, lambda earlier: None, tell)
"""


def test_killed_coordinator_goes_on(small: Course, tmp_path: Path) -> None:
    """However often the run is killed, each goes on from there, and the end is the same."""
    handed_in = hand_in(tmp_path / "in", *[RIGHT, WRONG] * 20)
    grade_class(small, handed_in, tmp_path / "calm")
    script = tmp_path / "coordinator.py"
    script.write_text(COORDINATOR)
    done, runs = 0, 0
    while True:
        arguments = [script, small.root, handed_in, tmp_path / "out", str(runs)]
        status = subprocess.run([sys.executable, *arguments], check=False).returncode
        runs += 1
        assert len(scores(tmp_path / "out")) >= done, "a finished result was lost"
        done = len(scores(tmp_path / "out"))
        if status == 0:
            break
        assert status == -signal.SIGKILL
    assert runs > 1
    assert canonical(tmp_path / "out") == canonical(tmp_path / "calm")


def test_answer_that_brings_the_grader_down_twice(small: Course, tmp_path: Path) -> None:
    """It is reported as not run, which is not zero points; its neighbours lose nothing."""
    deadly = f"def double(x):\n    return {DEADLY}\n"
    handed_in = hand_in(tmp_path / "in", RIGHT, RIGHT, deadly, RIGHT, WRONG, RIGHT)
    classroom = grade_class(small, handed_in, tmp_path / "out")
    reports = {each.student: each.report for each in read_results(tmp_path / "out")}
    assert len(reports) == 6
    report = reports.pop("student002")
    assert [check.outcome for check in report.checks] == ["not_run"]
    assert report.max_score == 0
    assert report.submission_sha256 == hashlib.sha256(f"{deadly}# 2\n".encode()).hexdigest()
    assert sorted(report.score for report in reports.values()) == [4, 10, 10, 10, 10]
    overview = classroom.write("full")
    assert overview.not_run == 1
    assert "student002,,0" in (tmp_path / "out/scores.csv").read_text()


def test_broken_grader_is_nobodys_fault(small: Course, tmp_path: Path) -> None:
    """Answers to an exercise whose grader cannot be loaded are all reported as not run."""
    small.grader(small.find("1")).write_text("import nothing_of_that_name\n")
    handed_in = hand_in(tmp_path / "in", *[RIGHT] * 6)
    classroom = grade_class(small, handed_in, tmp_path / "out", lambda: this_machine(1))
    assert classroom.write("full").not_run == 6
    message = next(read_results(tmp_path / "out")).report.not_run[0].message
    assert "nothing_of_that_name" in message


def test_a_broken_grader_is_told_to_everybody_who_asks(
    small: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also to who asks in the moment before its thread has ended; they waited for ever."""
    small.grader(small.find("1")).write_text("import nothing_of_that_name\n")
    monkeypatch.setattr(Session, "is_alive", True)
    with open_session(small, small.find("1")) as session:
        for _ in range(2):
            with pytest.raises(GraderError, match="nothing_of_that_name"):
                session.grade(parse(Path("a.py"), b"x = 1\n"))


def run_kit(*arguments: object, **keywords: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gradekit", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **keywords)


def test_full_disk_loses_nothing(small: Course, tmp_path: Path) -> None:
    """On a full disk the run stops with a sentence; with room again it goes on from there."""
    handed_in = hand_in(tmp_path / "in", *[RIGHT, WRONG] * 10)
    grade_class(small, handed_in, tmp_path / "calm")
    size = (tmp_path / "calm" / RESULTS).stat().st_size

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    out = tmp_path / "out"
    arguments = ("--course", small.root, "grade", handed_in, "--seed", 0, "--out", out)
    full = run_kit(*arguments, preexec_fn=small_disk)
    assert full.returncode == 2, full.stderr
    assert "what it holds is safe" in full.stderr
    assert "Traceback" not in full.stderr
    before = (tmp_path / "out" / RESULTS).read_bytes()
    assert before.endswith(b"\n")
    again = run_kit(*arguments)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "out" / RESULTS).read_bytes().startswith(before)
    assert canonical(tmp_path / "out") == canonical(tmp_path / "calm")


def test_no_room_to_tidy_up(tmp_path: Path, small: Course, monkeypatch: Any) -> None:
    """If stale results cannot be removed for want of room, the file stays as it was."""
    handed_in = hand_in(tmp_path / "in", RIGHT, WRONG)
    machines = Counting().machines
    grade_class(small, handed_in, tmp_path / "out", machines)
    before = (tmp_path / "out" / RESULTS).read_bytes()
    hand_in(tmp_path / "in", WRONG)

    def no_room(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(KitError, match="No space left"):
        grade_class(small, handed_in, tmp_path / "out", machines)
    assert (tmp_path / "out" / RESULTS).read_bytes() == before


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(kit, [str(argument) for argument in arguments])


def test_control_c_stops_with_a_summary(small: Course, tmp_path: Path, monkeypatch: Any) -> None:
    """Ctrl-C ends the graders, writes what there is, says what is left, and can go on."""
    handed_in = hand_in(tmp_path / "in", *[RIGHT, WRONG] * 10)
    grade_class(small, handed_in, tmp_path / "calm")
    told = 0

    def tell(self: object) -> None:
        nonlocal told
        told += 1
        if told == 5:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("gradekit.render.batch._Bar.tell", tell)
    out = tmp_path / "out"
    arguments = ("--course", small.root, "grade", handed_in, "--seed", 0, "--out", out)
    # What a shell starts in the background ignores Ctrl-C, and so would these tests.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        stopped = invoke(*arguments)
    finally:
        signal.signal(signal.SIGINT, before)
    assert stopped.exit_code == 130, stopped.output
    assert "Stopped with 15 answers to go" in stopped.output
    assert "5 answers of 20 students" in stopped.output
    assert not [pid for pid in children(os.getpid()) if "spawn_main" in command_line(pid)]
    assert (tmp_path / "out/report.html").is_file()
    finished = invoke(*arguments)
    assert finished.exit_code == 0
    assert "20 answers of 20 students graded (5 of them by an earlier run)" in finished.output
    assert canonical(tmp_path / "out") == canonical(tmp_path / "calm")


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="there is only one core to keep to",
)
def test_warm_graders_keep_to_a_core_each(small: Course, tmp_path: Path) -> None:
    """They start on all cores; once warm, a grader, its threads and its zygote stay on one."""
    handed_in = hand_in(tmp_path / "in", *[RIGHT, WRONG] * 60)
    seen: list[dict[int, set[frozenset[int]]]] = []

    def tell() -> None:
        cores: dict[int, set[frozenset[int]]] = {}
        for grader in children(os.getpid()):
            if "spawn_main" not in command_line(grader):
                continue
            threads = [int(task.name) for task in Path(f"/proc/{grader}/task").iterdir()]
            cores[grader] = set()
            for one in (*threads, *children(grader)):
                with contextlib.suppress(ProcessLookupError):  # a worker
                    cores[grader].add(frozenset(os.sched_getaffinity(one)))
        seen.append(cores)

    grade_class(small, handed_in, tmp_path / "out", tell=tell)
    everywhere = frozenset(os.sched_getaffinity(0))
    assert all(cores == {everywhere} for cores in seen[0].values())
    warm = [cores for record in seen for cores in record.values() if cores != {everywhere}]
    assert any(len(cores) == len(next(iter(cores))) == 1 for cores in warm)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be chosen here")
def test_a_core_is_not_kept_for_ever(monkeypatch: Any) -> None:
    """The system, which knows what else is going on, places a grader anew from time to time."""
    monkeypatch.setattr(gradekit.batch.grader, "WARM", 3)
    monkeypatch.setattr(gradekit.batch.grader, "STAY_SECONDS", 0.0)
    place, kept = gradekit.batch.grader._Place(), []
    monkeypatch.setattr(place, "_keep_to", kept.append)
    for _ in range(6):
        place.graded()
    everywhere = os.sched_getaffinity(0)
    assert [len(cores) for cores in kept] == [1, len(everywhere), 1, len(everywhere)]
    assert kept[0] < everywhere or kept[0] == everywhere


def test_one_run_at_a_time(small: Course, tmp_path: Path) -> None:
    """A second run on the same folder is told so, and does no harm."""
    handed_in = hand_in(tmp_path / "in", RIGHT)
    with Journal(tmp_path / "out"):
        result = run_kit("--course", small.root, "grade", handed_in, "--out", tmp_path / "out")
    assert result.returncode == 2
    assert "Another `kit grade`" in result.stderr


def test_strangers_need_isolation(small: Course, tmp_path: Path, monkeypatch: Any) -> None:
    """Without isolation nothing is graded, unless somebody says that the answers are trusted."""
    monkeypatch.setattr(gradekit.batch.grader, "best_tier", lambda: PROCESS)
    handed_in = hand_in(tmp_path / "in", RIGHT)
    arguments = ("--course", small.root, "grade", handed_in, "--out", tmp_path / "out")
    refused = invoke(*arguments)
    assert refused.exit_code == 2
    assert "--isolation=process" in refused.output
    assert not (tmp_path / "out").exists()
    assert invoke(*arguments, "--isolation=process").exit_code == 0
    assert [each.report.isolation for each in read_results(tmp_path / "out")] == [PROCESS]


def test_what_cannot_be_read_is_shown(small: Course, tmp_path: Path) -> None:
    """Empty, binary and huge files and broken notebooks are listed; the rest is graded."""
    handed_in = hand_in(tmp_path / "in", RIGHT)
    for number, (suffix, content) in enumerate(
        [("py", b""), ("py", b"\0\1\2"), ("py", b"#" * 2**21), ("ipynb", b"{}"), ("ipynb", b"[")]
    ):
        path = handed_in / f"odd{number}" / f"{NAME}.{suffix}"
        path.parent.mkdir()
        path.write_bytes(content)
    (handed_in / "nobody").mkdir()
    result = invoke("--course", small.root, "grade", handed_in, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "1 answer of 7 students graded" in result.output
    assert "5 files not graded" in result.output
    assert scores(tmp_path / "out") == {"student000": 10}
    table = (tmp_path / "out/not_graded.csv").read_text()
    assert table.count("odd") >= 5
    assert "nobody,," in (tmp_path / "out/scores.csv").read_text()
    pages = {path.parent.name: path.read_text() for path in tmp_path.glob("out/feedback/*/*.html")}
    assert pages.keys() == {"student000", *(f"odd{number}" for number in range(5))}
    assert "is empty" in pages["odd0"] and "no text file" not in pages["odd0"]
    assert f"{NAME}.ipynb" in pages["odd4"] and "could not be graded" in pages["odd4"]
    assert f"graded: {NAME}.py, a file of 20" in pages["student000"]


def test_a_page_names_the_attempt_and_what_was_not_graded(small: Course, tmp_path: Path) -> None:
    """File, attempt and time stand on the page, and the files that were not graded, with why."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number, (version, text) in enumerate([("", WRONG), ("-1", RIGHT)]):
        (folder / f"ada_7_{90 + number}_{NAME}{version}.py").write_text(text)
    (folder / "ada_7_99_double.py").write_text(WRONG)
    (folder / "bob_8_80_notes.py").write_text("x = 1")
    result = invoke("--course", small.root, "grade", folder, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert scores(tmp_path / "out") == {"ada": 10}
    attempts = {each.attempt: each.state for each in read_attempts(tmp_path / "out")}
    assert attempts == {1: "attempt", 2: "counted"}
    page = (tmp_path / f"out/feedback/ada/{NAME}.md").read_text().replace("\\", "")
    assert f"graded: ada_7_91_{NAME}-1.py, attempt 2" in page
    assert "not graded: ada_7_99_double.py (the name of" in page
    assert "means no exercise" in (tmp_path / "out/feedback/bob/not_graded.html").read_text()


def test_results_beside_the_answers(small: Course, tmp_path: Path) -> None:
    """With --out inside the folder, our own files are not taken for somebody's answers."""
    handed_in = hand_in(tmp_path / "in", RIGHT)
    arguments = ("--course", small.root, "grade", handed_in, "--out", handed_in / "graded")
    assert invoke(*arguments).exit_code == 0
    again = invoke(*arguments)
    assert "1 answer of 1 student graded (1 of them by an earlier run)" in again.output
    assert "not graded" not in again.output


def test_results_among_the_answers_are_refused(small: Course, tmp_path: Path) -> None:
    """With the class's own folder as --out nothing could be told apart, and nothing is written."""
    handed_in = hand_in(tmp_path / "in", RIGHT)
    before = sorted(handed_in.rglob("*"))
    result = invoke("--course", small.root, "grade", handed_in, "--out", handed_in / "." / "")
    assert result.exit_code == 2 and "--out graded" in result.output
    assert sorted(handed_in.rglob("*")) == before


def test_broken_grader_is_named(small: Course, tmp_path: Path) -> None:
    """What kept an exercise from being graded is said with its name, and ends with our code."""
    small.grader(small.find("1")).write_text("import nothing_of_that_name\n")
    handed_in = hand_in(tmp_path / "in", RIGHT, WRONG)
    result = invoke("--course", small.root, "grade", handed_in, "--out", tmp_path / "out")
    assert result.exit_code == 3
    assert result.stderr.count(f"{NAME} was not run: ") == 1
    assert "nothing_of_that_name" in result.stderr


def test_the_class_of_the_demo(course: Course, tmp_path: Path) -> None:
    """Twelve students, six exercises: tricks earn nothing, right answers everything."""
    result = invoke("grade", course.root / "examples/class", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    results = list(read_results(tmp_path / "out"))
    points = {(each.student, each.exercise.split("_")[1]): each.report.score for each in results}
    students = {student for student, _ in points}
    assert len(students) == 12
    assert len({exercise for _, exercise in points}) == 6
    assert {Path(each.file).suffix for each in results} == {".py", ".ipynb"}
    assert not any(each.report.not_run for each in results)
    assert [points["Goro", number] for number in ("05", "09", "12", "17", "20", "21")] == [0] * 6
    assert [points["Aisha Khan", number] for number in ("05", "09", "20")] == [10] * 3
    assert points["fatou", "05"] == 0, "a syntax error runs nowhere"
    feedback = tmp_path / "out/feedback"
    assert {folder.name for folder in feedback.iterdir()} == students
    pages = len(list(feedback.glob("*/*.html")))
    assert len(points) <= pages == len(list(feedback.glob("*/*.md")))  # what is unreadable has one


def test_one_student_is_graded_again(small: Course, tmp_path: Path) -> None:
    """With --only one student's answer is graded anew, by name or id; all others stay."""
    for number, name in enumerate(("ada", "bob", "ada")):
        path = tmp_path / "in" / f"{name}_{number}_9{number}_{NAME}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{RIGHT}# {number}\n")
    arguments = ("--course", small.root, "grade", tmp_path / "in", "--out", tmp_path / "out")
    (tmp_path / "in" / f"cleo_{NAME}.py").touch()
    (tmp_path / "in" / f"dan_{NAME}.py").write_text(RIGHT)
    assert invoke(*arguments).exit_code == 0
    before = (tmp_path / "out" / RESULTS).read_bytes().splitlines()
    result = invoke(*arguments, "--only", "2")
    assert result.exit_code == 0, result.output
    assert not (tmp_path / "out/changes.csv").exists()  # Cleo's score neither: she never had one
    after = (tmp_path / "out" / RESULTS).read_bytes().splitlines()
    assert len(after) == 4
    assert len(set(before) & set(after)) == 3
    (old,) = read_history(tmp_path / "out")
    assert (old.result.person.id, old.why) == ("2", "it was graded again, as asked for")
    several = invoke(*arguments, "--only", "ada")
    assert several.exit_code == 2
    assert "ada (0), ada (2)" in several.output
    assert "called `eve`" in invoke(*arguments, "--only", "eve").output
    rows = (tmp_path / "out/scores.csv").read_text("utf-8-sig").splitlines()
    known = ["ada (0),10,10,0", "ada (2),10,10,2", "bob,10,10,1"]
    assert rows[1:] == [*known, "cleo,,0,", "dan,10,10,"]
    roster = tmp_path / "roster.csv"
    roster.write_text("Name;ID\nDan;5\n")
    assert invoke(*arguments, "--roster", roster).exit_code == 0
    assert "\nDan,10,10,5" in (tmp_path / "out/scores.csv").read_text("utf-8-sig")
    assert not (tmp_path / "out/changes.csv").exists()  # one file, another name
    table = (tmp_path / "out/scores.csv").read_text("utf-8-sig")
    assert invoke(*arguments, "--only", "Dan").exit_code == 0  # the roster is kept
    assert (tmp_path / "out/scores.csv").read_text("utf-8-sig") == table


def test_dry_run_shows_the_placement_and_grades_nothing(small: Course, tmp_path: Path) -> None:
    """The table, what is skipped, who is missing, and what differs from the results there."""
    handed_in = hand_in(tmp_path / "in", RIGHT, WRONG)
    (handed_in / "student000" / "notes.pdf").write_text("x")
    roster = tmp_path / "roster.csv"
    roster.write_text("Student;ID\nstudent000;7\nMissing Person;8\n")
    arguments = ("--course", small.root, "grade", handed_in, "--out", tmp_path / "out")
    first = invoke(*arguments, "--dry-run", "--roster", roster)
    assert first.exit_code == 0, first.output
    for told in (f"student001/{NAME}.py", "notes.pdf", "Missing Person (8)", "does not know"):
        assert told in first.output
    assert not (tmp_path / "out").exists()
    assert invoke(*arguments).exit_code == 0
    hand_in(handed_in, WRONG)
    again = invoke(*arguments, "--dry-run")
    assert "1 result holds; 1 answer would be graded" in again.output
    assert "student000, exercise_01_double: another answer" in again.output


def test_a_placement_in_doubt_is_not_graded(small: Course, tmp_path: Path) -> None:
    """A class that looks like one student ends with the table and code 2, until it is agreed."""
    folder = tmp_path / "in" / "hand in"
    folder.mkdir(parents=True)
    for number in range(5):
        (folder / f"my {NAME} {'abcde'[number]}.py").write_text(f"{RIGHT}# {number}\n")
    arguments = ("--course", small.root, "grade", tmp_path / "in", "--out", tmp_path / "out")
    for more in ((), ("--dry-run",)):
        refused = invoke(*arguments, *more)
        assert refused.exit_code == 2
        assert "a class rather than a person" in refused.output
        assert "--as-it-stands" in refused.output
        assert not (tmp_path / "out").exists()
    assert invoke(*arguments, "--as-it-stands").exit_code == 0
    assert scores(tmp_path / "out") == {"hand in": 10}


def test_all_of_it_answers_one_exercise(small: Course, tmp_path: Path) -> None:
    """With --exercise the files may be called anything, also `.PY` and `.py.txt`."""
    for student, name in (("ada", "hw5.PY"), ("bob", "Untitled.py.txt")):
        (tmp_path / "in" / student).mkdir(parents=True)
        (tmp_path / "in" / student / name).write_text(RIGHT)
    arguments = ("--course", small.root, "grade", tmp_path / "in", "--out", tmp_path / "out")
    assert invoke(*arguments, "--exercise", "double").exit_code == 0
    assert scores(tmp_path / "out") == {"ada": 10, "bob": 10}


def test_nothing_to_grade(small: Course, tmp_path: Path) -> None:
    """A folder without any answer is said to be one, and what a name should look like."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/notes.txt").write_text("hello")
    result = invoke("--course", small.root, "grade", tmp_path / "in", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "STUDENT/exercise_05_softmax.py" in result.output


def test_a_class_keeps_its_seed_and_the_next_has_another(tmp_path: Path, small: Course) -> None:
    """What messages showed of the drawn cases of one class helps nobody in the next."""
    handed_in = hand_in(tmp_path / "in", RIGHT)
    seeds = []
    for out in ("one", "one", "two"):
        classroom = Classroom(small, handed_in, tmp_path / out)
        classroom.grade(lambda: this_machine(1), None, lambda earlier: None, lambda: None)
        assert {result.report.seed for result in read_results(tmp_path / out)} == {classroom.seed}
        seeds.append(classroom.seed)
    assert seeds[0] == seeds[1] != seeds[2]
