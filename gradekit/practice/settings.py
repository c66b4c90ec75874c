"""kit.toml of a practice folder: the seed of its cases, and the course that it practises."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import msgspec

from gradekit import clones
from gradekit.course import root_of
from gradekit.errors import KitError
from gradekit.files import writing
from gradekit.report import new_seed

SETTINGS = "kit.toml"


class Settings(msgspec.Struct, frozen=True):
    """What kit.toml says; of what it does not know, nothing.

    Attributes:
        seed: Decides which cases the checks draw.
        course: A folder, the name of an installed course, or a repository; "" for kit's own.
        commit: Of a repository: the files that are practised.
        tag: Of a repository: what a newer commit is looked for under.
    """

    seed: int = 0
    course: str = ""
    commit: str = ""
    tag: str = ""

    @property
    def origin(self) -> clones.Origin | None:
        """The repository; None where the course is a folder."""
        return clones.Origin(self.course, self.tag) if self.commit else None

    def root(self) -> Path | None:
        """The folder of the course; None for kit's own. It may not be there.

        Raises:
            KitError: the commit is none.
        """
        if self.origin is not None:
            return clones.locked(self.origin, self.commit).folder
        return root_of(self.course) if self.course else None


def read(folder: Path) -> Settings:
    """What the kit.toml in `folder` says.

    Raises:
        KitError: it cannot be read.
    """
    path = folder / SETTINGS
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Settings)
    except (FileNotFoundError, NotADirectoryError):  # the latter is told when it is to be made
        return Settings()
    except msgspec.ValidationError:
        words = 'it says `seed = NUMBER` and `course = "FOLDER"`'
        raise KitError(f"{path} cannot be read: {words}.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        todo = "Mend it, or delete it: kit works without it."
        raise KitError(f"{path} cannot be read: {reason}.\n{todo}") from None


def write_new(folder: Path, course: str, clone: clones.Clone | None) -> None:
    """Write kit.toml, unless it is there.

    Args:
        course: What `Settings.course` says of a course that is no clone.
    Raises:
        OSError: it cannot be written.
    """
    path = folder / SETTINGS
    if path.exists():
        return
    lines = [
        "# Decides which cases the checks draw here; see `kit check --seed`.",
        f"seed = {new_seed()}",
    ]
    if clone is not None:
        lines += [
            "# The course that this folder practises; `kit init --update` takes a newer commit.",
            f"course = {json.dumps(clone.origin.url)}",
            f"commit = {json.dumps(clone.commit)}",
        ]
        lines += [f"tag = {json.dumps(clone.origin.tag)}"] if clone.origin.tag else []
    elif course:
        lines += ["# The course that this folder practises.", f"course = {json.dumps(course)}"]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def lock(folder: Path, commit: str) -> None:
    """Write another commit into kit.toml, and leave all else of it alone.

    Raises:
        KitError: it cannot be written.
    """
    path = folder / SETTINGS
    with writing(path):
        text = path.read_text("utf-8")
        path.write_text(re.sub(r"(?m)^commit\s*=.*$", f'commit = "{commit}"', text), "utf-8")
