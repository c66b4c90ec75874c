"""The practice commands from outside: what they print, refuse and complete."""

from __future__ import annotations

import errno
import json
import os
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradekit.commands import kit
from gradekit.commands._group import _between_words
from gradekit.errors import KitError
from gradekit.intake.names import answer_suffix
from gradekit.practice import trial
from gradekit.submission import Submission

ROOT = Path(__file__).resolve().parents[1]
METADATA = (ROOT / "exercises" / "exercises.toml").read_text("utf-8")
RIGHT = (ROOT / "solutions" / "exercise_05_softmax.py").read_text("utf-8")
WRONG = (ROOT / "examples" / "answers" / "softmax_wrong.py").read_text("utf-8")
COMMANDS = ["watch", "progress", "review", "interview", "picture", "drill", "completion"]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A new practice folder, and one stands in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHELL", "/bin/zsh")
    assert run("init", ".").exit_code == 0
    return tmp_path


def run(*arguments: str, **options):
    return CliRunner().invoke(kit, [*arguments], **options)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example_in_its_help(command):
    """Help says what it does and shows a line to type."""
    text = run(command, "--help").output
    assert "Example:" in text
    assert f"kit {command}" in text


@pytest.mark.parametrize("command", ["watch", "progress", "review", "interview", "drill"])
def test_outside_a_practice_folder_the_way_in_is_named(command, tmp_path, monkeypatch):
    """One sentence, exit code 2."""
    monkeypatch.chdir(tmp_path)
    result = run(command)
    assert result.exit_code == 2
    assert "make one with `kit init practice`" in result.output


def test_init_says_what_to_type_next_and_offers_completion(tmp_path, monkeypatch):
    """From there on `kit watch` leads; the shell in use decides the completion line."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    text = run("init", "practice").output
    assert "`cd practice`, then `kit watch`" in text
    assert "has this line:\n  kit completion fish | source\n" in text
    assert "written to this folder.\n" in run("init", ".", "--part", "1").output
    assert all(len(line) <= 80 for line in text.splitlines())


def test_init_where_a_file_is_in_the_way_says_so(tmp_path):
    """And not that some kit.toml in there cannot be read."""
    (tmp_path / "file").write_text("")
    result = run("init", str(tmp_path / "file" / "practice"))
    assert result.exit_code == 2
    assert "cannot be written: Not a directory" in result.stderr and "toml" not in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell):
    """It names the variable by which the shell asks kit."""
    assert "_KIT_COMPLETE" in run("completion", shell).output


def test_the_shell_completes_exercises():
    """By slug first, by file name once that is being typed."""
    from click.shell_completion import ShellComplete

    complete = ShellComplete(kit, {}, "kit", "_KIT_COMPLETE")
    assert not [c for c in complete.get_completions([], "") if c.help and c.help.endswith("...")]
    assert [item.value for item in complete.get_completions(["watch"], "softm")] == ["softmax"]
    assert "exercise_05_softmax" in [
        item.value for item in complete.get_completions(["hint"], "exercise_05")
    ]


def test_hints_ask_before_the_second(folder):
    """The first is given, the second only after a yes, which is remembered."""
    assert "Hint 1 of 3" in run("hint", "softmax").output
    refused = run("hint", "softmax", input="n\n")
    assert "Hint 2 of 3:" not in refused.output
    assert "Hint 2 of 3:" in run("hint", "softmax", input="y\n").output
    assert "Hint 2 of 3:" in run("hint", "softmax", "--level", "2").output
    assert "Hint 3 of 3:" in run("hint", "softmax", "--yes").output


def test_a_solved_answer_that_breaks_is_shown_what_changed(folder):
    """The last answer with full marks is kept; check names the command, solution the lines."""
    answer = folder / "exercise_05_softmax.py"
    answer.write_text(RIGHT, "utf-8")
    assert "kit solution softmax" in run("check", "softmax").output
    answer.write_text(RIGHT.replace("x - ", "x + ", 1), "utf-8")
    said = run("check", "softmax").output
    assert "kit solution 5 (what changed)" in " ".join(said.split())
    assert "kit try 5 " in said
    told = run("solution", "softmax").output
    changed = told.partition("What changed since it passed")[2]
    assert re.search(r"^-.*x - ", changed, re.MULTILINE)
    assert re.search(r"^\+.*x \+ ", changed, re.MULTILINE)


def test_try_is_offered_only_where_there_is_a_call_to_try(folder):
    """A failed import has none; of what is not written there is nothing to explain either."""
    answer = folder / "exercise_05_softmax.py"
    assert "kit explain" not in run("check", "softmax").output
    answer.write_text("import nothing_of_the_kind\n", "utf-8")
    said = run("check", "softmax").output
    assert "kit hint 5" in said and "kit try" not in said and "kit explain 5" in said


def test_check_lists_problems_for_an_editor(folder):
    """The first column is the file as it was named; exit codes are as ever."""
    (folder / "exercise_05_softmax.py").write_text(WRONG, "utf-8")
    result = run("check", "softmax", "--format", "problems")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert all(re.match(r".*exercise_05_softmax\.py:\d+: \S", line) for line in lines)
    assert any("softmax(np.array(" in line for line in lines)


def test_list_by_topic_level_and_minutes(folder):
    """Each leaves out what does not fit."""
    unknown = run("list", "--topic", "cooking")
    assert unknown.exit_code == 2 and "The topics are:" in unknown.stderr
    nothing = run("list", "--topic", "softmax", "--minutes", "1")
    assert "No exercise is all of that" in nothing.output
    british, american = (run("list", "--topic", f"Normali{each}ation").output for each in "sz")
    assert british == american
    said = run("list", "--topic", "ATTENTION", "--level", "hard", "--minutes", "35", "--plain")
    lines = said.output.splitlines()
    assert lines and all("hard" in line and "attention" in line for line in lines)
    assert all(int(re.search(r"(\d+) minutes", line)[1]) <= 35 for line in lines)


@pytest.mark.parametrize("command", ["hint", "reset"])
def test_a_question_that_nobody_can_answer_names_the_option(folder, command):
    """Where the input has ended, it is wrong usage, and nothing has been done."""
    answer = folder / "exercise_05_softmax.py"
    answer.write_text(WRONG, "utf-8")
    run("hint", "softmax")
    result = run(command, "softmax", input="")
    assert result.exit_code == 2
    assert "add `--yes`" in result.stderr and "Aborted" not in result.output
    assert "Hint 2 of 3:" not in result.output and answer.read_text("utf-8") == WRONG


def test_reset_keeps_every_answer_and_leaves_a_stub_alone(folder):
    """A second reset of a stub says so; a second answer is kept beside the first."""
    answer = folder / "exercise_05_softmax.py"
    for number, name in enumerate([f"{answer.name}.bak", f"{answer.name}.bak.2"]):
        answer.write_text(f"answer {number}", "utf-8")
        assert f"Your answer is now {folder / name}." in run("reset", "softmax", "--yes").output
        assert "is the stub already" in run("reset", "softmax", "--yes").output
        assert (folder / name).read_text("utf-8") == f"answer {number}"


def test_an_answer_that_is_gone_can_be_written_anew(folder):
    """check and picture name the command that brings it back, and that asks nothing."""
    (folder / "exercise_05_softmax.py").unlink()
    for command in (["check", "softmax"], ["check", "softmax", "exercise_05_softmax.py"],
                    ["picture", "softmax"]):  # fmt: skip
        result = run(*command)
        assert result.exit_code == 2
        assert "is not there any more: `kit reset softmax` writes it anew." in result.stderr
    assert run("reset", "softmax", input="").exit_code == 0
    assert "not written yet" in run("check", "softmax").output


@pytest.mark.parametrize("command", ["drill", "interview", "review"])
def test_a_command_led_by_keys_refuses_an_input_without_them(folder, command):
    """One sentence and exit code 2 where stdin is no terminal; nothing is laid out."""
    words = [command, "softmax"] if command == "review" else [command]
    result = run(*words, input="")
    assert result.exit_code == 2
    assert "needs a terminal to read keys from" in result.stderr
    assert not (folder / "interview").exists()


def test_an_interview_says_that_its_topic_has_too_few(folder, sat):
    """One exercise instead of the four that were asked for."""
    run("interview", "--topic", "computer vision")
    assert sat == ["1 question instead of 4: no more exercises are about `computer vision`."]


def test_an_interview_that_was_left_goes_on_whatever_is_asked_for(folder, sat):
    """Its options stay, which is said, with the option that draws another."""
    run("interview", "--questions", "2", "--minutes", "50", "--topic", "optimisation")
    run("interview", "--questions", "3", "--topic", "bogus")
    first, second = sat
    assert first == ""
    assert "The interview that you left goes on" in second and "--anew" in second
    assert len(json.loads((folder / "interview" / "interview.json").read_text())["questions"]) == 2


@pytest.fixture
def sat(monkeypatch) -> list[str]:
    """Interviews are left at once, without a terminal: the notes that they began with."""
    from gradekit.practice.interview.screen import InterviewScreen
    from gradekit.practice.screen.terminal import Terminal

    notes: list[str] = []

    def leave(room: InterviewScreen) -> bool:
        notes.append(room._note)
        return False

    monkeypatch.setattr(InterviewScreen, "run", leave)
    monkeypatch.setattr(Terminal, "__enter__", lambda terminal: terminal)
    return notes


def test_a_notebook_beside_the_stub_is_pointed_to(folder):
    """`kit check softmax` is about the file; who writes in a notebook reads how to name that."""
    notebook = folder / "exercise_05_softmax.ipynb"
    notebook.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    told = run("check", "softmax").output
    assert "not written yet" in told
    assert "next: kit check 5 exercise_05_softmax.ipynb" in told
    (folder / "exercise_05_softmax.py").unlink()
    gone = run("check", "softmax")
    assert gone.exit_code == 2
    assert "There is a notebook: `kit check softmax exercise_05_softmax.ipynb`." in gone.output


def test_narrow_progress_keeps_the_exercises(folder, monkeypatch):
    """Where a terminal has no room for all columns, others are left out than whose row it is."""
    monkeypatch.setenv("COLUMNS", "40")
    (folder / "exercise_05_softmax.py").write_text(WRONG)
    run("check", "softmax")
    (row,) = [line for line in run("progress").output.splitlines() if line.startswith("softmax ")]
    assert row.split()[:2] == ["softmax", "started"] and "3.5 / 10" in row


def test_a_row_of_the_list_is_a_line(folder, monkeypatch):
    """At 80 columns all but the longest title; topics stand beside it, as many as have room."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("list").output.splitlines()
    assert len(lines) <= 40 + 4 + 1 + 1  # the parts, the headings, and one title in two lines
    assert max(map(len, lines)) <= 80
    (softmax,) = [line for line in lines if line.startswith("05")]
    assert re.match(r"05  Softmax and its logarithm +probability, numerical stability  e", softmax)
    (descent,) = [line for line in lines if line.startswith("02")]
    assert "optimisation, …  easy" in descent
    monkeypatch.setenv("COLUMNS", "30")
    assert max(map(len, run("list").output.splitlines())) <= 30


def test_code_in_a_pipe_is_never_wrapped(folder):
    """What `kit solution` prints is the file's own code, long lines whole, to the last one."""
    from gradekit.course import Course
    from gradekit.practice.screen.solutions import model_answer

    course = Course(ROOT)
    for name in ("softmax", "adam"):
        text = run("solution", name, "--give-up").output
        answer = model_answer(course, course.find(name))
        assert max(map(len, answer.code.splitlines())) > 80
        assert answer.code in text
        assert "What to say" not in text


def test_the_solution_opens_after_giving_up_and_stays_open(folder):
    """Refused at first; --give-up is remembered; code, spoken answer and follow-ups are there."""
    refused = run("solution", "softmax")
    assert refused.exit_code == 2
    assert "--give-up" in refused.output
    assert run("solution", "softmax", "--give-up").exit_code == 0
    text = run("solution", "softmax").output
    assert "To say aloud" in text
    assert "def log_softmax" in text
    assert "They ask next" in text
    assert "beside it" not in text  # nothing has been written yet


def test_the_solution_compares_behaviour(folder):
    """It lists where one's answer behaves otherwise, and that alone."""
    (folder / "exercise_05_softmax.py").write_text(WRONG, "utf-8")
    text = run("solution", "softmax", "--give-up").output
    assert "Differs: Scores around 1000 give finite probabilities." in text
    (folder / "exercise_05_softmax.py").write_text(RIGHT, "utf-8")
    text = run("solution", "softmax").output
    assert "Differs" not in text


def test_progress_shows_points_topics_and_mistakes(folder):
    """After a wrong and a right answer the exercise is solved, and the mistakes are listed."""
    answer = folder / "exercise_05_softmax.py"
    for text in (WRONG, RIGHT):
        answer.write_text(text, "utf-8")
        run("check", "softmax")
    text = run("progress").output
    count = len(tomllib.loads(METADATA)["exercise"])
    assert f"Solved 1 of {count}, 10 of {10 * count} points; 1 day in a row" in text
    assert "numerical stability" in text
    assert "softmax" in text and "solved" in text
    assert "mistakes you make most" in text
    answer.write_text(WRONG, "utf-8")
    run("check", "softmax")
    assert "Broken since you solved it: softmax." in run("progress").output
    plain = run("progress", "--plain").output
    assert re.search(r"softmax: broken, [0-9.]+ of 10 points, 2 tries, 0 hints", plain)
    run("hint", "softmax")
    assert "2 tries, 1 hint, time" in " ".join(run("progress", "--plain").output.split())
    assert not set(plain) & set("━─█▁✓✗")


def test_plain_check_and_list_are_sentences(folder):
    """No marks, no columns."""
    (folder / "exercise_05_softmax.py").write_text(WRONG, "utf-8")
    text = run("check", "softmax", "--plain").output
    assert re.match(r"exercise_05_softmax: [0-9.]+ of 10 points\.", text)
    assert not set(text) & set("✓✗")
    listed = run("list", "--plain").output
    assert "05, Softmax and its logarithm: started, part 1, easy, 15 minutes" in listed
    assert "about regularisation, randomness, backpropagation." in listed


def test_review_with_nothing_due_says_what_comes(folder):
    """First that there is nothing yet; after a pass, in how many days."""
    assert "Nothing to review yet" in run("review").output
    (folder / "exercise_05_softmax.py").write_text(RIGHT, "utf-8")
    run("check", "softmax")
    text = run("review").output
    assert "Nothing is due." in text
    assert "softmax" in text


def test_a_picture_is_saved_where_one_says(folder):
    """PNG by default in the practice folder; SVG on request, of a folder too; nothing else."""
    (folder / "exercise_05_softmax.py").write_text(RIGHT, "utf-8")
    assert "pictures/exercise_05_softmax.png" in run("picture", "softmax").output
    assert (folder / "pictures" / "exercise_05_softmax.png").is_file()
    (folder / "mine").mkdir()
    (folder / "mine" / "softmax.py").write_text(RIGHT, "utf-8")
    run("picture", "softmax", "mine", "--out", "it.svg")
    assert "<svg" in (folder / "it.svg").read_text("utf-8")
    refused = run("picture", "softmax", "--out", "it.jpg")
    assert refused.exit_code == 2
    assert ".png or .svg" in refused.output


def test_an_interview_on_an_unknown_topic_names_the_topics(folder):
    """Exit code 2, and nothing is laid out."""
    result = run("interview", "--topic", "cooking")
    assert result.exit_code == 2
    assert "The topics are:" in result.output
    assert not (folder / "interview").exists()


def test_try_writes_the_failing_call_and_runs_it(folder, capfd):
    """The file holds the call, both values and nothing hidden, and is never taken for an answer."""
    (folder / "exercise_05_softmax.py").write_text(WRONG, "utf-8")
    result = run("try", "softmax")
    text = (folder / "try_exercise_05.py").read_text("utf-8")
    assert result.exit_code == 0 and "try_exercise_05.py is written" in result.output
    assert "from exercise_05_softmax import softmax" in text and "# expected: [1.]" in text
    assert "print(softmax(np.array([" in text
    assert "nan" in capfd.readouterr().out  # what the answer gives, in a Python of one's own
    assert answer_suffix("try_exercise_05.py") == "" and answer_suffix("exercise_05.py") == ".py"


def test_try_takes_a_notebook_and_refuses_a_strangers_file(folder, tmp_path):
    """Its cells stand in the script; what lies elsewhere would run with nothing around it."""
    cells = ["import numpy as np", "%matplotlib inline\n" + WRONG]
    (folder / "exercise_05_softmax.ipynb").write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {},
                    "cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell,
                               "execution_count": None} for cell in cells]}), "utf-8"
    )  # fmt: skip
    assert run("try", "softmax", "--no-run").exit_code == 0
    text = (folder / "try_exercise_05.py").read_text("utf-8")
    assert "# %matplotlib inline" in text and "from exercise_05" not in text
    compile(text, "", "exec")
    stranger = tmp_path / "other" / "exercise_05_softmax.py"
    stranger.parent.mkdir()
    stranger.write_text(WRONG, "utf-8")
    refused = run("try", str(stranger))
    assert refused.exit_code == 2 and "not in your practice folder" in refused.stderr


def test_try_takes_a_call_of_ones_own(folder, capfd):
    """The contract's value stands beside it; what is no call is one sentence."""
    (folder / "exercise_05_softmax.py").write_text(RIGHT, "utf-8")
    own = run("try", "softmax", "--call", "softmax([0, 0])")
    assert own.exit_code == 0 and "expected [0.5, 0.5]" in own.output
    assert "# expected: [0.5, 0.5]" in (folder / "try_exercise_05.py").read_text("utf-8")
    assert "[0.5 0.5]" in capfd.readouterr().out
    for call, problem in (("softmax(", "no valid Python"), ("1 + 1", "is no call"),
                          ("softmax(np.nothing)", "cannot be made")):  # fmt: skip
        refused = run("try", "softmax", "--call", call)
        assert refused.exit_code == 2 and problem in refused.stderr
    assert "nothing wrong to try" in run("try", "softmax").output
    trial.refuse_unknown(Submission("a.py", (RIGHT, "from math import exp"), ""), "exp")
    trial.refuse_unknown(Submission("a.py", ("from math import *",), ""), "exp")
    with pytest.raises(KitError, match="defines no `print`"):
        trial.refuse_unknown(Submission("a.py", (RIGHT,), ""), "print")


def test_try_and_explain_of_what_cannot_be_called_say_why(folder):
    """A stub is not guessed about: nothing is missing in one function more than in another."""
    unwritten = run("try", "softmax").output
    assert unwritten == "Nothing is written yet that a call could try: `kit hint softmax`.\n"
    told = run("explain", "softmax").output
    assert told == "There is nothing yet that a small change could mend.\n"
    (folder / "exercise_05_softmax.py").write_text("def softmax(x:\n", "utf-8")
    broken = run("try", "softmax").output
    assert broken.startswith("No call can be tried: line 1 is no valid Python")


def test_a_refusal_breaks_between_words_on_a_terminal(monkeypatch):
    """Also a path that is longer than the line stays whole, to be copied."""
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((40, 24)))
    text = f"kit: There is no file /{'a' * 60}: check the path, or name another exercise of it."
    lines = _between_words(text).splitlines()
    assert " ".join(lines) == text
    assert all(len(line) <= 40 or " " not in line for line in lines)


def test_a_report_is_shown_though_it_cannot_be_kept(folder, monkeypatch):
    """A full disk costs the line in progress.jsonl, and not the report."""

    def is_full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("gradekit.practice.events.append_lines", is_full)
    (folder / "exercise_05_softmax.py").write_text(WRONG, "utf-8")
    result = run("check", "softmax", "--feedback", "score")
    assert result.exit_code == 2 and "of 10 points" in result.stdout
    assert "progress.jsonl: No space left on device" in result.stderr
