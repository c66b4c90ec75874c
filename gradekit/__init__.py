"""gradekit: auto-graded exercises for neural-network interviews."""

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext gradekit` calls, in Jupyter."""
    from gradekit.jupyter import register

    register(shell)
