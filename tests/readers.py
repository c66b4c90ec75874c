"""How Canvas and Moodle read the zips with feedback that are uploaded to them.

Written from the rules in each system's own source (Canvas: app/models/assignment.rb; Moodle:
mod/assign/feedback/file/importziplib.php), not from what we write.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Mapping


def canvas(content: bytes, submissions: Mapping[int, Mapping[int, str]]) -> dict[int, list[str]]:
    """The files that become a comment, by user, as `display name: content`.

    Args:
        submissions: By user id, the attachments of the submission: id and display name.
    """
    found: dict[int, list[str]] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            name = member.filename.rpartition("/")[2]
            parts = name.split("_")
            numbers = [int(part) for part in parts if part.isdigit()][:2]
            ignored = parts[-1].startswith("link") or name.startswith("._") or len(numbers) < 2
            if ignored or numbers[1] not in submissions.get(numbers[0], {}):
                continue
            shown = submissions[numbers[0]][numbers[1]]
            text = archive.read(member).decode()
            found.setdefault(numbers[0], []).append(f"{shown}: {text}")
    return found


def moodle(content: bytes, participants: Collection[int]) -> dict[int, dict[str, str]]:
    """The feedback files by participant, and by the name that the student sees."""
    found: dict[int, dict[str, str]] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            if member.is_dir() or member.filename.rpartition("/")[2].startswith((".", "~")):
                continue
            parts = member.filename.split("/")
            while parts:
                info = parts.pop(0).split("_", 4)
                if len(info) < 4 or not info[1].isdigit() or int(info[1]) not in participants:
                    continue
                if (info[2], info[3]) != ("assignsubmission", "file"):
                    continue
                rest = [info[4] if len(info) > 4 else "", *parts]
                name = "/".join(rest).lstrip("/")
                found.setdefault(int(info[1]), {})[name] = archive.read(member).decode()
                break
    return found
