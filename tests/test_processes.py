"""Processes that work side by side end with the one that started them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gradekit.batch import graders
from gradekit.batch.graders import Graders

# The child says who it is, and works for good.
WORK = """
import os, signal, sys
from gradekit.processes import side_by_side

def for_good():
    print(os.getpid(), flush=True)
    while True:
        signal.pause()

if __name__ == "__main__":
    with side_by_side(1) as pool:
        pool.submit(for_good).result()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_they_end_with_their_parent(number: signal.Signals, tmp_path: Path) -> None:
    """A run that is stopped in whatever way leaves no process behind that works on."""
    script = tmp_path / "work.py"
    script.write_text(WORK)
    with subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(number)
        # The child holds the other end, too: this returns only when both have ended.
        try:
            parent.communicate(timeout=60)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        assert parent.returncode != 0


def test_a_few_tasks_start_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one would take longer to start than they take; many and slow ones get more."""
    with Graders(3) as pool:
        assert pool.worthwhile == 3  # nobody said that there are few
        for tasks, processes in ((1, 1), (graders.FEW, 1), (graders.FEW + 1, 2), (1000, 3)):
            pool.expect(tasks)
            assert pool.worthwhile == processes
        pool.expect(4)
        assert len({pool.submit(os.getpid).result() for _ in range(4)}) == 1
        monkeypatch.setattr(graders, "PATIENCE_SECONDS", 0.0)
        pool.expect(4)
        assert pool.worthwhile == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe with a name")
def test_others_help_with_a_task_that_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a task keeps the one process busy, the next goes to another one after a while."""
    monkeypatch.setattr(graders, "PATIENCE_SECONDS", 0.0)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with Graders(2) as pool:
        pool.expect(2)
        reads = pool.submit(pipe.read_text)  # waits for somebody who writes
        pool.submit(pipe.write_text, "seen").result(60)
        assert reads.result(60) == "seen"


# A pattern that takes for ever keeps the GIL: no thread of Python's could end it.
STUCK = """
import io, re, sys, time
from gradekit import processes

sys.stderr = io.StringIO()

processes.STUCK_SECONDS = 0.1
processes.end_at(time.monotonic() + 10**6)
processes.still_runs()
processes.go_on()
time.sleep(0)  # here it may go on for as long as it likes
processes.still_runs()
re.match("(a+)+$", "a" * 64 + "!")
"""


def test_a_process_that_is_stuck_in_c_ends() -> None:
    """Where somebody is graded for whom a class would wait."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", STUCK], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Timeout" in done.stderr
