"""Courses in git repositories: a clone for each commit, in a folder of the user's cache.

Git is asked to do all of it, with the credentials that it has. Nothing of a clone is run here.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from gradekit.caches import cache
from gradekit.errors import KitError
from gradekit.report import clean

REMOTE = re.compile(r"(?:https?|ssh|git|file)://|[\w.-]+@[\w.-]+:")
# Others run programs: `ext::sh -c ...` is an address to git.
PROTOCOLS = "file:git:http:https:ssh"
SHORT = 12  # characters of a commit that are shown


class Origin(NamedTuple):
    """Where a course comes from: `url`, and the tag, branch or commit asked for, "" for none."""

    url: str
    tag: str = ""

    def __str__(self) -> str:
        return f"{self.url}@{self.tag}" if self.tag else self.url


class Clone(NamedTuple):
    """The files of one commit. What is kept, its user has said to trust; see `keep`."""

    origin: Origin
    commit: str
    folder: Path

    @property
    def is_kept(self) -> bool:
        """Whether it is one of those that practice folders use."""
        return self.folder.name == self.commit


def origin_of(text: str) -> Origin | None:
    """What `URL[@TAG]` or `PATH@TAG` names; None for the path of a plain folder, or a word."""
    if Path(text).exists():
        return None
    address, mark, tag = text.rpartition("@")
    if mark and tag and not re.search(r"[/:\\]", tag) and (is_remote(address) or _is_git(address)):
        return Origin(_absolute(address), tag)
    return Origin(text) if is_remote(text) else None


def is_remote(text: str) -> bool:
    """Whether it is an address, and no path of this machine."""
    return bool(REMOTE.match(text))


def newest(origin: Origin) -> Clone:
    """Fetch what the origin's tag (its usual branch, where it names none) is now.

    Returns:
        The clone that is kept, if that commit is; else one to be looked at, and then given to
        `keep` or to `forget`.
    Raises:
        KitError: git is not there, or cannot fetch it; the message has git's last words.
    """
    home = _home(origin.url)
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix="new-") as temporary:
        folder = Path(temporary) / "files"
        _git("clone", "--quiet", "--no-checkout", "--", origin.url, str(folder))
        commit = _commit_of(folder, origin)
        kept = locked(origin, commit)
        return kept if kept.folder.is_dir() else _checked_out(folder, kept)


def keep(clone: Clone) -> Clone:
    """Move a clone to where practice folders look for it."""
    if clone.is_kept:
        return clone
    kept = locked(clone.origin, clone.commit)
    if not kept.folder.is_dir():
        clone.folder.rename(kept.folder)
    forget(clone)
    return kept


def forget(clone: Clone) -> None:
    """Remove a clone that is not to be kept."""
    if not clone.is_kept:
        shutil.rmtree(clone.folder.parent, ignore_errors=True)


def at(origin: Origin, commit: str) -> Clone:
    """The files of a commit, fetched unless they are in the cache.

    Raises:
        KitError: as `newest`; or the repository does not hold that commit any more.
    """
    known = locked(origin, commit)
    return known if known.folder.is_dir() else newest(Origin(origin.url, commit))


def locked(origin: Origin, commit: str) -> Clone:
    """Where the files of a commit lie, once they have been fetched.

    Raises:
        KitError: that is no commit.
    """
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        raise KitError(f"`{commit}` is no commit: it has 40 digits from 0 to f.")
    return Clone(origin, commit, _home(origin.url) / commit)


def _home(url: str) -> Path:
    """The folder of one repository's commits, with its name for whoever looks into the cache."""
    name = re.sub(r"[^\w.-]", "_", url.rstrip("/").rpartition("/")[2].removesuffix(".git"))
    return cache("courses") / f"{name}-{hashlib.sha256(url.encode()).hexdigest()[:16]}"


def _commit_of(folder: Path, origin: Origin) -> str:
    names = (f"origin/{origin.tag}", origin.tag) if origin.tag else ("origin/HEAD",)
    for name in names:
        found = _run("-C", str(folder), "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if not found.returncode:
            return found.stdout.strip()
    what = f"tag, branch or commit `{origin.tag}`" if origin.tag else "commit"
    raise KitError(f"There is no {what} in {origin.url}.")


def _checked_out(folder: Path, kept: Clone) -> Clone:
    """Write the commit's files beside the place where they may be kept."""
    _git("-C", str(folder), "checkout", "--quiet", "--detach", kept.commit)
    _refuse_links(folder)
    shutil.rmtree(folder / ".git")  # what is locked is not to be changed, and needs less room
    seen = Path(tempfile.mkdtemp(dir=kept.folder.parent, prefix="seen-"))
    return kept._replace(folder=folder.rename(seen / "course"))


def _refuse_links(folder: Path) -> None:
    """Refuse links out of a clone: its lists of exercises are read before anybody trusts it.

    Raises:
        KitError: there is one, to a device that never ends perhaps.
    """
    root = folder.resolve()
    for place, folders, files in os.walk(root):
        for path in (Path(place, name) for name in (*folders, *files)):
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                name = clean(str(path.relative_to(root)))
                raise KitError(f"The course cannot be used: {name} is a link that leads out of it.")


def _git(*arguments: str) -> None:
    done = _run(*arguments)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        words = said[0].removeprefix("fatal: ")
        raise KitError(f"The course cannot be fetched. Git says: {words}")


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    # No settings of a repository around, no hooks or templates of the user's.
    given = {name: value for name, value in os.environ.items() if not name.startswith("GIT_DIR")}
    given.pop("GIT_WORK_TREE", None)
    git = ("git", "-c", "core.hooksPath=/dev/null", "-c", "init.templateDir=")
    try:
        return subprocess.run(
            [*git, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            env={**given, "GIT_ALLOW_PROTOCOL": PROTOCOLS, "LC_ALL": "C"},
        )
    except FileNotFoundError:
        raise KitError(
            "A course in a repository needs git, which is not installed here.\n"
            "Install git, or name a folder that holds the course."
        ) from None


def _is_git(path: str) -> bool:
    """Whether a folder of this machine is a repository."""
    return (Path(path) / ".git").exists() or (Path(path) / "HEAD").is_file()


def _absolute(address: str) -> str:
    """The address, which a practice folder remembers wherever it is used."""
    return address if is_remote(address) else str(Path(address).resolve())
