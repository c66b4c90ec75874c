"""What a learner reads at a terminal, and in plain sentences, line by line."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import jinja2
import pytest
from rich.console import Console
from rich.text import Text

from gradekit.batch.resuming import Preview
from gradekit.course import Course
from gradekit.feedback import LEVELS, at_level
from gradekit.intake.entries import Entry, Found
from gradekit.practice.screen.solutions import print_model_answer
from gradekit.render.page import environment
from gradekit.render.placement import print_placement
from gradekit.render.plain import sentences
from gradekit.render.problems import problems
from gradekit.render.terminal import WIDTH, console, paged, print_report
from gradekit.report import NOT_WRITTEN, PRINTED, Check, Counterexample, Report, clean
from gradekit.results import Person


def check(function: str, title: str, **fields: Any) -> Check:
    made = {
        "name": "test_" + title.split()[0].lower(),
        "function": function,
        "title": title,
        "outcome": "failed",
        "score": 0.0,
        "max_score": 2.0,
    }
    return Check(**(made | fields))


def passed(function: str, title: str, points: float = 2.0) -> Check:
    return check(function, title, outcome="passed", score=points, max_score=points)


def report_of(*checks: Check, **fields: Any) -> Report:
    return Report(
        **{
            "exercise": "exercise_05_softmax",
            "score": sum(each.score for each in checks),
            "max_score": sum(each.max_score for each in checks),
            "isolation": "landlock+seccomp",
            "seconds": 0.0421,
            "submission_sha256": "",
            "grader_sha256": "",
            "checks": checks,
            **fields,
        }
    )


def printed(report: Report, width: int = 80, *, verbose: bool = False) -> str:
    """The report as it stands on a screen without colours, without blanks at the lines' ends."""
    out = io.StringIO()
    print_report(Console(file=out, width=width, highlight=False), report, verbose=verbose)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


MIXED = report_of(
    check(
        "softmax",
        "The examples of softmax come out as its docstring says.",
        max_score=0.0,
        message="softmax([0, 0]): expected [0.5, 0.5], got [1.0, 1.0]",
    ),
    check(
        "softmax",
        "Scores around 1000 give finite probabilities.",
        message="softmax([1000., 1001.]): expected [0.2689, 0.7311], got [nan, nan]",
        hint="exp(1000) is inf, and inf / inf is nan. What can you subtract from all scores "
        "without changing their probabilities?",
    ),
    passed("softmax", "Rows do not disturb one another.", 0.5),
    passed("softmax", "The examples of another function.", 0.0),
    check("log_softmax", "Small scores.", message="not written yet"),
    check("log_softmax", "Large scores.", message="not written yet"),
    check(
        "log_softmax",
        "The scores stay as they were.",
        outcome="not_run",
        message="ZeroDivisionError: division by zero",
    ),
    behaves_like={"softmax": "exponentiates the raw scores"},
)
SCREEN = """\
exercise_05_softmax                                            0.5 of 8.5 points
! The scores stay as they were.                                            0 / 2
    not run, through a fault of kit's own, not of yours
    ZeroDivisionError: division by zero
✗ Scores around 1000 give finite probabilities.                            0 / 2
    softmax([1000., 1001.]): expected [0.2689, 0.7311], got [nan, nan]
    behaves like: exponentiates the raw scores
    hint: exp(1000) is inf, and inf / inf is nan. What can you subtract from all
    scores without changing their probabilities?
✗ The examples of softmax come out as its docstring says.                example
✗ log_softmax is not written yet                                     2 checks, 4
✓ 1 check passes"""


def test_screen_of_eighty_columns() -> None:
    """Score, our own failure, the first cause in full, the others as titles, a count."""
    assert printed(MIXED) == SCREEN


def test_everything_is_told_on_demand() -> None:
    """With -v every failure has its message, and every passed check its line."""
    text = printed(MIXED, verbose=True)
    assert "softmax([0, 0]): expected [0.5, 0.5], got [1.0, 1.0]" in text
    assert (
        "✓ Rows do not disturb one another.                                     0.5 / 0.5" in text
    )


def test_a_counterexample_is_a_call_two_values_and_a_line() -> None:
    """On one line where both values fit beside one another, else one below the other."""
    short = Counterexample(
        call="softmax(np.array([0., 710.]))",
        expected="[0., 1.]",
        got="[0., nan]",
        line=9,
        code="e = f(x)",
    )
    report = report_of(check("softmax", "Large.", kind="nan", counterexample=short))
    assert printed(report).splitlines()[2:5] == [
        "    softmax(np.array([0., 710.]))",
        "    expected [0., 1.]   got [0., nan]",
        "    line 9: e = f(x)",
    ]
    assert printed(report, 36).splitlines()[2:5] == [
        "    softmax(np.array([0., 710.]))",
        "    expected [0., 1.]",
        "    got      [0., nan]",
    ]


def test_failures_of_one_cause_are_told_once() -> None:
    """Five checks lost to NaN in one function are one thing, and so is one wrong type."""
    lost = [check("f", f"Case {n}.", kind="nan", message=f"f({n}): no") for n in range(5)]
    typed = [
        check(
            name, f"Type {n}.", kind="type", message=f"{name}({n}): expected a float, got a tensor"
        )
        for n, name in enumerate(["g", "h", "g"])
    ]
    lines = printed(report_of(*typed, *lost)).splitlines()
    assert lines[1].split() == "✗ Case 0. 5 checks fail like this".split()
    assert lines[3].split() == "✗ Type 0. 3 checks, 6".split()
    assert len(lines) == 4


def test_a_long_message_is_cut_and_says_so() -> None:
    """At most five lines of one message; all of it with -v."""
    long = check("f", "Long.", message="f(1): " + "many words " * 80)
    report = report_of(long, passed("g", "G."))
    assert "    ... (whole with -v)" in printed(report).splitlines()[6]
    assert printed(report, verbose=True).count("many words") > 60


@pytest.mark.parametrize("width", [30, 44, 60, 100])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    """Every width wraps; the points stay whole at the right margin."""
    lines = printed(MIXED, width).splitlines()
    assert max(map(len, lines)) <= width
    assert " 0 / 2" in "\n".join(lines) and "0.5 of 8.5 points" in lines[0]


def test_console_is_never_too_wide_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A very wide terminal is used up to a hundred columns; piped text has no colours."""
    monkeypatch.setenv("COLUMNS", "300")
    assert console().width == WIDTH
    assert console().color_system is None or console().is_terminal


def test_one_problem_of_all_checks_is_told_once() -> None:
    """A syntax error is one line with its place, not the same line under every check."""
    text = "line 2 is no valid Python: invalid syntax\n    def softmax(x:\n                 ^"
    both = [check(name, f"Check of {name}.", message=text) for name in ("softmax", "log_softmax")]
    assert (
        printed(report_of(*both))
        == """\
exercise_05_softmax                                                0 of 4 points
✗ line 2 is no valid Python: invalid syntax
      def softmax(x:
                   ^"""
    )


def test_our_own_failure_is_never_shown_as_theirs() -> None:
    """Where no check could be run, every one says whose fault it was; no cross is drawn."""
    text = "SandboxError: no worker could be started"
    both = [check("f", f"Check {n}.", outcome="not_run", message=text) for n in (1, 2)]
    lines = printed(report_of(*both))
    assert "✗" not in lines and "2 checks end like this" in lines and text in lines
    plain = "\n".join(sentences(report_of(*both)))
    assert "Failed" not in plain and "failed" not in plain and "fault of kit's own" in plain


def test_every_level_shows_all_titles_of_a_hopeless_answer() -> None:
    """An answer that fails every check is told which they were, also where messages are kept."""
    both = [check("f", f"Check {n}.", message=f"f({n}): no", hint=f"Why {n}?") for n in (1, 2)]
    for level in LEVELS[1:]:
        lines = printed(at_level(report_of(*both), level)).splitlines()
        assert [line[:10] for line in lines if line[:1] == "✗"] == ["✗ Check 1.", "✗ Check 2."]
    assert printed(at_level(report_of(*both), "score")) == (
        "exercise_05_softmax                                                0 of 4 points"
    )


def test_same_message_of_neighbours_is_told_once() -> None:
    """Two checks of a function that failed in the same words are one entry with their points."""
    both = [check("f", f"Check {n}.", message="f(1) raised TypeError: no") for n in (1, 2)]
    lines = printed(report_of(*both, passed("g", "Fine.")))
    assert "2 checks fail like this" in lines
    assert lines.count("raised TypeError") == 1


def test_a_stub_that_prints_is_still_a_stub_and_what_it_printed_is_shown() -> None:
    """Whoever looks at arguments before writing a line reads them, once, and no check's hint."""
    message = f"{NOT_WRITTEN}{PRINTED}x is [1, 2]"
    report = report_of(
        *(check("softmax", f"{n} holds.", message=message, hint="Why?") for n in "AB"),
        passed("log_softmax", "C holds."),
    )
    shown = printed(report)
    assert "softmax is not written yet" in shown
    assert shown.count("printed: x is [1, 2]") == 1
    assert "hint" not in shown
    assert at_level(report, "hints").checks[0].message == NOT_WRITTEN


def test_same_exception_in_the_same_line_is_told_once() -> None:
    """Whatever the call was: ten checks of one slip are one entry, with the first counted call."""
    raised = "raised AttributeError: no `expo` (line 3: `np.expo(x)`)"
    report = report_of(
        check("f", "Examples.", max_score=0.0, message=f"it {raised}"),
        check("g", "Check 1.", message="g(1): expected 1, got 2"),
        check("f", "Check 2.", message=f"f([1]) {raised}"),
        check("f", "Check 3.", message=f"f([2]) {raised}\nprinted: 2"),
        check("f", "Check 4.", message=f"f([2]) {raised.replace('line 3', 'line 4')}"),
        check("h", "Check 5.", message="h(1) raised TypeError: h() takes 0 arguments"),
        check("h", "Check 6.", message="h(1, b=2) raised TypeError: h() got an unexpected 'b'"),
        check("i", "Check 7.", message="there is no function `i` in a.py (line 9 stopped)"),
        check("i", "Check 8.", message="raised NameError: name 'i' is not defined"),
    )
    lines = printed(report)
    assert "Check 6" not in lines and "Check 8" not in lines
    assert "✗ Check 2." in lines and "3 checks fail like this" in lines
    assert lines.count("line 3") == 1 and printed(report, verbose=True).count("line 4") == 1
    assert "f([1]) raised" in lines and "✗ Check 4." in lines and "✗ Check 1." in lines


def test_markup_in_an_answer_stays_text() -> None:
    """Square brackets of an answer are printed as they are, never as rich's markup."""
    text = "ValueError: [bold red]10 / 10[/] [link=file:///]x[/link] :star:"
    assert text in printed(report_of(check("f", "A title.", message=text), passed("g", "G.")))


def test_plain_sentences_read_aloud() -> None:
    """The screen-reader form: the score first, each failed check in words, no marks."""
    assert list(sentences(MIXED))[:4] == [
        "exercise_05_softmax: 0.5 of 8.5 points.",
        "Not run, through a fault of kit's own: The scores stay as they were.",
        "  ZeroDivisionError: division by zero",
        "Failed, 0 of 2 points, softmax: Scores around 1000 give finite probabilities.",
    ]
    text = "\n".join(sentences(MIXED))
    assert "Not run, through a fault of kit's own: The scores stay as they were." in text
    assert not set(text) & set("✗✓!\x1b")


def test_clean_keeps_words_and_drops_what_steers() -> None:
    """Letters and line ends stay; escape codes, bidi marks and other controls do not."""
    assert clean("Größe π ≤ 3\nend") == "Größe π ≤ 3\nend"
    steering = "\x1b\x07\r\t\x00\x9b\u202e\u2066\u200f\u2028\ufeff\ud800"
    assert clean(steering) == "\ufffd" * len(steering)
    assert clean("x" * 30, limit=10) == "xxxxxx ..."


def test_score_of_a_full_answer_is_plain() -> None:
    """With full marks the first line says so."""
    assert (
        printed(report_of(passed("f", "Fine.", 10.0))).splitlines()[0].endswith("10 of 10 points")
    )


def test_lines_in_a_pipe_end_where_their_text_ends(capsys: pytest.CaptureFixture[str]) -> None:
    """No padding blanks, which editors and diffs show."""
    print_report(console(), MIXED)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 5 and lines == [line.rstrip() for line in lines]


def test_problems_for_an_editor_name_a_file_a_line_and_a_message() -> None:
    """The line that an exception proves, else where the function begins; one line a failure."""
    source = "import numpy as np\n\n\ndef f(x):\n    return x\n"
    example = Counterexample(call="f(1)", expected="2", got="1")
    raised = "f(2) raised ValueError: two\nlines (line 5: `return x`)"
    failed = [
        check("f", "It doubles.", counterexample=example),
        check("f", "It takes two.", message=raised),
        check("g", "G is there.", message="not written yet"),
    ]
    assert [*problems(report_of(*failed, passed("f", "Fine.")), Path("a.py"), [source])] == [
        "a.py:4: It doubles. f(1): expected 2, got 1",
        "a.py:5: It takes two. f(2) raised ValueError: two lines (line 5: `return x`)",
        "a.py:1: g is not written yet",
    ]
    broken = [check("f", f"Title {n}.", message="line 3 is no valid Python: eh") for n in range(2)]
    (only,) = problems(report_of(*broken), Path("a.py"), ["def f(:"])
    assert only == "a.py:3: line 3 is no valid Python: eh"


def test_what_is_longer_than_the_screen_goes_through_a_pager(monkeypatch: Any) -> None:
    """Only on a terminal, and only where it does not fit."""
    shown: list[str] = []
    monkeypatch.setattr("click.echo_via_pager", shown.append)
    for is_tty, lines, pages in [(True, 30, 1), (True, 5, 0), (False, 30, 0)]:
        shown.clear()
        monkeypatch.setattr("sys.stdout.isatty", lambda is_tty=is_tty: is_tty)
        printed = io.StringIO()
        screen = Console(file=printed, force_terminal=True, width=80, height=24)
        with paged(screen):
            screen.print("\n".join(map(str, range(lines))))
        assert len(shown) == pages
        assert ("29" if lines == 30 else "4") in (shown[0] if pages else printed.getvalue())


def test_no_message_tells_where_something_lay_in_memory() -> None:
    """Addresses are others each time: equal answers would get messages that differ."""
    text = clean("<Rng object at 0x7f1a2B> and Generator(PCG64) at 0x7F2A9C0 and at 0 x")
    assert text == "<Rng> and Generator(PCG64) and at 0 x"


def test_hints_and_solutions_break_between_words_at_80_columns(course: Course) -> None:
    """No line of them ends inside a word, so that it can be read and copied."""
    for exercise in course.exercises:
        out = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
        print_model_answer(out, course, exercise)
        for hint in exercise.hints:
            out.print(Text(f"Hint 1 of 3: {hint}"))
        printed = out.file.getvalue()  # type: ignore[attr-defined]
        source = course.solution(exercise).read_text("utf-8")
        followups = " ".join(f"{each.question} {each.answer}" for each in exercise.followups)
        known = {*f"{source} {followups} {' '.join(exercise.hints)}".split()}
        known |= {word[:1].upper() + word[1:] for word in known}
        ends = {line.split()[-1] for line in printed.splitlines() if line.strip()}
        assert ends <= known | {"aloud", "code"}, (exercise.name, ends - known)


def test_the_placement_cuts_no_file_name() -> None:
    """Whoever looks for a file of the class can copy all of its name, however narrow the screen."""
    names = "\u674e \u96f7", "J\u00fcrgen M\u00fcller"
    people = [Person(name, str(number), "canvas") for number, name in enumerate(names)]
    file = "_1004_5004_exercise_05_softmax_once_more.py"
    entries = [
        Entry(each.name, "exercise_05_softmax", each.name + file, "", each) for each in people
    ]
    out = io.StringIO()
    screen = Console(file=out, width=50, highlight=False)
    print_placement(screen, Found(entries, [], set(people)), Preview(0, [], []))
    assert "\u2026" not in out.getvalue()
    assert "".join(out.getvalue().split()).count(file) == len(people)


def test_templates_are_compiled_once_where_a_cache_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A class of four answers spent a tenth of its time in compiling the pages' templates."""
    monkeypatch.setenv("KIT_CACHE", str(tmp_path))
    once = environment().get_template("unread.html.j2")

    def compile_again(*_: object, **__: object) -> None:
        raise AssertionError("compiled again")

    with monkeypatch.context() as patch:
        patch.setattr(jinja2.Environment, "compile", compile_again)
        again = environment().get_template("unread.html.j2")
    assert again.root_render_func.__code__ == once.root_render_func.__code__
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("KIT_CACHE", str(tmp_path / "file"))
    assert environment().get_template("unread.html.j2"), "compiled, and kept nowhere"
