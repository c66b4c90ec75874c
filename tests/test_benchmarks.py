"""What the benchmarks compare with: the checks of a grader in one plain process."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("slug", ["05_softmax", "25_kv_cache", "29_speculative_decoding"])
def test_the_plain_checks_give_a_solution_full_marks(
    slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Truths, probes and drawn cases work without a worker; the stub earns nothing."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    plain = importlib.import_module("plain")
    name = f"exercise_{slug}"
    assert plain.score(name, (ROOT / "solutions" / f"{name}.py").read_text("utf-8")) == 10
    assert plain.score(name, (ROOT / "exercises" / f"{name}.py").read_text("utf-8")) == 0
