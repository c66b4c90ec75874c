"""Packages that a course lets answers import: are they here, and what belongs to them?

Found from what pip notes of each installed distribution, so that no list of dependencies has to
be kept. Nothing is imported.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

from gradekit.errors import SandboxError


def missing(packages: Iterable[str]) -> list[str]:
    """Those that are not installed."""
    return [name for name in packages if importlib.util.find_spec(name) is None]


def require(packages: Iterable[str]) -> None:
    """Raise a SandboxError, which counts against no answer, unless all are installed."""
    if absent := missing(packages):
        raise SandboxError(how_to_get(absent))


def how_to_get(absent: Iterable[str]) -> str:
    """What to say where packages are not installed."""
    names = sorted(absent)
    shown = " and ".join(f"`{name}`" for name in names)
    verb = "is" if len(names) == 1 else "are"
    return (
        f"{shown}, which the course lets answers import, {verb} not installed here: "
        f"`pip install {' '.join(names)}`"
    )


@cache
def parts_of(packages: tuple[str, ...]) -> list[str]:
    """All that lies beside Python's other packages and belongs to these, as paths.

    Folders of packages, single modules, shared libraries, pip's notes; and the same of all that
    they require.
    """
    found: set[str] = set()
    waiting = [metadata.distribution(distribution_of(name)) for name in packages]
    seen: set[str] = set()
    while waiting:
        each = waiting.pop()
        if each.name in seen:
            continue
        seen.add(each.name)
        site = Path(str(each.locate_file("")))
        # ".." leads to scripts in bin/, which no import needs.
        tops = {file.parts[0] for file in each.files or () if ".." not in file.parts}
        found |= {str(site / top) for top in tops if top != "__pycache__"}
        waiting += _required_by(each)
    return sorted(found)


def distribution_of(package: str) -> str:
    """What to install for a package that is imported under this name; `pillow` for `PIL`."""
    try:
        return metadata.distribution(package).name
    except metadata.PackageNotFoundError:
        names = metadata.packages_distributions().get(package, [])
        return names[0] if names else package


def _required_by(each: metadata.Distribution) -> list[metadata.Distribution]:
    """The installed distributions that it cannot do without."""
    from packaging.requirements import Requirement

    found = []
    for text in each.requires or ():
        required = Requirement(text)
        # Without extras: what they bring was asked for by somebody else, not by this course.
        if required.marker is None or required.marker.evaluate({"extra": ""}):
            try:
                found.append(metadata.distribution(required.name))
            except metadata.PackageNotFoundError:  # it was installed without that dependency
                continue
    return found
