"""The state of one check of one submission: the requests so far, and what came back."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gradekit.grading.call import Call
from gradekit.grading.objects import Objects
from gradekit.grading.raised import SubmissionError
from gradekit.sandbox import wire
from gradekit.sandbox.host import Allowance, WorkerLost

# A check that sends more in all, or gets more back at once, is not remembered: the memo keeps the
# requests of a whole class in memory (see memo.py).
REMEMBERED_BYTES = 2**20
# Requests to an object that give a value which a check compares. Not `__next__`: the call that
# made a generator tells a reader more than `next` does.
LOOKS = frozenset(
    "get __getitem__ __len__ __contains__ __str__ __repr__ __bool__ __int__ __float__".split()
)

# Requests, the digest of their replies, and the CPU seconds that the submission took for them.
Asked = list[tuple[list[bytes], bytes, float]]


@dataclass(slots=True)
class CheckState:
    """What has happened so far in one check. Each check begins with a new one."""

    name: str = ""  # of the check
    function: str = ""  # of the answer, that the check is about; empty outside a check
    draws: int = 0  # how often the check has drawn cases
    allowance: Allowance | None = None  # the check's time; None before its first request
    lost: SubmissionError | None = None  # why the worker was lost
    last_call: Call | None = None
    last_look: object = None  # what was read from an object since then: `stack.size`, `stack[0]`
    # By the number of an object: how many of its methods were called, and the last of these calls.
    calls_of: dict[int, tuple[int, Call]] = field(default_factory=dict)
    looked_at: int = 0  # the number of the object of `last_look`
    replies: int = 0  # how often the submission answered
    last_reply: tuple[str, Any] = ("none", None)
    printed: str = ""
    printed_by_file: str = ""  # while the file was run, if it was run during this check
    asked: Asked | None = field(default_factory=list)  # None: the check must not be remembered
    asked_bytes: int = 0
    ahead: deque[Exchange] = field(default_factory=deque)  # made before the check asked for them
    objects: Objects | None = None  # behind the handles of this check, if it may have handles
    # Sent to the worker with the next request. The first one: forget the objects of other checks.
    prelude: dict[str, Any] = field(default_factory=lambda: {"fresh": True})
    requests: int = 0  # made by handles
    told_bytes: int = 0  # received for handles
    asking_seconds: float = 0.0  # CPU time of this process for requests of handles
    only_thread: int = 0  # once the test is over: the one thread that may still make requests

    def note_call(self, call: Call) -> None:
        """Remember the last call, for messages."""
        self.last_call, self.last_look = call, None

    def note_request(self, kind: str, asked: list[Any], what: object, number: int) -> None:
        """Remember what a handle was asked for, for messages.

        Args:
            number: Of the object that is asked, or whose method is called; 0 for none.
        """
        if isinstance(what, Call):
            self.note_call(what)
            if number:
                count, _ = self.calls_of.get(number, (0, what))
                self.calls_of[number] = count + 1, what
        elif kind in ("attribute", "operate") and asked[1] in LOOKS:
            self.last_look, self.looked_at = what, number

    def give_back(self, told_bytes: int) -> None:
        """Count bytes that were received, and have been freed since, no longer."""
        self.told_bytes -= told_bytes

    def made_ahead(self, requests: list[wire.Pieces]) -> Exchange | None:
        """The exchange of these requests, if they are the next of those made ahead."""
        if self.ahead and _joined(self.ahead[0].requests) == _joined(requests):
            return self.ahead.popleft()
        # The check asks for something else this time: it will not ask for the rest either.
        self.ahead.clear()
        return None

    def show_printed_by_file(self, text: str) -> None:
        """Keep what the file printed while it was run during this check."""
        self.printed_by_file += text
        self.printed += text

    def remember(self, asked: Asked, exchange: Exchange) -> None:
        """Continue `asked` by this exchange, unless that may not be remembered."""
        self.asked_bytes += sum(len(piece) for pieces in exchange.requests for piece in pieces)
        digest = exchange.digest()
        if digest is not None and self.asked_bytes <= REMEMBERED_BYTES:
            asked.append((_joined(exchange.requests), digest, exchange.seconds))
            self.asked = asked


class Exchange(NamedTuple):
    """Requests that were sent together, and the replies; fewer if the worker was lost."""

    requests: list[wire.Pieces]
    replies: list[wire.Received]
    lost: WorkerLost | None
    printed: str  # while the file was run, if it was run for this exchange
    seconds: float = 0.0  # CPU time of the submission

    def digest(self) -> bytes | None:
        """A digest of all that came back; None if it must not be remembered.

        An exchange that lost the worker must not: the cause may have been this machine, not the
        submission.
        """
        parts: list[bytes | bytearray] = [self.printed.encode("utf-8", "surrogatepass")]
        for reply in self.replies:
            parts += reply
        # The sizes too: else the same bytes, cut into other replies, would have the same digest.
        sizes = [len(part) for part in parts]
        if self.lost is not None or sum(sizes) > REMEMBERED_BYTES:
            return None
        return hashlib.sha256(b"".join([repr(sizes).encode(), *parts])).digest()


def _joined(requests: list[wire.Pieces]) -> list[bytes]:
    return [b"".join(pieces) for pieces in requests]
