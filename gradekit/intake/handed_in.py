"""What a class handed in, as a list of things that can be read: a folder, or a zip.

Names and contents are strangers': links are never followed, reading is bounded, nothing is
ever unpacked onto the disk, and whatever cannot be read is one thing in the list.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from gradekit.errors import KitError

Kind = Literal["file", "folder", "link", "other", "unreadable", "deep", "outside", "shadowed"]
REASONS: dict[str, str] = {
    "link": "it is a link, not a file",
    "unreadable": "it cannot be read",
    "deep": "it lies too many folders deep to be looked into",
    "outside": "its path in the zip leads out of it",
    "shadowed": "a later file of the same zip has the same name",
    "other": "it is not a regular file",
}


class Item(NamedTuple):
    """One thing in there.

    Attributes:
        path: Relative, with slashes; a zip in there is a folder named like it.
        changed: When, in seconds since 1970; of a zip in its maker's own time, which it
            does not tell. 0 where nothing is told.
        size: In bytes, unpacked.
    """

    path: str
    kind: Kind
    changed: float = 0.0
    size: int = 0


class HandedIn(Protocol):
    """Where submissions come from."""

    is_archive: bool

    def items(self) -> list[Item]:
        """Everything that is there, by path."""

    def read(self, path: str) -> bytes:
        """The bytes of a file, at most one more than any submission may have.

        Raises:
            KitError: it cannot be read.
        """


def open_handed_in(path: Path, leave_out: Path | None = None) -> HandedIn:
    """The folder or zip file at `path`, with the zips in it as folders.

    Args:
        leave_out: A folder in there that nobody handed in: our own results.

    Raises:
        KitError: it is neither.
    """
    from gradekit.intake.archive import Archive
    from gradekit.intake.folder import Folder
    from gradekit.intake.nested import WithZips

    if path.is_dir():
        return WithZips(Folder(path, leave_out))
    if not path.exists():
        raise KitError(f"There is no {path}: name the folder or zip that the class handed in.")
    try:
        if not zipfile.is_zipfile(path):
            raise KitError(f"{path} is neither a folder nor a zip file that can be read.")
        return WithZips(Archive(path))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise KitError(f"{path} cannot be read as a zip file: {error}.") from None
