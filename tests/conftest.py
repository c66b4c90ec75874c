"""What several test files need: the course of this checkout, and warm sessions on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gradekit.course import Course
from gradekit.engine import Sandboxes, open_session
from gradekit.grading.session import Session
from gradekit.report import Report
from gradekit.submission import read

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing goes into the cache of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path_factory.mktemp("compiled")))
        yield


@pytest.fixture(scope="session")
def course() -> Course:
    return Course(ROOT)


@pytest.fixture(scope="session")
def session_of(course: Course) -> Iterator[Callable[[str], Session]]:
    """Warm sessions by exercise name, opened at first use.

    They share sandboxes as those of a class do: each would import torch anew.
    """
    opened: dict[str, Session] = {}
    sandboxes = Sandboxes()

    def session(name: str) -> Session:
        exercise = course.find(name)
        if exercise.name not in opened:
            lent = sandboxes.of(course, exercise)
            opened[exercise.name] = open_session(course, exercise, lent=lent)
        return opened[exercise.name]

    yield session
    for each in opened.values():
        each.close()
    sandboxes.close()


@pytest.fixture
def grade_text(
    session_of: Callable[[str], Session], tmp_path: Path
) -> Callable[[str, str | bytes], Report]:
    """Grade a source text as an answer to an exercise."""

    def grade(name: str, text: str | bytes) -> Report:
        session = session_of(name)
        path = tmp_path / session.exercise.file_name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return session.grade(read(path))

    return grade
