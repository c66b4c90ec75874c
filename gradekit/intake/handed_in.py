"""What a class handed in, as a list of things that can be read: a folder, or a zip.

Names and contents are strangers': links are never followed, reading is bounded, nothing is
ever unpacked onto the disk, and whatever cannot be read is one thing in the list.
"""

from __future__ import annotations

import zipfile
from collections.abc import Container
from pathlib import Path

from gradekit.errors import KitError
from gradekit.intake.archive import Archive
from gradekit.intake.folder import Folder
from gradekit.intake.items import HandedIn
from gradekit.intake.names import PACKED
from gradekit.intake.nested import WithZips
from gradekit.results import printable


def open_handed_in(
    path: Path, leave_out: Path | None = None, partial: Container[str] = ()
) -> HandedIn:
    """The folder or zip file at `path`, with the zips in it as folders.

    Args:
        leave_out: A folder in there that nobody handed in: our own results.
        partial: Files in there that somebody is still writing.

    Raises:
        KitError: it is neither.
    """
    if path.is_dir():
        return WithZips(Folder(path, leave_out, partial))
    if not path.exists():
        raise KitError(f"There is no {path}: name the folder or zip that the class handed in.")
    try:
        if not zipfile.is_zipfile(path):
            todo = ": unpack it, and name the folder" if path.name.lower().endswith(PACKED) else ""
            raise KitError(f"{path} is neither a folder nor a zip file that can be read{todo}.")
        return WithZips(Archive(path))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise KitError(f"{path} cannot be read as a zip file: {printable(str(error))}.") from None
