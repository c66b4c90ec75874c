"""`os` as an original test sees it: files that the answer has written seem to be there.

They lie in the answer's process, in memory. A test may delete them and ask whether they are there;
what they hold does not come to this side, unless they lie in the test's own folder (see home.py).
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

from gradekit.grading.imported import Shared
from gradekit.grading.proxy import SubmissionProxy, run_of


class System(ModuleType):
    """The module, or its `path`."""

    def __init__(self, real: ModuleType, **own: Any) -> None:
        super().__init__(real.__name__)
        self.__dict__.update(own, _real=real)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_real"], name)


def system_of(submission: SubmissionProxy) -> System:
    """`os` for a test of this submission."""

    def shared() -> Shared | None:
        objects = run_of(submission).objects
        return objects if isinstance(objects, Shared) else None

    def remove(path: Any, **keywords: Any) -> None:
        objects = shared()
        is_written = objects is not None and objects.remove_file(_path(path))
        if not is_written or os.path.exists(path):  # noqa: PTH110  # it stands for this
            os.remove(path, **keywords)

    def exists(path: Any) -> bool:
        objects = shared()
        is_written = objects is not None and _path(path) in objects.files
        return is_written or os.path.exists(path)  # noqa: PTH110  # it stands for this

    def isfile(path: Any) -> bool:
        objects = shared()
        is_written = objects is not None and _path(path) in objects.files
        return is_written or os.path.isfile(path)  # noqa: PTH113  # it stands for this

    path = System(os.path, exists=exists, isfile=isfile)
    return System(os, remove=remove, unlink=remove, path=path)


def _path(path: Any) -> str:
    """A path in one spelling, as in sandbox/inside/files.py; empty for a descriptor."""
    return "" if isinstance(path, int) else os.path.normpath(os.fsdecode(path))
