"""`kit completion`: the shell completes commands and exercises."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from gradekit.commands._group import kit

START_LINES = {
    "bash": 'eval "$(kit completion bash)"',
    "zsh": 'eval "$(kit completion zsh)"',
    "fish": "kit completion fish | source",
}


def start_line() -> str:
    """What to put into the start file of the shell that is in use; empty if unknown."""
    return START_LINES.get(Path(os.environ.get("SHELL", "")).name, "")


@kit.command(short_help="Print the shell code that sets up tab completion.")
@click.argument("shell", type=click.Choice(list(START_LINES)))
def completion(shell: str) -> None:
    """Print the shell code that completes commands and exercises at the Tab key.

    \b
    Example:
        eval "$(kit completion bash)"
    """
    complete = get_completion_class(shell)
    assert complete is not None
    click.echo(complete(kit, {}, "kit", "_KIT_COMPLETE").source())
