"""What this machine can enforce, which attacks each missing part leaves open, what to do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gradekit.sandbox import packages, tiers

if TYPE_CHECKING:
    from gradekit.course import Course

CGROUPS = Path("/sys/fs/cgroup")

# What Landlock learned after its first version (Linux 5.13), by the version that brought it.
LANDLOCK_NEWS = {3: "truncating files", 4: "TCP", 6: "signals and abstract sockets"}


class Finding(NamedTuple):
    """One part of the isolation on this machine."""

    part: str
    good: bool
    state: str
    risk: str = ""
    remedy: str = ""


def findings() -> list[Finding]:
    """One finding a part, the verdict last."""
    return [_landlock(), _seccomp(), _rlimits(), _memory_of_all(), _processes_of_all(), _verdict()]


def packages_of(course: Course) -> list[Finding]:
    """Whether the packages that a course lets answers import are here; nothing if it has none."""
    wanted = sorted({name for exercise in course.exercises for name in exercise.packages})
    absent = packages.missing(wanted)
    if not wanted:
        return []
    return [
        Finding(
            "packages",
            not absent,
            ", ".join(wanted) if not absent else f"{', '.join(absent)} not installed",
            "exercises that name them cannot be graded; nothing counts against an answer",
            f"`pip install {' '.join(map(packages.distribution_of, absent))}`",
        )
    ]


def _landlock() -> Finding:
    abi = tiers.landlock_abi()
    missing = [what for version, what in LANDLOCK_NEWS.items() if abi < version]
    state = f"ABI {abi}" if abi else "not available"
    if abi and missing:
        state += f"; seccomp alone refuses {', '.join(missing)}"
    return Finding(
        "Landlock",
        abi > 0,
        state,
        "no file can be opened at all, so an answer can import only what was imported before it",
        "Linux 5.13 or newer, started with `lsm=landlock,...`; in a container, a seccomp "
        "profile that allows the landlock_* calls (Docker's default does)",
    )


def _seccomp() -> Finding:
    available = tiers.has_seccomp()
    return Finding(
        "seccomp",
        available,
        "available" if available else "not available",
        "an answer can read the graders and every file of yours, start processes, open network "
        "connections, write and delete files",
        "Linux with CONFIG_SECCOMP_FILTER, and the library libseccomp2 (`apt install libseccomp2`)",
    )


def _rlimits() -> Finding:
    states = {"linux": "memory, CPU time and files are bounded", "win32": "not available"}
    return Finding(
        "rlimits",
        sys.platform == "linux",
        states.get(sys.platform, "CPU time and files are bounded, memory is not"),
        "an answer can fill the memory of this machine",
        "grade on Linux",
    )


def _memory_of_all() -> Finding:
    limit = _cgroup_limit("memory.max", "memory/memory.limit_in_bytes")
    return Finding(
        "memory of all",
        True,
        f"at most {limit / 2**30:.1f} GiB (cgroup)"
        if limit
        else "no cgroup limit; each answer has one of its own, and --jobs N grades N at once",
    )


def _processes_of_all() -> Finding:
    limit = _cgroup_limit("pids.max", "pids/pids.max")
    return Finding(
        "processes of all",
        True,
        f"at most {limit} (cgroup)" if limit else "no cgroup limit; answers can start none",
    )


def _verdict() -> Finding:
    tier = tiers.best_tier()
    isolated = tier != tiers.PROCESS
    return Finding(
        "verdict",
        isolated,
        f"isolation `{tier}`" + ("" if isolated else ": a separate process, and no more"),
        "grading what strangers wrote is not safe here",
        "grade on a Linux machine, in a virtual machine, or in a container on one",
    )


def _cgroup_limit(name: str, old_name: str) -> int | None:
    """The tightest limit of that name on this process; None where there is none."""
    folders = [CGROUPS]
    try:
        own = Path("/proc/self/cgroup").read_text().rpartition("0::/")[2].strip()
    except OSError:
        own = ""
    for part in Path(own).parts:
        folders.append(folders[-1] / part)
    limits = []
    for path in [folder / name for folder in folders] + [CGROUPS / old_name]:
        try:
            limits.append(int(path.read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    limit = min(limits, default=0)
    return limit if 0 < limit < 2**60 else None
