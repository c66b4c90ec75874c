"""The command `kit`: its group, its errors and exit codes, and what all commands share.

Numpy, torch and pytest are imported by the commands that need them, so that `kit --help`
answers at once.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import shlex
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from gradekit.errors import KitError, OurFailure

if TYPE_CHECKING:
    from gradekit.course import Course
    from gradekit.practice.workspace import Workspace

PASSED, MISSING_MARKS, WRONG_USAGE, OUR_FAILURE = 0, 1, 2, 3
INTERRUPTED = 130  # as shells report a command that Ctrl-C ended
FEEDBACK = click.Choice(["full", "hints", "titles", "score"])
SYMLINK_LOOP = "Symlink loop from "  # what a RuntimeError of Path.resolve says before Python 3.13
# ASCII for what kit itself prints; `+` and `x` keep a passed check apart from a failed one.
STAND_INS = {"✓": "+", "✗": "x", "…": "...", "─": "-", "━": "=", "╸": "=", "█": "#", "↑": "^"}
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # of errors: there is no room
ISOLATION = click.Choice(["landlock+seccomp", "seccomp", "process"])


class Kit(click.Group):
    """Turns a `KitError` into its message and exit code 2, an `OurFailure` into exit code 3.

    Any other error is a bug of ours: exit code 3 as well, and the traceback is shown.
    """

    def main(self, *args: Any, **options: Any) -> Any:
        try:
            return super().main(*args, **options)
        except OSError as error:  # of what is printed, also by `--help`
            if error.errno not in FULL:
                raise
            with contextlib.suppress(OSError, ValueError):  # else Python tries again at its end
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            fail(f"Nothing more can be printed: {error.strerror}.", WRONG_USAGE)

    def invoke(self, context: click.Context) -> Any:
        _print_what_can_be_printed()
        _stand_somewhere()
        try:
            return super().invoke(context)
        except KitError as error:
            fail(str(error), WRONG_USAGE)
        except OurFailure as error:
            fail(f"kit itself failed, nothing counts against the answer: {error}", OUR_FAILURE)
        except KeyboardInterrupt:  # click would end with the 1 of an answer with faults
            click.echo("\nStopped.", err=True)
            sys.exit(INTERRUPTED)
        except (click.exceptions.Exit, click.Abort, click.ClickException, BrokenPipeError):
            raise  # click's own ways to end
        except Exception as error:
            if isinstance(error, OSError) and error.errno in FULL:
                raise
            if str(error).startswith(SYMLINK_LOOP):
                fail(f"{str(error).removeprefix(SYMLINK_LOOP)} is a link to itself.", WRONG_USAGE)
            traceback.print_exc()
            fail("kit itself failed, by a fault of its own: nothing counts.", OUR_FAILURE)


def _stand_somewhere() -> None:
    """Refuse to work in a folder that has been deleted: no path could be told from there."""
    try:
        Path.cwd()
    except OSError:
        fail("The folder that you are in is not there any more: `cd` to another.", WRONG_USAGE)


def _print_what_can_be_printed() -> None:
    """Print on, where the terminal or a file has an encoding without our marks, as Latin-1."""
    codecs.register_error("kit", _stand_in)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="kit")


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """What is printed for characters that cannot be."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(STAND_INS.get(each, "?") for each in lost), error.end


@click.group(cls=Kit, invoke_without_command=True)
@click.option(
    "--course",
    "course_named",
    metavar="COURSE",
    help="A folder with exercises/, solutions/ and graders/, or the name of an installed course. "
    "Default: the course of the practice folder, of KIT_COURSE, or the one that comes with kit.",
)
@click.version_option(package_name="gradekit", prog_name="kit")
@click.pass_context
def kit(context: click.Context, course_named: str | None) -> None:
    """Practise neural-network interview questions, graded as you go.

    \b
    Example:
        kit init practice && cd practice
        kit check softmax
    """
    context.obj = course_named  # only the name: a command that needs no course reads none
    if context.invoked_subcommand is None:
        _what_next(course_of(context))


def course_of(context: click.Context) -> Course:
    """The course that --course names, else that of the practice folder, of KIT_COURSE, kit's."""
    from gradekit.course import Course, root_of, usual_course
    from gradekit.practice.folders import remembered_course

    if named := context.find_root().obj:
        return Course(root_of(named))
    if root := remembered_course():
        return Course(root)
    return usual_course()


def course_around() -> Path | None:
    """The course that the current folder is or lies in."""
    from gradekit.course import METADATA

    here = Path.cwd()
    folders = (here, *here.parents)
    return next((each for each in folders if (each / "exercises" / METADATA).is_file()), None)


def workspace_of(course: Course) -> Workspace | None:
    """What one practises in here, with a word where its progress cannot all be read."""
    from gradekit.practice import folders

    found = folders.find(course)
    if found is not None and (damaged := found.log.damaged()):
        is_one = len(damaged) == 1
        lines = "a line" if is_one else f"{len(damaged)} lines"
        again = f"kit init {shlex.quote(str(found.folder))}"
        click.echo(
            f"note: {lines} of {found.log.path} cannot be read and {'does' if is_one else 'do'} "
            f"not count. `{again}` takes {'it' if is_one else 'them'} out and keeps a copy.",
            err=True,
        )
    return found


def _what_next(course: Course) -> None:
    """What `kit` alone prints."""
    workspace = workspace_of(course)
    if workspace is None:
        about = course.about
        holds = about.name if about.name and os.environ.get("KIT_COURSE") else "kit"
        click.echo(f"{holds} holds {len(course.exercises)} neural-network interview exercises.")
        click.echo("Start with `kit init practice && cd practice`; `kit --help` has the rest.")
        return
    click.echo(f"{len(workspace.solved())} of {len(course.exercises)} exercises solved.")
    exercise = workspace.next_exercise()
    if exercise is None:
        click.echo("All done. `kit list` shows them; `kit reset EXERCISE` starts one over.")
        return
    click.echo(f"Next: {exercise.title} ({exercise.minutes} minutes).")
    click.echo(f"  edit       {workspace.answer(exercise)}")
    click.echo(f"  kit watch  {exercise.slug}")
    click.echo(f"  kit hint   {exercise.slug}")


def fail(message: str, code: int) -> NoReturn:
    complain(message)
    sys.exit(code)


def complain(message: str) -> None:
    """Tell what is wrong, on the stream for that."""
    from gradekit.report import clean

    text = f"kit: {clean(message)}"  # it may hold the name of a file
    if sys.stderr.isatty():
        text = "\n".join(map(_between_words, text.splitlines()))
    click.echo(text, err=True)


def _between_words(line: str) -> str:
    """A line in as many as this terminal needs, none of which ends inside a word."""
    import shutil
    import textwrap

    width = max(shutil.get_terminal_size().columns, 20)
    return textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
