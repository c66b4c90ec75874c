"""What `kit progress` prints: topics as a plot, exercises as a table, mistakes as a list."""

from __future__ import annotations

import datetime
import math
import time

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gradekit.practice import progress
from gradekit.practice.events import Event
from gradekit.practice.screen.paint import STATES, progress_bar
from gradekit.practice.workspace import Workspace
from gradekit.texts import counted

BAR, NAME = 24, 32  # characters of a plot, of the names beside it
DAYS = 28  # of the plot of time spent
LEVELS = " ▁▂▃▄▅▆▇█"
MISTAKES = 4
BETWEEN = 2  # blanks, from one column to the next
DISPENSABLE = ("time", "hints", "tries", "last")  # columns, where there is no room for all


def print_progress(out: Console, workspace: Workspace, *, plain: bool) -> None:
    """The whole of it; in plain mode as sentences."""
    events = list(workspace.events())
    standings = progress.standings(workspace)
    for sentence in _summary(events, standings):
        out.print(Text(sentence))
    if plain:
        _say_exercises(out, standings)
    else:
        _plot_days(out, events)
        _plot_shares(out, "points by part", progress.shares_of_parts(workspace.course, standings))
        _plot_shares(out, "points by topic", progress.shares(standings))
        _print_table(out, standings)
    _print_mistakes(out, workspace, events, plain=plain)


def spent(seconds: float) -> str:
    """`2 h 05 min`, or `5 min`; a dash for nothing."""
    minutes = round(seconds / 60)
    if not minutes:
        return "under 1 min" if seconds else "-"
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def _summary(events: list[Event], standings: list[progress.Standing]) -> list[str]:
    solved = sum(standing.state in ("solved", "broken") for standing in standings)
    broken = [s.exercise.slug for s in standings if s.state == "broken"]
    score, total = sum(s.score for s in standings), sum(s.max_score for s in standings)
    days = progress.streak(events, datetime.date.today())
    in_a_row = f"{counted(days, 'day')} in a row" if days else "no day in a row yet"
    seconds = sum(standing.seconds for standing in standings)
    points = f", {score:g} of {total:g} points" if total else ""
    lines = [f"Solved {solved} of {len(standings)}{points}; {in_a_row}; time: {spent(seconds)}."]
    if broken:
        lines.append(f"Broken since you solved it: {', '.join(broken)}.")
    return lines


def _plot_days(out: Console, events: list[Event]) -> None:
    """One column a day, as high as the time spent on it."""
    today = datetime.date.today()
    days = [today - datetime.timedelta(days=back) for back in reversed(range(DAYS))]
    by_exercise = progress.seconds_spent(events).values()
    seconds = [sum(exercise[day] for exercise in by_exercise) for day in days]
    most = max(seconds)
    if not most:
        return
    columns = [LEVELS[math.ceil(8 * each / most)] for each in seconds]
    out.print(Text(f"\nlast {DAYS} days, up to {spent(most)} a day", style="bold"))
    out.print(Text("".join(columns), style="cyan"))
    out.print(Text("─" * DAYS, style="dim").append(" today"))


def _plot_shares(out: Console, heading: str, shares: list[progress.Share]) -> None:
    """A bar for each share of which something is earned."""
    earned = [share for share in shares if share.score]
    if not earned:
        return
    out.print(Text(f"\n{heading}", style="bold"))
    for share in earned:
        line = Text(f"{share.name[:NAME]:{NAME}} ")
        line.append_text(progress_bar(out, share.score / share.max_score, BAR))
        out.print(line.append(f" {share.score:g} / {share.max_score:g}"))


def _print_table(out: Console, standings: list[progress.Standing]) -> None:
    started = [standing for standing in standings if standing.last is not None]
    if not started:
        return
    out.print()
    columns: dict[str, list[str]] = {
        "exercise": [standing.exercise.slug for standing in started],
        "state": [standing.state for standing in started],
        "points": [
            f"{standing.score:g} / {standing.max_score:g}" if standing.max_score else "-"
            for standing in started
        ],
        "tries": [str(standing.attempts) for standing in started],
        "hints": [str(standing.hints) for standing in started],
        "time": [spent(standing.seconds) for standing in started],
        "last": [ago(standing.last or 0.0) for standing in started],
    }
    for heading in DISPENSABLE:
        widths = [max(map(len, [name, *cells])) for name, cells in columns.items()]
        if sum(widths) + BETWEEN * (len(widths) - 1) > out.width:
            del columns[heading]
    table = Table(box=None, padding=(0, BETWEEN, 0, 0), pad_edge=False)
    for heading in columns:
        table.add_column(heading, no_wrap=heading != "exercise", overflow="fold")
    for row in zip(*columns.values(), strict=True):
        table.add_row(row[0], Text(row[1], STATES[row[1]]), *row[2:])
    out.print(table)


def ago(moment: float) -> str:
    """`today`, `1 day`, `12 days`."""
    days = max(0, int((time.time() - moment) / 86400))
    return "today" if not days else counted(days, "day")


def _say_exercises(out: Console, standings: list[progress.Standing]) -> None:
    for standing in standings:
        if standing.last is not None:
            of = f"{standing.score:g} of {standing.max_score:g} points, "
            out.print(
                Text(
                    f"{standing.exercise.slug}: {standing.state}, "
                    f"{of if standing.max_score else ''}"
                    f"{counted(standing.attempts, 'try', 'tries')}, "
                    f"{counted(standing.hints, 'hint')}, "
                    f"time {spent(standing.seconds)}."
                )
            )


def _print_mistakes(
    out: Console, workspace: Workspace, events: list[Event], *, plain: bool
) -> None:
    slugs = {exercise.name: exercise.slug for exercise in workspace.course.exercises}
    made = [each for each in progress.mistakes(events) if each[0] in slugs][:MISTAKES]
    if made:
        out.print(Text("\nmistakes you make most", style="bold"))
    for exercise, mistake, count in made:
        times = "once" if count == 1 else f"{count} times"
        line = Text(f"{times:>8}  {slugs[exercise]}: {mistake}")
        out.print(line, no_wrap=not plain, overflow="fold" if plain else "ellipsis")
