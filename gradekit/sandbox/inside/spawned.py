"""A worker as a plain process of its own: where the machine has no fork to trust.

macOS and Windows. Memory and CPU time are bounded where the system can (not on Windows);
files and network are not.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

from gradekit.sandbox.inside import worker
from gradekit.sandbox.inside.lockdown import AllowedPackages, set_rlimits
from gradekit.sandbox.limits import Limits
from gradekit.sandbox.warmup import ONE_THREAD, add_packages, warm_up


def start() -> None:
    """What `launch` runs with `python -c`: settings in argv, the connection on stdin."""
    settings = json.loads(sys.argv[1])
    shared = sys.stdin.buffer.read()
    if sys.platform == "win32":
        connection = socket.fromshare(shared)
    else:
        connection = socket.socket(fileno=int(shared))
    # Before the limits: what is mapped by then does not count as the answer's memory.
    warm_up(settings["modules"])
    if sys.platform != "win32":
        set_rlimits(Limits(**settings["limits"]))
    # Nothing of the user's own, such as passwords in variables, is left for an answer to print.
    os.environ.clear()
    os.environ.update(ONE_THREAD)
    AllowedPackages.allow([*settings["parts"], *settings["modules_beside"]])
    if settings["modules_beside"]:
        sys.dont_write_bytecode = True
        sys.path.append(str(Path.cwd()))
    server = worker.Server()
    add_packages(settings["packages"], settings["cache"])
    server.serve(connection.recv_into, connection.send)
