"""Grading on a Dask cluster: the same results, also when workers die."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gradekit.batch.classroom import Classroom
from gradekit.batch.cluster import cluster, packed
from gradekit.batch.machines import this_machine
from gradekit.commands import kit
from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.results import RESULTS, read_results

distributed = pytest.importorskip("distributed")

# Dask closes its sockets and loops when it gets round to it, on workers that were killed never.
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="full isolation needs Linux"),
    pytest.mark.filterwarnings("ignore"),
]

EXERCISE = "exercise_05_softmax"


@pytest.fixture
def workers() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes to end, however the test ends; given the chance, they tidy up."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in reversed(started):
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


def dask(workers: list[Any], folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """One of Dask's own commands, in a process group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        cwd=folder,
        start_new_session=True,
    )
    workers.append(process)
    return process


def start_cluster(workers: list[Any], folder: Path) -> str:
    """A scheduler and two workers; returns the address."""
    scheduler = dask(
        workers, folder, "dask_scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1"
    )
    assert scheduler.stderr is not None
    address = next(line.split()[-1] for line in scheduler.stderr if "Scheduler at:" in line)
    for _ in range(2):
        dask(workers, folder, "dask_worker", address, "--nthreads", "1", "--no-dashboard")
    return address


def hand_in(folder: Path, course: Course, count: int) -> Path:
    """Answers to one exercise, no two with the same bytes."""
    bank = course.root / "tests/bank" / EXERCISE / "wrong"
    sources = [course.root / f"solutions/{EXERCISE}.py", *sorted(bank.glob("*.py"))[:4]]
    for number in range(count):
        path = folder / f"student{number}" / f"{EXERCISE}.py"
        path.parent.mkdir(parents=True)
        path.write_text(f"{sources[number % 5].read_text()}\n# {number}\n")
    return folder


def scores(folder: Path) -> dict[str, float]:
    assert (folder / RESULTS).exists()
    return {each.student: each.report.score for each in read_results(folder)}


def test_two_workers_one_of_which_dies(
    course: Course, tmp_path: Path, workers: list[subprocess.Popen[str]]
) -> None:
    """Workers give what local processes give, and losing one in the middle loses nothing."""
    handed_in = hand_in(tmp_path / "in", course, 40)
    local = Classroom(course, handed_in, tmp_path / "local", seed=0)
    local.grade(lambda: this_machine(1), None, lambda _: None, lambda: None)
    address = start_cluster(workers, tmp_path)
    with distributed.Client(address) as client:
        client.wait_for_workers(2)
    told = 0

    def tell() -> None:
        nonlocal told
        told += 1
        if told == 10:
            os.killpg(workers[-1].pid, signal.SIGKILL)

    remote = Classroom(course, handed_in, tmp_path / "remote", seed=0)
    remote.grade(
        lambda: cluster(address, course, remote.exercises, None), None, lambda _: None, tell
    )
    assert told == 40
    assert scores(tmp_path / "remote") == scores(tmp_path / "local")
    again = CliRunner().invoke(
        kit, ["grade", str(handed_in), "--out", str(tmp_path / "remote"), "--scheduler", address]
    )
    assert again.exit_code == 0, again.output
    assert "40 of them by an earlier run" in again.output


def test_no_scheduler_is_a_sentence(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address where nobody answers is said, without a traceback."""
    monkeypatch.setattr("gradekit.batch.cluster.CONNECT_SECONDS", 0.5)
    with (
        pytest.raises(KitError, match="There is no Dask scheduler"),
        cluster("tcp://127.0.0.1:9", course, [], None),
    ):
        pass


def test_course_has_one_name_everywhere(course: Course) -> None:
    """Packing a course twice gives the same name: what is in it decides."""
    assert packed(course)[0] == packed(Course(course.root))[0]
