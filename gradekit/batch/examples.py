"""An answer for each mistake of a class, to be shown; and those without a name to be kept.

unnamed/EXERCISE-ID.py is such an answer without its author, which `kit new mistake --from` takes
into the bank of a course.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from pathlib import Path, PurePosixPath

from gradekit.bank import Said
from gradekit.batch.pages import Seen
from gradekit.causes import causes
from gradekit.edits.anonymous import anonymous
from gradekit.mistaken import Mistaken, Way
from gradekit.overview import Overview
from gradekit.render.page import SHOWN_WAYS, Example
from gradekit.render.source import Listing, marks
from gradekit.report import Report
from gradekit.results import person_of
from gradekit.submission import Submission
from gradekit.texts import example_text

UNNAMED = "unnamed"


class Examples:
    """Gathers them while the pages of all answers are written."""

    def __init__(self, overview: Overview, out: Path) -> None:
        self._folder = out / UNNAMED
        self._wanted: defaultdict[tuple[str, str], list[Mistaken]] = defaultdict(list)
        for each in [*overview.named[:SHOWN_WAYS], *overview.unnamed[:SHOWN_WAYS]]:
            self._wanted[each.example, each.way.exercise].append(each)
        self.found: dict[Way, Example] = {}

    def see(self, seen: Seen) -> None:
        """Keep an answer if it is an example of something.

        Raises:
            OSError: there is no room.
        """
        result, source = seen
        for each in self._wanted.get((result.student, result.exercise), ()):
            # Without its source, which another export may have held, there is no line to show.
            if source is not None:
                text = _told(result.report, each.way.function)
                lines = Listing(source).excerpt(each.way.function, marks(result.report))
                person = person_of(result)
                # Under a pseudonym, a name may still stand in the path of the file.
                # The exercise is taken out of the path first: `softmax` is nobody's name, and would
                # be replaced wherever the answer calls it.
                path = PurePosixPath(result.file.replace(result.exercise, ""))
                names = result.student, person.name, person.id, person.login, *path.parts
                command = "" if each.way.sentence else self._keep(each.way, source, names)
                self.found[each.way] = Example(text, lines, command)

    def _keep(self, way: Way, source: Submission, names: tuple[str, ...]) -> str:
        """Write the answer down; return the command that takes it into a bank.

        "" for one that a file of the bank cannot hold: without code, or with other files beside it.
        """
        # A file of the bank is one file: an answer that
        # imports a module of its own would fail there.
        code = "" if source.modules else anonymous(source.cells, names)
        if not code:
            return ""
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"{way.exercise}-{way.id}.py"
        path.write_text(f"{Said(way.function, '').line}\n{code}\n", "utf-8")
        return f"kit --course COURSE new mistake --from {shlex.quote(str(path))}"


def _told(report: Report, function: str) -> str:
    """What is said of the first failure of a function, or of the whole file."""
    for cause in causes(report):
        if cause.outcome == "failed" and function in ("", cause.first.function):
            example = cause.counterexample
            return example_text(example) if example else cause.message
    return ""
