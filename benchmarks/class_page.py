"""What the pages and the statistics of a class cost, against the grading of it.

    python benchmarks/class_page.py [-n 20000] [--exercise softmax] [--doubt] [--size 300]

Every answer of the bank is graded once; a class is made of the reports, each answer a file of its
own, as if it had been graded, and everything that `kit grade` writes of it is written. CPU seconds
an answer are compared with those that docs/scaling.md tells of grading one. Memory is the largest
that the process needed, for a tenth of the class and for all of it.

--doubt: instead, how often a check is doubted in classes of 300 (--size) where none is spoiled, and
found where one is inverted.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import msgspec

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from gradekit.batch.classroom import Classroom  # noqa: E402
from gradekit.batch.journal import Journal  # noqa: E402
from gradekit.batch.pages import Pages  # noqa: E402
from gradekit.batch.sources import Sources  # noqa: E402
from gradekit.course import Course  # noqa: E402
from gradekit.engine import open_session  # noqa: E402
from gradekit.overview import Overview  # noqa: E402
from gradekit.report import Report  # noqa: E402
from gradekit.results import SCHEMA, About, Person, Result  # noqa: E402
from gradekit.submission import parse, read  # noqa: E402

GRADING = {"numpy": 0.013, "torch": 0.070}  # CPU seconds a submission (docs/scaling.md)
GOAL = 0.05


def graded(course: Course, slug: str) -> list[tuple[bytes, Report]]:
    """Every file of the bank, and what is said of it."""
    exercise = course.find(slug)
    bank = course.bank / exercise.name
    files = [course.solution(exercise), course.stub(exercise), *sorted(bank.glob("*/*.py"))]
    with open_session(course, exercise) as session:
        return [(path.read_bytes(), session.grade(read(path))) for path in files]


def hand_in(folder: Path, name: str, answers: list[tuple[bytes, Report]], count: int) -> None:
    """A class, and the results of it: no two answers have the same bytes."""
    generator = random.Random(1)
    with Journal(folder / "graded") as journal, patch("os.fsync"):
        for number in range(count):
            source, report = generator.choice(answers)
            content = source + f"\n# {number}\n".encode()
            student = f"student {number:05}"
            path = folder / "in" / student / f"{name}.py"
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
            report = msgspec.structs.replace(report, submission_sha256=parse(path, content).sha256)
            about = About(
                student, name, f"{student}/{name}.py", SCHEMA, Person(student), export="in"
            )
            journal.append(about, msgspec.json.encode(report))


@contextmanager
def clocked(parts: dict[str, float], name: str, target: object, method: str) -> Iterator[None]:
    """Add what the calls of a method take to a part."""
    original = getattr(target, method)

    def timed(*arguments: object, **keywords: object) -> object:
        started = time.process_time()
        try:
            return original(*arguments, **keywords)
        finally:
            parts[name] = parts.get(name, 0.0) + time.process_time() - started

    with patch.object(target, method, timed):
        yield


def write(folder: Path, told: multiprocessing.SimpleQueue) -> None:  # type: ignore[type-arg]
    """Write everything about a class in this process, and tell what it took."""
    classroom = Classroom(Course(ROOT), folder / "in", folder / "graded", seed=0)
    before, parts = time.process_time(), dict[str, float]()
    with (
        clocked(parts, "counting and statistics", Overview, "__init__"),
        clocked(parts, "code pages", Pages, "_write_answer"),
        clocked(parts, "feedback pages", Pages, "_write_feedback"),
        clocked(parts, "sources", Sources, "of"),
        clocked(parts, "class page", sys.modules["gradekit.render.page"], "report_page"),
    ):
        classroom.write("hints")
    parts["all that is written"] = time.process_time() - before
    told.put((parts, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def measured(folder: Path) -> tuple[dict[str, float], float]:
    """What writing a class took: seconds by part, and MiB."""
    context = multiprocessing.get_context("spawn")
    told = context.SimpleQueue()
    process = context.Process(target=write, args=(folder, told))
    process.start()
    found = told.get()
    process.join()
    return found


def costs(course: Course, slug: str, count: int) -> None:
    exercise = course.find(slug)
    answers = graded(course, slug)
    grading = GRADING[exercise.library]
    memory = []
    for size in (count // 10, count):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            hand_in(folder, exercise.name, answers, size)
            parts, mib = measured(folder)
            memory.append(f"{mib:.0f} MiB for {size}")
    print(
        f"{count} answers to {exercise.name}, of which grading takes {grading * 1000:.0f} ms each:"
    )
    for part, seconds in parts.items():
        share = seconds / count / grading
        print(f"  {part:26} {1000 * seconds / count:6.3f} ms an answer, {share:6.1%} of grading")
    added = sum(parts[each] for each in ("counting and statistics", "class page"))
    share = added / count / grading
    verdict = "within" if share <= GOAL else "over"
    print(f"page and statistics add {share:.1%} ({verdict} {GOAL:.0%}); memory {', '.join(memory)}")


def inverted(report: Report, name: str) -> Report:
    """The report of a grader whose check of that name says the opposite."""
    checks, function = [], ""
    for check in report.checks:
        if check.name == name:
            failed, function = check.outcome == "passed", check.function
            check = msgspec.structs.replace(
                check,
                outcome="failed" if failed else "passed",
                score=0.0 if failed else check.max_score,
                message="spoiled" if failed else "",
            )
        checks.append(check)
    like = {each: text for each, text in report.behaves_like.items() if each != function}
    score = sum(check.score for check in checks)
    return msgspec.structs.replace(report, checks=tuple(checks), score=score, behaves_like=like)


def doubt(course: Course, slug: str, size: int, classes: int = 12) -> None:
    """Classes in which a fifth to four fifths are right and the others err in all ways."""
    exercise, generator = course.find(slug), random.Random(1)
    reports = [report for _, report in graded(course, slug)]
    right = [each for each in reports if each.passed]
    wrong = [each for each in reports if not each.passed]
    names = [check.name for check in right[0].checks if check.max_score]

    def doubted(chosen: list[Report]) -> list[str]:
        results = (Result(f"s{n}", exercise.name, "a.py", each) for n, each in enumerate(chosen))
        return [check.name for check in Overview(course, results).doubtful]

    alarms = found = tried = 0
    for _ in range(classes):
        share, common = generator.choice([0.2, 0.4, 0.6, 0.8]), generator.sample(wrong, 8)
        chosen = [
            generator.choice(right)
            if generator.random() < share
            else generator.choice(common if generator.random() < 0.7 else wrong)
            for _ in range(size)
        ]
        alarms += bool(doubted(chosen))
        for name in generator.sample(names, 2):
            tried += 1
            found += doubted([inverted(each, name) for each in chosen])[:1] == [name]
    print(
        f"{exercise.name}: a check doubted in {alarms} of {classes} honest classes "
        f"of {size}; "
        f"the inverted one named first in {found} of {tried}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("-n", type=int, default=20_000, help="answers of the class")
    parser.add_argument("--exercise", action="append", help="softmax, unless it is told")
    parser.add_argument("--doubt", action="store_true")
    parser.add_argument("--size", type=int, default=300, help="students of a class, for --doubt")
    arguments = parser.parse_args()
    course = Course(ROOT)
    for slug in arguments.exercise or ["softmax"]:
        if arguments.doubt:
            doubt(course, slug, arguments.size)
        else:
            costs(course, slug, arguments.n)


if __name__ == "__main__":
    main()
