"""The wheel, installed away from the checkout, does the main job and litters nothing."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path, cwd: Path, code: int = 0) -> str:
    """What a command prints; it has to end with `code`."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty virtual environment with nothing but the wheel in it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation")
    run(*build, "--outdir", folder, ROOT, cwd=folder)
    wheel = next(folder.glob("gradekit-*.whl"))
    made = folder / "environment"
    venv.create(made)
    python = made / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python)
    # What is compiled is what is imported, and not the thousands of answers in the bank.
    run(*pip, "install", "--no-deps", "--no-compile", "--quiet", wheel, cwd=folder)
    return made


def test_only_gradekit_lands_in_site_packages(environment: Path) -> None:
    """site-packages gets the package and its metadata: no `tests`, `cli` or `exercises`."""
    site = next((environment / "lib").glob("python*/site-packages"))
    names = {path.name.split("-")[0] for path in site.iterdir()}
    assert names - {"_virtualenv.py"} == {"gradekit"}


def test_installed_kit_grades_in_a_new_folder(environment: Path, tmp_path: Path) -> None:
    """`kit init practice && cd practice && kit check exercise_05` works away from the checkout."""
    site = next((environment / "lib").glob("python*/site-packages"))
    # The dependencies, which need not be downloaded once more to try this.
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    kit = environment / "bin" / "kit"
    run(kit, "init", "practice", cwd=tmp_path)
    practice = tmp_path / "practice"
    shown = run(kit, "check", "exercise_05", cwd=practice, code=1)
    assert "not written yet" in shown and "0 of 10 points" in shown
    solution = (ROOT / "solutions" / "exercise_05_softmax.py").read_text("utf-8")
    (practice / "exercise_05_softmax.py").write_text(solution)
    assert "10 of 10 points" in run(kit, "check", "exercise_05", cwd=practice)
    assert "1 of" in run(kit, cwd=practice)
    names = {path.name for path in practice.iterdir()}
    kept = ("progress.jsonl", "kit.toml", ".kit")
    assert all(name.startswith("exercise_") or name in kept for name in names)


def test_installed_course_is_hidden_from_answers(environment: Path, tmp_path: Path) -> None:
    """An answer cannot read the graders and solutions that lie in site-packages."""
    site = next((environment / "lib").glob("python*/site-packages"))
    course = site / "gradekit" / "course_files"
    answer = tmp_path / "answer.py"
    answer.write_text(
        f"import os, pathlib\nfound = []\nfor root in ({str(course)!r}, {str(site)!r}):\n"
        "    for path in pathlib.Path(root, 'graders').rglob('*'), pathlib.Path(root).iterdir:\n"
        "        try:\n            found += list(path() if callable(path) else path)\n"
        "        except OSError: pass\n"
        f"try: found.append(open({str(course / 'graders' / 'exercise_05_softmax.py')!r}).read())\n"
        "except OSError: pass\n"
        "raise ValueError(f'found {len(found)}')\n"
    )
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    shown = run(environment / "bin" / "kit", "check", "5", answer, cwd=tmp_path, code=1)
    assert "ValueError: found 0" in " ".join(shown.split())
