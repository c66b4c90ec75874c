"""`kit doctor`."""

from __future__ import annotations

from gradekit.commands._group import kit


@kit.command()
def doctor() -> None:
    """Show what this machine can isolate, and what to do about the rest.

    \b
    Example:
        kit doctor
    """
    from gradekit.doctor import findings
    from gradekit.render.terminal import console

    out = console()
    for finding in findings():
        mark, style = ("✓", "green") if finding.good else ("✗", "yellow")
        out.print(f"[{style}]{mark}[/] {finding.part}: {finding.state}")
        if not finding.good:
            out.print(f"    open: {finding.risk}\n    to do: {finding.remedy}")
