"""`kit grade --watch`: what arrives is graded once it is whole, until Ctrl-C."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gradekit.batch import arrivals
from gradekit.batch.arrivals import Arrivals, Look
from gradekit.commands import kit

ROOT = Path(__file__).resolve().parents[1]
NAME = "exercise_05_softmax.py"
RIGHT = (ROOT / "solutions" / NAME).read_text("utf-8")


def test_a_file_is_whole_when_two_looks_agree(tmp_path: Path) -> None:
    """New or growing files wait; old ones do not; what is gone is new as well."""
    old, new = tmp_path / "old.py", tmp_path / "new.py"
    out, policy = tmp_path / "out", tmp_path / "grading.toml"
    out.mkdir()
    old.write_text("old")
    os.utime(old, (1000, 1000))
    folder = Arrivals(tmp_path, out, [policy])
    look = folder.look(now=2000)
    assert look.is_new and not look.partial
    assert not folder.look().is_new
    new.write_text("ne")
    assert folder.look() == Look(False, frozenset({"new.py"}))
    new.write_text("new")
    assert folder.look() == Look(False, frozenset({"new.py"}))
    assert folder.look() == Look(True)
    (out / "scores.csv").write_text("ours")
    assert folder.look() == Look(False)
    old.write_text("old, and being written")  # what was graded of it stays
    assert folder.look() == Look(False, frozenset({"old.py"}))
    assert folder.look() == Look(True)
    folder.try_again()
    assert folder.look().is_new
    new.unlink()
    assert folder.look() == Look(True)


def watch(folder: Path, monkeypatch: Any, steps: Iterator[Callable[[], object]]) -> Any:
    """Watch, with a step of somebody else's after each look; Ctrl-C after the last."""

    def wait(seconds: float) -> None:
        step = next(steps, None)
        if step is None:
            raise KeyboardInterrupt
        step()

    monkeypatch.setattr(arrivals, "wait", wait)
    words = ["grade", str(folder), "--out", str(folder.parent / "out"), "--jobs", "1", "--watch"]
    return CliRunner().invoke(kit, words)


def scores(folder: Path) -> dict[str, str]:
    with (folder / "scores.csv").open(encoding="utf-8-sig") as file:
        return {row["student"]: row["total"] for row in csv.DictReader(file)}


@pytest.mark.skipif(sys.platform != "linux", reason="full isolation needs Linux")
def test_what_arrives_is_graded_until_it_is_stopped(tmp_path: Path, monkeypatch: Any) -> None:
    """A half file never counts, pages follow, a policy that is edited is a reason to write anew."""
    folder, out = tmp_path / "class", tmp_path / "out"
    bob = folder / "bob" / NAME
    for path in (folder / "ada" / NAME, bob):
        path.parent.mkdir(parents=True)
    seen = []

    def steps() -> Iterator[Callable[[], object]]:
        yield lambda: (folder / "ada" / NAME).write_text(RIGHT)  # nothing was there
        yield lambda: None
        yield lambda: seen.append(scores(out))
        yield lambda: bob.write_text(RIGHT[: len(RIGHT) // 2])
        yield lambda: bob.write_text(RIGHT)
        yield lambda: None
        yield lambda: None
        yield lambda: seen.append(scores(out))
        yield lambda: (out / "overrides.csv").write_text("student,exercise,points\nada,softmax,x\n")
        yield lambda: None
        yield lambda: (out / "overrides.csv").write_text("student,exercise,points\nada,softmax,9\n")
        yield lambda: None
        yield lambda: None

    done = watch(folder, monkeypatch, steps())
    assert done.exit_code == 0, done.output
    assert seen == [{"ada": "10", "bob": "0"}, {"ada": "10", "bob": "10"}]  # his folder is there
    assert scores(out) == {"ada": "9", "bob": "10"}
    assert not (out / "history.jsonl").exists()  # the half was never graded
    assert (out / "feedback" / "bob" / "exercise_05_softmax.html").exists()
    assert "1 more graded, of 2 students now." in done.output
    assert done.output.count("`x` is no number of points") == 1
    assert "Stopped." in done.output


def test_watch_needs_a_folder(tmp_path: Path, monkeypatch: Any) -> None:
    """A zip does not grow."""
    path = tmp_path / "class.zip"
    path.write_bytes(b"")
    done = watch(path, monkeypatch, iter(()))
    assert done.exit_code == 2 and "`--watch` takes a folder" in done.output
