"""What replies were judged like before, so that equal replies need not be judged again.

All that a check can learn of an answer is the bytes that come back from its process. So when
an answer replies to the requests of a check as an earlier one did, byte for byte, the check
would judge it the same, and need not run: its requests are sent as they were, and the replies
looked up. In a class this holds for most answers and most checks. Wherever an answer replies
something new, the check runs as usual, and uses the replies that have come so far.

What checks that follow one another are going to ask first is sent together, as long as none of
them is known to ask more: to change between two processes costs more than most requests. An answer
cannot tell, since it gets the same requests in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gradekit.grading.check_state import Asked
from gradekit.grading.mistakes import Print
from gradekit.grading.run import Run
from gradekit.report import Check
from gradekit.sandbox.wire import SMALL_FRAME

MEMO_BYTES = 2**24  # of one exercise; beyond, all is forgotten, and learned anew
ENTRY_BYTES = 2**10  # of a step or a judgement, besides its texts
CHARACTER_BYTES = 4
# At most of requests of several checks that are sent together. CPU time that answers took for them
# before; as many bytes as travel in one piece.
TOGETHER_SECONDS = 0.05
TOGETHER_BYTES = SMALL_FRAME


class Judgement(NamedTuple):
    """What a check says of an answer, and the print of what it failed at."""

    check: Check
    print: Print | None


class _Step:
    """Requests that a check makes, and what follows, by the digest of the replies."""

    def __init__(self, requests: list[bytes]) -> None:
        self.requests = requests
        self.after: _Tree = {}
        # Whether the check asks this each time that it gets here: unknown after only one time.
        self.is_steady: bool | None = None
        self.seconds = 0.0  # CPU time that answers take for it, recent ones above all
        self.size = sum(map(len, requests))

    @property
    def is_last(self) -> bool:
        """Whether no check is known that went on to ask more."""
        return not any(isinstance(each, _Step) for each in self.after.values())


_Tree = dict[str | bytes, _Step | Judgement]


class Memo:
    """The judgements of one exercise's checks."""

    def __init__(self) -> None:
        self._first: _Tree = {}  # by the names of checks
        self._size = 0

    def recall(self, name: str, run: Run, later: Iterable[str] = ()) -> Judgement | None:
        """Make a check's requests, and return what it says of the replies, if that is known.

        If it is not, the run keeps what came back, and the check has to look itself.

        Args:
            later: The checks after this one, whose requests may be made together with its own. If
                that goes wrong, the run `must_restart`.
        """
        if not run.has_asked_early:
            run.ask_early(self._together([name, *later]))
        known = self._first.get(name)
        while isinstance(known, _Step):
            digest = run.ask_ahead(known.requests) if known.is_steady else None
            known = known.after.get(digest) if digest is not None else None
        return known

    def _together(self, names: list[str]) -> dict[str, list[bytes]]:
        """What the first of these checks ask, by name, as far as it can be sent together."""
        found: dict[str, list[bytes]] = {}
        seconds, size = 0.0, 0
        for name in names:
            step = self._first.get(name)
            if not isinstance(step, _Step) or not step.is_steady:
                break
            seconds, size = seconds + step.seconds, size + step.size
            if seconds > TOGETHER_SECONDS or size > TOGETHER_BYTES:
                break
            found[name] = step.requests
            if not step.is_last:
                break
        return found

    def learn(self, name: str, asked: Asked, judgement: Judgement) -> None:
        """Keep what a check made of the replies to all that it `asked`, which is something."""
        if self._size > MEMO_BYTES:
            self._first.clear()
            self._size = 0
        after: _Tree = self._first
        key: str | bytes = name
        for requests, digest, seconds in asked:
            step = after.get(key)
            if step is None:
                step = after[key] = _Step(requests)
                step.seconds = seconds
                self._size += ENTRY_BYTES + step.size
            elif isinstance(step, Judgement):
                return  # after equal replies it once ended here: not these alone decide
            else:
                step.is_steady = step.is_steady is not False and step.requests == requests
                if not step.is_steady:
                    return
            step.seconds = (step.seconds + seconds) / 2
            after, key = step.after, digest
        self._size += ENTRY_BYTES + CHARACTER_BYTES * len(judgement.check.message)
        after.setdefault(key, judgement)
