"""The pages about single answers: what each student gets to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from gradekit.course import Course
from gradekit.feedback import Level, at_level
from gradekit.render.feedback import FeedbackWriter, Handed
from gradekit.results import NotGraded, Result
from gradekit.standing import Standing

FEEDBACK = "feedback"


class Pages:
    """Writes them into the folder of a class, a folder a student."""

    def __init__(
        self,
        course: Course,
        out: Path,
        level: Level,
        folders: Mapping[str, str],
        standing: Standing,
    ) -> None:
        """Args:
        level: How much students get to see.
        folders: What the folder of each student is called.
        """
        self._standing = standing
        self._out, self._level, self._folders = out, level, folders
        self._writer = FeedbackWriter()
        self._titles = {exercise.name: exercise.title for exercise in course.exercises}

    def write(self, results: Iterable[Result], not_graded: Sequence[NotGraded]) -> None:
        """Write the pages of all answers, and of files that could not be graded.

        Raises:
            OSError: there is no room.
        """
        others = _beside(not_graded, superseded=True)
        graded: set[tuple[str, str]] = set()
        for result in results:
            graded.add((result.student, result.exercise))
            self._write_result(result, others.get((result.student, result.exercise), ()))
        for (student, exercise), problems in _beside(not_graded, superseded=False).items():
            if student in self._folders and (student, exercise) not in graded:
                title = self._titles.get(exercise, "Files that could not be graded")
                name = exercise if exercise in self._titles else "not_graded"
                html, markdown = self._writer.unread(title, problems)
                self._write_feedback(student, name, html, markdown)

    def _write_result(self, result: Result, others: Sequence[tuple[str, str]]) -> None:
        report = at_level(result.report, self._level)
        title = self._titles.get(result.exercise, result.exercise)
        name = result.exercise if result.exercise in self._titles else "exercise"
        handed = _handed(result, others)._replace(counts=self._standing.final(result).told)
        html = self._writer.html(report, title, handed)
        markdown = self._writer.markdown(report, title, handed)
        self._write_feedback(result.student, name, html, markdown)

    def _write_feedback(self, student: str, name: str, html: str, markdown: str) -> None:
        path = self._out / FEEDBACK / self._folders[student]
        path.mkdir(parents=True, exist_ok=True)
        (path / f"{name}.html").write_text(html, "utf-8")
        (path / f"{name}.md").write_text(markdown, "utf-8")


def _handed(result: Result, others: Sequence[tuple[str, str]]) -> Handed:
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
