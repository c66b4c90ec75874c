"""Make the screens in the README by using kit as a learner does, in a terminal of 80 by 24.

    python scripts/transcripts.py [--check]

tmux presses the keys. Screenshots go to docs/screens/ as SVG (and one picture as PNG); the
transcript goes into README.md between its two `transcript` marks. With --check nothing is
written: the exit code is 1 if the transcript in the README is no longer what kit prints,
times aside.
"""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "screens"))

from conftest import Screen  # noqa: E402

SCREENS = ROOT / "docs" / "screens"
README = ROOT / "README.md"
MARKS = "<!-- transcript: begin -->", "<!-- transcript: end -->"
ANSWER = "exercise_05_softmax.py"
WRONG = (ROOT / "examples" / "answers" / "softmax_wrong.py").read_text("utf-8")
RIGHT = (ROOT / "solutions" / ANSWER).read_text("utf-8")
# The shell's own kit, whatever is installed elsewhere.
KIT = f'kit() {{ {sys.executable} -m gradekit "$@"; }}'
FONT_FACE = re.compile(r"@font-face \{.*?\}\n", re.DOTALL)
# What may differ: times, and how many exercises the course has by now.
VARIABLE = re.compile(r"\d+\.\d+ s\b|(?<= of )\d+$", re.MULTILINE)


def tour(folder: Path) -> dict[str, str]:
    """Use kit in `folder`; return the screens with their colours, by name."""
    shots: dict[str, str] = {}
    screen = Screen(folder, colour=True)

    def shoot(name: str) -> None:
        shots[name] = screen.ansi.rstrip("\n")

    try:
        screen.run(f"clear; {KIT}; clear; kit init practice && cd practice")
        screen.wait("exercises written")
        screen.run("clear; kit watch softmax")
        screen.wait("Nothing is written yet")
        shoot("watch_stub")
        answer = folder / "practice" / ANSWER
        answer.write_text(WRONG, "utf-8")
        screen.wait("got [nan]", "of 10 points")
        shoot("watch_wrong")
        answer.write_text(RIGHT, "utf-8")
        screen.wait("Solved.", "n next")
        shoot("watch_solved")
        screen.press("q")
        screen.wait("$", gone="n next")
        screen.run("clear; kit progress")
        screen.wait("points by topic", "mistakes you make most")
        shoot("progress")
        screen.run("clear; kit drill softmax --count 1")
        screen.wait("which mistake")
        screen.press("1")
        screen.wait("n done", gone="looking for")
        shoot("drill")
        screen.press("q")
        screen.wait("of 1 right")
        screen.run("clear; kit interview --questions 2 --minutes 40 --topic stability")
        screen.wait("Question 1 of 2", "left")
        shoot("interview")
        screen.press("q")
        screen.wait("The clock stands still.")
    finally:
        screen.close()
    return shots


def save_svg(ansi: str, path: Path) -> None:
    """A screenshot without a font from somewhere else."""
    console = Console(record=True, width=80, file=io.StringIO())
    console.print(Text.from_ansi(ansi), soft_wrap=True)
    svg = console.export_svg(title="kit", unique_id=path.stem)
    path.write_text(FONT_FACE.sub("", svg), "utf-8")


def transcript(shots: dict[str, str]) -> str:
    """What the README shows of a wrong and a right answer: top and bottom of the screens."""
    parts = []
    for name, top, bottom in (("watch_wrong", 8, 3), ("watch_solved", 4, 4)):
        lines = [line.rstrip() for line in Text.from_ansi(shots[name]).plain.splitlines()]
        parts.append("\n".join([*lines[:top], "  ...", *lines[-bottom:]]))
    return "```text\n$ kit watch softmax\n" + "\n\n".join(parts) + "\n```"


def save_screens(shots: dict[str, str]) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    for name, ansi in shots.items():
        save_svg(ansi, SCREENS / f"{name}.svg")
    wrong = str(ROOT / "examples" / "answers" / "softmax_wrong.py")
    command = [sys.executable, "-m", "gradekit", "picture", "softmax", wrong]
    subprocess.run([*command, "--out", str(SCREENS / "picture.png")], cwd=ROOT, check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    only_check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        shots = tour(Path(folder))
    text = transcript(shots)
    if not only_check:
        save_screens(shots)
    readme = README.read_text("utf-8")
    begin, end = MARKS
    if begin not in readme or end not in readme:
        print(f"{text}\nREADME.md has no marks {begin} and {end} to put this between.")
        return 1
    before, _, rest = readme.partition(begin)
    now, _, after = rest.partition(end)
    if only_check:
        same = VARIABLE.sub("", now.strip()) == VARIABLE.sub("", text)
        print("The README is true." if same else "The README shows what kit no longer prints.")
        return 0 if same else 1
    README.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
