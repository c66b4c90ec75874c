"""The command line: each command a few lines over the engine."""

from gradekit.commands import author, instructor, learner
from gradekit.commands.group import kit

__all__ = ["author", "instructor", "kit", "learner"]
