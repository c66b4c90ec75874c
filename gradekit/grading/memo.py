"""What replies were judged like before, so that equal replies need not be judged again.

All that a check can learn of an answer is the bytes that come back from its process. So when
an answer replies to the requests of a check as an earlier one did, byte for byte, the check
would judge it the same, and need not run: its requests are sent as they were, and the replies
looked up. In a class most answers to most checks are such. Wherever an answer replies
something new, the check runs as ever, and takes up the replies that have come so far.
"""

from __future__ import annotations

from typing import NamedTuple

from gradekit.grading.mistakes import Print
from gradekit.grading.proxy import Asked, Run
from gradekit.report import Check

MEMO_BYTES = 2**24  # of one exercise; beyond, all is forgotten, and learned anew
ENTRY_BYTES = 2**10  # of a step or a judgement, besides its texts
CHARACTER_BYTES = 4


class Judgement(NamedTuple):
    """What a check says of an answer, and the print of what it failed at."""

    check: Check
    print: Print | None


class _Step:
    """Requests that a check makes, and what follows, by the digest of the replies."""

    def __init__(self, requests: list[bytes]) -> None:
        self.requests = requests
        self.after: dict[bytes, _Step | Judgement] = {}
        # Whether the check asks this each time that it gets here: unknown after only one time.
        self.is_steady: bool | None = None


class Memo:
    """The judgements of one exercise's checks."""

    def __init__(self) -> None:
        self._first: dict[str, _Step] = {}  # by the names of checks
        self._size = 0

    def recall(self, name: str, run: Run) -> Judgement | None:
        """Make a check's requests, and return what it says of the replies, if that is known.

        If it is not, the run keeps what came back, and the check has to look itself.
        """
        known: _Step | Judgement | None = self._first.get(name)
        while isinstance(known, _Step):
            digest = run.ask_ahead(known.requests) if known.is_steady else None
            known = known.after.get(digest) if digest is not None else None
        return known

    def learn(self, name: str, asked: Asked, judgement: Judgement) -> None:
        """Keep what a check made of the replies to all that it `asked`, which is something."""
        if self._size > MEMO_BYTES:
            self._first.clear()
            self._size = 0
        if name not in self._first:
            self._first[name] = self._new_step(asked[0][0])
        step = self._first[name]
        next_requests = [*(requests for requests, _ in asked[1:]), None]
        for (requests, digest), following in zip(asked, next_requests, strict=True):
            if step.requests is not requests:  # met before
                step.is_steady = step.is_steady is not False and step.requests == requests
                if not step.is_steady:
                    return
            if following is None:
                self._size += ENTRY_BYTES + CHARACTER_BYTES * len(judgement.check.message)
                step.after.setdefault(digest, judgement)
                return
            next_step = step.after.get(digest) or self._new_step(following)
            if not isinstance(next_step, _Step):
                return  # it once made up its mind here
            step.after[digest] = step = next_step

    def _new_step(self, requests: list[bytes]) -> _Step:
        self._size += ENTRY_BYTES + sum(map(len, requests))
        return _Step(requests)
