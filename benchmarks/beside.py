"""What a class costs with this checkout and with another one, side by side in one run.

    git worktree add /tmp/before HEAD~20
    python benchmarks/beside.py /tmp/before [-n 2000] [--exercise softmax] [--rounds 3]

The class is made of the bank's right and wrong answers that both checkouts have, as .py files,
each with a line of its own so that no two are equal. Both are graded with the same Python and one
job, in turn; printed are CPU milliseconds an answer of the command and all that it started, and
the ratio.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def bank(root: Path, slug: str) -> dict[str, str]:
    """The answers of an exercise's bank, by folder and name."""
    (folder,) = (root / "tests/bank").glob(f"exercise_??_{slug}")
    return {
        f"{path.parent.name}/{path.name}": path.read_text("utf-8")
        for path in sorted(folder.glob("*/*.py"))
    }


def make_class(folder: Path, slug: str, texts: list[str], number: int) -> None:
    """A folder a student."""
    for index, text in enumerate(islice(cycle(texts), number)):
        student = folder / f"student {index:05}"
        student.mkdir()
        (student / f"{slug}.py").write_text(f"{text}\n# student {index}\n", "utf-8")


def cpu_seconds(root: Path, handed_in: Path, out: Path) -> float:
    """CPU seconds of `kit grade` in a checkout, with all that it started and waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, str(root / "cli.py"), "grade", str(handed_in), "--out", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [*command, "--jobs", "1"], cwd=out.parent, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path, help="the other checkout")
    parser.add_argument("-n", type=int, default=2000, help="answers")
    parser.add_argument("--exercise", default="softmax", metavar="SLUG")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    before = asked.before.resolve()
    old, new = bank(before, asked.exercise), bank(ROOT, asked.exercise)
    texts = [new[name] for name in sorted(new) if old.get(name) == new[name]]
    (stub,) = (ROOT / "exercises").glob(f"exercise_??_{asked.exercise}.py")
    measured: dict[Path, list[float]] = {before: [], ROOT: []}
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        (place / "class").mkdir()
        make_class(place / "class", stub.stem, texts, asked.n)
        for number in range(asked.rounds):
            for root, figures in measured.items():
                out = place / f"{number} {root.name}"
                figures.append(1000 * cpu_seconds(root, place / "class", out) / asked.n)
    print(f"{asked.n} answers to {stub.stem}, {len(texts)} different ones, CPU ms an answer")
    for root, figures in measured.items():
        shown = "  ".join(f"{figure:6.2f}" for figure in figures)
        name = "this  " if root == ROOT else "before"
        print(f"  {name}  {shown}   median {statistics.median(figures):6.2f}")
    ratios = [new / old for old, new in zip(*measured.values(), strict=True)]
    print(f"  this / before: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
