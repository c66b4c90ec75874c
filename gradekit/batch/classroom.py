"""A class from what it handed in to what the instructor looks at."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from gradekit.batch.basis import Basis
from gradekit.batch.examples import Examples
from gradekit.batch.journal import Journal
from gradekit.batch.machines import Machines
from gradekit.batch.marking import TO_MARK, require_taken_over, to_mark_csv
from gradekit.batch.pages import CODE, FEEDBACK, Attempts, Pages, Shown, as_it_is
from gradekit.batch.pseudonyms import Pseudonyms
from gradekit.batch.resuming import REPLACED, Export, Preview, preview
from gradekit.batch.run import Batch
from gradekit.batch.sources import Sources
from gradekit.course import Course, Exercise
from gradekit.errors import KitError
from gradekit.export.scores import not_graded_csv, scores_csv, similar_csv
from gradekit.feedback import Level
from gradekit.files import replace_whole_file
from gradekit.intake.discovery import discover
from gradekit.intake.entries import Found
from gradekit.intake.handed_in import open_handed_in
from gradekit.intake.items import HandedIn
from gradekit.overview import Overview, Similar
from gradekit.policy_files import OVERRIDES, POLICY
from gradekit.render.feedback import folder_names
from gradekit.render.page import report_page
from gradekit.render.similar import similar_page
from gradekit.report import new_seed
from gradekit.results import (
    About,
    NotGraded,
    Person,
    Result,
    meant,
    names_in,
    printable,
    read_attempts,
    read_history,
    seed_of,
)
from gradekit.roster import ROSTER, Roster
from gradekit.standing import Change, Standing, check_files, record, stand, use_file

PAGE, SCORES, NOT_GRADED = "report.html", "scores.csv", "not_graded.csv"
SIMILAR_PAGE, SIMILAR_TABLE = "similar.html", "similar.csv"


class NothingThere(KitError):
    """There is no answer to any exercise among what was handed in."""


class Classroom:
    """What a class handed in, and the folder for what comes of it."""

    def __init__(
        self,
        course: Course,
        handed_in: Path,
        out: Path,
        exercise: Exercise | None = None,
        roster: Roster | None = None,
        seed: int | None = None,
        partial: frozenset[str] = frozenset(),
    ) -> None:
        """Find out what there is.

        Args:
            seed: Of the cases that checks draw; None for that of the results that are there, or a
                new one: what messages showed of one class then helps nobody in the next.
            exercise: All of it answers this one, whatever the files are called.
            roster: Who belongs to the class.
            partial: Files that somebody is still writing: they are left for later.

        Raises:
            NothingThere: nothing that could be graded is there.
            KitError: our results would lie among what was handed in.
        """
        # A folder inside of it is all right: intake leaves it
        # out. The same folder cannot be left out.
        if out.resolve() == handed_in.resolve():
            raise KitError(
                f"{out} is what the class handed in, and results would be taken for answers: "
                "name another folder, such as `--out graded`."
            )
        self.course, self.out = course, out
        # The seed of the last run, where there is one: another would have all answers graded again.
        known = seed_of(out) if seed is None else seed
        self.seed = new_seed() if known is None else known
        self._handed_in: HandedIn = open_handed_in(handed_in, out, partial)
        only_one = exercise.name if exercise else None
        self.found = self._called_anew(discover(self._handed_in, course, only_one, roster))
        if not self.found.entries:
            raise NothingThere(_nothing_in(handed_in, self.found))
        # In the form of results.jsonl, since they are going to be compared with its lines.
        shown = frozenset(map(printable, partial))
        self.export = Export(export_name(handed_in), exercise=only_one or "", partial=shown)
        self.unreadable: list[NotGraded] = []
        self.withdrawn: list[About] = []
        self.set_aside = 0
        self.finished = 0
        self.earlier = 0
        self.notes: list[str] = []  # about the policy
        self.changes: list[Change] = []  # of final scores, since the last run

    def use_policy(
        self,
        policy: Path | None,
        overrides: Path | None,
        roster: Path | None = None,
        *,
        keep: bool = True,
    ) -> None:
        """See to it that policy and marks by hand can be read, before hours go into grading.

        Args:
            policy, overrides, roster: Files to use from now on; None for those beside the results.
            keep: Keep the files beside the results; else they are only read.

        Raises:
            KitError: they say something that has no meaning.
        """
        check_files(self.out, self.course, self.found.people, policy, overrides)
        for given, name in ((policy, POLICY), (overrides, OVERRIDES), (roster, ROSTER)):
            if given is not None and keep:
                use_file(given, self.out, name)
        require_taken_over(self.out, self.course)

    def only(self, student: str) -> None:
        """Leave all but one student as they are, and grade that one again.

        Args:
            student: A name, as the tables call them, an id or a login.

        Raises:
            KitError: nobody is called so, or several are.
        """
        names = names_in(self.out, self.found.people)
        called = meant({each.person: names[each.person] for each in self.found.entries}, student)
        if len(called) != 1:
            several = f": {', '.join(called)}" if called else ""
            count = "Several students are" if called else "No student with an answer is"
            raise KitError(f"{count} called `{student}`{several}. `--dry-run` lists all of them.")
        entries = [each for each in self.found.entries if each.student == called[0]]
        self.found = self.found._replace(entries=entries)
        self.export = self.export._replace(only=frozenset(each.person.key for each in entries))

    def preview(self, isolation: str | None, explain: bool = False) -> Preview:
        """What grading would do with the results that are there."""
        # Without a journal, which would create a folder: a dry run leaves no trace.
        basis = Basis(self.course, isolation, self.seed, explain)
        results = read_attempts(self.out, self.found.people)
        return preview(basis, self._handed_in, self.found.entries, self.export, results)

    def _called_anew(self, found: Found) -> Found:
        """The same, where nobody is called like somebody of an earlier run."""
        # Of results that are there, too: if a second Kim hands in next week, the first keeps the
        # name that pages and tables already have for her.
        names = names_in(self.out, found.people)
        entries = [each._replace(student=names[each.person]) for each in found.entries]
        problems = [
            msgspec.structs.replace(each, student=names.get(each.person, each.student))
            for each in found.not_graded
        ]
        return found._replace(entries=entries, not_graded=problems)

    @property
    def exercises(self) -> list[Exercise]:
        """Those that somebody handed in an answer to."""
        used = {entry.exercise for entry in self.found.entries}
        return [exercise for exercise in self.course.exercises if exercise.name in used]

    def grade(
        self,
        machines: Callable[[], AbstractContextManager[Machines]],
        isolation: str | None,
        started: Callable[[int], None],
        tell: Callable[[], None],
        explain: bool = False,
    ) -> None:
        """Grade what no earlier run has finished; every result is on the disk when it is done.

        Args:
            machines: What grades; only asked for if there is something to grade.
            started: Called once, with the number of answers that an earlier run finished.
            tell: Called after each answer.
            explain: Look for counterexamples, because students are going to read them.
        """
        with Journal(self.out) as journal:
            basis = Basis(self.course, isolation, self.seed, explain)
            batch = Batch(basis, self._handed_in, journal, self.export)
            # Before the machines are asked for: grader processes take seconds to start, and a run
            # that has nothing to grade is over at once.
            waiting = batch.resume(self.found.entries)
            self.withdrawn, self.set_aside = batch.withdrawn, journal.set_aside
            self.earlier = len(self.found.entries) - len(waiting)
            started(self.earlier)
            if not waiting:
                return
            try:
                with machines() as graders:
                    graders.expect(len(waiting))
                    batch.run(graders, waiting, tell)
            finally:
                # Also after Ctrl-C or a full disk: what was graded
                # is in the tables, and the summary says it.
                self.finished = batch.graded
                self.unreadable = batch.not_graded

    def similar(self, against: Sequence[Path] = ()) -> Similar:
        """Groups of answers to one exercise that share suspiciously much code.

        Args:
            against: What earlier classes handed in, a folder or zip each.
        """
        # Here, since it brings copydetect and its libraries, which only those who ask for it need.
        from gradekit.batch.similarity import similar_answers

        return similar_answers(self.course, self._handed_in, self.found.entries, against)

    def write(
        self,
        level: Level,
        similar: Similar | None = None,
        *,
        settled: bool = True,
        anonymous: bool = False,
    ) -> Overview:
        """Write the page, the tables and everybody's feedback.

        Args:
            settled: All that can be graded is: final scores may be held against the last ones.
            anonymous: Pages say pseudonyms; tables keep the names.

        Raises:
            KitError: there is no room.
        """
        names = names_in(self.out, self.found.people)
        people = {names[person]: person for person in self.found.people}
        standing = self.standing()
        # Only once a run is complete. In the middle of one, everybody who is not graded yet would
        # be noted as somebody whose score has changed.
        self.notes, self.changes = standing.notes, record(standing) if settled else []
        attempts = Attempts(self._replaced())
        results = attempts.beside(standing.attempts())
        overview = Overview(self.course, results, self._not_graded, similar, people, standing)
        try:
            # The tables first: they are small, and what an
            # instructor needs if the disk is full after them.
            replace_whole_file(self.out / SCORES, scores_csv(overview))
            replace_whole_file(self.out / NOT_GRADED, not_graded_csv(overview.not_graded))
            if overview.waiting:
                table = to_mark_csv(overview, self.course, self._handed_in, self.found.entries)
                replace_whole_file(self.out / TO_MARK, table)
            else:
                (self.out / TO_MARK).unlink(missing_ok=True)
            if similar is not None:
                replace_whole_file(self.out / SIMILAR_TABLE, similar_csv(similar))
            if anonymous:
                overview = self._write_anonymous(level, overview)
            else:
                self._write_pages(level, overview, attempts, standing.counted())
            if similar is not None:
                replace_whole_file(self.out / SIMILAR_PAGE, similar_page(overview.similar))
        except OSError as error:
            raise KitError(
                f"{error.filename or self.out} cannot be written: {error.strerror}. "
                "All results are safe: make room and run the same command again."
            ) from None
        return overview

    def _replaced(self) -> Iterator[Result]:
        return (each.result for each in read_history(self.out) if each.why == REPLACED)

    def _write_anonymous(self, level: Level, named: Overview) -> Overview:
        """Write all pages under pseudonyms; return what they are made from."""
        standing = named.standing
        assert standing is not None
        aliases = Pseudonyms(self.out, {name: named.people[name] for name in named.cells})
        attempts = Attempts(map(aliases.result, self._replaced()), aliases.handed)
        overview = Overview(
            self.course,
            attempts.beside(map(aliases.result, standing.attempts())),
            aliases.not_graded(named.not_graded),
            aliases.similar(named.similar),
            aliases.people(),
            aliases.standing(standing),
        )
        # Read from the disk once more: the overview above has used up the first iterator.
        counted = map(aliases.result, standing.counted())
        self._write_pages(level, overview, attempts, counted, aliases.handed)
        # Pages under names that an earlier run wrote are not deleted: somebody may have sent links
        # to them. But whoever passes the folder on has to know.
        by_name = folder_names(named.cells).values()
        kinds = (FEEDBACK, CODE)
        if any((self.out / kind / name).exists() for kind in kinds for name in by_name):
            note = "feedback/ and code/ still hold pages of an earlier run under names"
            self.notes = [*self.notes, note]
        return overview

    def _write_pages(
        self,
        level: Level,
        overview: Overview,
        attempts: Attempts,
        counted: Iterable[Result],
        shown: Shown = as_it_is,
    ) -> None:
        """Write the page of the class and those of all answers."""
        assert overview.standing is not None
        folders = folder_names(overview.cells)
        examples = Examples(overview, self.out)
        with Sources(self.out, self._handed_in, self.found.entries) as sources:
            pages = Pages(
                self.course,
                self.out,
                level,
                folders,
                overview.standing,
                sources,
                shown,
            )
            pages.write(counted, overview.not_graded, attempts, examples.see)
        # The page of the class last: its examples were found
        # while the pages of answers were written.
        graded_at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        page = report_page(overview, folders, graded_at, examples.found)
        replace_whole_file(self.out / PAGE, page)

    @property
    def people(self) -> dict[str, Person]:
        """Who everybody is, by what they are called."""
        names = names_in(self.out, self.found.people)
        return {names[person]: person for person in sorted(names, key=lambda each: each.id)}

    def standing(self) -> Standing:
        """The final scores, of all results that are there.

        Raises:
            KitError: policy or marks say something that has no meaning.
        """
        unreadable = {
            (each.student, each.exercise)
            for each in self._not_graded
            if each.exercise and not each.superseded
        }
        return stand(self.out, self.course, self.found.people, unreadable)

    @property
    def _not_graded(self) -> list[NotGraded]:
        return [*self.found.not_graded, *self.unreadable, *map(_gone, self.withdrawn)]


def _nothing_in(handed_in: Path, found: Found) -> str:
    """What to say where there is nothing to grade."""
    others = len(found.not_graded)
    first = found.not_graded[0] if found.not_graded else None
    example = f", such as {first.file}: {first.reason}" if first else ""
    return (
        f"No answer to an exercise of this course is in {handed_in} ({others} other files"
        f"{example}).\nAnswers are found by their names: STUDENT/exercise_05_softmax.py, or as "
        "Canvas, Moodle, Gradescope and nbgrader name them; `--exercise softmax` says that all "
        "files answer that one."
    )


def export_name(handed_in: Path) -> str:
    """What tells one folder or zip from another, without telling where it lies."""
    path = handed_in.resolve()
    # Two exports are often called "submissions". Not the path itself: results are passed on, and it
    # would tell the instructor's login and how the disk is organised.
    return f"{path.name} {hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}"


def _gone(about: About) -> NotGraded:
    """An answer of an earlier run that its export no longer holds, as the tables list it."""
    reason = "it was graded earlier, and is no longer in this export: its points do not count"
    person = about.person if about.person.name else Person(about.student)
    return NotGraded(about.file, about.student, about.exercise, reason, True, person)
