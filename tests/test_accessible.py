"""Pages are usable by everybody: axe-core finds nothing serious on them, in light and in dark."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gradekit.course import Course
from gradekit.mistaken import Way
from gradekit.overview import Overview
from gradekit.render.feedback import Answer, Attempt, FeedbackWriter, Handed, folder_names
from gradekit.render.page import Example, report_page
from gradekit.render.source import Listing, marks
from gradekit.report import Check, Report
from gradekit.results import NotGraded, Person, Result
from gradekit.submission import Submission

AXE = Path(__file__).resolve().parents[1] / ".venv/node_modules/axe-core/axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DARK = "@media (prefers-color-scheme: dark)"
FIVE, NINE = "exercise_05_softmax", "exercise_09_cross_entropy"
SOURCE = Submission("a.py", ("def f(x):  # no\n    y = 1 / 0\n    return 'a'", "nothing"), "00")

# Puts one page after the other in the place of this one, and tells what axe finds on each.
DRIVER = """
(async () => {
  const found = {};
  for (const [name, page] of Object.entries(PAGES)) {
    if (page) document.documentElement.innerHTML = page;
    document.querySelectorAll("details").forEach((each) => { each.open = true; });
    const told = await axe.run(document, { resultTypes: ["violations"] });
    found[name] = told.violations
      .filter((each) => ["serious", "critical"].includes(each.impact))
      .map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 200)}`);
  }
  document.documentElement.innerHTML = "<pre id=told></pre>";
  document.getElementById("told").textContent = JSON.stringify(found);
})();
"""


def report(exercise: str, *outcomes: str) -> Report:
    checks = tuple(
        Check(
            name=f"test_{number}",
            function="f",
            title=f"Check `{number}` holds.",
            outcome="passed" if outcome == "passed" else "failed",
            ending="timed_out" if outcome == "timed_out" else "finished",
            score=2.0 * (outcome == "passed"),
            max_score=2.0,
            message="" if outcome == "passed" else "f(1) raised E: no (line 2: `y = 1 / 0`)",
            hint="Why `f`?",
        )
        for number, outcome in enumerate(outcomes)
    )
    return Report(
        exercise=exercise,
        score=sum(check.score for check in checks),
        max_score=2.0 * len(checks),
        isolation="landlock+seccomp",
        seconds=0.1,
        submission_sha256="00",
        grader_sha256="00",
        checks=checks,
        passed_over=("line 3, `q`, stopped with NameError: q",),
        behaves_like={"f": "adds `1`"} if "named" in outcomes else {},
    )


def pages(course: Course) -> dict[str, str]:
    """A class page with every section, a student's page, and an instructor's."""
    results = [
        *(Result(f"s{n}", FIVE, "a.py", report(FIVE, "passed", "failed")) for n in range(9)),
        *(Result(f"t{n}", FIVE, "a.py", report(FIVE, "failed", "passed")) for n in range(9)),
        Result("u", FIVE, "a.py", report(FIVE, "named", "passed")),
        Result("u", NINE, "a.py", report(NINE, "timed_out", "passed")),
    ]
    problem = NotGraded("u/b.txt", "u", "exercise_12_normalization", "no `code`")
    overview = Overview(course, results, [problem], people={"nobody": Person("nobody")})
    assert overview.doubtful and overview.named and overview.unnamed and overview.troubled
    listing, told = Listing(SOURCE), report(FIVE, "failed", "passed", "failed")
    code = listing.html(marks(told))
    examples: dict[Way, Example] = {
        each.way: Example("f(1)", listing.excerpt("f", marks(told)), "kit new mistake --from x")
        for each in [*overview.named, *overview.unnamed]
    }
    handed = Handed("a.py", "2026-11-28T21:05:00Z", attempt=2, others=(("b.py", "it is older"),))
    writer = FeedbackWriter()
    answer = Answer("Ada", handed, code, [Attempt("4 points", code)], {"The class": "../r.html"})
    return {
        "class": report_page(overview, folder_names(overview.cells), "today", examples),
        "feedback": writer.html(told, "Softmax", handed, code),
        "answer": writer.answer(told, "Softmax", answer),
        "unread": writer.unread("Softmax", [("b.txt", "it is empty")])[0],
    }


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.skipif(not AXE.exists(), reason="no axe-core: `make test` installs it where npm is")
def test_axe_finds_nothing_serious(course: Course, tmp_path: Path) -> None:
    """On no page, neither in light nor in dark; every part that can be opened is open."""
    light = pages(course)
    dark = {f"{name}, dark": page.replace(DARK, "@media all") for name, page in light.items()}
    # The first one is where the driver stands, with the page's own script run.
    waiting = json.dumps({"class": "", **light, **dark} | {"class": ""}).replace("</", "<\\/")
    script = f"<script>{AXE.read_text('utf-8')}</script><script>const PAGES = {waiting};{DRIVER}"
    driven = re.sub(r"; script-src 'sha256-[^']*'", "; script-src 'unsafe-inline'", light["class"])
    path = tmp_path / "driven.html"
    path.write_text(driven.replace("</body>", f"{script}</script></body>"), "utf-8")
    assert CHROMIUM is not None
    options = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
        "--disable-background-networking --disable-component-update --virtual-time-budget=60000"
    ).split()
    command = [CHROMIUM, *options, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    shown = subprocess.run(
        [*command, path.as_uri()], capture_output=True, text=True, check=True, timeout=240
    ).stdout
    told = re.search(r'<pre id="told">(.*)</pre>', shown)
    assert told, shown[-2000:]
    found = json.loads(html.unescape(told[1]))
    assert len(found) == 8
    assert {name: problems for name, problems in found.items() if problems} == {}
