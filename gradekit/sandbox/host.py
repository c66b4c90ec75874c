"""The trusted side's handle on workers: fork one, ask it, bound it, end it.

Whatever a worker does comes out of `Worker.ask` as a reply or as `WorkerLost`. Whatever
goes wrong with the machinery itself is a `SandboxError`, and never the submission's fault.
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
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from gradekit.sandbox import wire
from gradekit.sandbox.limits import Limits
from gradekit.sandbox.lockdown import best_tier
from gradekit.sandbox.warmup import ONE_THREAD

START_SECONDS = 120  # for Python and torch to start on a very busy machine
PACKAGE_ROOT = Path(__file__).resolve().parents[2]
SIGNALS = {
    signal.SIGSEGV: "a segmentation fault",
    signal.SIGABRT: "an abort",
    signal.SIGFPE: "an arithmetic fault",
    signal.SIGILL: "an illegal instruction",
}


class SandboxError(Exception):
    """The sandbox itself failed; the submission is not to blame."""


class WorkerLost(Exception):
    """The worker is gone, or was ended, through the submission's doing."""

    def __init__(self, ending: str, text: str) -> None:
        super().__init__(text)
        self.ending = ending


class Allowance(NamedTuple):
    """How long a worker may go on from a moment on."""

    seconds: float
    cpu_start: float
    wall_start: float


class Reply(NamedTuple):
    """`kind` is "value" or "raised"; `printed` the beginning of what went to stdout."""

    kind: str
    value: Any
    printed: str


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
        self.isolation = isolation or best_tier()
        self.limits = limits
        self._modules = list(modules)
        self._hidden = [str(Path(path).resolve()) for path in hidden]
        self._zygote: _Zygote | None = None
        if sys.platform == "linux":
            self._zygote = self._start_zygote()

    def _start_zygote(self) -> _Zygote:
        settings = {
            "tier": self.isolation,
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
        mine, its = socket.socketpair()
        process: _Forked | _Spawned
        try:
            if self._zygote is None:
                process = _Spawned(its, self._modules)
            else:
                if not self._zygote.is_alive():
                    self._zygote.close()
                    self._zygote = self._start_zygote()
                process = self._zygote.fork(its)
        except OSError as error:
            mine.close()
            raise SandboxError(f"the sandbox is gone: {error}") from error
        finally:
            its.close()
        return Worker(mine, process, self.limits)

    def close(self) -> None:
        """End the zygote and all its workers."""
        if self._zygote is not None:
            self._zygote.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Worker:
    """One process with one submission in it."""

    def __init__(
        self, connection: socket.socket, process: _Forked | _Spawned, limits: Limits
    ) -> None:
        self._connection = connection
        self._process = process
        self._limits = limits
        self._number = 0
        self._poll = select.poll() if hasattr(select, "poll") else None
        if self._poll is not None:
            self._poll.register(connection, select.POLLIN)
        connection.setblocking(False)
        self._allowance = Allowance(START_SECONDS, self.cpu_seconds(), time.monotonic())
        try:
            self._receive(0, "the sandbox")
        except (WorkerLost, wire.Malformed) as error:
            self.close()
            raise SandboxError(f"a worker could not be locked down ({error})") from error

    def cpu_seconds(self) -> float:
        """CPU time that the worker has used, in seconds."""
        return self._process.cpu_seconds()

    def allow(self, seconds: float) -> Allowance:
        """An allowance of CPU time from now on."""
        return Allowance(seconds, self.cpu_seconds(), time.monotonic())

    def ask(
        self,
        kind: str,
        body: Any,
        allowance: Allowance,
        what: str,
        opaque: Callable[[Any], bytes] | None = None,
    ) -> Reply:
        """Send one request and wait for its reply. `what` names it in messages.

        Raises:
            WorkerLost: no proper reply came; the worker has been ended.
        """
        self._number += 1
        self._allowance = allowance
        try:
            for piece in wire.encode(kind, self._number, body, opaque or _no_opaque):
                self._send(memoryview(piece), what)
            return self._receive(self._number, what)
        except wire.Malformed as error:
            self.close()
            raise WorkerLost("malformed", f"{what} sent back no proper data ({error})") from None

    def _send(self, view: memoryview, what: str) -> None:
        while view:
            try:
                view = view[self._connection.send(view) :]
            except BlockingIOError:
                self._check_time(what)
                select.select([], [self._connection], [], 0.05)
            except OSError:
                raise self._lost(what) from None

    def _receive(self, number: int, what: str) -> Reply:
        def read_into(view: memoryview) -> None:
            while view:
                self._await_data(what)
                try:
                    count = self._connection.recv_into(view)
                except BlockingIOError:
                    continue
                except OSError:
                    count = 0
                if not count:
                    raise self._lost(what)
                view = view[count:]

        kind, replied, body = wire.decode(*wire.receive(read_into, bounded=True))
        if replied != number:
            raise wire.Malformed("the reply is to another question")
        if kind == "ready":
            return Reply(kind, None, "")
        if (
            kind not in ("value", "raised")
            or not isinstance(body, tuple)
            or len(body) != 2
            or not isinstance(body[1], str)
        ):
            raise wire.Malformed("not a reply")
        return Reply(kind, *body)

    def _await_data(self, what: str) -> None:
        """Wait for bytes from the worker, as long as its allowance lasts."""
        wait = 0.0
        while not self._readable(wait):
            wait = self._check_time(what)

    def _readable(self, seconds: float) -> bool:
        if self._poll is not None:
            return bool(self._poll.poll(seconds * 1000))
        return bool(select.select([self._connection], [], [], seconds)[0])

    def _check_time(self, what: str) -> float:
        """Return how long to wait before looking again, in seconds.

        Raises:
            WorkerLost: the allowance is used up; the worker has been ended.
        """
        seconds, cpu_start, wall_start = self._allowance
        wall = time.monotonic() - wall_start
        cpu = self.cpu_seconds() - cpu_start
        idle = wall >= seconds and self._process.is_sleeping() and not self._readable(0)
        if cpu >= seconds or idle or wall >= seconds * self._limits.patience:
            self.close()
            raise WorkerLost("timed_out", f"stopped after {seconds:g} s: {what} did not return")
        return min(max(seconds - max(cpu, wall), 0.02), 1.0) if wall < seconds else 0.2

    def _lost(self, what: str) -> WorkerLost:
        """Say how the worker ended that has closed its connection."""
        self._process.kill()
        status, peak_mib = self._process.reap()
        self._connection.close()
        return _obituary(what, status, peak_mib, self._limits)

    def close(self) -> None:
        """End the worker, whatever it is doing. Harmless when done twice."""
        if self._connection.fileno() >= 0:
            self._connection.close()
            self._process.kill()
            with contextlib.suppress(SandboxError):
                self._process.reap()


def _obituary(what: str, status: int, peak_mib: float, limits: Limits) -> WorkerLost:
    """Turn a wait status into an ending and a sentence."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU:
            seconds = limits.submission_seconds
            return WorkerLost("timed_out", f"stopped after {seconds:g} s: {what} did not return")
        if number == signal.SIGKILL or peak_mib > limits.memory_mib * 0.9:
            gib = limits.memory_mib / 1024
            return WorkerLost("out_of_memory", f"stopped: it used more than {gib:g} GiB")
        how = SIGNALS.get(signal.Signals(number), f"signal {number}")
        return WorkerLost("crashed", f"{what} crashed Python with {how}")
    code = os.WEXITSTATUS(status)
    return WorkerLost("crashed", f"{what} ended its own process (exit status {code})")


class _Zygote:
    """The process that forks workers, seen from the trusted side."""

    def __init__(self, settings: str) -> None:
        self._control, its = socket.socketpair()
        code = (
            f"import sys; sys.path.insert(0, {str(PACKAGE_ROOT)!r}); "
            "from gradekit.sandbox import zygote; del sys.path[0]; zygote.start()"
        )
        # -P: nothing from the current folder; -s: nothing from the user's home.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-c", code, str(its.fileno()), settings],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=_environment(),
            cwd="/",
            pass_fds=[its.fileno()],
        )
        its.close()
        self._started = False

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def fork(self, connection: socket.socket) -> _Forked:
        """A new worker at the other end of `connection`."""
        if not self._started:
            self._await_start()
        socket.send_fds(self._control, [b"f"], [connection.fileno()])
        answer, descriptors, _, _ = socket.recv_fds(self._control, 4, 1)
        if not descriptors:
            raise SandboxError("the sandbox's zygote ended")
        return _Forked(self, int.from_bytes(answer, "little"), descriptors[0])

    def _await_start(self) -> None:
        self._control.settimeout(START_SECONDS)
        if self._control.recv(1) != b"+":
            error = self._process.communicate()[1].decode(errors="replace").strip()
            raise SandboxError(f"the sandbox did not start: {error.splitlines()[-1:]}")
        self._started = True

    def reap(self, pid: int) -> tuple[int, int]:
        """Wait for the end of worker `pid`: its wait status, its peak memory in KiB."""
        try:
            self._control.sendall(b"w" + pid.to_bytes(4, "little"))
            status, peak = _unpack_ended(self._control)
        except OSError as error:
            raise SandboxError(f"the sandbox's zygote ended: {error}") from error
        return status, peak

    def close(self) -> None:
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()
        self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()


def _unpack_ended(control: socket.socket) -> tuple[int, int]:
    from gradekit.sandbox.zygote import ENDED

    message = control.recv(ENDED.size, socket.MSG_WAITALL)
    if len(message) != ENDED.size:
        raise SandboxError("the sandbox's zygote ended")
    status, peak = ENDED.unpack(message)
    return status, peak


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

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def reap(self) -> tuple[int, float]:
        os.close(self._pidfd)
        status, peak = self._zygote.reap(self._pid)
        return status, peak / 1024


class _Spawned:
    """A worker that is a plain process of its own, where there is no safe fork."""

    def __init__(self, connection: socket.socket, modules: list[str]) -> None:
        code = (
            f"import sys; sys.path.insert(0, {str(PACKAGE_ROOT)!r}); "
            "from gradekit.sandbox import spawned; del sys.path[0]; spawned.start()"
        )
        windows = sys.platform == "win32"
        own: dict[str, Any] = {"pass_fds": [connection.fileno()], "start_new_session": True}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-c", code, json.dumps(modules)],
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


def _no_opaque(value: Any) -> bytes:
    raise TypeError(f"cannot send {type(value).__name__}")
