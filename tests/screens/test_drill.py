"""`kit drill` at a terminal."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BANK = ROOT / "tests" / "bank" / "exercise_05_softmax" / "wrong"
MISTAKES = {path.stem for path in BANK.glob("*.py")}


def test_a_mistake_is_chosen_and_its_input_shown(screen, kit):
    """Four choices in words of the bank; the answer shows the failing input and is remembered."""
    screen.run(f"{kit} drill softmax --count 2")
    text = screen.wait("Drill 1 of 2", "what is wrong in", "1-4 which mistake")
    choices = re.findall(r"^([1-4])  (.+)$", text, re.MULTILINE)
    assert [number for number, _ in choices] == ["1", "2", "3", "4"]
    screen.press("1")
    text = screen.wait("n next", gone="looking for")
    assert re.search(r"^(Right\.|No, it is [2-4]\.)$", text, re.MULTILINE)
    screen.press("n")
    screen.wait("Drill 2 of 2")
    screen.press("q")
    screen.wait("of 1 right.")
    lines = (screen.folder / "progress.jsonl").read_text().splitlines()
    (drilled,) = (json.loads(line) for line in lines)
    assert drilled["event"] == "drilled"
    assert drilled["mistake"] in MISTAKES
    assert drilled["rating"] in (1, 3, 4)


def test_plain_drills_can_be_done_by_ear(screen, kit):
    """--plain prints code, choices and verdict without marks or colours."""
    screen.run(f"{kit} drill softmax --count 1 --plain | tee plain.txt")
    screen.wait("1-4 which mistake")
    screen.press("2")
    screen.wait("n done", gone="")
    screen.press("n")
    screen.wait("of 1 right.")
    assert "\x1b" not in (screen.folder / "plain.txt").read_text("utf-8")
