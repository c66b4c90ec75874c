"""`kit watch` through rounds of random saves, sizes, stops and keys; WATCH_ROUNDS=50 for many."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RIGHT = (ROOT / "solutions" / "exercise_05_softmax.py").read_text("utf-8")
ROUNDS = int(os.environ.get("WATCH_ROUNDS", "5"))
SEED = int(os.environ.get("WATCH_SEED", "13"))
SIZES = [(80, 24), (100, 30), (72, 20), (132, 43), (80, 18)]
# Each ends with the report on the screen, whatever was asked or shown.
KEYS = [["l", "r"], ["h", "r"], ["Down", "Up"], ["r"], ["l", "0", "r"], ["Escape"], ["x", "r"]]


class Rounds:
    """A watched file and what its verdict looks like."""

    def __init__(self, screen, kit: str) -> None:
        self.screen, self.kit = screen, kit
        self.path = screen.folder / "exercise_05_softmax.py"
        self.random = random.Random(SEED)
        self.number = 0
        self.wanted = "Nothing is written yet"

    def save(self) -> None:
        """Another answer, in one of the ways in which editors save."""
        self.number += 1
        text, self.wanted = self.random.choice(
            [
                (f"{RIGHT}\n# {self.number}\n", "10 of 10 points"),
                (f"raise ValueError('save {self.number}')\n", f"save {self.number}"),
                (f"{RIGHT}\ndef softmax(x, axis=-1):\n    raise KeyError({self.number}000)\n",
                 f"KeyError: {self.number}000"),
                (f"def softmax(x, axis=-1)\n# {self.number}\n", "line 1 is no valid Python"),
            ]
        )  # fmt: skip
        if self.random.random() < 0.5:
            self.path.write_text(text, "utf-8")
        else:
            new = self.path.with_suffix(".new")
            new.write_text(text, "utf-8")
            new.replace(self.path)

    def save_often(self) -> None:
        """Three saves, of which only the last one counts."""
        for _ in range(3):
            self.save()

    def save_the_same(self) -> None:
        """A save that changes nothing."""
        self.path.write_bytes(self.path.read_bytes())

    def resize(self) -> None:
        self.screen.resize(*self.random.choice(SIZES))

    def stop(self) -> None:
        """Ctrl-Z, perhaps a save meanwhile, and fg."""
        self.screen.press("C-z")
        self.screen.wait("Stopped")
        if self.random.random() < 0.5:
            self.save()
        self.screen.run("clear; fg")

    def press(self) -> None:
        self.screen.press(*self.random.choice(KEYS))

    def play(self) -> None:
        """One round; then the screen says what the file as it is deserves."""
        acts: list[Callable[[], None]] = [
            self.save, self.save, self.save_often, self.save_the_same, self.resize, self.stop,
            self.press,
        ]  # fmt: skip
        for act in self.random.sample(acts, self.random.randint(1, 3)):
            act()
        gone = "result of the version before"
        self.screen.wait(self.wanted, "r run again", gone=gone)


def test_the_screen_always_ends_with_the_verdict_of_the_file(screen, kit):
    """Whatever is saved, pressed, resized and stopped before; and it stays when run again."""
    screen.run(f"{kit} watch softmax")
    screen.wait("Nothing is written yet")
    rounds = Rounds(screen, kit)
    for _ in range(ROUNDS):
        rounds.play()
    screen.press("r")
    screen.wait("graded, and the result is the same", rounds.wanted)
