"""Starting workers: forked from a zygote on Linux, spawned elsewhere.

Imports no numpy, so that a zygote can warm up while its parent is still importing.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gradekit.sandbox.limits import Limits
from gradekit.sandbox.lockdown import TIERS, best_tier
from gradekit.sandbox.warmup import ONE_THREAD

if TYPE_CHECKING:
    from gradekit.sandbox.host import Worker

START_SECONDS = 120  # for Python and torch to start on a very busy machine
PAGE_MIB = 2**12 / 2**20 if sys.platform == "win32" else os.sysconf("SC_PAGESIZE") / 2**20
PACKAGE_ROOT = Path(__file__).resolve().parents[2]


class SandboxError(Exception):
    """The sandbox itself failed; the submission is not to blame."""


class Sandbox:
    """Makes workers for submissions: forked from a zygote on Linux, spawned elsewhere."""

    def __init__(
        self,
        modules: Iterable[str],
        limits: Limits,
        hidden: Iterable[Path] = (),
        isolation: str | None = None,
    ) -> None:
        """Start warming up in the background.

        Args:
            modules: What to import ahead, such as numpy and torch.
            hidden: Folders with graders and solutions, kept unreadable.
            isolation: One of `lockdown.TIERS`; None for the best that this machine has.
        """
        self.limits = limits
        self._tier = isolation
        self._modules = list(modules)
        self._hidden = [str(Path(path).resolve()) for path in hidden]
        self._zygote: _Zygote | None = None
        if sys.platform == "linux":
            self._zygote = self._start_zygote()

    @property
    def isolation(self) -> str:
        """The tier that workers are locked down to."""
        if self._tier is None:
            self._tier = self._zygote.tier() if self._zygote is not None else best_tier()
        return self._tier

    def _start_zygote(self) -> _Zygote:
        settings = {
            "tier": self._tier,  # None: it finds out by itself, while we go on
            "modules": self._modules,
            "hidden": self._hidden,
            "limits": msgspec.to_builtins(self.limits),
        }
        return _Zygote(json.dumps(settings))

    def worker(self) -> Worker:
        """A new worker that is locked down and has run nothing yet.

        Raises:
            SandboxError: it could not be made.
        """
        from gradekit.sandbox.host import Worker

        if self._zygote is not None and not self._zygote.is_alive():
            self._replace_zygote()
        try:
            connection, process = self._connected_process()
        except SandboxError:
            if self._zygote is None:
                raise
            # Somebody killed it, which is no submission's fault: a new one, and once only.
            self._replace_zygote()
            connection, process = self._connected_process()
        return Worker(connection, process, self.limits)

    def _connected_process(self) -> tuple[socket.socket, Process]:
        """A new process and our end of a connection on which nobody else ever wrote.

        A zygote that dies may leave a worker behind, which says on its own that it is ready.
        """
        mine, its = socket.socketpair()
        with its:
            try:
                if self._zygote is not None:
                    return mine, self._zygote.fork(its)
                return mine, _Spawned(its, self._modules, self.limits)
            except BaseException:
                mine.close()
                raise

    def _replace_zygote(self) -> None:
        assert self._zygote is not None
        self._zygote.close()
        self._zygote = self._start_zygote()

    def close(self) -> None:
        """End the zygote and all its workers."""
        if self._zygote is not None:
            self._zygote.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Zygote:
    """The process that forks workers, seen from the trusted side."""

    def __init__(self, settings: str) -> None:
        self._control, its = socket.socketpair()
        # Made here and removed by whoever ends last: either of us may be killed.
        self._scratch = tempfile.mkdtemp(prefix="kit-")
        self._remove_scratch = weakref.finalize(self, _remove, self._scratch)
        code = (
            f"import sys; sys.path.insert(0, {str(PACKAGE_ROOT)!r}); "
            "from gradekit.sandbox import zygote; del sys.path[0]; zygote.start()"
        )
        # -P: nothing from the current folder; -s: nothing from the user's home.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-c", code, str(its.fileno()), settings, self._scratch],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=_environment(),
            cwd="/",
            pass_fds=[its.fileno()],
            start_new_session=True,  # it ends with its control socket, not by Ctrl-C
        )
        its.close()
        self._tier: str | None = None  # what it is locked down to, once it is warm
        self._broken = False

    def is_alive(self) -> bool:
        return not self._broken and self._process.poll() is None

    def fork(self, connection: socket.socket) -> _Forked:
        """A new worker at the other end of `connection`."""
        try:
            self.tier()
            socket.send_fds(self._control, [b"f"], [connection.fileno()])
            answer, descriptors, _, _ = socket.recv_fds(self._control, 4, 1)
        except OSError as error:
            raise self._gone(error) from error
        if not descriptors:
            raise self._gone("it closed its end")
        return _Forked(self, int.from_bytes(answer, "little"), descriptors[0])

    def tier(self) -> str:
        """The tier that it locks workers down to; waits until it is warm.

        Raises:
            SandboxError: it did not start.
        """
        if self._tier is None:
            try:
                self._control.settimeout(START_SECONDS)
                number = self._control.recv(1)
            except OSError as error:
                raise self._gone(error) from error
            if not number:
                last_words = self._process.communicate()[1].decode(errors="replace").strip()
                reason = last_words.splitlines()[-1:]
                raise SandboxError(f"the sandbox did not start: {reason}")
            self._tier = TIERS[number[0]]
        return self._tier

    def reap(self, pid: int) -> tuple[int, int]:
        """Wait for the end of worker `pid`: its wait status, its peak memory in KiB."""
        from gradekit.sandbox.zygote import ENDED

        try:
            self._control.sendall(b"w" + pid.to_bytes(4, "little"))
            message = self._control.recv(ENDED.size, socket.MSG_WAITALL)
        except OSError as error:
            raise self._gone(error) from error
        if len(message) != ENDED.size:
            raise self._gone("it closed its end")
        status, peak = ENDED.unpack(message)
        return status, peak

    def _gone(self, reason: object) -> SandboxError:
        """Note that this zygote is of no more use; its late answers would confuse us."""
        self._broken = True
        return SandboxError(f"the sandbox's zygote is gone: {reason}")

    def close(self) -> None:
        self._control.close()
        if self._tier is not None and not self._broken:  # it ends its workers and waits for them
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        self._process.kill()
        self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._remove_scratch()


def _remove(folder: str) -> None:
    """Remove an empty folder, unless somebody did it before us."""
    with contextlib.suppress(OSError):
        Path(folder).rmdir()


class _Forked:
    """A worker that the zygote forked."""

    def __init__(self, zygote: _Zygote, pid: int, pidfd: int) -> None:
        self._zygote, self._pid, self._pidfd = zygote, pid, pidfd
        # The kernel's name for the CPU clock of another process (CPUCLOCK_SCHED).
        self._clock = (~pid << 3) | 2

    def cpu_seconds(self) -> float:
        try:
            return time.clock_gettime(self._clock)
        except OSError:  # it has ended
            return 0.0

    def is_sleeping(self) -> bool:
        try:
            with open(f"/proc/{self._pid}/stat", "rb") as stat:
                return stat.read().rpartition(b")")[2].split()[0] == b"S"
        except OSError:
            return False

    def resident_mib(self) -> float:
        try:
            with open(f"/proc/{self._pid}/statm", "rb") as statm:
                return int(statm.read().split()[1]) * PAGE_MIB
        except OSError:
            return 0.0

    def has_ended(self, seconds: float) -> bool:
        """Whether it ends by itself within `seconds`."""
        end = select.poll()
        end.register(self._pidfd, select.POLLIN)
        return bool(end.poll(seconds * 1000))

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def reap(self) -> tuple[int, float]:
        os.close(self._pidfd)
        status, peak = self._zygote.reap(self._pid)
        return status, peak / 1024


class _Spawned:
    """A worker that is a plain process of its own, where there is no safe fork."""

    def __init__(self, connection: socket.socket, modules: list[str], limits: Limits) -> None:
        code = (
            f"import sys; sys.path.insert(0, {str(PACKAGE_ROOT)!r}); "
            "from gradekit.sandbox import spawned; del sys.path[0]; spawned.start()"
        )
        windows = sys.platform == "win32"
        settings = {"modules": modules, "limits": msgspec.to_builtins(limits)}
        own: dict[str, Any] = {"pass_fds": [connection.fileno()]}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-c", code, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            **({} if windows else own),
        )
        # Windows hands a socket over as bytes made for one process, others its descriptor.
        shared = (
            connection.share(self._process.pid)  # type: ignore[attr-defined]
            if windows
            else str(connection.fileno()).encode()
        )
        assert self._process.stdin is not None
        self._process.stdin.write(shared)
        self._process.stdin.close()

    def cpu_seconds(self) -> float:
        return 0.0  # not readable everywhere; the wall-clock backstop decides

    def is_sleeping(self) -> bool:
        return False

    def resident_mib(self) -> float:
        return 0.0

    def has_ended(self, seconds: float) -> bool:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        self._process.kill()

    def reap(self) -> tuple[int, float]:
        code = self._process.wait()
        return (-code if code < 0 else code << 8), 0.0


def _environment() -> dict[str, str]:
    """All that the untrusted side's environment ever holds."""
    environment = {**ONE_THREAD, "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
    for name in ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return environment


Process = _Forked | _Spawned
