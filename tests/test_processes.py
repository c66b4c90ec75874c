"""Processes that work side by side end with the one that started them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

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
