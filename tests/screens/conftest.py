"""A terminal of 80 by 24 in tmux: tests press its keys and read its screen."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KIT = f"{sys.executable} -m gradekit"
PATIENCE_SECONDS = 60  # until a screen that never comes is a failure


class Screen:
    """One tmux session with a shell in it. Waiting is for output, never for time."""

    def __init__(
        self, folder: Path, columns: int = 80, rows: int = 24, colour: bool = False
    ) -> None:
        self.folder = folder
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
        if not colour:
            self._environment["NO_COLOR"] = "1"
        self._socket = str(folder / "tmux.socket")
        self._tmux(
            "-f", "/dev/null", "new-session", "-d", "-s", "kit", "-c", str(folder),
            "-x", str(columns), "-y", str(rows), "env PS1='$ ' sh",
        )  # fmt: skip
        pipe = folder / "output.pipe"
        os.mkfifo(pipe)
        # Read and write, so that opening does not wait for the other end.
        self._output = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
        self._tmux("pipe-pane", "-t", "kit", f"cat > '{pipe}'")

    def run(self, command: str) -> None:
        """Type a command line into the shell, once what ran before has ended."""
        self._until(lambda text: text.rstrip().split("\n")[-1].strip() == "$", "the prompt")
        self._tmux("send-keys", "-t", "kit", "-l", command)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: `n`, `Enter`, `Down`, `C-c`."""
        self._tmux("send-keys", "-t", "kit", *keys)

    def resize(self, columns: int, rows: int) -> None:
        self._tmux("resize-window", "-t", "kit", "-x", str(columns), "-y", str(rows))

    @property
    def text(self) -> str:
        """What can be read now."""
        return self._tmux("capture-pane", "-p", "-t", "kit")

    @property
    def ansi(self) -> str:
        """The same with its colours."""
        return self._tmux("capture-pane", "-e", "-p", "-t", "kit")

    def wait(self, *wanted: str, gone: str = "") -> str:
        """Wait until all of `wanted` can be read, and `gone` cannot; return the screen."""

        def is_there(text: str) -> bool:
            flat = " ".join(text.split())  # a line may be wrapped anywhere
            return all(part in flat for part in wanted) and (not gone or gone not in flat)

        return self._until(is_there, wanted)

    def _until(self, is_there: Callable[[str], bool], what: object) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_there(text := self.text):
            left = deadline - time.monotonic()
            assert left > 0, f"waited in vain for {what}; the screen is\n{text}"
            select.select([self._output], [], [], min(left, 1.0))
            while select.select([self._output], [], [], 0)[0]:
                os.read(self._output, 65536)
        return text

    def close(self) -> None:
        self._tmux("kill-server")
        os.close(self._output)

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, *arguments],
            check=True,
            capture_output=True,
            text=True,
            env=self._environment,
        )
        return done.stdout


@pytest.fixture
def screen_of(tmp_path: Path) -> Iterator[Callable[..., Screen]]:
    """Opens terminals."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux, which presses the keys, is not installed")
    opened: list[Screen] = []

    def screen(columns: int = 80, rows: int = 24) -> Screen:
        opened.append(Screen(tmp_path, columns, rows))
        return opened[-1]

    yield screen
    for each in opened:
        each.close()


@pytest.fixture
def screen(screen_of: Callable[..., Screen], tmp_path: Path) -> Screen:
    """A terminal of 80 by 24 that stands in a new practice folder."""
    subprocess.run(
        [sys.executable, "-m", "gradekit", "init", "."],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return screen_of()


@pytest.fixture
def kit() -> str:
    """The command line as one types it in these terminals."""
    return KIT
