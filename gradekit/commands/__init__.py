"""The command line: each command a few lines over the engine."""

from gradekit.commands import instructor, learner
from gradekit.commands.group import kit

__all__ = ["instructor", "kit", "learner"]
