"""The learner's commands."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradekit.commands.group import (
    FEEDBACK,
    ISOLATION,
    MISSING_MARKS,
    OUR_FAILURE,
    PASSED,
    course_of,
    fail,
    kit,
    workspace_of,
)
from gradekit.commands.practice_completion import start_line
from gradekit.commands.practice_options import (
    EXERCISE,
    confirm,
    output_may_go_unread,
    plain_option,
    practice_folder,
)
from gradekit.errors import GraderError, KitError

if TYPE_CHECKING:
    from gradekit.course import Course, Exercise

DIFFICULTIES = {1: "easy", 2: "medium", 3: "hard"}


@kit.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.pass_context
def init(context: click.Context, folder: Path) -> None:
    """Make a practice folder: one stub an exercise, and your progress.

    Files that are there already stay as they are.

    \b
    Example:
        kit init practice
    """
    from gradekit.practice import workspace

    course = course_of(context)
    made, written = workspace.create(folder, course)
    kept = len(course.exercises) - written
    also = f" ({kept} were there already and stay as they are)" if kept else ""
    click.echo(f"{written} exercises written to {made.folder}{also}.")
    first = made.next_exercise() or course.exercises[0]
    steps = [] if folder == Path() else [f"cd {folder}"]
    steps += ["kit watch"]
    click.echo("Next: " + ", then ".join(f"`{step}`" for step in steps) + ".")
    click.echo(f"It begins with {first.file_name}: open that in your editor beside it.")
    if line := start_line():
        click.echo(f"Tab completes exercises once `{line}` is in your shell's start file.")


@kit.command("list")
@plain_option
@click.pass_context
@output_may_go_unread()
def list_exercises(context: click.Context, plain: bool) -> None:
    """List the exercises: topic, difficulty, minutes, and where you stand.

    \b
    Example:
        kit list
    """
    from rich.table import Table

    from gradekit.render.terminal import console

    course = course_of(context)
    workspace = workspace_of(course)
    states = workspace.states() if workspace else {}
    if plain:
        for exercise in course.exercises:
            level = DIFFICULTIES[exercise.difficulty]
            state = states.get(exercise.name, "new")
            click.echo(
                f"{exercise.number}, {exercise.title}: {state}, {level}, "
                f"{exercise.minutes} minutes, about {', '.join(exercise.topics)}."
            )
        return
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("no.", "exercise", "topics", "level", "min", "you"):
        table.add_column(heading, no_wrap=heading not in ("exercise", "topics"))
    styles = {"solved": "green", "broken": "red", "started": "yellow", "new": "dim"}
    for exercise in course.exercises:
        state = states.get(exercise.name, "new")
        table.add_row(
            exercise.number,
            exercise.title,
            ", ".join(exercise.topics),
            DIFFICULTIES[exercise.difficulty],
            str(exercise.minutes),
            f"[{styles[state]}]{state}",
        )
    console().print(table)


@kit.command()
@click.argument("name", metavar="EXERCISE", type=EXERCISE)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--feedback", type=FEEDBACK, default="full", help="How much to show.")
@click.option(
    "--isolation",
    type=ISOLATION,
    help="Weaker isolation than this machine has, for trying out.",
)
@plain_option
@click.pass_context
def check(
    context: click.Context,
    name: str,
    file: Path | None,
    as_json: bool,
    feedback: Any,
    isolation: str | None,
    plain: bool,
) -> None:
    """Grade an answer to EXERCISE: FILE (.py or .ipynb), or your own stub.

    EXERCISE is any of its names: 5, 05, softmax, exercise_05, exercise_05_softmax.

    \b
    Example:
        kit check softmax
        kit check 05 somewhere/answer.ipynb --feedback hints
    """
    from gradekit.submission import read

    course = course_of(context)
    exercise = course.find(name)
    workspace = workspace_of(course)
    own = workspace.answer(exercise) if workspace else None
    file = file or own
    if file is None:
        raise KitError(
            "This is no practice folder, so say which file to grade: "
            f"`kit check {name} FILE`.\nOr make a practice folder: `kit init practice`."
        )
    is_own = own is not None and file.resolve() == own.resolve()
    submission = workspace.read_answer(exercise) if workspace and is_own else read(file)
    report = _graded(course, exercise, submission, isolation)
    if workspace and is_own:
        workspace.record_check(report, exercise)
    with output_may_go_unread():
        _show(report, feedback, as_json, plain)
    sys.exit(OUR_FAILURE if report.not_run else PASSED if report.passed else MISSING_MARKS)


@kit.command()
@click.argument("name", metavar="EXERCISE", type=EXERCISE)
@click.option("--level", type=click.IntRange(1, 3), help="Show this hint again.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def hint(context: click.Context, name: str, level: int | None, yes: bool) -> None:
    """Show the next of three hints to EXERCISE: a nudge, the idea, nearly the code.

    \b
    Example:
        kit hint softmax
    """
    course = course_of(context)
    exercise = course.find(name)
    workspace = workspace_of(course)
    seen = workspace.hint_level(exercise) if workspace else 0
    wanted = level or min(seen + 1, 3)
    if wanted > max(seen, 1) and not yes:
        step = {2: "the idea", 3: "nearly the code"}[wanted]
        confirm(f"Hint {wanted} of 3 gives away {step}. Show it?")
    for number in range(1 if level is None else wanted, wanted + 1):
        click.echo(f"Hint {number} of 3: {exercise.hints[number - 1]}")
    if workspace and wanted > seen:
        workspace.record("hint", exercise, level=wanted)


@kit.command()
@click.argument("name", metavar="EXERCISE", type=EXERCISE)
@click.option("--give-up", is_flag=True, help="Show it although you have not solved it yet.")
@click.pass_context
@output_may_go_unread()
def solution(context: click.Context, name: str, give_up: bool) -> None:
    """Show the model answer to EXERCISE: what to say aloud, and the code.

    Below it stands where your answer behaves otherwise; style is your own business.

    \b
    Example:
        kit solution softmax
    """
    from gradekit.practice.solutions import print_model_answer
    from gradekit.render.terminal import console

    course = course_of(context)
    exercise = course.find(name)
    workspace = workspace_of(course)
    may_see = workspace is not None and workspace.has_seen_solution(exercise)
    if not may_see and not give_up:
        raise KitError(
            f"You have not solved `{exercise.name}` yet: the solution opens after full marks.\n"
            f"To see it now, type `kit solution {exercise.slug} --give-up`."
        )
    if workspace and not may_see:
        workspace.record("gave_up", exercise)
    print_model_answer(console(), course, exercise)
    if workspace and workspace.is_practice:
        _compare(course, exercise, workspace.answer(exercise))


@kit.command()
@click.argument("name", metavar="EXERCISE", type=EXERCISE)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def reset(context: click.Context, name: str, yes: bool) -> None:
    """Start EXERCISE over from its stub; your answer is kept beside it as .bak.

    The next one is kept as .bak.2, and so on.

    \b
    Example:
        kit reset softmax
    """
    course = course_of(context)
    exercise = course.find(name)
    workspace = practice_folder(context)
    answer = workspace.answer(exercise)
    if workspace.is_stub(exercise):
        click.echo(f"{answer} is the stub already: nothing has been changed.")
        return
    if answer.exists() and not yes:
        confirm(f"Replace {answer} by the stub?")
    if backup := workspace.reset(exercise):
        click.echo(f"Your answer is now {backup}.")
    click.echo(f"{answer} is the stub again.")


def _compare(course: Course, exercise: Exercise, answer: Path) -> None:
    """Print where an answer behaves otherwise than the model answer, if it has begun at all."""
    from gradekit.engine import open_session
    from gradekit.practice.screens import is_untouched
    from gradekit.practice.solutions import print_behaviour
    from gradekit.render.terminal import console
    from gradekit.submission import read

    if not answer.is_file():
        return
    with _failing_loudly(), open_session(course, exercise) as session, _spinner(exercise):
        session.grade(read(course.solution(exercise)))  # warms up, so that both are timed alike
        yours = session.grade(read(answer))
        model = session.grade(read(course.solution(exercise)))
    if not is_untouched(yours):
        print_behaviour(console(), yours, model)


def _graded(course: Course, exercise: Exercise, submission: Any, isolation: str | None) -> Any:
    """Grade one answer, with a spinner while libraries load."""
    from gradekit.engine import open_session

    with (
        _failing_loudly(),
        open_session(course, exercise, isolation) as session,
        _spinner(exercise),
    ):
        return session.grade(submission)


@contextmanager
def _failing_loudly() -> Iterator[None]:
    """Our own failures end with a sentence and a code of their own."""
    from gradekit.sandbox.launch import SandboxError

    try:
        yield
    except (GraderError, SandboxError) as error:
        fail(f"kit itself failed, nothing counts against the answer: {error}", OUR_FAILURE)


def _spinner(exercise: Exercise) -> AbstractContextManager[Any]:
    """Something that moves, on a terminal, while torch loads."""
    if not sys.stderr.isatty():
        return nullcontext()
    from gradekit.render.terminal import console

    return console(stderr=True).status(f"loading {exercise.library} ...")


def _show(report: Any, feedback: Any, as_json: bool, plain: bool) -> None:
    from gradekit.feedback import at_level
    from gradekit.render.plain import sentences
    from gradekit.render.terminal import console, print_report
    from gradekit.report import to_json

    shown = at_level(report, feedback)
    if report.isolation == "process":
        warning = "this machine cannot isolate code: only check answers you trust (`kit doctor`)."
        click.echo(f"warning: {warning}", err=True)
    if as_json:
        click.echo(to_json(shown))
    elif plain:
        for sentence in sentences(shown):
            click.echo(sentence)
    else:
        print_report(console(), shown)
