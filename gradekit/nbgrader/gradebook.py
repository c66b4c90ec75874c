"""nbgrader's gradebook, written from reports.

`record` puts one report into one submitted notebook. It is what nbgrader's own autograde
ends in on an exported course (see autograde.py), and what `kit grade --gradebook`
does without nbgrader's notebooks and kernels, so both give the same gradebook.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from gradekit.course import Course
from gradekit.errors import KitError
from gradekit.feedback import Level, at_level
from gradekit.intake.handed_in import open_handed_in
from gradekit.intake.layouts.nbgrader import TIMESTAMP, TIMESTAMP_BYTES
from gradekit.intake.names import answer_suffix
from gradekit.nbgrader.cells import Graded, Reports, asked_checks, filled
from gradekit.nbgrader.course import CONFIG
from gradekit.nbgrader.notebooks import HiddenCheck, notebook
from gradekit.submission import decoded
from gradekit.texts import as_markdown, remarks

if TYPE_CHECKING:
    from nbgrader.api import Gradebook, SubmittedNotebook

    from gradekit.results import Result


def record(submitted: SubmittedNotebook, graded: Graded, level: Level) -> None:
    """Write scores and comments. What a human entered stays; nothing is committed here."""
    solutions = {cell.name for cell in submitted.notebook.solution_cells}
    for grade in submitted.grades:
        if found := graded.find(grade.name):
            _, check = found
            is_open = check.outcome in ("not_run", "waits")
            _set_score(grade, None if is_open else check.score)
        elif grade.name not in solutions:  # a test of the instructor's own: nobody ran it
            _set_score(grade, None)
    shown = {name: at_level(report, level) for name, report in graded.reports.items()}
    for comment in submitted.comments:
        texts = [remarks(report, comment.name) for report in shown.values()]
        # nbgrader shows comments as Markdown, with any HTML that is in it.
        comment.auto_comment = as_markdown("\n".join(filter(None, texts))) or None


def _set_score(grade: Any, score: float | None) -> None:
    grade.auto_score = score
    # As nbgrader does: whoever corrected the old score by hand should look again.
    grade.needs_manual_grade = score is None or grade.manual_score is not None


def write(
    results: Iterable[Result],
    url: str,
    course: Course,
    folder: Path | None = None,
    level: Level = "full",
) -> list[str]:
    """Write a class into the gradebook at `url`; return what the instructor should know.

    Students, assignments and submissions that are missing are added, others updated.

    Args:
        folder: What was handed in, that the results' files are relative to. In an nbgrader
            course the graded notebooks are written too, which feedback and formgrader show.
        level: How much of a report goes into comments and graded notebooks.

    Raises:
        KitError: the gradebook cannot be opened, or holds other checks than the grader.
    """
    # The gradebook knows one submission of each student: of several results the last one stands.
    newest = {(result.student, result.exercise): result for result in results}
    with opened(url) as gradebook:
        models = {
            result.exercise: result.report
            for result in newest.values()
            if result.report.max_score  # else nothing was run, and no check is in it
        }
        writer = _Writer(gradebook, url, course, folder, level, models)
        # All notebooks of an assignment first: a submission is made with those that it has.
        for result in {result.exercise: result for result in newest.values()}.values():
            writer.assignment(result)
        for _, result in sorted(newest.items()):
            writer.write(result)
        writer.finish()
        return writer.notes


def check_url(url: str) -> None:
    """Open the gradebook at `url` once, made if it is not there.

    Raises:
        KitError: it cannot be used.
    """
    with opened(url):
        pass


@contextlib.contextmanager
def opened(url: str) -> Iterator[Gradebook]:
    """The gradebook at `url`, made if it is not there.

    Raises:
        KitError: it cannot be used.
    """
    try:
        with warnings.catch_warnings():
            # Those of nbgrader and its libraries: our user can do nothing about them.
            warnings.simplefilter("ignore")
            from nbgrader.api import Gradebook, InvalidEntry
            from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        raise KitError(
            f"Writing a gradebook needs nbgrader ({error}): pip install 'gradekit[instructor]'."
        ) from None
    path = os.environ.get("PATH", "")
    # A new gradebook is stamped by a script of this environment, activated or not.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{path}"
    try:
        with warnings.catch_warnings(), Gradebook(url) as gradebook:
            warnings.simplefilter("ignore")
            yield gradebook
    except ImportError as error:  # the database's own driver
        where = _without_password(url)
        raise KitError(f"The gradebook {where} needs a driver: {error}.") from None
    except (SQLAlchemyError, InvalidEntry) as error:
        reason = str(error).splitlines()[0]
        raise KitError(f"The gradebook {_without_password(url)} cannot be used: {reason}") from None
    finally:
        os.environ["PATH"] = path


def _without_password(url: str) -> str:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return f"`{url}`"


class _Writer:
    """The steps of writing one class, which share the gradebook and what was found in it."""

    def __init__(
        self,
        gradebook: Gradebook,
        url: str,
        course: Course,
        folder: Path | None,
        level: Level,
        models: Reports,
    ) -> None:
        """`models` has of each exercise a report with all of its checks."""
        self.gradebook, self.url, self.course, self.level = gradebook, url, course, level
        self._models = models
        self._handed_in = open_handed_in(folder) if folder and folder.exists() else None
        if self._handed_in is not None:
            self._handed_in.items()  # zips in there are looked into
        self.root = _nbgrader_root(url, folder.resolve() if folder else None)
        self.config = _config(self.root)
        self.notes: list[str] = []
        self._written: dict[tuple[str, str], set[str]] = {}  # notebooks by assignment, student
        self._asked: dict[tuple[str, str], dict[str, HiddenCheck]] = {}

    def write(self, result: Result) -> None:
        """Write one student's answer to one exercise."""
        assignment = self.assignment(result)
        student, name = result.student, result.exercise
        if "," in student:
            self.notes.append(f"`{student}`: nbgrader's own CSV export does not quote commas")
        self.gradebook.update_or_create_student(student)
        when = self._timestamp(result)
        if when is None and self._timestamp_text(result):
            self.notes.append(f"`{student}`: the {TIMESTAMP} beside {name} is no date")
        submission = self.gradebook.update_or_create_submission(
            assignment, student, **({"timestamp": when} if when else {})
        )
        submitted = self.gradebook.find_submission_notebook(name, assignment, student)
        graded = Graded(self._checks(name, assignment), {name: result.report})
        record(submitted, graded, self.level)
        self._written.setdefault((assignment, student), set()).add(name)
        self.gradebook.db.commit()
        if self.config is not None and submission.total_seconds_late > 0:
            self._assign_penalty(name, assignment, student)
        if self.root is not None:
            try:
                self._write_notebook(result, assignment, graded)
            except Exception as error:  # what nbformat and nbgrader raise has no common base
                reason = " ".join(str(error).split())[:120] or type(error).__name__
                self.notes.append(f"`{student}`: no graded notebook of {name} ({reason})")

    def finish(self) -> None:
        """As nbgrader does: what a student did not hand in scores 0, and needs no grading."""
        for (assignment, student), written in self._written.items():
            for submitted in self.gradebook.find_submission(assignment, student).notebooks:
                missing = submitted.name not in written
                for grade in submitted.grades if missing else ():
                    if grade.auto_score is None and grade.manual_score is None:
                        grade.auto_score, grade.needs_manual_grade = 0.0, False
        self.gradebook.db.commit()

    def assignment(self, result: Result) -> str:
        """The assignment that an answer belongs to; a new one where there is none."""
        name = result.exercise
        holding = [
            assignment.name
            for assignment in self.gradebook.assignments
            if name in {each.name for each in assignment.notebooks}
        ]
        parts = Path(result.file).parts
        folder = parts[-2] if len(parts) > 1 else ""  # submitted/STUDENT/ASSIGNMENT/NOTEBOOK
        if folder in holding:
            return folder
        if len(holding) > 1:
            raise KitError(
                f"Several assignments of the gradebook have {name}: {', '.join(holding)}.\n"
                "Hand the answers in as submitted/STUDENT/ASSIGNMENT/NOTEBOOK to tell which."
            )
        if holding:
            return str(holding[0])
        if self.root and (self.root / "source" / folder / f"{name}.ipynb").is_file() and folder:
            raise KitError(
                f"The gradebook does not know the assignment {folder} yet.\n"
                f"Run `nbgrader generate_assignment {folder}` first."
            )
        assignment = self._named_for(name)
        self._add_notebook(result, assignment)
        return assignment

    def _named_for(self, name: str) -> str:
        """What the assignment of an exercise is called that the gradebook does not know."""
        own = self.course.find(name).assignment
        known = {each.name for each in self.course.exercises}
        there = [each for each in self.gradebook.assignments if each.name == own]
        if any(book.name not in known for each in there for book in each.notebooks):
            # The original one, perhaps: with ours beside its own notebooks it would count twice.
            self.notes.append(
                f"the gradebook's `{own}` has other notebooks: an assignment {name} was added"
            )
            return name
        return own or name

    def _add_notebook(self, result: Result, assignment: str) -> None:
        """A notebook of an assignment, its cells stored as nbgrader itself stores them."""
        from nbgrader.preprocessors import ClearSolutions, ComputeChecksums, LockCells, SaveCells

        name = result.exercise
        source = self._source(result)
        resources = {"nbgrader": {"notebook": name, "assignment": assignment, "db_url": self.url}}
        self.gradebook.update_or_create_assignment(assignment)
        for step in (LockCells, ClearSolutions, ComputeChecksums, SaveCells):
            source, resources = step().preprocess(source, resources)
        self.gradebook.db.expire_all()
        self._add_to_submissions(name, assignment)

    def _add_to_submissions(self, name: str, assignment: str) -> None:
        """Give the submissions of an earlier run the notebook that has been added."""
        from nbgrader.api import Comment, Grade, SubmittedNotebook

        notebook = self.gradebook.find_notebook(name, assignment)
        for submission in self.gradebook.assignment_submissions(assignment):
            if name in {each.name for each in submission.notebooks}:
                continue
            book = SubmittedNotebook(notebook=notebook, assignment=submission)
            for cell in (*notebook.grade_cells, *notebook.task_cells):
                Grade(cell_id=cell.id, notebook=book)
            for cell in (*notebook.solution_cells, *notebook.task_cells):
                Comment(cell_id=cell.id, notebook=book)
            self.gradebook.db.add(book)
        self.gradebook.db.commit()

    def _source(self, result: Result) -> Any:
        exercise = self.course.find(result.exercise)
        model = self._models.get(result.exercise)
        if model is None:
            raise KitError(f"No answer to {result.exercise} could be graded, so it has no checks.")
        return notebook(self.course, exercise, model.checks)

    def _checks(self, name: str, assignment: str) -> dict[str, HiddenCheck]:
        if (assignment, name) not in self._asked:
            source = self.gradebook.find_notebook(name, assignment)
            self._asked[assignment, name] = asked_checks(source)
        return self._asked[assignment, name]

    def _timestamp(self, result: Result) -> str | None:
        """When it was handed in: from nbgrader's file beside it, else as the platform told."""
        from nbgrader.utils import parse_utc

        when = self._timestamp_text(result) or result.handed_in
        try:  # a student may have written anything into it
            return when if when and parse_utc(when) else None
        except Exception:
            return None

    def _timestamp_text(self, result: Result) -> str:
        content = self._read(str(PurePosixPath(result.file).with_name(TIMESTAMP)))
        return (content or b"")[:TIMESTAMP_BYTES].decode("utf-8", "replace").strip()

    def _read(self, path: str) -> bytes | None:
        """A regular file of what was handed in, in a folder or a zip; None if there is none."""
        if self._handed_in is None:
            return None
        try:
            return self._handed_in.read(path)
        except KitError:
            return None

    def _assign_penalty(self, name: str, assignment: str, student: str) -> None:
        """By the course's own rule, as autograde does."""
        from nbformat.v4 import new_notebook
        from nbgrader.preprocessors import AssignLatePenalties

        about = {"notebook": name, "assignment": assignment, "student": student}
        AssignLatePenalties(config=self.config).preprocess(
            new_notebook(), {"nbgrader": {**about, "db_url": self.url}}
        )

    def _write_notebook(self, result: Result, assignment: str, graded: Graded) -> None:
        """The graded notebook, where nbgrader's feedback and formgrader look for it."""
        import nbformat

        assert self.root is not None
        path = self.root.joinpath(
            "autograded", result.student, assignment, f"{result.exercise}.ipynb"
        )
        # A student's name is a part of the path, and may hold "..".
        if not path.resolve().is_relative_to(self.root / "autograded"):
            return
        content = self._read(result.file)
        if content is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        made = self._as_notebook(result, content, assignment)
        nbformat.write(filled(made, graded, self.level), path)
        if when := self._timestamp(result):
            path.with_name(TIMESTAMP).write_text(when, "utf-8")

    def _as_notebook(self, result: Result, content: bytes, assignment: str) -> Any:
        """What was handed in, with the gradebook's own version of every locked cell."""
        import nbformat
        from nbgrader.preprocessors import ClearOutput, DeduplicateIds, OverwriteCells

        written, _ = decoded(Path(result.file), content)
        if answer_suffix(result.file) == ".ipynb":
            made = nbformat.reads(written, as_version=4)
        else:
            made = self._source(result)
            text: str | None = written
            for cell in made.cells:
                if cell.metadata.get("nbgrader", {}).get("solution"):
                    cell.source, text = text or "# It stands in the cell above.", None
        about = {"notebook": result.exercise, "assignment": assignment, "db_url": self.url}
        for step in (ClearOutput, DeduplicateIds, OverwriteCells):
            made, _ = step().preprocess(made, {"nbgrader": about})
        return made


def _nbgrader_root(url: str, folder: Path | None) -> Path | None:
    """The nbgrader course that a gradebook or what was handed in belongs to, if any."""
    from sqlalchemy import make_url

    places = [Path.cwd()]
    if folder is not None:
        places[:0] = [folder, *folder.parents]
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        places.insert(0, Path(parsed.database).resolve().parent)
    return next((place for place in places if (place / CONFIG).is_file()), None)


def _config(root: Path | None) -> Any:
    """The nbgrader course's own settings."""
    if root is None:
        return None
    from traitlets.config.loader import PyFileConfigLoader

    return PyFileConfigLoader(CONFIG, path=str(root)).load_config()
