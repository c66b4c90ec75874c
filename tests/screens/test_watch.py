"""`kit watch` as somebody at a terminal meets it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RIGHT = (ROOT / "solutions" / "exercise_05_softmax.py").read_text("utf-8")
WRONG = (ROOT / "examples" / "answers" / "softmax_wrong.py").read_text("utf-8")
ANSWER = "exercise_05_softmax.py"


def replace(path: Path, text: str) -> None:
    """Save as many editors do: a new file is renamed over the old one."""
    beside = path.with_suffix(".swp")
    beside.write_text(text, "utf-8")
    beside.rename(path)


def test_a_newcomer_solves_an_exercise(screen, kit):
    """Stub, wrong answer, right answer, model answer, next: each screen says what to do."""
    answer = screen.folder / ANSWER
    screen.run(f"{kit} watch softmax")
    screen.wait("Nothing is written yet", ANSWER, "h hint")
    answer.write_text(WRONG, "utf-8")
    screen.wait("Scores around 1000 give finite", "got [nan", "solved", gone="n next")
    answer.write_text(RIGHT, "utf-8")
    text = screen.wait("Solved.", " 1 of ", "n next", "s solution", gone="h hint")
    assert "10 of 10 points" in text
    screen.press("s")
    screen.wait("To say aloud")
    screen.press("r")
    screen.wait("n next")
    screen.press("n")
    screen.wait("Nothing is written yet", "exercise_03_dropout.py", gone="n next")
    screen.press("q")
    screen.wait("$", gone="l list")


def test_every_way_of_saving_is_noticed(screen, kit):
    """Renamed, half-way, emptied, deleted: the screen follows, and nothing ends it."""
    answer = screen.folder / ANSWER
    screen.run(f"{kit} watch softmax")
    screen.wait("Nothing is written yet")
    replace(answer, WRONG)
    screen.wait("got [nan")
    answer.write_text(RIGHT[: RIGHT.index("keepdims") + 3], "utf-8")
    screen.wait("is no valid Python")
    answer.write_text("", "utf-8")
    screen.wait("is empty")
    answer.unlink()
    screen.wait("is not there any more: `kit reset softmax` writes it anew")
    replace(answer, RIGHT)
    screen.wait("10 of 10 points", "n next")


def test_hints_ask_first_and_are_remembered(screen, kit):
    """The first hint opens at once, the second and third ask; a new watch does not ask again."""
    screen.run(f"{kit} watch softmax")
    screen.wait("Nothing is written yet")
    screen.press("h")
    screen.wait("Hint 1 of 3:")
    screen.press("h")
    screen.wait("Hint 2 of 3 gives away the idea. Show it? (y/n)")
    screen.press("n")
    screen.wait("Hint 1 of 3:", gone="(y/n)")
    screen.press("h", "y")
    screen.wait("Hint 2 of 3:")
    screen.press("q")
    screen.wait("$", gone="l list")
    screen.run(f"{kit} watch softmax")
    screen.wait("Nothing is written yet")
    screen.press("h", "h")
    screen.wait("Hint 2 of 3:", gone="(y/n)")


def test_the_list_opens_an_exercise_by_its_number(screen, kit):
    """`l`, then the two digits."""
    screen.run(f"{kit} watch softmax")
    screen.wait("Nothing is written yet")
    screen.press("l")
    screen.wait("12 new 20 min Normalising a dataset")
    screen.press("1", "2")
    screen.wait("exercise_12_normalization.py", "Nothing is written yet")


def test_reset_asks_and_keeps_the_answer(screen, kit):
    """`x` brings back the stub after a yes; the answer stays beside it."""
    answer = screen.folder / ANSWER
    answer.write_text(WRONG, "utf-8")
    screen.run(f"{kit} watch softmax")
    screen.wait("got [nan")
    screen.press("x")
    screen.wait("Replace your answer by the stub? (y/n)")
    screen.press("y")
    screen.wait("Nothing is written yet", "Your answer is now exercise_05_softmax.py.bak")
    assert answer.with_suffix(".py.bak").read_text("utf-8") == WRONG
    answer.write_text(RIGHT, "utf-8")
    screen.wait("Solved.", gone="Your answer is now")


def test_a_newer_answer_does_not_wait_for_one_that_hangs(screen, kit):
    """An endless loop is left behind as soon as the next version is saved."""
    answer = screen.folder / ANSWER
    answer.write_text(WRONG, "utf-8")
    screen.run(f"{kit} watch softmax")
    screen.wait("got [nan")
    answer.write_text("while True:\n    pass\n", "utf-8")
    screen.wait("running your answer, ", " s (below is the result of the version before)")
    answer.write_text(RIGHT, "utf-8")
    screen.wait("10 of 10 points", gone="running")


def test_another_size_is_drawn_anew(screen, kit):
    """A smaller window keeps the keys in sight, and a long report can be scrolled."""
    (screen.folder / ANSWER).write_text(WRONG, "utf-8")
    screen.run(f"{kit} watch softmax")
    screen.wait("got [nan")
    screen.resize(50, 14)
    text = screen.wait("more lines: down to scroll", "q quit")
    assert max(map(len, text.splitlines())) <= 50
    screen.press("Down", "Down", "Down")
    screen.wait("q quit", gone="exercise_05_softmax ✗")
    screen.resize(100, 40)
    screen.wait("got [nan", "q quit")


def test_plain_mode_prints_sentences_and_draws_nothing(screen, kit):
    """With --plain there are no marks, bars or cursor moves, and the keys work."""
    answer = screen.folder / ANSWER
    screen.run(f"{kit} watch softmax --plain | tee plain.txt")
    screen.wait("Nothing is written yet")
    answer.write_text(WRONG, "utf-8")
    screen.wait("Failed, 0 of 3 points, softmax: Scores around 1000 give finite", "h hint")
    screen.press("h")
    screen.wait("Hint 1 of 3:")
    screen.press("q")
    screen.wait("$")
    said = (screen.folder / "plain.txt").read_text("utf-8")
    assert "exercise_05_softmax: " in said and " of 10 points." in said
    assert not set(said) & set("\x1b\r✓✗━─")


def test_quitting_gives_the_terminal_back(screen, kit):
    """After `q` and after Ctrl-C the shell echoes what is typed, as before."""
    for key in ("q", "C-c"):
        screen.run(f"clear; {kit} watch softmax; echo $((6 * 7)) is over")
        screen.wait("Nothing is written yet")
        screen.press(key)
        screen.wait("42 is over")
        screen.run("echo one-$((1 + 1))")
        screen.wait("echo one-$((1 + 1))", "one-2")


def test_stopped_and_taken_up_again_the_screen_is_back(screen, kit):
    """Ctrl-Z gives the terminal to the shell; after `fg` the screen is drawn and keys work."""
    screen.run(f"{kit} watch softmax")
    screen.wait("Nothing is written yet")
    screen.press("C-z")
    screen.run("echo seen-$((40 + 2))")
    screen.wait("seen-42", gone="Nothing is written yet")
    screen.run("fg")
    screen.wait("Nothing is written yet", "q quit")
    screen.press("h")
    screen.wait("Hint 1 of 3:")


def test_watch_outside_a_practice_folder_says_what_to_do(screen_of, kit):
    """One sentence and exit code 2."""
    screen = screen_of()
    screen.run(f"{kit} watch; echo code $?")
    screen.wait("This is no practice folder: make one with `kit init practice`.", "code 2")


def test_the_line_that_is_wrong_is_found_on_request(screen, kit):
    """`e` asks first, as for the third hint; it can be stopped; a new answer is another matter."""
    answer = screen.folder / ANSWER
    screen.run(f"{kit} watch softmax")
    answer.write_text(RIGHT.replace("weights.sum(axis=axis", "weights.sum(axis=0"), "utf-8")
    screen.wait("e explain", gone="Nothing is written")
    screen.press("e")
    screen.wait("which the third hint would name. Look? (y/n)")
    screen.press("y")
    screen.wait("in softmax: along which axis?", gone="looking for")
    answer.write_text(RIGHT.replace("np.exp(x - x.max", "np.expm1(x - x.min"), "utf-8")
    screen.wait("e explain", gone="along which axis?")
    screen.press("e")
    screen.wait("e stop looking")
    screen.press("e")
    screen.wait("line", gone="e stop looking")
    answer.write_text(RIGHT, "utf-8")
    screen.wait("Solved.", gone="explain")
