"""From a save to the verdict on the screen: `kit watch` against starting pytest again each time.

    python benchmarks/watch.py [--rounds N]

`kit watch` runs in a terminal of its own (a pty); the clock stops when the new score is on
its screen. The other way is what pytest-watcher does: notice the save with watchfiles, then
run `python -m pytest grader --submission FILE`; the clock stops at its last line. Each round
saves a right and a wrong answer in turn. Printed are medians, in seconds.
"""

from __future__ import annotations

import argparse
import os
import pty
import select
import statistics
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from watchfiles import watch

ROOT = Path(__file__).resolve().parents[1]
CASES = [("exercise_05_softmax", "numpy", 0.3), ("exercise_20_safe_training_step", "torch", 0.5)]
PATIENCE_SECONDS = 120


class Pty:
    """A command in a terminal, whose output can be waited for."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._mine, its = pty.openpty()
        termios.tcsetwinsize(its, (24, 80))
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=its,
            stdout=its,
            stderr=its,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
        )
        os.close(its)

    def wait(self, text: bytes) -> None:
        seen = b""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in seen:
            if not select.select([self._mine], [], [], deadline - time.monotonic())[0]:
                raise TimeoutError(f"{text!r} did not appear in {seen!r}")
            seen += os.read(self._mine, 65536)

    def close(self) -> None:
        os.write(self._mine, b"q")
        self._process.wait(10)
        os.close(self._mine)


def measure(rounds: int, answer: Path, right: str, seen: Callable[[bytes], None]) -> float:
    """The median time until the verdict on a save is `seen`."""
    seconds = []
    for number in range(2 * rounds):
        is_right = number % 2 == 0
        text = f"{right}\n# {number}\n" if is_right else f"raise ValueError('save {number}')\n"
        started = time.perf_counter()
        answer.write_text(text, "utf-8")
        seen(b"Solved." if is_right else f"save {number}".encode())
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def with_kit(name: str, rounds: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        kit = [sys.executable, "-m", "gradekit"]
        subprocess.run([*kit, "init", folder], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        terminal = Pty([*kit, "watch", name], place)
        terminal.wait(b"Nothing is written yet")
        right = (ROOT / "solutions" / f"{name}.py").read_text("utf-8")
        median = measure(rounds, place / f"{name}.py", right, terminal.wait)
        terminal.close()
        return median


def with_pytest(name: str, rounds: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, f"{name}.py")
        right = (ROOT / "solutions" / f"{name}.py").read_text("utf-8")
        command = [
            sys.executable, "-m", "pytest", "-q", str(ROOT / "graders" / f"{name}.py"),
            "--submission", str(answer),
        ]  # fmt: skip
        done: SimpleQueue[None] = SimpleQueue()
        watching, stop = threading.Event(), threading.Event()

        def run_again_and_again() -> None:
            for changes in watch(folder, stop_event=stop, rust_timeout=1000, yield_on_timeout=True):
                watching.set()
                if changes:
                    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
                    done.put(None)

        thread = threading.Thread(target=run_again_and_again)
        thread.start()
        watching.wait(PATIENCE_SECONDS)
        median = measure(rounds, answer, right, lambda _: done.get(timeout=PATIENCE_SECONDS))
        stop.set()
        thread.join()
        return median


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    print(f"{'exercise':32} {'library':8} {'kit watch':>9}   goal  pytest again  ratio")
    for name, library, goal in CASES:
        ours, theirs = with_kit(name, rounds), with_pytest(name, max(rounds // 3, 1))
        print(f"{name:32} {library:8} {ours:9.3f} {goal:6} {theirs:13.3f} {theirs / ours:6.1f}")


if __name__ == "__main__":
    main()
