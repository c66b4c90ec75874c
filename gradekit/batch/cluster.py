"""A running Dask cluster as the place where grading happens.

The course travels to every worker, also to those that join later, and each warms up once.
Answers travel as bytes; no file system is shared. Each worker process grades one answer at
a time, so start workers with one thread each (docs/scaling.md).
"""

from __future__ import annotations

import hashlib
import io
import logging
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradekit.batch import grader
from gradekit.batch.machines import Machines
from gradekit.course import ABOUT, Course, Exercise
from gradekit.errors import KitError

if TYPE_CHECKING:
    from distributed import Client

# What grading reads. The bank of answers is larger than all of these, and no worker needs it.
FOLDERS = ("exercises", "solutions", "graders", "cases")
AHEAD = 4  # answers under way for each worker thread: the network is slower than a pipe
CONNECT_SECONDS = 30


@contextmanager
def cluster(
    address: str, course: Course, exercises: list[Exercise], isolation: str | None
) -> Iterator[Machines]:
    """The workers of the scheduler at `address`, with the course on each.

    Args:
        exercises: Those to warm up for.

    Raises:
        KitError: there is no such cluster, or its workers cannot grade.
    """
    client = _connected(address)
    try:
        digest, archive = packed(course)
        names = [exercise.name for exercise in exercises]
        try:
            # It travels by cloudpickle, and Dask keeps it for workers that join later: an
            # autoscaling cluster needs no more than this one call.
            client.register_plugin(_plugin(digest, archive, names, isolation))
        # Whatever went wrong on a worker is raised here as itself, so it can be of any class.
        except Exception as error:
            raise KitError(f"The workers at {address} cannot grade: {error}") from None
        threads = sum(client.nthreads().values())
        if not threads:
            raise KitError(f"The cluster at {address} has no workers: start some first.")
        # pure=False: for a pure function Dask would answer an equal task from memory, also with an
        # earlier failure, and an answer whose worker died is submitted again as an equal task.
        yield Machines(client.get_executor(pure=False), lambda: AHEAD * threads, digest)
    finally:
        client.close()


def _connected(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise KitError("--scheduler needs Dask: pip install 'gradekit[instructor]'.") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # we say ourselves what matters
    try:
        return Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise KitError(f"There is no Dask scheduler at {address}: {error}") from None


def packed(course: Course) -> tuple[str, bytes]:
    """The course as a zip, and the digest that names it; equal courses have equal ones."""
    text = io.BytesIO()
    digest = hashlib.sha256()
    with zipfile.ZipFile(text, "w", zipfile.ZIP_DEFLATED) as archive:
        # The name is a digest of names and contents, not of the zip, which holds the
        # files' times too: another checkout of the same course would get another
        # name (test_course_has_one_name_everywhere). The length keeps bytes from
        # moving from one file to the next unnoticed.
        about = course.root / ABOUT
        folders = (sorted((course.root / folder).rglob("*")) for folder in FOLDERS)
        for path in (about, *(path for folder in folders for path in folder)):
            if path.is_file() and "__pycache__" not in path.parts:
                name, content = path.relative_to(course.root).as_posix(), path.read_bytes()
                archive.writestr(name, content)
                digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest(), text.getvalue()


def unpack(
    digest: str, archive: bytes, names: list[str], isolation: str | None, parent: str
) -> Path:
    """Unpack a shipped course into `parent` for use in this process, and warm up for some of it."""
    folder = Path(tempfile.mkdtemp(dir=parent))  # readable by this user only
    with zipfile.ZipFile(io.BytesIO(archive)) as shipped:
        shipped.extractall(folder)
    grader.shipped[digest] = folder
    grader.warm_up(digest, names, isolation)
    return folder


def _plugin(digest: str, archive: bytes, names: list[str], isolation: str | None) -> Any:
    """What Dask runs on every worker, once, before its first task."""
    from distributed import WorkerPlugin

    class CourseOnWorker(WorkerPlugin):
        # Dask sets up one plugin of each name. A second course on the same cluster needs another.
        name = f"kit-{digest}-{isolation}"
        folder: Path | None = None

        def setup(self, worker: Any) -> None:
            # Its own folder, which Dask tidies up even after a worker that was killed.
            self.folder = unpack(digest, archive, names, isolation, worker.local_directory)

        def teardown(self, worker: Any) -> None:
            if self.folder is not None:
                shutil.rmtree(self.folder, ignore_errors=True)

    return CourseOnWorker()
