"""The warm process that workers are forked from.

It imports numpy (and torch) once. Through its control socket it is sent only the sockets of new
workers and the numbers of libraries that several answers import: no grader, no solution, no
submission, so that a fork of it holds none either. It ends when that socket closes.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from gradekit.sandbox.inside import rehearsal, worker
from gradekit.sandbox.inside.hugepages import use_huge_pages
from gradekit.sandbox.inside.lockdown import AllowedPackages, Lockdown, offer_to_the_kernel
from gradekit.sandbox.limits import ENDED, Limits
from gradekit.sandbox.tiers import PROCESS, SEALED, TIERS, best_tier, close_memory
from gradekit.sandbox.warmup import ON_DEMAND, ONE_THREAD, add_packages, warm_up, warm_up_training

# Without Landlock no file can be opened after the fork, so more is imported before it.
SEALED_MODULES = (
    "scipy.special scipy.stats scipy.optimize scipy.linalg scipy.signal scipy.spatial "
    "sklearn.metrics sklearn.linear_model sklearn.preprocessing sklearn.utils "
    "torch torch.nn.functional torch.optim torch._dynamo "
    "decimal fractions statistics dataclasses abc heapq bisect string textwrap enum json csv"
).split()

MANY = 32  # moving takes about as long as it saves in twice as many forks

# fork(2) without the hooks that os.fork runs for the sake of other threads, which cost half a
# millisecond a worker (`benchmarks/lockdown.py` measures a whole start). It rests on this process
# having one thread (`warm_up` and ONE_THREAD make sure of it, and test_a_zygote_has_one_thread
# looks). One of those hooks would seed `random` anew; without it, equal answers get equal random
# numbers. PyDLL, not CDLL, which would let go of Python's lock before the fork and take it again
# in both processes.
_fork_alone = ctypes.PyDLL(None).fork


def main(control: socket.socket, config: str, scratch: Path) -> None:
    """Serve forks until the control socket closes. `config` is JSON made by `launch`."""
    settings = json.loads(config)
    workers: set[int] = set()
    try:
        lockdown, server = _prepare(settings, scratch)
        control.sendall(bytes([TIERS.index(lockdown.tier)]))
        _serve(control, lockdown, server, workers)
    finally:
        for pid in workers:  # also when the grader was killed: no process stays behind
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        shutil.rmtree(scratch, ignore_errors=True)


def _prepare(settings: dict[str, Any], scratch: Path) -> tuple[Lockdown, worker.Server]:
    """Import and prepare what all workers will share."""
    tier = settings["tier"] or best_tier()
    sealed = tier == SEALED
    warm_up(settings["modules"] + (SEALED_MODULES if sealed else []), whole=sealed)
    # `warm_up` seeds numpy and torch. A fork copies the states of the generators, so every answer
    # starts from the same ones, and one that draws numbers gets the same verdict each time.
    random.seed(0)
    os.chdir(scratch)
    # Workers inherit it. In each of them, the enums of `signal` alone would touch 60 shared pages.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hidden = [Path(path) for path in settings["hidden"]]
    if tier == PROCESS:
        # Workers inherit it; once its memory is closed, a process cannot set it any more.
        offer_to_the_kernel()
        close_memory()
    own = [scratch, *map(Path, settings["parts"])]
    lockdown = Lockdown(tier, Limits(**settings["limits"]), hidden, own)
    _use_as_temporary(scratch)
    AllowedPackages.allow([*settings["parts"], *settings["modules_beside"]])
    if settings["modules_beside"]:
        sys.dont_write_bytecode = True  # nothing can be written there
        sys.path.append(str(scratch))
    server = worker.Server()
    add_packages(settings["packages"], settings["cache"])
    gc.freeze()  # keeps the collector from touching, and so copying, every shared page
    gc.enable()
    return lockdown, server


def _use_as_temporary(scratch: Path) -> None:
    """An environment with nothing in it but this folder for temporary files, and one thread."""
    os.environ.clear()
    # Read by what only a submission may load: libraries with threads, torch's compiler.
    os.environ.update(ONE_THREAD, TMPDIR=str(scratch), TORCHINDUCTOR_CACHE_DIR=str(scratch))
    # Else tempfile looks for a folder by writing to it, which workers may not, and raises.
    tempfile.tempdir = str(scratch)


def _serve(
    control: socket.socket, lockdown: Lockdown, server: worker.Server, workers: set[int]
) -> None:
    """Obey commands until the control socket closes.

    `f` and a socket: fork a worker. `w` and a pid: wait for its end. `i` and the number of a module
    of ON_DEMAND: import it.
    """
    forks = 0
    while True:
        command, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not command:
            return
        if command == b"f":
            forks += 1
            if forks == 2:
                warm_up_training()  # takes longer than it saves for a single answer
            if forks == MANY:
                rehearsal.rehearse(worker.Server())
                warm_up_training(widely=True)
                gc.collect()
                gc.freeze()
                use_huge_pages()  # these take so long that only a class wins by them
            workers.add(_fork(control, descriptors[0], lockdown, server))
        elif command == b"i":
            warm_up([ON_DEMAND[control.recv(1)[0]]])
            gc.freeze()
        else:
            pid = int.from_bytes(control.recv(4), "little")
            _, status, usage = os.wait4(pid, 0)
            workers.discard(pid)
            control.sendall(ENDED.pack(status, usage.ru_maxrss))


def _fork(
    control: socket.socket, connection: int, lockdown: Lockdown, server: worker.Server
) -> int:
    """Fork a worker that answers on `connection`; report its pid and a pidfd."""
    pid = int(_fork_alone())
    if pid < 0:
        raise OSError("no process could be made")
    if pid == 0:
        status = 1
        try:
            lockdown.apply(connection)
            server.serve(
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
    return pid


def start() -> None:
    """What `launch` runs with `python -c`: the control socket, the settings, the scratch folder."""
    descriptor, config, scratch = sys.argv[1:]
    del sys.argv[1:], sys.orig_argv[:]  # where hidden files lie is not for answers to read
    # Its number may be high, if the grader has many files open; workers close the lower ones.
    control = socket.socket(fileno=os.dup(int(descriptor)))
    os.close(int(descriptor))
    main(control, config, Path(scratch))
    os._exit(0)  # all is cleaned up; Python's own end of numpy and torch takes longer than a check
