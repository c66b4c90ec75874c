"""What a call into the sandbox costs: round trips of arrays through a locked-down worker.

    python benchmarks/wire.py [--rounds N]

Printed are medians. The plain call runs the same function in this process.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from gradekit.grading.proxy import Current, SubmissionProxy
from gradekit.grading.run import Run
from gradekit.sandbox.launch import Sandbox
from gradekit.sandbox.limits import Limits
from gradekit.submission import Submission

SOURCE = "def echo(x):\n    return x\n"


def median_ms(call: Callable[[Any], Any], argument: Any, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        call(argument)
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    rounds = parser.parse_args().rounds
    with Sandbox(["numpy"], Limits()) as sandbox:
        run = Run(sandbox, "echo", Submission("echo.py", (SOURCE,), ""))
        proxy = SubmissionProxy(Current(run))
        run.begin_check()
        print(f"isolation {sandbox.isolation}")
        for name, array in {
            "10 numbers": np.arange(10.0),
            "1 MB": np.random.default_rng(0).random(131_072),
            "16 MB": np.random.default_rng(0).random(2_097_152),
        }.items():
            ours = median_ms(proxy.echo, array, rounds if array.size < 10**6 else rounds // 20)
            copy = median_ms(lambda x: x.copy(), array, rounds)
            print(f"{name:>12}: round trip {ours:8.3f} ms   one copy in memory {copy:8.4f} ms")
        run.close()


if __name__ == "__main__":
    main()
