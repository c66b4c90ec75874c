"""The command line: each command a few lines over the engine."""

from gradekit.commands import author, export, instructor, learner, practice
from gradekit.commands.group import kit

__all__ = ["author", "export", "instructor", "kit", "learner", "practice"]
