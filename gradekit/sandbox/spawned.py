"""A worker as a plain process of its own: where the machine has no fork to trust.

macOS and Windows. Memory and CPU time are bounded where the system can (not on Windows);
files and network are not.
"""

from __future__ import annotations

import json
import os
import socket
import sys

from gradekit.sandbox import worker
from gradekit.sandbox.warmup import ONE_THREAD, warm_up


def start() -> None:
    """What `host` runs with `python -c`: the connection arrives on stdin."""
    shared = sys.stdin.buffer.read()
    if sys.platform == "win32":
        connection = socket.fromshare(shared)
    else:
        connection = socket.socket(fileno=int(shared))
    warm_up(json.loads(sys.argv[1]))
    os.environ.clear()
    os.environ.update(ONE_THREAD)
    worker.serve(connection.recv_into, connection.send)
