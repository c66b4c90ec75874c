"""`kit interview`."""

from __future__ import annotations

import click

from gradekit.commands._group import kit
from gradekit.commands._options import part_option, plain_option, practice_folder

LEFT = (
    "The interview that you left goes on, with its own questions and minutes. "
    "`kit interview --anew` draws another."
)


@kit.command(short_help="Sit a mock interview: questions, empty stubs, a clock.")
@click.option("--questions", type=click.IntRange(1, 9), default=4, help="How many questions.")
@click.option(
    "--minutes", type=click.FloatRange(1, 480), default=45, help="How much time, in minutes."
)
@click.option("--topic", help="Only exercises about this, such as `optimisation`.")
@part_option
@click.option("--anew", is_flag=True, help="Begin another one, and drop the unfinished one.")
@plain_option
@click.pass_context
def interview(
    context: click.Context,
    questions: int,
    minutes: float,
    topic: str | None,
    part: int | None,
    anew: bool,
    plain: bool,
) -> None:
    """Sit a mock interview: drawn questions, empty stubs and a clock. It is graded at the end.

    If you leave, the clock stops. The same command continues the interview.

    \b
    Example:
        kit interview --questions 2 --minutes 50 --topic optimisation
    """
    import random

    from gradekit.practice.interview import interview as interviews
    from gradekit.practice.interview.screen import Debrief, InterviewScreen, grade
    from gradekit.practice.screen.paint import shortest
    from gradekit.practice.screen.terminal import Terminal

    workspace = practice_folder(context)
    left = None if anew else interviews.resume(workspace)
    sitting = left or interviews.draw(workspace, questions, minutes, topic, random.Random(), part)
    note = LEFT if left else _missing(questions - len(sitting.questions), questions, topic)
    with Terminal(plain) as terminal:
        # Within the terminal: where that fails, for want of keys, no blank files are laid out.
        if not left:
            interviews.begin(workspace, sitting)
        over = (
            sitting.seconds_left <= 0 or InterviewScreen(workspace, terminal, sitting, note).run()
        )
        if over:
            grade(workspace, terminal, sitting)
            kept = interviews.put_away(workspace, sitting)
            Debrief(workspace, terminal, sitting).run()
    if over:
        click.echo(f"Your answers and the reports are kept in {shortest(kept)}.")
    else:
        click.echo("The clock stands still. `kit interview` takes it up again.")


def _missing(missing: int, wanted: int, topic: str | None) -> str:
    """Says so if the course has too few exercises."""
    if not missing:
        return ""
    from gradekit.texts import counted

    drawn = wanted - missing
    why = f"no more exercises are about `{topic}`" if topic else "there are no more exercises"
    return f"{counted(drawn, 'question')} instead of {wanted}: {why}."
