"""`kit interview`."""

from __future__ import annotations

import click

from gradekit.commands.group import kit
from gradekit.commands.practice_options import plain_option, practice_folder


@kit.command()
@click.option("--questions", type=click.IntRange(1, 9), default=4, help="How many.")
@click.option("--minutes", type=click.FloatRange(1, 480), default=45, help="On the clock.")
@click.option("--topic", help="Only exercises about this, such as `probability`.")
@click.option("--anew", is_flag=True, help="Throw away the interview that was left unfinished.")
@plain_option
@click.pass_context
def interview(
    context: click.Context,
    questions: int,
    minutes: float,
    topic: str | None,
    anew: bool,
    plain: bool,
) -> None:
    """Sit a mock interview: drawn questions, from blank, a clock, one graded run at the end.

    Leaving stops the clock; the same command takes the interview up again.

    \b
    Example:
        kit interview --questions 2 --minutes 40 --topic probability
    """
    import random

    from gradekit.practice import interview as interviews
    from gradekit.practice.interview_screen import Debrief, Room, grade
    from gradekit.practice.screens import shortest
    from gradekit.practice.terminal import Terminal

    workspace = practice_folder(context)
    sitting = None if anew else interviews.resume(workspace)
    if sitting is None:
        sitting = interviews.draw(workspace, questions, minutes, topic, random.Random())
        interviews.begin(workspace, sitting)
    with Terminal(plain) as terminal:
        over = sitting.seconds_left <= 0 or Room(workspace, terminal, sitting).run()
        if over:
            grade(workspace, terminal, sitting)
            kept = interviews.put_away(workspace, sitting)
            Debrief(workspace, terminal, sitting).run()
    if over:
        click.echo(f"Your answers and the reports are kept in {shortest(kept)}.")
    else:
        click.echo("The clock stands still. `kit interview` takes it up again.")
