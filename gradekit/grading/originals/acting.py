"""Who does what an audit hook hears of: kit, Python for itself, a library, or the test."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path
from types import FrameType

from gradekit.grading import callback

OURS = str(Path(__file__).resolve().parents[2])
# Of ours, what opens files and starts processes for itself while a test runs.
OWN_FILES = (
    str(Path(OURS, "sandbox")) + os.sep,
    *(str(Path(OURS, "grading/originals", name)) for name in ("world.py", "undoing.py")),
)
GRADING = str(Path(OURS, "grading")) + os.sep
SESSION = f"{GRADING}session.py"
PACKAGES = sysconfig.get_path("purelib") + os.sep
STDLIB = Path(sysconfig.get_path("stdlib"))
# Of the standard library, what reads files and starts programs of its own: to import modules, to
# show lines of code, to ask about the machine.
OF_ITS_OWN = (
    "<frozen importlib", "<frozen zipimport", str(STDLIB / "importlib") + os.sep,
    *(str(STDLIB / name) for name in ("linecache.py", "platform.py", "uuid.py", "mimetypes.py")),
    str(STDLIB / "ctypes" / "util.py"), str(STDLIB / "zoneinfo") + os.sep,
)  # fmt: skip
# Packages that do what a test hands them, and so are no more than the test.
HANDED = (f"{PACKAGES}_pytest{os.sep}", f"{PACKAGES}pluggy{os.sep}", f"{PACKAGES}yaml{os.sep}")
AUDITING = tuple(
    str(Path(__file__).with_name(each)) for each in ("acting.py", "fence.py", "libraries.py")
)
US, SYSTEM, LIBRARY, TEST = "us", "system", "library", "test"


def actor(folder: str) -> str:
    """Who it is: us, or what stands between us or code of the test and what is done.

    Args:
        folder: Where the code of the test lies.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    by = TEST
    while frame is not None:
        name = frame.f_code.co_filename
        # Code of the test may run beneath ours: where it is loaded, or called by an answer.
        if name.startswith(folder) or name == callback.__file__:
            break
        if name.startswith(OWN_FILES) or _is_removing(frame):
            return US
        if name.startswith(OURS + os.sep) and name not in AUDITING:
            break
        if name.startswith(OF_ITS_OWN):
            by = SYSTEM
        elif by == TEST and name.startswith(PACKAGES) and not name.startswith(HANDED):
            by = LIBRARY
        frame = frame.f_back
    return by


def is_thread_of_ours() -> bool:
    """Whether this thread, which is not that of the test, does work of ours.

    What a test starts has frames of grading at most: functions that stand for others, handles.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    while frame is not None:
        name = frame.f_code.co_filename
        if name == SESSION or (name.startswith(OURS + os.sep) and not name.startswith(GRADING)):
            return True
        frame = frame.f_back
    return False


def _is_removing(frame: FrameType) -> bool:
    """Whether a folder is removed that was looked at as a whole, in the event of `rmtree`.

    It goes by descriptors and bare names within it.
    """
    code = frame.f_code
    return code.co_filename == shutil.__file__ and code.co_name.startswith("_rmtree")
