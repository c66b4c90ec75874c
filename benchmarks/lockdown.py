"""What the lock-down costs a submission: from the fork to a worker that is ready, in ms.

    .venv/bin/python benchmarks/lockdown.py [N]

Workers of all tiers are forked in turns, N of each (default 100), so that whatever else the
machine is doing disturbs them alike. `process` is a fork with limits but without Landlock
and seccomp: the difference to it is what the lock-down costs. Before the numbers are taken
each worker answers one question, since the first touches pages that the fork shares.
"""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from gradekit.course import Course
from gradekit.sandbox import wire
from gradekit.sandbox.launch import Sandbox
from gradekit.sandbox.limits import Limits
from gradekit.sandbox.tiers import TIERS, best_tier

LOAD = ["answer", "answer.py", ["def answer():\n    return 1\n"]]


def main(count: int) -> None:
    """Measure, and print a table."""
    load = wire.encode("load", 1, LOAD)
    course = Course(Path(__file__).resolve().parents[1])
    best = best_tier()
    tiers = TIERS[TIERS.index(best) :]
    print(f"{count} forks of each kind, in turns; this machine's best tier is `{best}`")
    print(f"{'library':8} {'tier':18} {'median ms':>10} {'90th pct':>10} {'CPU ms':>8}")
    for modules in (["numpy"], ["numpy", "torch", "torch.nn.functional", "torch.optim"]):
        with ExitStack() as stack:
            sandboxes = {
                tier: stack.enter_context(Sandbox(modules, Limits(), course.hidden, tier))
                for tier in tiers
            }
            times: dict[str, list[float]] = {tier: [] for tier in tiers}
            cpu: dict[str, list[float]] = {tier: [] for tier in tiers}
            for sandbox in sandboxes.values():
                sandbox.worker().close()
            for turn in range(count):
                for place in range(len(tiers)):  # each tier comes first in its turn
                    tier = tiers[(turn + place) % len(tiers)]
                    sandbox = sandboxes[tier]
                    started = time.perf_counter()
                    worker = sandbox.worker()
                    [*worker.exchange([load], worker.allow(10))]
                    times[tier].append(1000 * (time.perf_counter() - started))
                    cpu[tier].append(1000 * worker.cpu_seconds())
                    worker.close()
        for tier in tiers:
            median = statistics.median(times[tier])
            high = statistics.quantiles(times[tier], n=10)[-1]
            spent = statistics.median(cpu[tier])
            print(f"{modules[-1][:5]:8} {tier:18} {median:10.2f} {high:10.2f} {spent:8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
