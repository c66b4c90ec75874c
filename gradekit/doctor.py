"""What this machine can enforce, which attacks each missing part leaves open, what to do."""

from __future__ import annotations

import sys
from typing import NamedTuple

from gradekit.sandbox import lockdown


class Finding(NamedTuple):
    """One part of the isolation on this machine."""

    part: str
    good: bool
    state: str
    risk: str = ""
    remedy: str = ""


def findings() -> list[Finding]:
    """One finding a part, the verdict last."""
    abi = lockdown.landlock_abi()
    tier = lockdown.best_tier()
    return [
        Finding(
            "Landlock",
            abi > 0,
            f"ABI {abi}" if abi else "not available",
            "an answer can look at files that the user who grades can read",
            "Linux 5.13 or newer, started with `lsm=landlock,...`; in a container, a seccomp "
            "profile that allows the landlock_* calls (Docker's default does)",
        ),
        Finding(
            "seccomp",
            lockdown.has_seccomp(),
            "available" if lockdown.has_seccomp() else "not available",
            "an answer can start processes, open network connections, write and delete files",
            "Linux with CONFIG_SECCOMP_FILTER, and the library libseccomp2",
        ),
        Finding(
            "rlimits",
            sys.platform != "win32",
            "memory and CPU time are bounded" if sys.platform == "linux" else "partly bounded",
            "an answer can fill the memory",
            "grade on Linux",
        ),
        Finding(
            "verdict",
            tier != lockdown.PROCESS,
            f"isolation `{tier}`"
            + ("" if tier != lockdown.PROCESS else ": a separate process, and no more"),
            "grading what strangers wrote is not safe here",
            "grade on a Linux machine, in a virtual machine, or in a container on one",
        ),
    ]
