"""`kit progress`."""

from __future__ import annotations

import click

from gradekit.commands._group import kit
from gradekit.commands._options import output_may_go_unread, plain_option, practice_folder


@kit.command(short_help="Show where you stand: topics, points, time, streak.")
@plain_option
@click.pass_context
@output_may_go_unread()
def progress(context: click.Context, plain: bool) -> None:
    """Show where you stand: topics, points, time, streak, and mistakes that you repeat.

    \b
    Example:
        kit progress
    """
    from gradekit.practice.screen.standing import print_progress
    from gradekit.render.terminal import console

    print_progress(console(), practice_folder(context), plain=plain)
