"""A worker as the grader sees it: send requests, watch its time, read its replies, end it.

`WorkerHandle.exchange` gives the frames of replies, or raises `WorkerLost` if the worker crashed,
took too long or sent something else. A `SandboxError` is a fault of kit or of the machine, and
never of the submission.
"""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from gradekit.errors import SandboxError
from gradekit.sandbox import wire
from gradekit.sandbox.limits import BUFFER_BYTES, STRUCTURE_BYTES, Limits
from gradekit.sandbox.process import START_SECONDS, Process

NAMES = {known.value: known.name for known in signal.Signals}
SIGNALS = {
    "SIGSEGV": "a segmentation fault",
    "SIGABRT": "an abort",
    "SIGFPE": "an arithmetic fault",
    "SIGILL": "an illegal instruction",
    "SIGBUS": "a bus error",
    "SIGSYS": "a forbidden system call",
}
PARTS = 64  # parts of a frame that are read between two looks at the clock
FIRST_WAIT_SECONDS = 0.02  # before the first look at the clock: most replies are there by then
GRACE_SECONDS = 0.3  # between the end of a worker's connection and the end of its process


class WorkerLost(Exception):
    """The worker is gone or was ended, and the submission is the cause."""

    def __init__(self, ending: str, text: str) -> None:
        """Note how it ended.

        Args:
            ending: "timed_out", "out_of_memory", "crashed" or "malformed", as in a report.
            text: A sentence. `{what}` in it stands for the call.
        """
        super().__init__(text)
        self.ending = ending

    def told(self, what: object) -> str:
        """The sentence, with the call `what` in it."""
        # Not str.format: the call may have braces in it, which are left alone.
        return str(self).replace("{what}", str(what), 1)


class Allowance(NamedTuple):
    """How long a worker may run: `seconds`, counted from the two `start` values.

    Seconds of CPU time; of wall time while it sleeps, or after `Limits.patience` times as many.
    """

    seconds: float
    cpu_start: float
    wall_start: float

    def without(self, cpu_seconds: float, wall_seconds: float) -> Allowance:
        """The allowance after the grader has run a function that the submission called.

        The grader's CPU time is taken off the worker's, since the submission decides how often it
        calls. The wall time is not: a worker that waits for the grader would count as sleeping.
        """
        left = max(self.seconds - cpu_seconds, 0.0)
        return Allowance(left, self.cpu_start, self.wall_start + wall_seconds)

    def hurried(self, timeouts: int) -> Allowance:
        """Half of it for each of so many timeouts before, but not less than a second of it."""
        return self._replace(seconds=max(self.seconds / 2**timeouts, min(self.seconds, 1.0)))


class Reply(NamedTuple):
    """The reply to one request."""

    kind: str  # "value" or "raised"
    value: Any
    printed: str  # the beginning of what went to stdout
    changes: Any = None  # of arguments, if handles are in use


class WorkerHandle:
    """One process with one submission in it."""

    def __init__(self, connection: socket.socket, process: Process, limits: Limits) -> None:
        self._connection = connection
        self._process = process
        self._limits = limits
        # Windows has no poll(); elsewhere select() fails from descriptor 1024 on.
        self._poll = select.poll() if hasattr(select, "poll") else None
        if self._poll is not None:
            self._poll.register(connection, select.POLLIN)
        # A blocking send or receive could not be stopped when the worker's time is over.
        connection.setblocking(False)
        self._ahead = wire.Ahead(self._read)
        self._structures = self._buffers = 0  # bytes of the replies in one exchange
        self.spent = 0.0  # CPU seconds of a worker that has ended; its clock is gone by then
        self._is_given_up = False
        self._parts = 0  # parts in which the reply has come so far
        # Memory that it had when it was forked (Python, NumPy, torch): not the submission's.
        self._shared_mib = 0.0
        self._allowance = Allowance(START_SECONDS, self.cpu_seconds(), time.monotonic())
        try:
            kind, number, _ = wire.decode(*self._receive())
            if (kind, number) != ("ready", 0):
                raise wire.Malformed("it is not ready")
        except (WorkerLost, wire.Malformed) as error:
            self.close()
            problem = error.told("the sandbox") if isinstance(error, WorkerLost) else error
            raise SandboxError(f"a worker could not be locked down ({problem})") from error
        self._shared_mib = process.resident_mib()

    @property
    def allowance(self) -> Allowance:
        """The allowance of the last request."""
        return self._allowance

    def cpu_seconds(self) -> float:
        """CPU time that the worker has used, in seconds."""
        return self._process.cpu_seconds()

    def allow(self, seconds: float) -> Allowance:
        """An allowance of CPU time from now on."""
        return Allowance(seconds, self.cpu_seconds(), time.monotonic())

    def exchange(
        self, requests: Iterable[wire.Pieces], allowance: Allowance
    ) -> Iterator[wire.Received]:
        """Send requests, and yield the frame of each reply.

        Small requests are sent together. The caller has to take all frames.

        Raises:
            WorkerLost: a frame did not come, or one that nobody asked for. The worker is ended.
        """
        self._allowance = allowance
        self._structures = self._buffers = 0
        try:
            self._check_silence()
            for count, pieces in _parcels(requests):
                self._send(pieces)
                for _ in range(count):
                    yield self._receive()
        except wire.Malformed as error:
            self.close()
            raise without_data(error) from None

    def converse(
        self,
        request: wire.Pieces,
        allowance: Allowance,
        answer: Callable[[wire.Received], wire.Pieces | None],
    ) -> wire.Received:
        """Send a request whose reply may wait for questions of the worker.

        Args:
            answer: Called with each frame. It returns what to send back, or None if the frame is
                the reply. It may make requests itself.
        Returns:
            The frame of the reply.
        Raises:
            WorkerLost: no frame came. The worker is ended, also if `answer` raises something.
        """
        self._allowance = allowance
        try:
            self._check_silence()
            pieces: wire.Pieces | None = request
            while pieces is not None:
                self._structures = self._buffers = 0
                self._send(pieces)
                frame = self._receive()
                # Not process_time: other threads of the grader may be at work meanwhile.
                started, cpu = time.monotonic(), time.thread_time()
                pieces = answer(frame)
                self._allowance = self._allowance.without(
                    time.thread_time() - cpu, time.monotonic() - started
                )
        except wire.Malformed as error:
            self.close()
            raise without_data(error) from None
        except BaseException:
            self.close()  # the worker waits for a result that will not come
            raise
        return frame

    def _check_silence(self) -> None:
        """Make sure that no reply is there before the request.

        Raises:
            Malformed: there are bytes. The submission sent them, to be read as the next reply.
        """
        if not self._ahead.is_empty:
            raise wire.Malformed("a reply that nobody asked for")

    def _send(self, pieces: wire.Pieces) -> None:
        for piece in pieces:
            view = memoryview(piece)
            while view:
                try:
                    view = view[self._connection.send(view) :]
                except BlockingIOError:
                    self._check_time()
                    self._await_room()
                except OSError:
                    raise self._lost() from None

    def _receive(self) -> wire.Received:
        self._parts = 0
        structure, buffers = wire.receive(self._ahead, bounded=True)
        # `receive` bounds one frame; together, many frames could still fill the grader's memory.
        self._structures += len(structure)
        self._buffers += len(buffers)
        if self._structures > 2 * STRUCTURE_BYTES or self._buffers > BUFFER_BYTES:
            raise wire.Malformed("the replies are too large together")
        return structure, buffers

    def _read(self, view: memoryview) -> int:
        """Read at least one byte into `view`; return how many.

        Raises:
            WorkerLost: the worker's allowance was used up first, or it closed its connection.
        """
        while True:
            wait = FIRST_WAIT_SECONDS
            while not self._readable(wait):
                wait = self._check_time()
            self._parts += 1
            if self._parts % PARTS == 0:  # it may send a few bytes at a time, without end
                self._check_time()
            try:
                count = self._connection.recv_into(view)
            except BlockingIOError:  # poll may report bytes that are not there
                continue
            except OSError:
                count = 0
            if not count:
                raise self._lost()
            return count

    def _readable(self, seconds: float) -> bool:
        if self._poll is not None:
            return bool(self._poll.poll(seconds * 1000))
        return bool(select.select([self._connection], [], [], seconds)[0])

    def _await_room(self) -> None:
        """Wait at most 50 ms until the worker has read some of what was sent."""
        if self._poll is None:
            select.select([], [self._connection], [], 0.05)
            return
        room = select.poll()
        room.register(self._connection, select.POLLOUT)
        room.poll(50)

    def _check_time(self) -> float:
        """Return how long to wait before looking again, in seconds.

        Raises:
            WorkerLost: the allowance is used up; the worker has been ended.
        """
        seconds, cpu_start, wall_start = self._allowance
        wall = time.monotonic() - wall_start
        cpu = self.cpu_seconds() - cpu_start
        # Three limits:
        # - CPU time, for endless loops. It is fair on a busy machine.
        # - As much wall time, if the worker is then asleep: time.sleep, a deadlock. Not if there is
        #   a reply that we have not read: it may be waiting for us.
        # - `patience` times as much wall time, for whatever escapes the other two, and for systems
        #   on which we cannot read a worker's CPU time.
        idle = wall >= seconds and self._process.is_sleeping() and not self._readable(0)
        if cpu >= seconds or idle or wall >= seconds * self._limits.patience:
            self.close()
            limit = round(seconds, 2)
            raise WorkerLost("timed_out", f"stopped after {limit:g} s: {{what}} did not return")
        # No limit can be reached before the rest of it has passed. Once the wall time has passed,
        # look often: the worker may fall asleep at any time.
        return min(max(seconds - max(cpu, wall), 0.02), 1.0) if wall < seconds else 0.2

    def _lost(self) -> WorkerLost:
        """How the worker ended, after it closed its connection.

        Raises:
            SandboxError: somebody else ended it, or its end is unknown.
        """
        self._connection.close()
        if not self._process.has_ended(GRACE_SECONDS):
            self._process.kill()
            self._process.reap()
            return WorkerLost("crashed", "{what} closed its connection to the grader")
        self.spent = self.cpu_seconds()
        status, peak_mib = self._process.reap()
        if self._is_given_up:
            return WorkerLost("timed_out", "stopped: {what} went on when the test was over")
        return _ending_of(status, peak_mib - self._shared_mib, self._limits)

    def give_up(self) -> None:
        """End the worker while another thread waits for its reply. That thread gets WorkerLost."""
        self._is_given_up = True
        self._process.kill()

    def close(self) -> None:
        """End the worker, whatever it is doing. Does nothing if it has ended."""
        if self._connection.fileno() >= 0:
            self.spent = self.cpu_seconds()  # first: it cannot be read after the worker is reaped
            self._connection.close()
            self._process.kill()
            with contextlib.suppress(SandboxError):
                self._process.reap()


def without_data(error: wire.Malformed) -> WorkerLost:
    """The WorkerLost for a worker that sent something other than a reply."""
    return WorkerLost("malformed", f"{{what}} sent back no proper data ({error})")


def _ending_of(status: int, peak_mib: float, limits: Limits) -> WorkerLost:
    """The WorkerLost for a wait status.

    Args:
        peak_mib: The most memory that the submission used, in MiB.
    Raises:
        SandboxError: somebody else ended the worker, since a submission cannot send signals.
    """
    number, code = status & 0x7F, status >> 8  # as os.WTERMSIG, which Windows does not have
    name = NAMES.get(number, f"signal {number}")
    if name == "SIGXCPU":
        seconds = limits.submission_seconds
        return WorkerLost("timed_out", f"stopped after {seconds:g} s: {{what}} did not return")
    # Without memory Python may crash in many ways, or end with status 1. So memory comes first.
    if peak_mib > limits.memory_mib * 0.9:
        gib = limits.memory_mib / 1024
        return WorkerLost("out_of_memory", f"stopped: it used more than {gib:g} GiB")
    if name == "SIGKILL":
        if peak_mib > limits.memory_mib / 4:  # the kernel ended it, since memory ran out
            text = f"stopped: it used {peak_mib:.0f} MiB, and there was no more"
            return WorkerLost("out_of_memory", text)
        raise SandboxError("somebody killed the process that ran the answer")
    if number:
        return WorkerLost("crashed", f"{{what}} crashed Python with {SIGNALS.get(name, name)}")
    return WorkerLost("crashed", f"{{what}} ended its own process (exit status {code})")


def reply_in(
    frame: wire.Received,
    number: int,
    live: Callable[[Any], Any] | None = None,
    *,
    plain: bool = True,
    fills: bool = False,
) -> Reply:
    """Read the frame of the reply to request `number` of an exchange.

    Args:
        live: Makes handles, if they are in use; see `wire.decode`.
        plain, fills: Refuse masked entries, or make NaN of them; see `wire.decode`.
    Raises:
        wire.Malformed: the frame is not that reply.
    """
    kind, replied, body = wire.decode(*frame, live=live, plain=plain, fills=fills)
    if replied != number:
        raise wire.Malformed("the reply is to another question")
    if (
        kind not in ("value", "raised")
        or not isinstance(body, tuple)
        or len(body) != (2 if live is None else 3)
        or not isinstance(body[1], str)
    ):
        raise wire.Malformed("not a reply")
    # With handles, `changes` comes before the value: the value may refer to changed arguments.
    return Reply(kind, *(body if live is None else reversed(body)))


def _parcels(requests: Iterable[wire.Pieces]) -> Iterator[tuple[int, wire.Pieces]]:
    """Group requests that are sent together: how many each time, and their bytes.

    A group has at most `SMALL_FRAME` bytes, or is a single request. The worker may begin to reply
    before it has read all. If both buffers of the connection were full, each side would wait for
    the other for ever.
    """
    small: list[bytes] = []
    size = 0
    for pieces in requests:
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
