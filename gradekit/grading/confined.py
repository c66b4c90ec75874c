"""What the thread of an imported course's tests may open: the kernel keeps it to that.

Such tests run on the trusted side, with what the answer gave them. `originals/fence.py` looks at
what Python tells of, file by file; this holds also for a library that opens files in C.
"""

from __future__ import annotations

import contextlib
import os
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gradekit.caches import cache
from gradekit.course import Course, Exercise
from gradekit.sandbox.landlock import confine_thread
from gradekit.sandbox.process import PACKAGE_ROOT

# Programs, libraries, fonts, time zones and devices; of /etc what programs look up for everybody.
SYSTEM = (
    "/usr /lib /lib64 /bin /dev /proc /sys /etc/alternatives /etc/fonts /etc/group /etc/host.conf "
    "/etc/hostname /etc/hosts /etc/ld.so.cache /etc/localtime /etc/mime.types /etc/nsswitch.conf "
    "/etc/os-release /etc/passwd /etc/ssl /etc/timezone /var/cache/fontconfig"
).split()
# Where libraries keep, below the home folder, what they find again.
OF_LIBRARIES = ".cache .config/matplotlib .config/fontconfig .fonts .local/share/fonts".split()


def confine(course: Course, exercise: Exercise) -> None:
    """Let this thread read what tests need, and write temporary files, for good.

    Raises:
        OSError: the kernel refused.
    """
    own = [course.stub(exercise), course.grader(exercise).parent, *course.data(exercise).values()]
    own += [course.root / "cases" / exercise.name]
    readable = [*_installed(), *own, *map(Path, SYSTEM)]
    with contextlib.suppress(RuntimeError):  # nobody's home
        readable += [Path.home() / name for name in OF_LIBRARIES]
    writable = [*map(Path, (tempfile.gettempdir(), os.devnull, "/dev/shm")), cache("matplotlib")]
    confine_thread(
        [path for path in readable if path.exists()], [path for path in writable if path.exists()]
    )


def _installed() -> Iterator[Path]:
    """Python, all its packages, and kit."""
    yield from (Path(sys.prefix), Path(sys.base_prefix), PACKAGE_ROOT / "gradekit")
    yield from map(Path, sysconfig.get_paths().values())
    yield from (Path(entry) for entry in sys.path if entry.endswith("-packages"))
