"""Grading a class, for `kit grade`: from what was asked for to the exit code."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from gradekit.commands._group import INTERRUPTED, OUR_FAILURE, complain
from gradekit.errors import KitError

if TYPE_CHECKING:
    from gradekit.batch.classroom import Classroom
    from gradekit.batch.machines import Machines
    from gradekit.batch.resuming import Preview
    from gradekit.course import Course
    from gradekit.feedback import Level
    from gradekit.intake.entries import Found
    from gradekit.overview import Overview, Similar


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
    watch: bool
    anonymous: bool


class ClassRun:
    """One `kit grade`."""

    def __init__(self, course: Course, asked: Asked) -> None:
        self._course, self._asked = course, asked
        self._isolation = asked.isolation
        self._similar: Similar | None = None
        self._writing = 0.0  # seconds that tables and pages took
        self._rounds = 0  # of a watch, that came to their end
        self._has_begun = False
        self._told: list[str] = []
        self._problem = ""  # why the last round failed

    def run(self) -> int:
        """Do it; return the exit code.

        Raises:
            KitError: something is to be put right, or looked at, first.
        """
        asked = self._asked
        if asked.watch:
            return self._watch()
        if not asked.dry_run:
            self._check_first()
        classroom = self._classroom()
        self._use_policy(classroom)
        if asked.only:
            classroom.only(asked.only)
        if asked.dry_run or (classroom.found.doubts and not asked.as_it_stands):
            preview = classroom.preview(self._isolation, asked.feedback == "full")
            _show_placement(classroom.found, preview, asked.dry_run and asked.as_it_stands)
            return 0
        machines = partial(_machines, classroom, asked, self._isolation)
        return self._grade(classroom, machines, self._tell)

    def _watch(self) -> int:
        """Grade what arrives until Ctrl-C (or SIGTERM); the exit code is that of the last round.

        Raises:
            KitError: something is to be put right before the first round.
        """
        from gradekit.batch import arrivals
        from gradekit.policy_files import OVERRIDES, POLICY
        from gradekit.roster import ROSTER

        asked = self._asked
        if asked.only or asked.dry_run or not asked.folder.is_dir():
            raise KitError("`--watch` takes a folder, and neither `--only` nor `--dry-run`.")
        self._check_first()
        # As Ctrl-C: whoever stops a service (systemd, docker) gets tables and pages as well.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        beside = [asked.out / name for name in (POLICY, OVERRIDES, ROSTER)]
        folder = arrivals.Arrivals(asked.folder, asked.out, beside)
        code = 0
        click.echo(f"Watching {asked.folder}: Ctrl-C ends.", err=True)
        try:
            with _Kept(asked, self._isolation) as kept:
                while code != INTERRUPTED:
                    look = folder.look()
                    if look.is_new:
                        done = self._round(kept, look.partial)
                        if done is None:  # say, a grading.toml that somebody is typing
                            folder.try_again()
                        code = code if done is None else done
                    if code != INTERRUPTED:
                        # Half of the time is left to others where pages of a large class take long.
                        arrivals.wait(max(arrivals.SECONDS, self._writing))
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
        return code

    def _round(self, kept: _Kept, unfinished: frozenset[str]) -> int | None:
        """Grade what has arrived; None if that has to be tried again.

        Raises:
            KitError: something is to be put right before the watch begins.
        """
        from gradekit.batch.classroom import NothingThere

        begins, self._has_begun = not self._has_begun, True
        try:
            classroom = self._classroom(unfinished)
            self._use_policy(classroom)
            if classroom.found.doubts and not self._asked.as_it_stands:
                raise KitError(
                    f"Not graded, because the placement is in doubt: {classroom.found.doubts[0]}\n"
                    "`--dry-run` shows it; if it is right, add `--as-it-stands`."
                )
            tell = self._tell_briefly if self._rounds else self._tell
            code = self._grade(classroom, lambda: kept.machines(classroom), tell)
        except NothingThere:
            return 0
        except KitError as error:
            if begins:
                raise
            if str(error) != self._problem:
                complain(str(error))
            self._problem = str(error)
            return None
        self._rounds, self._problem = self._rounds + 1, ""
        return code

    def _use_policy(self, classroom: Classroom) -> None:
        """Take the files over that were named, once; from then on those beside the results."""
        asked = self._asked
        policy, overrides = (asked.policy, asked.overrides) if self._rounds == 0 else (None, None)
        classroom.use_policy(policy, overrides, asked.roster, keep=not asked.dry_run)

    def _check_first(self) -> None:
        """What would be found out only after the class was graded, which may take hours."""
        if self._asked.scheduler is None:  # the workers of a cluster are asked the same
            from gradekit.batch.grader import isolation_for_strangers

            self._isolation = isolation_for_strangers(self._isolation)
        if self._asked.gradebook:
            from gradekit.nbgrader.gradebook import check_url

            check_url(self._asked.gradebook)

    def _classroom(self, unfinished: frozenset[str] = frozenset()) -> Classroom:
        from gradekit.batch.classroom import Classroom
        from gradekit.roster import ROSTER, Roster

        asked = self._asked
        # That of an earlier run, as its policy is: without it everybody would get a second row,
        # under the name that the files say.
        kept = asked.out / ROSTER
        path = asked.roster or (kept if kept.is_file() else None)
        table = Roster(path) if path else None
        if table is not None:
            table.require_people()
        one = self._course.find(asked.exercise) if asked.exercise else None
        return Classroom(self._course, asked.folder, asked.out, one, table, asked.seed, unfinished)

    def _grade(
        self,
        classroom: Classroom,
        machines: Callable[[], AbstractContextManager[Machines]],
        tell: Callable[[Classroom, Overview], None],
    ) -> int:
        """Grade what is new, write what comes of it, and tell."""
        from gradekit.render.batch import progress_bar
        from gradekit.render.terminal import console
        from gradekit.texts import counted

        asked, interrupted = self._asked, False
        try:
            with progress_bar(console(stderr=True), len(classroom.found.entries)) as bar:
                explain = asked.feedback == "full"
                classroom.grade(machines, self._isolation, bar.started, bar.tell, explain)
        except KeyboardInterrupt:
            interrupted = True
            left = len(classroom.found.entries) - classroom.earlier - classroom.finished
            answers = counted(left, "answer")
            click.echo(f"Stopped with {answers} to go: the same command goes on.", err=True)
            if not asked.out.is_dir():  # it came before anything could be written
                return INTERRUPTED
        # Comparing takes minutes: whoever pressed Ctrl-C does not wait for it.
        compare = (asked.similarity or asked.against) and not interrupted
        self._similar = classroom.similar(asked.against) if compare else None
        if asked.gradebook:  # before the tables, which show marks that were entered there
            self._read_marks(classroom, asked.gradebook)
        start = time.monotonic()
        overview = self._write(classroom, settled=not interrupted)
        self._writing = time.monotonic() - start
        tell(classroom, overview)
        if asked.gradebook and not interrupted:
            self._write_gradebook(classroom, asked.gradebook)
        return INTERRUPTED if interrupted else OUR_FAILURE if overview.not_run else 0

    def _write(self, classroom: Classroom, settled: bool = True) -> Overview:
        asked = self._asked
        return classroom.write(
            asked.feedback, self._similar, settled=settled, anonymous=asked.anonymous
        )

    def _tell(self, classroom: Classroom, overview: Overview) -> None:
        from gradekit.render.batch import print_summary
        from gradekit.render.terminal import console

        print_summary(console(), overview, self._asked.out, classroom.earlier)
        self._tell_problems(classroom, overview)

    def _tell_briefly(self, classroom: Classroom, overview: Overview) -> None:
        """A line for a round in which something was graded."""
        from gradekit.texts import counted

        if classroom.finished:
            now = time.strftime("%H:%M:%S")
            people = counted(len(overview.cells), "student")
            click.echo(f"{now}  {classroom.finished} more graded, of {people} now.")
        self._tell_problems(classroom, overview)

    def _tell_problems(self, classroom: Classroom, overview: Overview) -> None:
        from gradekit.render.batch import print_changes
        from gradekit.render.terminal import console
        from gradekit.report import clean
        from gradekit.texts import counted

        print_changes(console(), classroom.changes, self._asked.out)
        faults = [f"{exercise} was not run: {why}" for exercise, why in overview.faults.items()]
        notes = [*(f"note: {note}" for note in classroom.notes), *faults]
        for note in notes:
            if note not in self._told:  # by an earlier round of a watch
                click.echo(clean(note), err=True)
        self._told = notes
        if classroom.set_aside:
            lines = counted(classroom.set_aside, "line")
            click.echo(
                f"{lines} of results.jsonl in a shape that kit cannot read: moved to "
                "set_aside.jsonl beside it.",
                err=True,
            )

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
            self._write(classroom)
            print_changes(console(), classroom.changes, asked.out)
        told, more = settle(url, classroom.standing(), read_told(asked.out))
        write_told(asked.out, told)
        for note in [*notes, *more]:
            click.echo(f"note: {note}", err=True)
        click.echo(f"Gradebook written: {url}")


class _Kept:
    """The graders of a watched folder: kept warm from round to round, until a grader changes."""

    def __init__(self, asked: Asked, isolation: str | None) -> None:
        self._asked, self._isolation = asked, isolation
        self._stack = ExitStack()
        self._open: Machines | None = None
        self._versions: dict[str, dict[str, str]] = {}

    def __enter__(self) -> _Kept:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def machines(self, classroom: Classroom) -> Iterator[Machines]:
        """The graders; they outlive the `with` block."""
        from gradekit.batch.versions import versions_of

        now = {each.name: versions_of(classroom.course, each) for each in classroom.exercises}
        changed = any(now[name] != self._versions.get(name, now[name]) for name in now)
        if self._open is None or changed:
            self._stack.close()
            opened = _machines(classroom, self._asked, self._isolation)
            self._open = self._stack.enter_context(opened)
        self._versions |= now
        yield self._open


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
    from gradekit.batch.machines import this_machine

    if asked.scheduler is None:
        return this_machine(asked.jobs)
    from gradekit.batch.cluster import cluster

    return cluster(asked.scheduler, classroom.course, classroom.exercises, isolation)
