"""The trusted side's handle on a worker: ask it, bound it, end it.

Whatever a worker does comes out of `Worker.ask` as a reply or as `WorkerLost`. Whatever
goes wrong with the machinery itself is a `SandboxError`, and never the submission's fault.
"""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from gradekit.sandbox import wire
from gradekit.sandbox.launch import START_SECONDS, Process, SandboxError
from gradekit.sandbox.limits import BUFFER_BYTES, STRUCTURE_BYTES, Limits

NAMES = {known.value: known.name for known in signal.Signals}
SIGNALS = {
    "SIGSEGV": "a segmentation fault",
    "SIGABRT": "an abort",
    "SIGFPE": "an arithmetic fault",
    "SIGILL": "an illegal instruction",
    "SIGBUS": "a bus error",
    "SIGSYS": "a forbidden system call",
}
# How many times a frame may come in parts before the clock is looked at again.
PARTS = 64
FIRST_WAIT_SECONDS = 0.02  # most calls are back by then; only after it the clock is looked at
# A worker that ends closes its connection a moment before it can be waited for.
GRACE_SECONDS = 0.3


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


class Worker:
    """One process with one submission in it."""

    def __init__(self, connection: socket.socket, process: Process, limits: Limits) -> None:
        self._connection = connection
        self._process = process
        self._limits = limits
        self._number = 0
        # Windows has no poll(); elsewhere select() fails from descriptor 1024 on.
        self._poll = select.poll() if hasattr(select, "poll") else None
        if self._poll is not None:
            self._poll.register(connection, select.POLLIN)
        connection.setblocking(False)
        self._ahead = wire.Ahead(self._read)
        self._structures = self._buffers = 0  # bytes of the replies to one `ask`
        self.spent = 0.0  # CPU seconds of one that has ended
        self._asked: object = "the sandbox"
        self._parts = 0  # in how many parts the reply has come so far
        self._shared_mib = 0.0  # what it was forked with: Python, numpy, torch
        self._allowance = Allowance(START_SECONDS, self.cpu_seconds(), time.monotonic())
        try:
            self._receive(0, "the sandbox")
        except (WorkerLost, wire.Malformed) as error:
            self.close()
            raise SandboxError(f"a worker could not be locked down ({error})") from error
        self._shared_mib = process.resident_mib()

    def cpu_seconds(self) -> float:
        """CPU time that the worker has used, in seconds."""
        return self._process.cpu_seconds()

    def allow(self, seconds: float) -> Allowance:
        """An allowance of CPU time from now on."""
        return Allowance(seconds, self.cpu_seconds(), time.monotonic())

    def ask(
        self,
        kind: str,
        bodies: Iterable[Any],
        allowance: Allowance,
        what: object,
        opaque: Callable[[Any], bytes] | None = None,
    ) -> Iterator[Reply]:
        """Send requests and yield their replies, all of which have to be taken.

        Small requests travel together. `what` names them in messages.

        Raises:
            WorkerLost: no proper reply came; the worker has been ended.
        """
        self._allowance = allowance
        self._structures = self._buffers = 0
        parcels = _parcels(
            wire.encode(kind, number, body, opaque or _no_opaque)
            for number, body in enumerate(bodies, self._number + 1)
        )
        try:
            for count, pieces in parcels:
                for piece in pieces:
                    self._send(memoryview(piece), what)
                for _ in range(count):
                    self._number += 1
                    yield self._receive(self._number, what)
        except wire.Malformed as error:
            self.close()
            raise WorkerLost("malformed", f"{what} sent back no proper data ({error})") from None

    def _send(self, view: memoryview, what: object) -> None:
        while view:
            try:
                view = view[self._connection.send(view) :]
            except BlockingIOError:
                self._check_time(what)
                self._await_room()
            except OSError:
                raise self._lost(what) from None

    def _receive(self, number: int, what: object) -> Reply:
        self._asked, self._parts = what, 0
        structure, buffers = wire.receive(self._ahead, bounded=True)
        self._structures += len(structure)
        self._buffers += len(buffers)
        if self._structures > 2 * STRUCTURE_BYTES or self._buffers > BUFFER_BYTES:
            raise wire.Malformed("the replies are too large together")
        kind, replied, body = wire.decode(structure, buffers)
        if replied != number:
            raise wire.Malformed("the reply is to another question")
        if kind == "ready" and number == 0:
            return Reply(kind, None, "")
        if (
            kind not in ("value", "raised")
            or not isinstance(body, tuple)
            or len(body) != 2
            or not isinstance(body[1], str)
        ):
            raise wire.Malformed("not a reply")
        return Reply(kind, *body)

    def _read(self, view: memoryview) -> int:
        """Read some bytes, one at least, as long as the worker's allowance lasts."""
        while True:
            wait = FIRST_WAIT_SECONDS
            while not self._readable(wait):
                wait = self._check_time(self._asked)
            self._parts += 1
            if self._parts % PARTS == 0:  # it trickles: there are always bytes, but never all
                self._check_time(self._asked)
            try:
                count = self._connection.recv_into(view)
            except BlockingIOError:
                continue
            except OSError:
                count = 0
            if not count:
                raise self._lost(self._asked)
            return count

    def _readable(self, seconds: float) -> bool:
        if self._poll is not None:
            return bool(self._poll.poll(seconds * 1000))
        return bool(select.select([self._connection], [], [], seconds)[0])

    def _await_room(self) -> None:
        """Wait a moment for a worker that does not read what it is sent."""
        if self._poll is None:
            select.select([], [self._connection], [], 0.05)
            return
        room = select.poll()
        room.register(self._connection, select.POLLOUT)
        room.poll(50)

    def _check_time(self, what: object) -> float:
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
            limit = round(seconds, 2)
            raise WorkerLost("timed_out", f"stopped after {limit:g} s: {what} did not return")
        return min(max(seconds - max(cpu, wall), 0.02), 1.0) if wall < seconds else 0.2

    def _lost(self, what: object) -> WorkerLost:
        """Say how the worker ended that has closed its connection.

        Raises:
            SandboxError: it was ended from outside, or nobody knows how.
        """
        self._connection.close()
        if not self._process.has_ended(GRACE_SECONDS):
            self._process.kill()
            self._process.reap()
            return WorkerLost("crashed", f"{what} closed its connection to the grader")
        self.spent = self.cpu_seconds()  # which nobody can tell once it is reaped
        status, peak_mib = self._process.reap()
        return _obituary(what, status, peak_mib - self._shared_mib, self._limits)

    def close(self) -> None:
        """End the worker, whatever it is doing. Harmless when done twice."""
        if self._connection.fileno() >= 0:
            self._connection.close()
            self._process.kill()
            with contextlib.suppress(SandboxError):
                self._process.reap()


def _obituary(what: object, status: int, peak_mib: float, limits: Limits) -> WorkerLost:
    """Turn a wait status into an ending and a sentence.

    Raises:
        SandboxError: somebody else ended it; a submission cannot send signals.
    """
    number, code = status & 0x7F, status >> 8
    name = NAMES.get(number, f"signal {number}")
    if name == "SIGXCPU":
        seconds = limits.submission_seconds
        return WorkerLost("timed_out", f"stopped after {seconds:g} s: {what} did not return")
    # Under memory pressure Python may crash in many ways, or end itself with status 1.
    if peak_mib > limits.memory_mib * 0.9:
        gib = limits.memory_mib / 1024
        return WorkerLost("out_of_memory", f"stopped: it used more than {gib:g} GiB")
    if name == "SIGKILL":
        if peak_mib > limits.memory_mib / 4:  # the kernel's choice when a machine is full
            text = f"stopped: it used {peak_mib:.0f} MiB, and there was no more"
            return WorkerLost("out_of_memory", text)
        raise SandboxError("somebody killed the process that ran the answer")
    if number:
        return WorkerLost("crashed", f"{what} crashed Python with {SIGNALS.get(name, name)}")
    return WorkerLost("crashed", f"{what} ended its own process (exit status {code})")


def _parcels(frames: Iterable[list[Any]]) -> Iterator[tuple[int, list[Any]]]:
    """How many frames go out at once, and their bytes: no more than a worker can be sent
    while it is itself waiting for us to read."""
    small: list[bytes] = []
    size = 0
    for pieces in frames:
        length = sum(map(len, pieces))
        if small and size + length > wire.SMALL_FRAME:
            yield len(small), [b"".join(small)]
            small, size = [], 0
        if length > wire.SMALL_FRAME:
            yield 1, pieces
        else:
            small.append(b"".join(pieces))
            size += length
    if small:
        yield len(small), [b"".join(small)]


def _no_opaque(value: Any) -> bytes:
    raise TypeError(f"cannot send {type(value).__name__}")
