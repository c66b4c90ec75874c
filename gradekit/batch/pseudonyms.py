"""Pseudonyms for a class: what its page and its students' pages say instead of names.

A pseudonym comes from a key that lies in the results folder, and stays the same from run to
run, also when a roster gives somebody an id. pseudonyms.csv says who is who. What students
wrote into their code and messages stays as it is.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

import msgspec

from gradekit.errors import KitError
from gradekit.files import replace_whole_file
from gradekit.overview import Alike, Likeness, Similar
from gradekit.render.feedback import Handed
from gradekit.results import NotGraded, Person, Result, called
from gradekit.standing import Standing
from gradekit.tables import no_formula, spreadsheet

STORE, TABLE = ".pseudonyms.json", "pseudonyms.csv"
DIGITS = 6
SOMEBODY = "somebody else"  # of an earlier term, say


class _Store(msgspec.Struct):
    """The key, in hex, and the pseudonyms that were given."""

    key: str
    given: list[tuple[Person, str]] = []


class Pseudonyms:
    """What everybody of a class is called instead."""

    def __init__(self, folder: Path, people: Mapping[str, Person]) -> None:
        """Give those who have none a pseudonym, and write all of them down.

        Args:
            people: Who everybody is, by what they are called.

        Raises:
            KitError: the key cannot be read.
            OSError: it cannot be written.
        """
        store = _read(folder / STORE)
        # Compared by what people are called, not as Person values: a roster may have given somebody
        # an id since, and a new pseudonym would make two people of one
        # (test_pseudonyms_stay_when_somebody_gets_an_id).
        names = called({*(person for person, _ in store.given), *people.values()})
        known = {names[person]: alias for person, alias in store.given}
        self._aliases: dict[str, str] = {}
        for student, person in people.items():
            alias = known.get(names[person]) or _new(store.key, person, set(known.values()))
            if names[person] not in known:
                store.given.append((person, alias))
            known[names[person]] = self._aliases[student] = alias
        _write(folder / STORE, msgspec.json.encode(store).decode())
        rows = [["pseudonym", "student", "id"]]
        for student, alias in sorted(self._aliases.items(), key=lambda pair: pair[1]):
            rows.append([alias, no_formula(student), no_formula(people[student].id)])
        _write(folder / TABLE, spreadsheet(rows))

    def of(self, student: str) -> str:
        """What a student is called instead."""
        return self._aliases.get(student, SOMEBODY if student else "")

    def people(self) -> dict[str, Person]:
        """Everybody, as far as may be known."""
        return {alias: Person(alias) for alias in self._aliases.values()}

    def result(self, result: Result) -> Result:
        """A result without its author; the file stays, by which its source is found."""
        alias = self.of(result.student)
        return msgspec.structs.replace(result, student=alias, person=Person(alias))

    def handed(self, result: Result, handed: Handed) -> Handed:
        """What was handed in, under a name that is everybody's."""
        name = result.exercise + PurePosixPath(handed.file).suffix
        return handed._replace(file=name)

    def standing(self, standing: Standing) -> Standing:
        """The final scores; what is read from the folder still has names."""
        finals = {self.of(student): of_one for student, of_one in standing.finals.items()}
        return standing._replace(finals=finals, people=self.people())

    def not_graded(self, files: Iterable[NotGraded]) -> list[NotGraded]:
        """Files that were not graded, without their names."""
        return [self._not_graded(each) for each in files]

    def similar(self, similar: Similar | None) -> Similar | None:
        """The same groups."""
        if similar is None:
            return None
        groups = [
            Alike(
                each.exercise,
                tuple(map(self.of, each.students)),
                each.share,
                (self._side(each.closest[0]), self._side(each.closest[1])),
            )
            for each in similar.groups
        ]
        return similar._replace(groups=groups, skipped=self.not_graded(similar.skipped))

    def _side(self, side: Likeness) -> Likeness:
        alias = self.of(side.student)
        return side._replace(student=alias, file=alias + PurePosixPath(side.file).suffix)

    def _not_graded(self, each: NotGraded) -> NotGraded:
        alias = self.of(each.student)
        path = PurePosixPath(each.file)
        reason = "another file of the same person was graded" if each.superseded else each.reason
        for name in (each.file, path.name, path.stem):
            # Reasons quote names of files, and names of files are often names of people.
            reason = re.sub(rf"\b{re.escape(name)}\b", "the file", reason)
        file = f"{alias or 'a file'}{path.suffix}"
        return NotGraded(file, alias, each.exercise, reason, each.superseded, Person(alias))


def _new(key: str, person: Person, taken: set[str]) -> str:
    # With a secret key: everybody could compute the plain hash of each name in
    # a course, and find out whose page it is.
    digest = hmac.new(bytes.fromhex(key), person.key.encode(), "sha256").hexdigest()
    # Six hex digits are easy to read, and two of a thousand people get the same with a chance of
    # three in a hundred: then the second one's pseudonym is a digit longer.
    for digits in range(DIGITS, len(digest)):
        if (alias := f"student-{digest[:digits]}") not in taken:
            return alias
    return f"student-{digest}-{len(taken)}"


def _read(path: Path) -> _Store:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Store)
    except FileNotFoundError:
        return _Store(secrets.token_hex(32))
    except (OSError, msgspec.DecodeError):
        raise KitError(f"{path} cannot be read: without it pseudonyms would change.") from None


def _write(path: Path, text: str) -> None:
    replace_whole_file(path, text)
    # Who is who is for the instructor alone, also on a machine that several people use.
    path.chmod(0o600)
