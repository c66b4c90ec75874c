"""What grading a submission costs: nbgrader, otter and gradekit, the same checks and answers.

    python benchmarks/throughput.py [-n 20] [--many 2000] [--only PART ...]

nbgrader and otter are installed by pip into environments of their own (--environments DIR
keeps them for the next time). CPU seconds are those of the command and of everything it
started, orphans included; they are the figure to trust on a busy machine. Parts:

    systems   CPU and wall seconds a submission, N each
    overhead  what a submission costs beyond running its checks in one plain process
    jobs      two jobs against one
    memory    the largest process of each kind while thousands are graded
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

EXERCISES = {
    "softmax": "exercise_05_softmax",
    "safe_training_step": "exercise_20_safe_training_step",
}
# Besides the solution: other right answers and usual mistakes, in turn.
BANK = {
    "softmax": {
        "right": ["exp_of_logaddexp", "plain_loops", "temperature_and_in_place_copy"],
        "wrong": ["raw_exponentials", "maximum_of_whole_array", "keepdims_forgotten",
                  "axis_ignored", "log_of_probabilities", "written_in_place"],
    },
    "safe_training_step": {
        "right": ["by_hand", "deepcopied_state_dicts", "squeezes_both"],
        "wrong": ["checks_only_the_loss", "no_squeeze", "clips_each_parameter",
                  "no_zero_grad", "clipped_norm", "leaves_eval_mode"],
    },
}  # fmt: skip
PACKAGES = {"nbgrader": "nbgrader==0.9.6", "otter": "otter-grader==7.0.0"}
GOALS = {("nbgrader", "softmax"): 100, ("nbgrader", "safe_training_step"): 75,
         ("otter", "softmax"): 220, ("otter", "safe_training_step"): 100}  # fmt: skip
OVERHEADS = {"softmax": 8, "safe_training_step": 20}  # CPU ms beyond the plain checks
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER


class Cost(NamedTuple):
    """Seconds of a command."""

    cpu: float
    wall: float


def environ(command: list[str]) -> dict[str, str]:
    """The surroundings of a command: its environment's other commands, and `plain` to import."""
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ["PATH"]])
    modules = os.pathsep.join([str(ROOT / "benchmarks"), str(ROOT)])
    return os.environ | {"PATH": path, "PYTHONPATH": modules}


def measure(command: list[str], folder: Path) -> Cost:
    """Run a command and wait for all that it left behind."""
    before, started = _children_cpu(), time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env=environ(command),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    wall = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return Cost(_children_cpu() - before, wall)


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def answer(slug: str, number: int) -> str:
    """Submission `number`: no two have the same bytes."""
    exercise = EXERCISES[slug]
    files = [ROOT / f"solutions/{exercise}.py"]
    for kind, names in BANK[slug].items():
        files += [ROOT / "tests/bank" / exercise / kind / f"{name}.py" for name in names]
    return f"{files[number % len(files)].read_text('utf-8')}\n# submission {number}\n"


def write(notebook: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


# The systems: each prepares N submissions, and returns the commands that grade them.


def gradekit(slug: str, count: int, folder: Path, jobs: int = 1, start: int = 0) -> list[list[str]]:
    """Notebooks, as the others get them."""
    for number in range(start, start + count):
        path = folder / f"in/student{number}/{EXERCISES[slug]}.ipynb"
        write(new_notebook(cells=[new_code_cell(answer(slug, number))]), path)
    kit = [sys.executable, str(ROOT / "cli.py"), "grade"]
    return [[*kit, str(folder / "in"), "--out", str(folder / "out"), "--jobs", str(jobs)]]


def nbgrader(slug: str, count: int, folder: Path, binaries: Path) -> list[list[str]]:
    """A source notebook with one cell a check, and what students made of the release."""
    from plain import checks_of

    exercise = EXERCISES[slug]
    about = {"schema_version": 3, "solution": False, "locked": True, "task": False}
    cells = [new_code_cell("### BEGIN SOLUTION\npass\n### END SOLUTION")]
    cells[0].metadata.nbgrader = {**about, "grade": False, "solution": True, "locked": False,
                                  "grade_id": "answer"}  # fmt: skip
    for name, (_, points) in checks_of(exercise).items():
        source = f"from plain import run_check\nrun_check({exercise!r}, {name!r}, globals())"
        cell = new_code_cell(f"### BEGIN HIDDEN TESTS\n{source}\n### END HIDDEN TESTS")
        cell.metadata.nbgrader = {**about, "grade": True, "grade_id": name, "points": points}
        cells.append(cell)
    write(new_notebook(cells=cells), folder / f"source/ps1/{exercise}.ipynb")
    (folder / "nbgrader_config.py").write_text("c = get_config()\n")
    command = str(binaries / "nbgrader")
    measure([command, "generate_assignment", "ps1"], folder)
    for number in range(count):
        released = nbformat.read(folder / f"release/ps1/{exercise}.ipynb", as_version=4)
        released.cells[0].source = answer(slug, number)
        write(released, folder / f"submitted/student{number}/ps1/{exercise}.ipynb")
    return [[command, "autograde", "ps1"]]


def otter(slug: str, count: int, folder: Path, binaries: Path) -> list[list[str]]:
    """One test file whose cases are the checks, and a run for each notebook."""
    from plain import checks_of

    exercise = EXERCISES[slug]
    lines = ["from otter.test_files import test_case", "OK_FORMAT = False",
             f"name = {exercise!r}", "points = None"]  # fmt: skip
    for name, (_, points) in checks_of(exercise).items():
        lines += [f"@test_case(points={points})", f"def {name}(env):",
                  "    from plain import run_check",
                  f"    run_check({exercise!r}, {name!r}, env)"]  # fmt: skip
    (folder / "tests").mkdir()
    (folder / f"tests/{exercise}.py").write_text("\n".join(lines) + "\n")
    command = str(binaries / "otter")
    generate = [command, "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"]
    measure(generate, folder)
    commands = []
    for number in range(count):
        path = folder / f"submission{number}.ipynb"
        write(new_notebook(cells=[new_code_cell(answer(slug, number))]), path)
        out = folder / f"out{number}"
        out.mkdir()
        commands.append([command, "run", "-a", "autograder.zip", "-o", str(out), path.name])
    return commands


def points(system: str, count: int, folder: Path) -> list[float]:
    """What each submission was given, in their order: all systems must agree."""
    students = [f"student{number}" for number in range(count)]
    if system == "otter":
        given = []
        for number in range(count):
            tests = json.loads((folder / f"out{number}/results.json").read_text())["tests"]
            given.append(sum(test.get("score") or 0 for test in tests))
        return given
    if system == "nbgrader":
        with closing(sqlite3.connect(folder / "gradebook.db")) as database:
            rows = database.execute(
                "SELECT assignment.student_id, SUM(grade.auto_score) FROM grade"
                " JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id"
                " JOIN submitted_assignment AS assignment"
                " ON assignment.id = submitted_notebook.assignment_id"
                " GROUP BY assignment.student_id"
            )
            sums = dict(rows.fetchall())
    else:
        lines = (folder / "out/results.jsonl").read_text("utf-8").splitlines()
        results = map(json.loads, lines)
        sums = {result["student"]: result["report"]["score"] for result in results}
    return [sums[student] for student in students]


def environment(system: str, keep: Path) -> Path:
    """The folder with the system's commands, installed there if need be."""
    home = keep / {"nbgrader": "nb", "otter": "ot"}[system]
    if not (home / "bin" / system).exists():
        print(f"installing {PACKAGES[system]} ...", file=sys.stderr)
        pip = [str(home / "bin/python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([*pip, "-c", str(ROOT / "constraints.txt"), "torch"], check=True)
        subprocess.run([*pip, PACKAGES[system], "ipykernel", "-e", str(ROOT)], check=True)
    return home / "bin"


def compare_systems(count: int, many: int, keep: Path) -> None:
    """The table that the goals are about."""
    print(f"{'system':10} {'exercise':20} {'N':>6} {'CPU s each':>11} {'wall s each':>12}   ratio")
    for slug in EXERCISES:
        costs: dict[str, float] = {}
        given: dict[str, list[float]] = {}
        for system in ("nbgrader", "otter", "gradekit", "gradekit"):
            number = many if system in costs else count
            with tempfile.TemporaryDirectory(prefix="throughput-") as temporary:
                folder = Path(temporary)
                if system == "gradekit":
                    commands = gradekit(slug, number, folder)
                else:
                    make = nbgrader if system == "nbgrader" else otter
                    commands = make(slug, number, folder, environment(system, keep))
                costs_of_all = [measure(each, folder) for each in commands]
                given[system] = points(system, number, folder)[:count]
            cpu, wall = (sum(column) / number for column in zip(*costs_of_all, strict=True))
            costs[system] = cpu
            print(f"{system:10} {slug:20} {number:6} {cpu:11.4f} {wall:12.4f}", flush=True)
        if len(set(map(tuple, given.values()))) != 1:
            raise SystemExit(f"they graded differently, so this compares nothing: {given}")
        for system in PACKAGES:
            goal = GOALS[system, slug]
            ratio = costs[system] / costs["gradekit"]
            print(f"{system} / gradekit: {ratio:.0f} times the CPU (goal {goal})", flush=True)


def compare_overhead(names: list[str], rounds: int) -> None:
    """The solution through a warm session against its checks in this process.

    Once as in a class, where most replies of an answer came before from another, and once as if
    each answer were the first, so that all checks have to run.
    """
    import plain

    from gradekit.course import Course
    from gradekit.engine import open_session
    from gradekit.grading.memo import Memo
    from gradekit.submission import read

    course = Course(ROOT)
    print(f"\n{'':26} {'median wall ms':^29}   {'mean CPU ms':^29}")
    heads = f"{'plain':>9} {'graded':>9} {'overhead':>9}"
    print(f"{'exercise':26} {heads}   {heads}   goal")
    for name in names:
        exercise = course.find(name)
        slug = exercise.name.split("_", 2)[2]
        goal = OVERHEADS.get(slug, "")
        path = course.solution(exercise)
        source = path.read_text("utf-8")
        submission = read(path)
        with open_session(course, exercise) as session:
            for _ in range(40):  # as in the middle of a class
                assert session.grade(submission).passed
            assert plain.score(exercise.name, source) == 10

            turns = [
                partial(plain.score, exercise.name, source),
                partial(session.grade, submission),
            ]
            print(f"{slug:26}{_in_turns(turns, rounds)} {goal}", flush=True)
            with patch.object(Memo, "recall", return_value=None):
                print(f"{'... if it is the first':26}{_in_turns(turns, rounds)} {goal}", flush=True)


def _in_turns(turns: list[Callable[[], object]], rounds: int) -> str:
    """Plain, graded and the difference: wall and CPU ms. In turn, so a busy moment hits both."""
    walls, cpus = [], []
    for _ in range(rounds):
        moments = [_moment()]
        for turn in turns:
            turn()
            moments.append(_moment())
        wall, cpu = zip(*moments, strict=True)
        walls.append((wall[1] - wall[0], wall[2] - wall[1]))
        cpus.append((cpu[1] - cpu[0], cpu[2] - cpu[1]))
    row = ""
    for alone, graded in (
        map(statistics.median, zip(*walls, strict=True)),
        map(statistics.mean, zip(*cpus, strict=True)),
    ):
        row += f" {1000 * alone:9.1f} {1000 * graded:9.1f} {1000 * (graded - alone):9.1f}  "
    return row


def _moment() -> tuple[float, float]:
    """Now: the wall clock, and the CPU time of this process, its zygotes and their workers."""
    cpu = time.process_time()
    for task in Path("/proc/self/task").glob("*/children"):
        for child in task.read_text().split():
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            cpu += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return time.perf_counter(), cpu


def compare_jobs(count: int) -> None:
    """Wall seconds of the same class with one job and with two.

    Until the last result is on the disk, and until the page and all feedback are written, too,
    which is one process's work.
    """
    heads = f"{'1 job s':>8} {'2 jobs s':>9} {'times':>6}"
    print(f"\n{'':27} {'results':^25}   {'with page and feedback':^25}")
    print(f"{'exercise':20} {'N':>6} {heads}   {heads}   (goal 1.8)")
    for slug in EXERCISES:
        results, walls = [], []
        for jobs in (1, 2):
            with tempfile.TemporaryDirectory(prefix="throughput-") as temporary:
                folder = Path(temporary)
                (command,) = gradekit(slug, count, folder, jobs)
                os.sync()  # or our own files would still be on their way to the disk
                started = time.time()
                walls.append(measure(command, folder).wall)
                results.append((folder / "out/results.jsonl").stat().st_mtime - started)
        row = "   ".join(f"{one:8.1f} {two:9.1f} {one / two:6.2f}" for one, two in (results, walls))
        print(f"{slug:20} {count:6} {row}", flush=True)


def watch_memory(count: int) -> None:
    """Resident memory of every kind of process, at ten moments of one long run."""
    with tempfile.TemporaryDirectory(prefix="throughput-") as temporary:
        folder = Path(temporary)
        (command,) = gradekit("softmax", count, folder, jobs=2)
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
        )
        results = folder / "out/results.jsonl"
        print(f"\n{'graded':>7}  largest process of each kind, MiB", flush=True)
        step = count // 10
        due = step
        ended = threading.Event()
        threading.Thread(target=lambda: (process.wait(), ended.set()), daemon=True).start()
        size = lines = 0
        while not ended.wait(0.5):
            if results.exists() and results.stat().st_size > size:
                with results.open("rb") as file:
                    file.seek(size)
                    part = file.read()
                lines += part.count(b"\n")
                size += len(part)
            if lines >= due:
                kinds = _memory_by_kind(process.pid)
                row = "  ".join(f"{kind} {mib:.0f}" for kind, mib in sorted(kinds.items()))
                print(f"{lines:7}  {row}", flush=True)
                due += step


def _memory_by_kind(pid: int) -> dict[str, float]:
    """MiB of the largest process of each kind among `pid` and its descendants."""
    largest: defaultdict[str, float] = defaultdict(float)
    parents = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines())
            command = (status.parent / "cmdline").read_text()
        except (OSError, ValueError):
            continue
        if "VmRSS" in fields:
            kind = (
                "coordinator" if "cli.py" in command
                else "grader" if "spawn_main" in command
                else "zygote" if "zygote" in command else "other"
            )  # fmt: skip
            mib = int(fields["VmRSS"].split()[0]) / 1024
            parents[int(fields["Pid"])] = int(fields["PPid"]), kind, mib
    for each, (_, kind, mib) in parents.items():
        ancestor, above = each, kind
        while ancestor in parents and ancestor != pid:
            ancestor = parents[ancestor][0]
            if ancestor in parents and parents[ancestor][1] == "zygote" and kind == "zygote":
                above = "worker"
        if ancestor == pid:
            largest[above] = max(largest[above], mib)
    return largest


def main() -> None:
    parts = ("systems", "overhead", "jobs", "memory")
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-n", type=int, default=20, help="submissions for each system")
    parser.add_argument("--many", type=int, default=2000, help="submissions for gradekit alone")
    parser.add_argument("--memory", type=int, default=20000, help="submissions of the long run")
    parser.add_argument("--environments", type=Path, help="where the others are installed")
    parser.add_argument("--exercises", nargs="+", default=[*EXERCISES], help="of `overhead`")
    parser.add_argument("--only", choices=parts, nargs="+", default=parts)
    chosen = parser.parse_args()
    ctypes.CDLL(None).prctl(SUBREAPER, 1)  # orphans come to us, and their CPU time with them
    keep = (chosen.environments or Path(tempfile.mkdtemp(prefix="environments-"))).resolve()
    if "systems" in chosen.only:
        compare_systems(chosen.n, chosen.many, keep)
    if "overhead" in chosen.only:
        compare_overhead(chosen.exercises, rounds=50)
    if "jobs" in chosen.only:
        compare_jobs(chosen.many)
    if "memory" in chosen.only:
        watch_memory(chosen.memory)
    if chosen.environments is None:
        shutil.rmtree(keep)


if __name__ == "__main__":
    main()
