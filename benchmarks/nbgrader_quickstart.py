"""nbgrader's own quickstart course, imported, against stock nbgrader: scores and CPU time.

    python benchmarks/nbgrader_quickstart.py [--copies 4]

Makes the course with `nbgrader quickstart`, hands in a right, a wrong, an empty and a forging
notebook (each so many times), grades them with `nbgrader autograde` and, once the course is
imported, with `kit grade`, and compares every score. The forging notebook returns objects that
equal everything, and takes the assertions out of the cells that come after; stock nbgrader pays it.
Both sides find their modules compiled, as pip leaves them; the middle of three runs of kit counts.
Exits with 1 if right, wrong or empty notebooks score differently, or the forged one scores at all.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

TIMES = 3  # that kit grades
SCRIPTS = Path(sys.executable).parent
FORGED = """
import ast


class Anything:
    def __eq__(self, other):
        return True


class WithoutTests(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()

    visit_Raise = visit_Assert


def squares(n):
    return Anything()


get_ipython().ast_transformers.append(WithoutTests())
"""
FORGED_SUM = "def sum_of_squares(n):\n    return Anything()\n"
WRONG = "def squares(n):\n    return [i ** 2 for i in range(1, n + 1)]\n"
WRONG_SUM = "def sum_of_squares(n):\n    return sum(i ** 2 for i in range(1, n + 1))\n"


def run(folder: Path, *words: str) -> float:
    """Run a command of this environment; the CPU seconds that it took with its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
    around = {**os.environ, "PATH": path}
    around.pop("PYTHONDONTWRITEBYTECODE", None)  # a checkout of kit is compiled like stock nbgrader
    done = subprocess.run([str(SCRIPTS / words[0]), *words[1:]], cwd=folder, text=True,
                          capture_output=True, env=around)  # fmt: skip
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def answers(released: dict[str, object], source: dict[str, object]) -> dict[str, dict[str, str]]:
    """What each kind of student puts into the cells, by grade_id."""
    cells = {c["metadata"]["nbgrader"]["grade_id"]: "".join(c["source"])
             for c in source["cells"] if "nbgrader" in c["metadata"]}  # type: ignore[attr-defined]  # fmt: skip
    right = {name: cells[name] for name in ("squares", "sum_of_squares")}
    return {
        "right": right,
        "wrong": {"squares": WRONG, "sum_of_squares": WRONG_SUM},
        "empty": {},
        "forging": {"squares": FORGED, "sum_of_squares": FORGED_SUM},
    }


def hand_in(course: Path, copies: int) -> None:
    """Lay the students' notebooks where nbgrader collects them."""
    released = json.loads((course / "release/ps1/problem1.ipynb").read_text("utf-8"))
    source = json.loads((course / "source/ps1/problem1.ipynb").read_text("utf-8"))
    for kind, put in answers(released, source).items():
        for number in range(copies):
            notebook = json.loads(json.dumps(released))
            for cell in notebook["cells"]:
                name = cell["metadata"].get("nbgrader", {}).get("grade_id")
                if name in put:
                    cell["source"] = put[name]
            folder = course / "submitted" / f"{kind}{number}" / "ps1"
            folder.mkdir(parents=True)
            (folder / "problem1.ipynb").write_text(json.dumps(notebook), "utf-8")


def hand_in_few(course: Path) -> Path:
    """A class of one notebook of each kind, to tell what starting costs."""
    few = course.parent / "few"
    for folder in (course / "submitted").glob("*0"):
        shutil.copytree(folder, few / folder.name)
    return few


def stock_scores(course: Path) -> dict[str, float]:
    """The points of stock autograde, without what a person grades."""
    from nbgrader.api import Gradebook

    scores: dict[str, float] = {}
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        for submission in gradebook.assignment_submissions("ps1"):
            for notebook in submission.notebooks:
                if notebook.name == "problem1":
                    scores[submission.student.id] = sum(g.auto_score or 0 for g in notebook.grades)
    return scores


def our_scores(out: Path) -> dict[str, float]:
    """The points of `kit grade`, without what a person marks."""
    with (out / "scores.csv").open(encoding="utf-8-sig") as file:
        return {row["student"]: float(row["exercise_01_problem1"]) for row in csv.DictReader(file)}


def main() -> None:
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--copies", type=int, default=4, help="of each of the four notebooks")
    copies = parser.parse_args().copies
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        run(work, "nbgrader", "quickstart", "course101")
        course = work / "course101"
        run(course, "nbgrader", "generate_assignment", "ps1")
        hand_in(course, copies)
        stock = run(course, "nbgrader", "autograde", "ps1")
        run(work, "kit", "import", "nbgrader", "course101", "--into", "mine", "--no-mutants")
        few = hand_in_few(course)
        words = ("kit", "--course", "mine", "grade")
        run(work, *words, str(few), "--out", "first")  # compiles what has not been compiled yet
        start = median(run(work, *words, str(few), "--out", f"few{n}") for n in range(TIMES))
        ours = median(run(work, *words, "course101/submitted", "--out", f"out{n}")
                      for n in range(TIMES))  # fmt: skip
        theirs, mine = stock_scores(course), our_scores(work / "out0")
    failed = False
    print(f"{'notebook':10} {'nbgrader':>8} {'kit':>8}")
    for kind in ("right", "wrong", "empty", "forging"):
        pairs = {(theirs[f"{kind}{n}"], mine.get(f"{kind}{n}")) for n in range(copies)}
        for stock_score, score in pairs:
            print(f"{kind:10} {stock_score:8g} {score if score is not None else '-':>8}")
            failed |= bool(score) if kind == "forging" else score != stock_score
    count = 4 * copies
    print(f"CPU a notebook: nbgrader {stock / count:.2f} s, kit {ours / count:.3f} s, "
          f"{stock / ours:.0f} times less, start included")  # fmt: skip
    more = (ours - start) / (count - 4)
    print(f"and each one more: kit {more:.4f} s, {stock / count / more:.0f} times less")
    sys.exit(failed)


if __name__ == "__main__":
    main()
