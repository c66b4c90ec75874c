"""`kit doctor`."""

from __future__ import annotations

import sys

import click

from gradekit.commands._group import WRONG_USAGE, kit
from gradekit.commands._options import course_in_work


@kit.command(short_help="Show how well this machine can isolate answers.")
@click.pass_context
def doctor(context: click.Context) -> None:
    """Show how well this machine can isolate answers, and how to improve it.

    The exit code is 2 if packages are missing that the course needs.

    \b
    Example:
        kit doctor
    """
    from gradekit.doctor import findings, packages_of
    from gradekit.render.terminal import console

    out = console()
    packages = packages_of(course_in_work(context))
    for finding in (*packages, *findings()):
        mark, style = ("✓", "green") if finding.good else ("✗", "yellow")
        out.print(f"[{style}]{mark}[/] {finding.part}: {finding.state}")
        if not finding.good:
            out.print(f"    open: {finding.risk}\n    to do: {finding.remedy}")
    if not all(finding.good for finding in packages):
        sys.exit(WRONG_USAGE)
