"""The modules of an answer that has several: what was not handed in is graded as its stub."""

from __future__ import annotations

import msgspec

from gradekit.course import Course, Exercise
from gradekit.submission import Submission

PACKAGE_FILE = "__init__.py"


class Written:
    """The modules that learners write for one exercise, and their stubs."""

    def __init__(self, course: Course, exercise: Exercise) -> None:
        data = course.data(exercise) if exercise.written else {}
        self._stubs = {name: data[name] for name in exercise.written if name in data}

    def completed(self, submission: Submission) -> Submission:
        """The answer with a stub for each module that is missing, and a note of those.

        Without them a package that was handed in could not be imported: it lies before the stubs.
        """
        there = {name for name, _ in submission.modules}
        missing = [name for name in self._stubs if name not in there]
        if not missing:
            return submission
        stubs = [(name, self._stubs[name].read_text("utf-8")) for name in missing]
        # Of a package's own file most learners have nothing to say.
        told = [name for name in missing if not name.endswith(PACKAGE_FILE)]
        note = f"not handed in, so its stub was graded: {', '.join(told)}"
        return msgspec.structs.replace(
            submission,
            modules=tuple(sorted([*submission.modules, *stubs])),
            notes=(*submission.notes, note) if told else submission.notes,
        )
