"""The pages about single answers: what each student reads, and the code for the instructor."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from markupsafe import Markup

from gradekit.batch.sources import Sources
from gradekit.course import Course
from gradekit.feedback import Level, at_level
from gradekit.render.feedback import Answer, Attempt, FeedbackWriter, Handed
from gradekit.render.source import Listing, marks
from gradekit.results import NotGraded, Result, person_of
from gradekit.standing import Standing
from gradekit.submission import Submission

FEEDBACK, CODE = "feedback", "code"
NOT_GRADED = "not_graded"  # the page about files that mean no exercise
NOT_AT_HAND = Markup('<p class="faint">The source is not at hand: another export held it.</p>')


Shown = Callable[[Result, Handed], Handed]


def as_it_is(result: Result, handed: Handed) -> Handed:
    """Show all of what was handed in."""
    return handed


class Earlier(NamedTuple):
    """An attempt beside the one that counts, without its report."""

    file: str
    sha256: str
    handed: Handed
    points: str


class Attempts:
    """The answers of a class that do not count, because another one of the same person does."""

    def __init__(self, replaced: Iterable[Result] = (), shown: Shown = as_it_is) -> None:
        """Args:
        replaced: Those that were handed in before, and are no longer there.
        shown: What may be told of what was handed in.
        """
        self._shown = shown
        self._found: defaultdict[tuple[str, str], list[Earlier]] = defaultdict(list)
        for result in replaced:
            self._add(result)

    def beside(self, results: Iterable[Result]) -> Iterator[Result]:
        """Pass on the results that count; keep the other attempts."""
        for result in results:
            # The attempts are noted while somebody else reads this generator: they are complete
            # once it is read to its end, as an Overview does before the first page is written.
            if result.state == "counted":
                yield result
            elif result.state == "attempt":
                self._add(result)

    def of(self, result: Result) -> list[Earlier]:
        """Those of the same person and exercise, the oldest first."""
        found = self._found.get((person_of(result).key, result.exercise), [])
        return sorted(found, key=lambda each: (each.handed.attempt, each.handed.time))

    def _add(self, result: Result) -> None:
        report = result.report
        self._found[person_of(result).key, result.exercise].append(
            Earlier(
                result.file,
                report.submission_sha256,
                self._shown(result, _handed(result)),
                report.points,
            )
        )


class Seen(NamedTuple):
    """An answer whose page was written; `source` is None where it is not known."""

    result: Result
    source: Submission | None


class Pages:
    """Writes them into the folder of a class, a folder a student."""

    def __init__(
        self,
        course: Course,
        out: Path,
        level: Level,
        folders: Mapping[str, str],
        standing: Standing,
        sources: Sources,
        shown: Shown = as_it_is,
    ) -> None:
        """Args:
        level: How much students get to see.
        folders: What the folder of each student is called.
        """
        self._standing, self._shown = standing, shown
        self._out, self._level, self._folders = out, level, folders
        self._sources = sources
        self._writer = FeedbackWriter()
        self._titles = {exercise.name: exercise.title for exercise in course.exercises}
        self._written: set[Path] = set()

    def write(
        self,
        results: Iterable[Result],
        not_graded: Sequence[NotGraded],
        attempts: Attempts,
        see: Callable[[Seen], None] = lambda seen: None,
    ) -> None:
        """Write the pages of all answers, and of files that could not be graded.

        Args:
            attempts: Those that do not count.
            see: Shown every answer, with its source.

        Raises:
            OSError: there is no room.
        """
        others = _beside(not_graded, superseded=True)
        graded: set[tuple[str, str]] = set()
        for result in results:
            graded.add((result.student, result.exercise))
            source = self._source(result.exercise, result.file, result.report.submission_sha256)
            listing = Listing(source) if source else None
            handed = _handed(result, others.get((result.student, result.exercise), ()))
            handed = handed._replace(counts=self._standing.final(result).told)
            handed = self._shown(result, handed)
            # Written one by one, and forgotten: the pages of a
            # large class never are in memory together.
            self._write_feedback(result, handed, listing)
            self._write_answer(result, handed, listing, attempts.of(result))
            see(Seen(result, source))
        for (student, exercise), problems in _beside(not_graded, superseded=False).items():
            if student in self._folders and (student, exercise) not in graded:
                title = self._titles.get(exercise, "Files that could not be graded")
                name = exercise if exercise in self._titles else NOT_GRADED
                self._write(student, name, *self._writer.unread(title, problems))
        self._remove_others()

    def _source(self, exercise: str, file: str, sha256: str) -> Submission | None:
        return self._sources.of(exercise, file, sha256)

    def _write_feedback(self, result: Result, handed: Handed, listing: Listing | None) -> None:
        report = at_level(result.report, self._level)
        title = self._titles.get(result.exercise, result.exercise)
        # Marked by what this reader may see, and by nothing else.
        source = listing.html(marks(report)) if listing else None
        html = self._writer.html(report, title, handed, source)
        markdown = self._writer.markdown(report, title, handed)
        self._write(result.student, self._name(result), html, markdown)

    def _write_answer(
        self,
        result: Result,
        handed: Handed,
        listing: Listing | None,
        attempts: Sequence[Earlier],
    ) -> None:
        folder, name = self._folders[result.student], self._name(result)
        answer = Answer(
            result.student,
            handed,
            listing.html(marks(result.report)) if listing else NOT_AT_HAND,
            [self._attempt(result.exercise, each) for each in attempts],
            {
                "The class": "../../report.html",
                "What the student reads": f"../../{FEEDBACK}/{folder}/{name}.html",
            },
        )
        title = self._titles.get(result.exercise, result.exercise)
        path = self._out / CODE / folder
        self._write_page(path / f"{name}.html", self._writer.answer(result.report, title, answer))

    def _attempt(self, exercise: str, earlier: Earlier) -> Attempt:
        source = self._source(exercise, earlier.file, earlier.sha256)
        line = f"{earlier.points}; {earlier.handed.lines[0]}"
        return Attempt(line, Listing(source).html(()) if source else NOT_AT_HAND)

    def _name(self, result: Result) -> str:
        # results.jsonl lies where others may edit it: only names of the course become names of
        # files, so that no line can write a page somewhere else.
        return result.exercise if result.exercise in self._titles else "exercise"

    def _write(self, student: str, name: str, html: str, markdown: str) -> None:
        path = self._out / FEEDBACK / self._folders[student]
        self._write_page(path / f"{name}.html", html)
        self._write_page(path / f"{name}.md", markdown)

    def _write_page(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        self._written.add(path)

    def _remove_others(self) -> None:
        """Remove the pages of earlier runs that none took the place of, and nothing else.

        Whoever has got another name, or a pseudonym, has other pages: the old ones would tell who
        it is, or an old score.
        """
        names = {*self._titles, NOT_GRADED, "exercise"}
        for kind in (FEEDBACK, CODE):
            for path in (self._out / kind).glob("*/*"):
                is_page = path.suffix in (".html", ".md") and path.stem in names
                if is_page and path not in self._written and not path.parent.is_symlink():
                    path.unlink()
                    with contextlib.suppress(OSError):  # there is more in it
                        path.parent.rmdir()


def _handed(result: Result, others: Sequence[tuple[str, str]] = ()) -> Handed:
    """What a result is about, as its author knows it."""
    name = PurePosixPath(result.file).name
    return Handed(name, result.handed_in, result.file_date, result.attempt, tuple(others))


def _beside(
    not_graded: Iterable[NotGraded], *, superseded: bool
) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Names and reasons of the files that were not graded and have an owner.

    By student and exercise: those that another file of the same person replaced, or those that
    could not be graded.
    """
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for each in not_graded:
        if each.student and each.superseded == superseded:
            name = PurePosixPath(each.file).name
            found.setdefault((each.student, each.exercise), []).append((name, each.reason))
    return found
