"""The terminal of an interactive command: keys come in one at a time, whole screens go out.

Everything that happens arrives in one queue, `inbox`: keys, a new size, and whatever other
threads put there. In plain mode (a screen reader, a pipe, a dumb terminal) nothing is drawn
over: what has changed is printed below, without colour.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from queue import Empty
from typing import Any

from rich.console import Console

from gradekit.errors import KitError
from gradekit.practice.screen.events import Happening, Inbox, Key, Resized
from gradekit.render.terminal import WIDTH
from gradekit.texts import counted

Paint = Callable[[Console], None]
ENTER_SCREEN, LEAVE_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
# By prompt_toolkit's names; any other key that is no character is none of ours.
NAMES = {
    "up": "up", "down": "down", "pageup": "page up", "pagedown": "page down",
    "home": "home", "end": "end",
    "escape": "escape", "c-m": "enter", "c-j": "enter", " ": "page down",
}  # fmt: skip
WINDOWS = {  # as click reads them there
    "\r": "enter", " ": "page down", "\x1b": "escape",
    "\xe0H": "up", "\xe0P": "down", "\xe0I": "page up", "\xe0Q": "page down",
    "\xe0G": "home", "\xe0O": "end",
}  # fmt: skip
ESCAPE_SECONDS = 0.1  # after which an escape is the key, and not the beginning of another


class Terminal:
    """Draws screens and reads keys, between `with` and its end."""

    def __init__(self, plain: bool = False, *, needs_keys: bool = True) -> None:
        self.inbox: Inbox = Inbox()
        self._needs_keys = needs_keys
        self.plain = plain or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb"
        self._scroll = 0
        self._painted: tuple[Paint, Paint] | None = None
        self._said = ""
        self._settings: Any = None  # of the terminal before we changed them
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> Terminal:
        """Begin to read keys, on a screen of its own.

        Raises:
            KitError: keys are needed, and there is no terminal to read them from.
        """
        if sys.stdin.isatty():
            self._settings = _settings()
            self._undo.enter_context(_keys_into(self.inbox))
        elif self._needs_keys:
            raise KitError(
                "This command needs a terminal to read keys from: "
                "start it in one, without `<` or a pipe before it."
            )
        if not self.plain:
            self._write(ENTER_SCREEN)
            self._undo.callback(self._write, LEAVE_SCREEN)
            if hasattr(signal, "SIGTSTP"):
                before = signal.signal(signal.SIGTSTP, self._stop)
                self._undo.callback(signal.signal, signal.SIGTSTP, before)
        if hasattr(signal, "SIGWINCH"):
            before = signal.signal(signal.SIGWINCH, lambda *_: self.inbox.put(Resized()))
            self._undo.callback(signal.signal, signal.SIGWINCH, before)
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def _stop(self, *_: object) -> None:
        """Ctrl-Z: give the terminal back, stop, and take it again when `fg` goes on."""
        import termios

        settings = termios.tcgetattr(sys.stdin.fileno()) if sys.stdin.isatty() else None
        self._write(LEAVE_SCREEN)
        if settings is not None and self._settings is not None:
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._settings)
        # With the default handler the signal really stops us; `kill` returns when `fg` goes on.
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        if settings is not None:
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, settings)
        self._write(ENTER_SCREEN)
        self.inbox.put(Resized())

    def next(self, seconds: float | None = None) -> Happening | None:
        """What happens next; None if nothing does for so many seconds.

        Keys that scroll, and new sizes, are seen to here.
        """
        while True:
            try:
                happened = self.inbox.get(timeout=seconds)
            except Empty:
                return None
            if isinstance(happened, Resized):
                self.redraw()
            elif not isinstance(happened, Key) or not self._scrolls(happened.name):
                return happened

    def draw(self, body: Paint, footer: Paint, *, keep_scroll: bool = False) -> None:
        """Show a screen: `body`, cut where it is too long, and all of `footer` below it."""
        if not keep_scroll:
            self._scroll = 0
        self._painted = body, footer
        self.redraw()

    def redraw(self) -> None:
        """Show the last screen again, at the size that the terminal has now."""
        if self._painted is None:
            return
        if self.plain:
            text = "\n".join(
                line.rstrip() for paint in self._painted for line in self._lines(paint)
            )
            if text != self._said:
                self._said = text
                self._write(text + "\n\n")
            return
        body, footer = (self._lines(paint) for paint in self._painted)
        lines = [*self._cut(body, self._rows() - len(footer)), *footer][: self._rows()]
        # Over the old screen, line by line, instead of clearing it first: that would flicker.
        self._write("\x1b[H" + "\r\n".join(f"{line}\x1b[K" for line in lines) + "\x1b[J")

    def _lines(self, paint: Paint) -> list[str]:
        if self.plain:  # no codes at all, not even bold or links
            console = Console(highlight=False, color_system=None, force_terminal=False)
        else:
            console = Console(highlight=False, force_terminal=True)
        console.width = min(self._columns(), WIDTH)
        with console.capture() as captured:
            paint(console)
        return captured.get().rstrip("\n").split("\n")

    def _cut(self, lines: list[str], rows: int) -> list[str]:
        """The part of the body that fits, with a line that says what is out of sight."""
        rows = max(rows, 2)
        if len(lines) <= rows:
            self._scroll = 0
            return lines + [""] * (rows - len(lines))
        room = rows - 1
        self._scroll = max(0, min(self._scroll, len(lines) - room))
        below = len(lines) - room - self._scroll
        where = f"{counted(below, 'more line')}: down" if below else "the end: up"
        return [*lines[self._scroll : self._scroll + room], f"  ... {where} to scroll ..."]

    def _scrolls(self, key: str) -> bool:
        far = 10**6  # more lines than any screen has to show
        step = {
            "up": -1, "down": 1, "page up": 5 - self._rows(), "page down": self._rows() - 5,
            "home": -far, "end": far,
        }  # fmt: skip
        if key not in step or self.plain:
            return False
        self._scroll = max(0, self._scroll + step[key])
        self.redraw()
        return True

    @staticmethod
    def _size() -> os.terminal_size:
        size = os.terminal_size((0, 0))
        with contextlib.suppress(OSError, ValueError):  # a pipe
            size = os.get_terminal_size(sys.stdout.fileno())
        return size if all(size) else os.terminal_size((80, 24))

    def _rows(self) -> int:
        return max(self._size().lines, 6)

    def _columns(self) -> int:
        return max(self._size().columns, 20)

    @staticmethod
    def _write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


@contextlib.contextmanager
def _keys_into(inbox: Inbox) -> Iterator[None]:
    """Read single keys in a thread of its own, until the end of the `with`."""
    if sys.platform == "win32":
        import click

        def read_keys() -> None:
            while True:
                text = click.getchar()
                inbox.put(Key(WINDOWS.get(text, text.lower())))

        threading.Thread(target=read_keys, daemon=True, name="keys").start()
        yield
        return

    import termios
    import tty

    stdin = sys.stdin.fileno()
    before = termios.tcgetattr(stdin)
    # Nothing else ends a thread that waits in `select` for a key.
    stop, stopper = os.pipe()

    def read_keys() -> None:
        keys = Keys(inbox.put)
        while True:
            wait = ESCAPE_SECONDS if keys.is_waiting else None
            ready, _, _ = select.select([stdin, stop], [], [], wait)
            if not ready:
                keys.end()
                continue
            text = "" if stop in ready else os.read(stdin, 256).decode(errors="ignore")
            if not text:
                return
            keys.feed(text)

    thread = threading.Thread(target=read_keys, daemon=True, name="keys")
    try:
        tty.setcbreak(stdin)
        thread.start()
        yield
    finally:
        os.close(stopper)  # wakes the thread, and ends it
        thread.join()
        os.close(stop)
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)


def _settings() -> Any:
    """How the terminal is set; None where that cannot be told."""
    if sys.platform == "win32":
        return None
    import termios

    return termios.tcgetattr(sys.stdin.fileno())


class Keys:
    """Finds keys in what is read, however it comes in parts: a sequence may be split."""

    def __init__(self, tell: Callable[[Key], None]) -> None:
        from prompt_toolkit.input.vt100_parser import Vt100Parser

        self._tell = tell
        self._parser = Vt100Parser(self._pressed)
        self.is_waiting = False  # for the rest of a sequence, or for nothing after an escape

    def feed(self, text: str) -> None:
        """Tell of the keys that are complete."""
        self._parser.feed(text)
        self.is_waiting = "\x1b" in text

    def end(self) -> None:
        """What has come so far is all: an escape was the key."""
        self._parser.flush()
        self.is_waiting = False

    def _pressed(self, press: Any) -> None:
        name = str(getattr(press.key, "value", press.key))
        if name in NAMES or len(name) == 1:
            self._tell(Key(NAMES.get(name, name.lower())))
