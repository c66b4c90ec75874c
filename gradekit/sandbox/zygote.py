"""The warm process that workers are forked from.

It imports numpy (and torch) once, and is never sent anything but the sockets of workers
to be: no grader, no solution, no submission. It obeys one control socket and ends with it.
"""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import socket
import struct
import sys
import tempfile
from pathlib import Path

from gradekit.sandbox import worker
from gradekit.sandbox.limits import Limits
from gradekit.sandbox.lockdown import SEALED, Lockdown
from gradekit.sandbox.warmup import ONE_THREAD, warm_up

# Without Landlock no file can be opened after the fork, so more is imported before it.
SEALED_MODULES = (
    "scipy.special scipy.stats scipy.optimize scipy.linalg scipy.signal scipy.spatial "
    "sklearn.metrics sklearn.linear_model sklearn.preprocessing sklearn.utils "
    "decimal fractions statistics dataclasses abc heapq bisect string textwrap enum json csv"
).split()

ENDED = struct.Struct("<iq")  # wait status, peak memory in KiB


def main(control: socket.socket, config: str) -> None:
    """Serve forks until the control socket closes. `config` is JSON made by `host`."""
    settings = json.loads(config)
    limits = Limits(**settings["limits"])
    modules = settings["modules"] + (SEALED_MODULES if settings["tier"] == SEALED else [])
    warm_up(modules)
    random.seed(0)
    with tempfile.TemporaryDirectory(prefix="kit-") as scratch:
        os.chdir(scratch)
        hidden = [Path(path) for path in settings["hidden"]]
        lockdown = Lockdown(settings["tier"], hidden, Path(scratch))
        os.environ.clear()
        os.environ.update(ONE_THREAD)  # for libraries that a submission is the first to load
        gc.collect()
        gc.freeze()  # keeps the collector from touching, and so copying, every shared page
        control.sendall(b"+")
        _serve(control, lockdown, limits)


def _serve(control: socket.socket, lockdown: Lockdown, limits: Limits) -> None:
    """`f` and a socket: fork a worker. `w` and a pid: wait for its end."""
    while True:
        command, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not command:
            return
        if command == b"f":
            _fork(control, descriptors[0], lockdown, limits)
        else:
            pid = int.from_bytes(control.recv(4), "little")
            _, status, usage = os.wait4(pid, 0)
            control.sendall(ENDED.pack(status, usage.ru_maxrss))


def _fork(control: socket.socket, connection: int, lockdown: Lockdown, limits: Limits) -> None:
    """Fork a worker that answers on `connection`; report its pid and a pidfd."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            lockdown.apply(limits, connection)
            worker.serve(
                lambda view: os.readv(connection, [view]),  # no socket calls: seccomp refuses
                lambda view: os.write(connection, view),
            )
            status = 0
        finally:
            os._exit(status)
    os.close(connection)
    pidfd = os.pidfd_open(pid)
    socket.send_fds(control, [pid.to_bytes(4, "little")], [pidfd])
    os.close(pidfd)


def start() -> None:
    """What `host` runs with `python -c`: the control socket's descriptor and the settings."""
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
