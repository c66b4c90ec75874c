"""How long a learner waits: whole commands against the imports that they cannot do without.

    python benchmarks/latency.py [--rounds N]

Every round runs each pair once, in turn, so that a busy moment hits both. Printed are the
medians, in seconds, and the ratio of each command to its baseline.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KIT = [sys.executable, "-m", "gradekit"]
PAIRS = [
    # command, baseline, the most it may be
    ([*KIT, "--help"], "import click", 4.0),
    ([*KIT, "check", "exercise_05", "solutions/exercise_05_softmax.py"],
     "import numpy, pytest", 2.5),
    ([*KIT, "check", "exercise_20", "solutions/exercise_20_safe_training_step.py"],
     "import torch, pytest", 1.5),
]  # fmt: skip


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    print(f"{'command':32} {'seconds':>8}   {'baseline':22} {'seconds':>8}   ratio   goal")
    for command, imports, goal in PAIRS:
        baseline = [sys.executable, "-c", imports]
        seconds(command), seconds(baseline)  # fills the disk cache
        measured = [(seconds(command), seconds(baseline)) for _ in range(rounds)]
        ours, theirs = (statistics.median(column) for column in zip(*measured, strict=True))
        name = " ".join(["kit", *command[3:5]])
        ratio = f"{ours / theirs:5.2f}  {goal:5}"
        print(f"{name:32} {ours:8.3f}   {imports:22} {theirs:8.3f}   {ratio}")


if __name__ == "__main__":
    main()
