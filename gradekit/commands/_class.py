"""Grading a class, for `kit grade`: from what was asked for to the exit code."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from gradekit.commands._group import OUR_FAILURE
from gradekit.errors import KitError
from gradekit.feedback import Level

if TYPE_CHECKING:
    from gradekit.batch.classroom import Classroom
    from gradekit.batch.machines import Machines
    from gradekit.batch.run import Preview
    from gradekit.course import Course
    from gradekit.intake.placing import Found
    from gradekit.overview import Overview, Similar

INTERRUPTED = 130  # as shells report a command that Ctrl-C ended


class Asked(NamedTuple):
    """The options of `kit grade`, as they are called there."""

    folder: Path
    out: Path
    jobs: int | None
    scheduler: str | None
    feedback: Level
    isolation: str | None
    similarity: bool
    against: tuple[Path, ...]
    exercise: str | None
    roster: Path | None
    only: str | None
    dry_run: bool
    as_it_stands: bool
    seed: int | None
    policy: Path | None
    overrides: Path | None
    gradebook: str | None


class ClassRun:
    """One `kit grade`."""

    def __init__(self, course: Course, asked: Asked) -> None:
        self._course, self._asked = course, asked
        self._isolation = asked.isolation
        self._similar: Similar | None = None

    def run(self) -> int:
        """Do it; return the exit code.

        Raises:
            KitError: something is to be put right, or looked at, first.
        """
        asked = self._asked
        if not asked.dry_run:
            self._check_first()
        classroom = self._classroom()
        classroom.use_policy(asked.policy, asked.overrides, keep=not asked.dry_run)
        if asked.only:
            classroom.only(asked.only)
        if asked.dry_run or (classroom.found.doubts and not asked.as_it_stands):
            preview = classroom.preview(self._isolation, asked.feedback == "full")
            _show_placement(classroom.found, preview, asked.dry_run and asked.as_it_stands)
            return 0
        return self._grade(classroom)

    def _check_first(self) -> None:
        """What would be found out only after the class was graded, which may take hours."""
        if self._asked.scheduler is None:  # the workers of a cluster are asked the same
            from gradekit.batch.grader import isolation_for_strangers

            self._isolation = isolation_for_strangers(self._isolation)
        if self._asked.gradebook:
            from gradekit.nbgrader.gradebook import check_url

            check_url(self._asked.gradebook)

    def _classroom(self) -> Classroom:
        from gradekit.batch.classroom import Classroom
        from gradekit.roster import Roster

        asked = self._asked
        table = Roster(asked.roster) if asked.roster else None
        if table is not None:
            table.require_people()
        one = self._course.find(asked.exercise) if asked.exercise else None
        return Classroom(self._course, asked.folder, asked.out, one, table, asked.seed)

    def _grade(self, classroom: Classroom) -> int:
        """Grade what is new, write what comes of it, and tell."""
        from gradekit.render.batch import progress_bar
        from gradekit.render.terminal import console

        asked, interrupted = self._asked, False
        try:
            with progress_bar(console(stderr=True), len(classroom.found.entries)) as bar:
                machines = partial(_machines, classroom, asked, self._isolation)
                explain = asked.feedback == "full"
                classroom.grade(machines, self._isolation, bar.started, bar.tell, explain)
        except KeyboardInterrupt:
            interrupted = True
            left = len(classroom.found.entries) - classroom.earlier - classroom.finished
            click.echo(f"Stopped with {left} answers to go: the same command goes on.", err=True)
        compare = (asked.similarity or asked.against) and not interrupted
        self._similar = classroom.similar(asked.against) if compare else None
        if asked.gradebook:
            self._read_marks(classroom, asked.gradebook)
        overview = classroom.write(asked.feedback, self._similar, settled=not interrupted)
        self._tell(classroom, overview)
        if asked.gradebook and not interrupted:
            self._write_gradebook(classroom, asked.gradebook)
        return INTERRUPTED if interrupted else OUR_FAILURE if overview.not_run else 0

    def _tell(self, classroom: Classroom, overview: Overview) -> None:
        from gradekit.render.batch import print_changes, print_summary
        from gradekit.render.terminal import console
        from gradekit.report import clean

        print_summary(console(), overview, self._asked.out, classroom.earlier)
        print_changes(console(), classroom.changes, self._asked.out)
        for note in classroom.notes:
            click.echo(clean(f"note: {note}"), err=True)
        if classroom.set_aside:
            count = classroom.set_aside
            lines = f"{count} lines of results.jsonl are in a shape that kit cannot read"
            click.echo(f"{lines}: they now stand in set_aside.jsonl beside it.", err=True)
        for exercise, fault in overview.faults.items():
            click.echo(clean(f"{exercise} was not run: {fault}"), err=True)

    def _read_marks(self, classroom: Classroom, url: str) -> bool:
        """Take over what people entered into nbgrader's gradebook; whether it is anything new."""
        from gradekit.nbgrader.marks import read_marks
        from gradekit.standing import read_told, write_told

        out = self._asked.out
        return write_told(out, read_marks(url, classroom.people, read_told(out)))

    def _write_gradebook(self, classroom: Classroom, url: str) -> None:
        from gradekit.nbgrader.gradebook import write
        from gradekit.nbgrader.marks import settle
        from gradekit.render.batch import print_changes
        from gradekit.render.terminal import console
        from gradekit.standing import read_told, write_told

        asked = self._asked
        results = classroom.standing().counted(marked=False)
        notes = write(results, url, self._course, asked.folder, asked.feedback)
        if self._read_marks(classroom, url):  # nbgrader's own rule for lateness, say
            classroom.write(asked.feedback, self._similar)
            print_changes(console(), classroom.changes, asked.out)
        told, more = settle(url, classroom.standing(), read_told(asked.out))
        write_told(asked.out, told)
        for note in [*notes, *more]:
            click.echo(f"note: {note}", err=True)
        click.echo(f"Gradebook written: {url}")


def _show_placement(found: Found, preview: Preview, agreed: bool) -> None:
    """Print whose answer to what each file is.

    Raises:
        KitError: it should be looked at, and nobody has said that it is right.
    """
    from gradekit.render.placement import print_placement
    from gradekit.render.terminal import console

    print_placement(console(), found, preview)
    if found.doubts and not agreed:
        raise KitError(
            "Nothing was graded, because the placement is in doubt:\n"
            + "".join(f"- {doubt}\n" for doubt in found.doubts)
            + "If the table is right, add `--as-it-stands`."
        )


def _machines(
    classroom: Classroom, asked: Asked, isolation: str | None
) -> AbstractContextManager[Machines]:
    """Where to grade: on a cluster, else here."""
    from gradekit.batch.machines import cores, this_machine

    if asked.scheduler is None:
        return this_machine(asked.jobs or cores())
    from gradekit.batch.cluster import cluster

    return cluster(asked.scheduler, classroom.course, classroom.exercises, isolation)
