"""`kit review` at a terminal."""

from __future__ import annotations

import json
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RIGHT = (ROOT / "solutions" / "exercise_05_softmax.py").read_text("utf-8")


def solved_long_ago(folder: Path, *names: str) -> None:
    """Let exercises have been solved a year ago."""
    with (folder / "progress.jsonl").open("a") as progress:
        for name in names:
            event = {"time": time.time() - 365 * 86400, "event": "checked", "exercise": name}
            print(json.dumps({**event, "score": 10, "max_score": 10}), file=progress)


def events(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "progress.jsonl").read_text().splitlines()]


def test_what_is_due_is_written_from_blank_and_rated(screen, kit):
    """A blank copy opens; a pass suggests a rating, which may be overruled; then it is not due."""
    solved_long_ago(screen.folder, "exercise_05_softmax", "exercise_12_normalization")
    own = screen.folder / "exercise_05_softmax.py"
    own.write_text(RIGHT, "utf-8")
    screen.run(f"{kit} review")
    screen.wait("review 1 of 2, from blank", "Nothing is written yet")
    (screen.folder / "review" / own.name).write_text(RIGHT, "utf-8")
    screen.wait("It looks like `easy`", "1-4 or overrule")
    screen.press("2")
    screen.wait("rated hard, due in", "Press n for the next one.")
    screen.press("n")
    screen.wait("review 2 of 2", "review/exercise_12_normalization.py")
    screen.press("q")
    screen.wait("$", gone="q later")
    last = [event for event in events(screen.folder) if event["event"] == "reviewed"]
    assert [(event["exercise"], event["rating"]) for event in last] == [("exercise_05_softmax", 2)]
    assert own.read_text("utf-8") == RIGHT
    screen.run(f"clear; {kit} review --list")
    screen.wait("today normalization", "softmax")


def test_a_review_is_taken_up_where_it_was_left(screen, kit):
    """What was written is kept; giving up asks, shows the answer, and rates `again`."""
    solved_long_ago(screen.folder, "exercise_05_softmax")
    screen.run(f"{kit} review")
    screen.wait("Nothing is written yet")
    begun = RIGHT.replace("def log_softmax", "def another_name")
    (screen.folder / "review" / "exercise_05_softmax.py").write_text(begun, "utf-8")
    screen.wait("of 10 points", gone="Nothing is written yet")
    screen.press("q")
    screen.wait("$", gone="q later")
    screen.run(f"{kit} review")
    screen.wait("review 1 of 1", "log_softmax", gone="Nothing is written yet")
    screen.press("x")
    screen.wait("Start over from blank? (y/n)")
    screen.press("y")
    screen.wait("Nothing is written yet", "Your answer is now exercise_05_softmax.py.bak.")
    kept = screen.folder / "review" / "exercise_05_softmax.py.bak"
    assert kept.read_text("utf-8") == begun
    screen.press("g")
    screen.wait("Give up, and see the model answer? (y/n)")
    screen.press("y")
    screen.wait("To say aloud", "rated again, due in")
    assert events(screen.folder)[-1]["rating"] == 1
