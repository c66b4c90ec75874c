"""The sandbox as a machine: tiers, limits, messages, and what happens when parts of it die."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from gradekit import doctor
from gradekit.course import Course
from gradekit.engine import open_session
from gradekit.errors import SandboxError
from gradekit.grading.session import Session
from gradekit.sandbox import launch, tiers
from gradekit.sandbox.host import Allowance
from gradekit.sandbox.inside import lockdown
from gradekit.sandbox.limits import Limits
from gradekit.sandbox.process import Forked
from gradekit.submission import Submission, parse, read

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the lock-down")

RIGHT = (ROOT / "solutions" / "exercise_05_softmax.py").read_text("utf-8")
# What follows the right answer replaces its softmax; log_softmax stays.
HEADER = "\n\ndef softmax(x, axis=-1):\n    "
Found = TypeVar("Found")
HURRY = Limits(check_seconds=0.3, submission_seconds=2, memory_mib=300, patience=6)


def answer(body: str) -> Submission:
    return Submission("exercise_05_softmax.py", (RIGHT + HEADER + body + "\n",), "0")


@pytest.fixture(scope="module")
def hurried(course: Course) -> Iterator[Session]:
    exercise = msgspec.structs.replace(course.find("05"), limits=HURRY)
    with open_session(course, exercise) as session:
        yield session


def zygote_of(session: Session) -> int:
    zygote = session._sandbox._zygote
    assert zygote is not None
    return zygote._process.pid


def children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in text.split()]
    return []


def wait_for(condition: Callable[[], Found], seconds: float = 20) -> Found:
    """What the condition gives, once that is true."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found


# ------------------------------------------------------------------ what the learner reads


@pytest.mark.parametrize(
    ("body", "ending", "message"),
    [
        ("while True: pass", "timed_out",
         "stopped after 0.3 s: one of 3 calls such as softmax([1000., 1001.]) did not return"),
        ("hog = []\n    while True: hog.append(bytes(1 << 20))", "out_of_memory",
         "stopped: it used more than 0.292969 GiB"),
        ("import socket; socket.socket()", "refused",
         "stopped: it tried to open a network connection"),
        ("import os; os.fork()", "refused", "stopped: it tried to start a process"),
        ("import threading; threading.Thread(target=print).start()", "refused",
         "stopped: it tried to start a thread"),
        ("open('/tmp/x', 'w')", "refused", "stopped: it tried to write a file"),
        ("open('/etc/passwd')", "refused", "stopped: it tried to open `/etc/passwd`"),
        ("import ctypes; ctypes.string_at(0)", "crashed",
         "one of 3 calls such as softmax([1000., 1001.]) crashed Python with a segmentation fault"),
        ("import os; os._exit(7)", "crashed",
         "one of 3 calls such as softmax([1000., 1001.]) ended its own process (exit status 7)"),
    ],
)  # fmt: skip
def test_the_learner_reads_what_happened(
    body: str, ending: str, message: str, hurried: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence says what was stopped and why; the other function keeps its points."""
    halved: list[int] = []

    def noted(allowance: Allowance, timeouts: int) -> Allowance:
        halved.append(timeouts)
        return allowance

    monkeypatch.setattr(Allowance, "hurried", noted)
    report = hurried.grade(answer(body))
    assert (max(halved) > 3) == (ending == "timed_out")
    check = next(c for c in report.checks if c.name == "test_exponentiates_raw_scores")
    said, _, line = check.message.partition(" (line ")
    assert (check.outcome, check.ending, said) == ("failed", ending, message)
    assert report.score == 4 and (not line or line.split("`")[1] in body)


def test_a_slow_function_uses_up_its_own_time_only(course: Course) -> None:
    """Wrong answers that each take their time leave the other function enough of it."""
    limits = Limits(check_seconds=5, submission_seconds=1.5, patience=6)
    exercise = msgspec.structs.replace(course.find("05"), limits=limits)
    with open_session(course, exercise) as session:
        wait = "end = time.process_time() + 0.1\n    while time.process_time() < end: pass"
        report = session.grade(answer(f"import time; {wait}\n    return x"))
    assert report.score == 4
    assert report.failed[-1].message == "stopped: the whole answer took longer than 1.5 s"


def test_what_hangs_again_and_again_takes_less_and_less() -> None:
    """An endless loop does not take its whole time in each check; a second stays in any case."""
    seconds = [Allowance(10.0, 0.0, 0.0).hurried(timeouts).seconds for timeouts in range(6)]
    assert seconds == [10, 5, 2.5, 1.25, 1, 1]
    assert Allowance(0.3, 0.0, 0.0).hurried(3).seconds == 0.3


# ------------------------------------------------------------------ tiers

BANKS = sorted(ROOT.glob("tests/bank/exercise_05*/right/*.py")) + sorted(
    ROOT.glob("tests/bank/exercise_20*/right/*.py")
)


@pytest.fixture(scope="module")
def sealed(course: Course) -> Iterator[Callable[[str], Session]]:
    opened: dict[str, Session] = {}

    def session(name: str) -> Session:
        if name not in opened:
            opened[name] = open_session(course, course.find(name), tiers.SEALED)
        return opened[name]

    yield session
    for each in opened.values():
        each.close()


@pytest.mark.skipif(not tiers.has_seccomp(), reason="no seccomp on this machine")
@pytest.mark.parametrize("path", BANKS, ids=lambda path: f"{path.parts[-3][9:11]}-{path.stem}")
def test_right_answers_pass_without_landlock(path: Path, sealed: Callable[[str], Session]) -> None:
    """The sealed tier, in which no file can be opened at all, takes no marks from anybody."""
    session = sealed(path.parts[-3])
    report = session.grade(read(path))
    assert [check.message for check in report.failed] == []
    assert (report.score, report.isolation) == (10, tiers.SEALED)


MEMORY_IS_CLOSED = """
import ctypes, os
from gradekit.sandbox.launch import Sandbox
from gradekit.sandbox.limits import Limits
libc = ctypes.CDLL(None)
before = libc.prctl(3, 0, 0, 0, 0)
with Sandbox(["numpy"], Limits(), (), "process") as sandbox:
    worker = sandbox.worker()
    # What belongs to a process whose memory is closed belongs to root, whoever started it.
    zygote = f"/proc/{sandbox._zygote._process.pid}/mem"
    print(before, libc.prctl(3, 0, 0, 0, 0), os.stat(zygote).st_uid)
    worker.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the calls are Linux's")
def test_without_walls_the_memory_of_the_judge_is_closed() -> None:
    """In the process tier nothing keeps an answer from /proc, so both are not dumpable."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY_IS_CLOSED], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "0", "0"]


@pytest.mark.parametrize("package", ["scipy.special", "sklearn.linear_model"])
def test_libraries_load_without_walls(course: Course, package: str) -> None:
    """They ask how Python was built, in a module whose name no list holds."""
    answer = f"import {package}\n" + course.solution(course.find("softmax")).read_text("utf-8")
    with open_session(course, course.find("softmax"), "process") as session:
        report = session.grade(parse(Path("a.py"), answer.encode()))
    assert report.passed and not report.passed_over


def test_a_process_alone_grades_too(course: Course) -> None:
    """Where the machine has nothing to offer, right answers still pass, and the report says so."""
    with open_session(course, course.find("05"), tiers.PROCESS) as session:
        report = session.grade(answer("pass"))
        assert (report.score, report.isolation) == (4, tiers.PROCESS)
        assert session.grade(read(course.solution(session.exercise))).score == 10


def test_what_a_function_switches_is_switched_back(
    session_of: Callable[[str], Session],
) -> None:
    """A function that leaves NumPy raising on underflow costs another function nothing."""
    body = "np.seterr(all='raise')\n    return log_softmax(x, axis) * 1e-300 * 1e-300"
    report = session_of("05").grade(answer(body))
    assert {check.function for check in report.checks if check.outcome != "passed"} == {"softmax"}


# ------------------------------------------------------------------ what the tricks rest on


def test_a_zygote_has_one_thread(session_of: Callable[[str], Session]) -> None:
    """It is forked without Python's hooks, which see to locks that other threads may hold."""
    session = session_of("20")  # torch, which has pools of threads elsewhere
    assert session.grade(read(ROOT / "solutions" / "exercise_20_safe_training_step.py")).passed
    assert len(list(Path(f"/proc/{zygote_of(session)}/task").iterdir())) == 1


def test_the_cpu_clock_of_another_process_counts_its_time() -> None:
    """The number of the clock is made of the pid, as Linux does it; it ends with the process."""
    burn = "import time\nwhile time.process_time() < 0.1: pass\nprint(time.process_time())\ninput()"
    command = [sys.executable, "-u", "-c", burn]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None and child.stdout is not None
        used = float(child.stdout.readline())
        process = Forked(lambda pid: (0, 0), child.pid, -1)
        assert used <= process.cpu_seconds() < 10 * used
        child.stdin.write(b"\n")
    assert process.cpu_seconds() == 0.0


# ------------------------------------------------------------------ what may be read


def test_nothing_of_ours_is_readable(course: Course) -> None:
    """No rule covers the course, the kit, or a package that answers may not import."""
    readable = lockdown.readable_paths(course.hidden)
    secrets = [
        course.grader(course.find("05")), course.solution(course.find("05")), ROOT / "tests",
        Path(lockdown.__file__), Path("/etc/passwd"), Path.home(), Path("/proc/self"),
        *(Path(sysconfig.get_paths()["purelib"]) / name for name in ("pytest", "msgspec")),
        *(Path(os.__file__).parent / name for name in ("site-packages", "dist-packages")),
    ]  # fmt: skip
    for secret in secrets:
        assert not any(secret.resolve().is_relative_to(path) for path in readable), secret
    assert Path(os.__file__).resolve().parent / "json" / "__init__.py" in {
        file for path in readable for file in (path, *path.glob("json/__init__.py"))
    } or any(Path(os.__file__).resolve().is_relative_to(path) for path in readable)


def test_a_hidden_folder_inside_a_readable_one_is_left_out(tmp_path: Path) -> None:
    """Rules add up, so the folders around a hidden one are named child by child."""
    for part in ("lib/json", "lib/site-packages/gradekit/course_files", "lib/site-packages/numpy"):
        (tmp_path / part).mkdir(parents=True)
    (tmp_path / "lib" / "os.py").touch()
    hidden = {tmp_path / "lib/site-packages/gradekit"}
    assert sorted(lockdown._cover(tmp_path / "lib", hidden)) == [
        tmp_path / "lib/json", tmp_path / "lib/os.py", tmp_path / "lib/site-packages/numpy",
    ]  # fmt: skip
    assert lockdown._cover(tmp_path / "lib/site-packages/gradekit", hidden) == []


@pytest.mark.parametrize(
    "names",
    ["scipy.optimize, scipy.stats, scipy.special",
     "sklearn.metrics, sklearn.linear_model, sklearn.preprocessing", "torch",
     "decimal, statistics, concurrent.futures, asyncio, multiprocessing, sqlite3, "
     "tkinter.constants, unittest, zoneinfo, pydoc"],
)  # fmt: skip
def test_what_may_be_imported_can_be(names: str, session_of: Callable[[str], Session]) -> None:
    """Imports inside functions work after the lock-down, as they do at home."""
    session = session_of("05")
    source = RIGHT.replace(
        "def softmax(", f"def softmax(x, axis=-1):\n    import {names}\n    return _s(x, axis)\n\n"
        "def _s(", 1,
    )  # fmt: skip
    report = session.grade(Submission("a.py", (source,), "0"))
    assert [check.message for check in report.failed] == []


# ------------------------------------------------------------------ when parts of it die


def test_a_killed_zygote_is_replaced(session_of: Callable[[str], Session], course: Course) -> None:
    """Somebody kills the zygote: the next answer, and one in the middle, lose nothing."""
    session = session_of("05")
    solution = read(course.solution(session.exercise))
    assert session.grade(solution).score == 10
    os.kill(zygote_of(session), signal.SIGKILL)
    assert session.grade(solution).score == 10

    slow = (
        RIGHT
        + "\n\nimport time\n_fast = softmax"
        + HEADER
        + ("time.sleep(0.1); return _fast(x, axis)\n")
    )
    for whose in ("zygote", "worker"):
        pid = zygote_of(session)

        def kill(pid: int = pid, whose: str = whose) -> None:
            # Between two workers the zygote has none.
            whom = pid if whose == "zygote" else wait_for(lambda: children(pid))[0]
            os.kill(whom, signal.SIGKILL)

        threading.Timer(0.5, kill).start()
        report = session.grade(Submission("a.py", (slow,), "0"))
        assert (report.score, report.not_run) == (10, ())
        wait_for(lambda pid=pid: not children(pid))


def test_a_worker_that_its_zygote_left_behind_says_nothing(
    session_of: Callable[[str], Session], course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zygote forks and dies before it can tell: the next worker is not taken for that one."""
    session = session_of("05")
    solution = read(course.solution(session.exercise))
    session.grade(solution)
    fork = launch._Zygote.fork

    def fork_and_die(zygote: launch._Zygote, connection: socket.socket) -> Any:
        worker = fork(zygote, connection)
        wait_for(worker.is_sleeping)  # it said that it is ready, and waits for a request
        zygote._process.kill()
        zygote._process.wait()
        monkeypatch.undo()
        raise zygote._gone("it was killed")

    monkeypatch.setattr(launch._Zygote, "fork", fork_and_die)
    assert session.grade(solution).score == 10


GRADE_FOR_EVER = f"""
import os, signal, sys
# Whoever runs the tests under nohup or in the background hands on to us that these are ignored.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from gradekit.course import Course
from gradekit.engine import open_session
from gradekit.submission import Submission
course = Course(Path({str(ROOT)!r}))
session = open_session(course, course.find("05"))
print(session._sandbox._zygote._process.pid, session._sandbox._zygote._scratch, flush=True)
session.grade(Submission("a.py", ("while True: pass",), "0"))
"""


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "group"])
def test_a_killed_grader_leaves_nothing(how: str) -> None:
    """When the grader is killed, its zygote, its workers and the scratch folder go with it."""
    grader = subprocess.Popen(
        [sys.executable, "-c", GRADE_FOR_EVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    with grader:
        assert grader.stdout is not None
        pid, scratch = grader.stdout.readline().split()
        workers = wait_for(lambda: children(int(pid)))
        if how == "group":
            os.killpg(grader.pid, signal.SIGKILL)
        else:
            grader.send_signal(signal.Signals[how])
        wait_for(lambda: not any(is_running(process) for process in (int(pid), *workers)))
        assert not Path(scratch).exists()


def is_running(pid: int) -> bool:
    """Whether there is such a process, other than one that waits for pid 1 to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_many_open_files(course: Course) -> None:
    """A grader with thousands of open files grades, and its workers inherit none of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 5000:
        pytest.skip(f"only {hard} files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 5000), hard))
    many = [os.open(os.devnull, os.O_RDONLY) for _ in range(4500)]
    try:
        with open_session(course, course.find("05")) as session:
            body = (
                "import os\n    found = 0\n    for n in range(3, 9000):\n        try:\n"
                "            os.fstat(n); found += 1\n        except OSError: pass\n"
                "    raise ValueError(found)"
            )
            report = session.grade(answer(body))
            assert "ValueError: 1 (" in report.failed[-1].message
            assert session.grade(read(course.solution(session.exercise))).score == 10
    finally:
        for descriptor in many:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_several_graders_at_once(session_of: Callable[[str], Session], course: Course) -> None:
    """A grader beside ours that is under attack does not disturb ours, nor does its end."""
    session = session_of("05")
    solution = read(course.solution(session.exercise))
    other = subprocess.Popen(
        [sys.executable, "-c", GRADE_FOR_EVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    with other:
        assert other.stdout is not None
        pid, _ = other.stdout.readline().split()
        wait_for(lambda: children(int(pid)))
        assert [session.grade(solution).score for _ in range(3)] == [10, 10, 10]
        other.kill()
        assert session.grade(solution).score == 10
        wait_for(lambda: not is_running(int(pid)))


# ------------------------------------------------------------------ the doctor


def test_the_doctor_names_every_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part of the isolation has a finding; what is missing has its risk and its remedy."""
    parts = {finding.part for finding in doctor.findings()}
    assert {"Landlock", "seccomp", "rlimits", "memory of all", "processes of all"} <= parts
    monkeypatch.setattr(tiers, "landlock_abi", lambda: 0)
    monkeypatch.setattr(tiers, "has_seccomp", lambda: False)
    bad = [finding for finding in doctor.findings() if not finding.good]
    assert {"Landlock", "seccomp", "verdict"} <= {finding.part for finding in bad}
    assert all(finding.risk and finding.remedy for finding in bad)


@pytest.mark.parametrize(("abi", "words"), [(1, "truncat"), (3, "TCP"), (5, "signal"), (7, "")])
def test_the_doctor_knows_old_kernels(
    abi: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older Landlock is good enough, since seccomp covers what it lacks; the doctor says so."""
    monkeypatch.setattr(tiers, "landlock_abi", lambda: abi)
    finding = next(f for f in doctor.findings() if f.part == "Landlock")
    assert finding.good
    assert words in finding.state


def test_a_zygote_that_cannot_start_says_so_each_time() -> None:
    """The session asks once more, and a closed pipe is no answer."""
    zygote = launch._Zygote("no settings", {})
    for _ in range(2):
        with pytest.raises(SandboxError, match="did not start"):
            zygote.tier()
    zygote.close()


def test_what_a_second_answer_imports_is_there_already(course: Course) -> None:
    """A part of SciPy takes longer to import than all checks, so the zygote does it once."""
    exercise = course.find("05")
    count = "import sys\nprint(*('scipy.special' in sys.modules for _ in (0,)))\n"
    text = count + "from scipy.special import logsumexp\n" + RIGHT + HEADER + "pass\n"
    sources = [Submission("exercise_05_softmax.py", (text + f"# {n}\n",), "0") for n in range(2)]
    with open_session(course, exercise) as session:
        printed = [session.grade(each).failed[0].message for each in sources]
        session._sandbox.note("# as torch does it, and scipy.stats")
        assert session._sandbox._wanted == {"scipy.special": 2}
    assert ["False" in each for each in printed] == [True, False]
    assert "True" in printed[1]
