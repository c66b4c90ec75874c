"""`kit import`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradekit.commands._group import MISSING_MARKS, kit

if TYPE_CHECKING:
    from gradekit.authoring.importing.run import Imported

KINDS = click.Choice(["nbgrader", "otter", "unittest", "pytest", "doctest"])


@kit.command("import", short_help="Import an existing course, with its tests unchanged.")
@click.argument("kind", type=KINDS)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--into",
    required=True,
    metavar="COURSE",
    type=click.Path(file_okay=False, path_type=Path),
    help="The course to import into. It is made if there is none.",
)
@click.option(
    "--solutions",
    metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    help="Where the solutions are, if kit does not find them beside the stubs.",
)
@click.option(
    "--mutants/--no-mutants", default=True, help="Count how many mutants the tests catch."
)
@click.option("--jobs", type=click.IntRange(1), help="Processes. Default: one for each core.")
def import_(
    kind: str, folder: Path, into: Path, solutions: Path | None, mutants: bool, jobs: int | None
) -> None:
    """Import an existing course. Its tests become checks, without a change.

    The tests are copied to COURSE/cases. For each test, IMPORT.md says how it sees the answer, or
    why it was not imported; and it says how many wrong answers the tests catch. This command runs
    the tests and solutions in FOLDER as you, as the course's own test runner would.

    \b
    Example:
        kit import nbgrader my-nbgrader-course --into my-course
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

    from gradekit.authoring.importing.run import import_course
    from gradekit.render.terminal import console

    columns = ("importing", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    out = console(stderr=True)
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task("", total=None)
        imported = import_course(
            kind,
            folder,
            into,
            solutions=solutions,
            with_mutants=mutants,
            jobs=jobs or os.cpu_count() or 1,
            on_found=lambda count: progress.update(task, total=count),
            on_done=lambda _: progress.advance(task),
        )
    _tell(imported)
    sys.exit(0 if all(each.checks for each in imported.outcomes) else MISSING_MARKS)


def _tell(imported: Imported) -> None:
    from rich.table import Table

    from gradekit.authoring.importing.told import NONE, counts_of, share_of
    from gradekit.authoring.importing.trial import ASKS_NOTHING, BY_A_PERSON, DATA, HANDLES, JUDGED
    from gradekit.render.terminal import console

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("exercise")
    for heading in ("checks", "data", "handles", "itself", "person", "none", "mutants caught"):
        table.add_column(heading, justify="right")
    for each in imported.outcomes:
        counts = counts_of(each)
        ways = (DATA, HANDLES, JUDGED, BY_A_PERSON, NONE)
        numbers = (len(each.checks), *(counts[way] for way in ways))
        table.add_row(each.target.name, *map(str, numbers), share_of(each))
    console().print(table)
    if idle := sum(counts_of(each)[ASKS_NOTHING] for each in imported.outcomes):
        click.echo(f"{idle} ask nothing of the answer: an empty one passes them as well.")
    for each in imported.outcomes:
        if each.problem:
            click.echo(f"nothing imported of {each.target.name}: {each.problem}")
    for one in imported.passed:
        click.echo(f"passed over: {one.path.name}: {one.why}")
    click.echo(f"{imported.told} says of every test what became of it.")
