"""The command line: one file a command, named like the command, each a few lines over the engine.

A new file in this folder is a new command. Files that begin with `_` are what commands share.
"""

from gradekit.commands._group import kit

__all__ = ["kit"]
