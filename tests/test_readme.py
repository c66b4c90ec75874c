"""The README's commands work as written."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gradekit.commands import kit

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_commands_for_learners_work_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The learner's commands run one after the other, from an empty folder."""
    section = README.partition("## For learners")[2].partition("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    lines = re.findall(r"^\$ (kit .*)$", "".join(blocks), re.MULTILINE)
    assert len(lines) >= 3
    monkeypatch.chdir(tmp_path)
    for line in lines:
        for command in line.split(" && "):
            words = shlex.split(command, comments=True)
            if words[0] == "cd":
                monkeypatch.chdir(words[1])
                continue
            result = CliRunner().invoke(kit, words[1:])
            assert result.exit_code in (0, 1), result.output


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`kit ([a-z]+)", README))))
def test_every_command_named_exists(command: str) -> None:
    """Each `kit ...` in the text is a command, with a help text and an example."""
    result = CliRunner().invoke(kit, [command, "--help"])
    assert result.exit_code == 0
    assert "Example:" in result.output


def test_transcript_is_what_kit_prints() -> None:
    """The transcript at the top shows lines that the command really prints."""
    block = README.partition("$ kit check exercise_05 ")[2].partition("```")[0]
    arguments, _, shown = block.partition("\n")
    command = [sys.executable, "-m", "gradekit", "check", "exercise_05", *shlex.split(arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    printed = " ".join(done.stdout.split())
    for line in shown.splitlines():
        assert line == "..." or " ".join(line.split()) in printed, line
