"""`kit interview` at a terminal."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ANSWER = "exercise_05_softmax.py"
RIGHT = (ROOT / "solutions" / ANSWER).read_text("utf-8")
MISTAKE = ROOT / "tests" / "bank" / "exercise_05_softmax" / "wrong"


def test_an_interview_is_left_and_taken_up_again_and_graded_once(screen, kit):
    """A clock and no hints; leaving stops it; handing in asks; the report folds its answers."""
    screen.run(f"{kit} interview --questions 1 --minutes 30 --topic softmax")
    text = screen.wait("Question 1 of 1: Softmax", "left ━", "f finish")
    assert "hint" not in text
    screen.press("q")
    screen.wait("The clock stands still.")
    (screen.folder / "interview" / ANSWER).write_text(RIGHT, "utf-8")
    screen.run(f"clear; {kit} interview")
    screen.wait("Question 1 of 1: Softmax", "The interview that you left goes on")
    screen.press("f")
    screen.wait("Hand in all answers?", gone="goes on")
    screen.press("y")
    text = screen.wait("10 of 10 points", "planned 15 min", "1 a question")
    assert "1-1" not in text
    screen.press("1")
    screen.wait("exercise_05_softmax 10 of 10 points", "checks pass")
    screen.press("f")
    screen.wait("what they ask next", "a unfolds the answers", gone="It divides the scores")
    screen.press("a")
    screen.wait("It divides the scores", "a fold")
    screen.press("m")
    screen.wait("To say aloud")
    screen.press("o")
    screen.wait("The interview is over")
    screen.press("q")
    screen.wait("kept in interviews/")
    assert not (screen.folder / "interview").exists()
    assert len(list(screen.folder.glob(f"interviews/*/{ANSWER}"))) == 1


def test_when_the_time_is_up_the_answers_are_graded(screen, kit):
    """With the clock run down there is no more writing; a blank answer earns nothing."""
    screen.run(f"{kit} interview --questions 2 --minutes 35 --topic stability")
    screen.wait("Question 1 of 2")
    screen.press("n")
    screen.wait("Question 2 of 2")
    screen.press("q")
    screen.wait("The clock stands still.")
    state = screen.folder / "interview" / "interview.json"
    interview = json.loads(state.read_text())
    interview["questions"][0]["seconds"] = 35 * 60
    state.write_text(json.dumps(interview))
    screen.run(f"{kit} interview")
    screen.wait("The interview is over: 0 of 20 points.")
    screen.press("q")
    screen.wait("kept in interviews/")


def test_plain_mode_reads_the_clock_aloud_in_steps(screen, kit):
    """--plain prints the question once and no moving clock."""
    screen.run(f"{kit} interview --questions 1 --minutes 30 --topic softmax --plain")
    screen.wait("Less than 30 minutes left.", "f finish")
    screen.press("1", "q")
    text = screen.wait("The clock stands still.")
    assert text.count("minutes left") == 1
