"""The command line: one file a command, named like the command, each a few lines over the engine.

A new file in this folder is a new command. Files that begin with `_` are what commands share.
"""

import pkgutil
from importlib import import_module

from gradekit.commands._group import kit

for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        import_module(f"{__name__}.{_module.name}")

__all__ = ["kit"]
