"""The practice commands from outside: what they print, refuse and complete."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from gradekit.commands import kit

ROOT = Path(__file__).resolve().parents[1]
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
    assert "kit completion fish | source" in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell):
    """It names the variable by which the shell asks kit."""
    assert "_KIT_COMPLETE" in run("completion", shell).output


def test_the_shell_completes_exercises():
    """By slug first, by file name once that is being typed."""
    from click.shell_completion import ShellComplete

    complete = ShellComplete(kit, {}, "kit", "_KIT_COMPLETE")
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
    assert "Solved 1 of 21, 10 of 210 points; 1 day in a row" in text
    assert "numerical stability" in text
    assert "softmax" in text and "solved" in text
    assert "mistakes you make most" in text
    answer.write_text(WRONG, "utf-8")
    run("check", "softmax")
    assert "Broken since you solved it: softmax." in run("progress").output
    plain = run("progress", "--plain").output
    assert "softmax: broken, 3 of 10 points, 2 tries, 0 hints" in plain
    assert not set(plain) & set("━─█▁✓✗")


def test_plain_check_and_list_are_sentences(folder):
    """No marks, no columns."""
    (folder / "exercise_05_softmax.py").write_text(WRONG, "utf-8")
    text = run("check", "softmax", "--plain").output
    assert text.startswith("exercise_05_softmax: 3 of 10 points.")
    assert not set(text) & set("✓✗")
    assert (
        "05, Softmax and its logarithm: started, easy, 15 minutes" in run("list", "--plain").output
    )


def test_review_with_nothing_due_says_what_comes(folder):
    """First that there is nothing yet; after a pass, in how many days."""
    assert "Nothing to review yet" in run("review").output
    (folder / "exercise_05_softmax.py").write_text(RIGHT, "utf-8")
    run("check", "softmax")
    text = run("review").output
    assert "Nothing is due." in text
    assert "softmax" in text


def test_a_picture_is_saved_where_one_says(folder):
    """PNG by default in the practice folder; SVG on request; nothing else."""
    (folder / "exercise_05_softmax.py").write_text(RIGHT, "utf-8")
    assert "pictures/exercise_05_softmax.png" in run("picture", "softmax").output
    assert (folder / "pictures" / "exercise_05_softmax.png").is_file()
    run("picture", "softmax", "--out", "it.svg")
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
