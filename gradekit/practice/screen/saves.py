"""Notices when a file is saved, however an editor does it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from gradekit.practice.screen.events import Inbox, Saved

STEP_MILLISECONDS = 10  # a save comes as several events: how long to wait for the rest
POLL_MILLISECONDS = 2000  # some network folders never tell


@contextlib.contextmanager
def saves_into(inbox: Inbox, folder: Path) -> Iterator[None]:
    """Put `Saved` into `inbox` whenever a file in `folder` changes, until the `with` ends.

    The folder is watched, not the file: editors that save by renaming put a new file in
    place of the one that was there.
    """
    from watchfiles import watch

    stop = threading.Event()

    def look() -> None:
        changes = watch(
            folder,
            watch_filter=None,
            step=STEP_MILLISECONDS,
            debounce=10 * STEP_MILLISECONDS,
            stop_event=stop,
            recursive=False,
            rust_timeout=POLL_MILLISECONDS,
            # Also where nothing was told: then the watch looks at the file by itself.
            yield_on_timeout=True,
        )
        with contextlib.suppress(FileNotFoundError):  # the folder itself is gone
            for _ in changes:
                inbox.put(Saved())

    thread = threading.Thread(target=look, daemon=True, name="saves")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(1)
