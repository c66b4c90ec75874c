"""`kit verify`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from gradekit.commands._group import MISSING_MARKS, course_around, kit
from gradekit.commands._options import (
    EXERCISE,
    course_in_work,
    require_graders,
    require_packages,
)
from gradekit.errors import KitError

if TYPE_CHECKING:
    from gradekit.authoring.verify import Proof
    from gradekit.course import Course


@kit.command(short_help="Prove graders: all of them, or those of the EXERCISEs named.")
@click.argument("names", metavar="[EXERCISE]...", nargs=-1, type=EXERCISE)
@click.option("--mutants/--no-mutants", default=True, help="Also grade mutants of the solution.")
@click.option(
    "--fast", is_flag=True, help="Run the solution once, and at most 40 mutants of an exercise."
)
@click.option("--update", is_flag=True, help="Write the signatures of the known mistakes again.")
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=1,
    metavar="N",
    help="Grade each right answer with N seeds.",
)
@click.option("--jobs", type=click.IntRange(1), help="Processes. Default: one for each core.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def verify(
    context: click.Context,
    names: tuple[str, ...],
    mutants: bool,
    fast: bool,
    update: bool,
    seeds: int,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Prove graders: all of them, or those of the EXERCISEs named.

    The stub must earn nothing, and the solution and each right answer of the bank everything. A
    wrong answer must lose points in the function that it names, and in no other. Each check must be
    needed, and each mutant of the solution caught or explained. Of an imported exercise, kit lists
    the mutants that its tests miss. Without --course, the course that you are in is proved, or else
    the one that comes with kit.

    \b
    Example:
        kit verify
        kit verify softmax --no-mutants
        kit --course imported verify --fast
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    from gradekit.authoring.verify import verify as prove_all
    from gradekit.render.terminal import console

    course = _course_to_verify(context, update)
    require_graders(course)
    exercises = [course.find(name) for name in names] or course.exercises
    require_packages(exercises)
    columns = ("proving", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    out = console(stderr=True)
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task("", total=len(exercises))
        proofs = prove_all(
            course,
            exercises,
            with_mutants=mutants,
            update=update,
            jobs=jobs or os.cpu_count() or 1,
            on_proof=lambda _: progress.advance(task),
            seeds=seeds,
            fast=fast,
        )
    _print_proofs(proofs, as_json)
    sys.exit(MISSING_MARKS if any(proof.problems for proof in proofs) else 0)


def _course_to_verify(context: click.Context, update: bool) -> Course:
    """The course named, else the one around; the one that comes with kit is only read."""
    if update and context.find_root().obj is None and not course_around():
        raise KitError("Say where: `kit --course my-course verify --update`.")
    return course_in_work(context)


def _print_proofs(proofs: list[Proof], as_json: bool) -> None:
    import msgspec
    from rich.table import Table
    from rich.text import Text

    from gradekit.render.terminal import console

    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(proofs)))
        return
    out = console()
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("", "exercise"):
        table.add_column(heading)
    for heading in (
        "checks",
        "right",
        "wrong",
        "named",
        "mutants",
        "caught",
        "equiv.",
        "left",
        "s",
    ):
        table.add_column(heading, justify="right")
    for proof in proofs:
        table.add_row(_mark(proof), proof.exercise.removeprefix("exercise_"), *_numbers(proof))
    if len(proofs) > 1:
        table.add_row("", "all", *_totals(proofs), style="bold")
    out.print(table)
    for proof in proofs:
        told = [*((problem, "red") for problem in proof.problems), *_remarks(proof)]
        if not told:
            continue
        out.print(Text(f"\n{proof.exercise}", style="bold"))
        lines = Table.grid(padding=(0, 1, 0, 0))
        for text, style in told:
            lines.add_row("-", Text(text, style=style, overflow="fold"))
        out.print(lines)


def _remarks(proof: Proof) -> list[tuple[str, str]]:
    """What is good to know, and falls short of nothing."""
    told = [f"advice: {each}" for each in proof.advice]
    if proof.tried < proof.mutants:
        told.append(f"only {proof.tried} of {proof.mutants} mutants were tried")
    if proof.advice or proof.tried < proof.mutants:
        told += [f"equivalent: {each}" for each in proof.equivalents]
    return [(each, "dim") for each in told]


def _mark(proof: Proof) -> Any:
    from rich.text import Text

    return Text("✗", style="red") if proof.problems else Text("✓", style="green")


def _numbers(proof: Proof) -> list[str]:
    counts = (proof.checks, proof.right, proof.wrong, proof.named, proof.tried, proof.caught)
    rest = (proof.equivalent, len(proof.survivors))
    return [*map(str, (*counts, *rest)), f"{proof.seconds:.2f}"]


def _totals(proofs: list[Proof]) -> list[str]:
    columns = zip(*(map(float, _numbers(proof)) for proof in proofs), strict=True)
    return [f"{sum(column):g}" for column in columns]
