"""The people of a course, as a learning platform exports them.

Canvas' gradebook, Moodle's participants, grades or grading worksheet, Gradescope's roster, GitHub
Classroom's, or a plain table: one person a row, columns found by their headers.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from gradekit.errors import KitError
from gradekit.results import Person
from gradekit.tables import rows_of_table

Columns = tuple[str, ...]
SYSTEM = "roster"
ROSTER = "roster.csv"  # under which it is kept beside the results

# What a person is called by; several columns together are a name, in any order.
NAMES: list[Columns] = [
    ("Student",),
    ("Full name",),
    ("Name",),
    ("First name", "Last name"),
    ("First name", "Surname"),
    ("First Name", "Last Name"),
    ("firstname", "lastname"),
]
# Ids, the one to keep first; then what people log in with.
IDS: list[str] = [
    "ID", "canvas_user_id", "SIS User ID", "ID number", "idnumber", "SID", "Student ID", "User ID",
    "user_id",
]  # fmt: skip
LOGINS: list[str] = [
    "SIS Login ID", "login_id", "Username", "Login", "Email address", "Email", "E-mail", "Mail",
    "github_username",
]  # fmt: skip
CLASSROOM = ("github_username", "identifier")  # GitHub Classroom's roster: who has no account yet
SECTIONS: list[str] = ["Section", "Sections", "Groups", "Group", "Gruppe"]
# Who hands in together; a cell may name several, with a comma between.
GROUPS: list[str] = ["group_name", "Group name", "Group", "Groups", "Gruppe"]
WITH_ID = re.compile(r"(?P<name>.*) \((?P<id>[^()]+)\)")
PARTICIPANT = "Identifier"  # of Moodle's grading worksheet: "Participant 77"
# The columns that hold a platform's own id; `canvas_user_id` is of Canvas' export of groups.
OWN_ID = {
    "canvas": ("ID", "canvas_user_id"),
    "moodle": (PARTICIPANT,),
    "blackboard": ("Username", "Login", "SIS Login ID"),
}


class Roster:
    """A table with one person a row."""

    def __init__(self, path: Path) -> None:
        """Read the table at `path`.

        Raises:
            KitError: it is none that can be read.
        """
        self._path = path
        table = rows_of_table(path)
        if not table:
            raise KitError(f"{path} is no CSV table: it has no rows. Export it once more.")
        (_, header), *rows = table
        self.header = [_normal(name) for name in header]
        self.rows = [
            dict(zip(self.header, map(_normal, row), strict=False))
            for _, row in rows
            if not _is_points(row)
        ]
        self._lines = [line for line, row in rows if not _is_points(row)]  # where each row ends
        self._columns = {name.casefold(): name for name in reversed(self.header)}
        self._by_name = self._index([self._known(names) for names in NAMES])
        logins = [self._columns.get(name.casefold(), "") for name in (*LOGINS, *IDS)]
        self._by_login = self._by_cells(filter(None, logins))
        self._by_column: dict[str, dict[str, set[int]]] = {}
        self._by_group: dict[str, set[int]] | None = None

    def require(self, names: Columns, source: str) -> None:
        """See to it that there is a column of one of `names`.

        Raises:
            KitError: there is none; the message says what to export instead.
        """
        if not set(names) & set(self.header):
            raise KitError(f"{self._path} has no column `{names[0]}`: export {source}.")

    def require_people(self) -> None:
        """See to it that a column says who people are.

        Raises:
            KitError: none does, or two people have one id.
        """
        if not self.rows:
            raise KitError(f"{self._path} names nobody: it has a header and no rows.")
        if not self._by_name and not self._by_login:
            raise KitError(
                f"{self._path} has no column that names people: `Student`, `First name` and "
                "`Last name`, `Username`, `Email` or `ID`."
            )
        first: dict[str, int] = {}
        for number in self.numbers():
            about = self.person(number)
            other = first.setdefault(about.id.casefold(), number)
            if about.id and not _is_one(about.name, self.person(other).name):
                raise KitError(
                    f"{self._path}: `{self.person(other).name}` in line {self._lines[other]} and "
                    f"`{about.name}` in line {self._lines[number]} have one id, `{about.id}`: "
                    "give each their own."
                )

    def numbers(self) -> range:
        """The rows."""
        return range(len(self.rows))

    def find(self, person: Person) -> int | None:
        """The one row that is a person; None if there is none, or several.

        An id only ever means a row with that id; a name never means an id, nor the other way.
        """
        own = (self._columns.get(name.casefold()) for name in OWN_ID.get(person.system, ()))
        column = next(filter(None, own), None)
        if person.id and column:
            wanted = f"participant {person.id}" if column == PARTICIPANT else person.id.casefold()
            found = self._in_column(column).get(wanted, set())
            if found or person.system == "canvas":
                return _only(found)
        logins = [each for each in (person.login, person.id) if "@" in each]
        if not person.id:
            logins.append(person.name)
        found = self._union(self._by_login, {each.casefold() for each in logins})
        found = found or self._union(self._by_name, _names(person))
        if not found and not person.id and (match := WITH_ID.fullmatch(person.name)):
            # As results of the first version called two of one name: both have to agree.
            with_id = self._by_login.get(match["id"].casefold(), set())
            found = self._by_name.get(_squeezed(match["name"]), set()) & with_id
        return _only(found)

    def members(self, person: Person) -> list[int]:
        """The rows of a group, where `person` is called like one: they handed in together.

        Whoever is of the class under that name is a person, and one whom the platform knows by
        an id has to be in the group.
        """
        if self._by_group is None:
            self._by_group = self._groups()
        number = self.find(person)
        names = _names(person)
        found = sorted(self._union(self._by_group, names))
        if number is not None and (
            not person.id or number not in found or self._is_called(number, names)
        ):
            return []
        return found

    def _groups(self) -> dict[str, set[int]]:
        found: defaultdict[str, set[int]] = defaultdict(set)
        columns = [self._columns.get(name.casefold(), "") for name in GROUPS]
        for number, row in enumerate(self.rows):
            for column in filter(None, columns):
                for group in (row.get(column, ""), *row.get(column, "").split(",")):
                    found[_squeezed(group)].add(number)
        found.pop("", None)
        return dict(found)

    def _is_called(self, number: int, names: set[str]) -> bool:
        return any(number in self._by_name.get(name, ()) for name in names)

    def _in_column(self, column: str) -> dict[str, set[int]]:
        if column not in self._by_column:
            self._by_column[column] = self._by_cells([column])
        return self._by_column[column]

    def _by_cells(self, columns: Iterable[str]) -> dict[str, set[int]]:
        """The rows by what stands in some columns, letter for letter but for their case."""
        found: defaultdict[str, set[int]] = defaultdict(set)
        for column in columns:
            for number, row in enumerate(self.rows):
                if cell := row.get(column, "").casefold():
                    found[cell].add(number)
        return dict(found)

    @staticmethod
    def _union(index: dict[str, set[int]], wanted: Iterable[str]) -> set[int]:
        return {number for each in wanted for number in index.get(each, ())}

    def person(self, number: int) -> Person:
        """Who a row is about."""
        row = self.rows[number]
        is_classroom = all(name in self._columns for name in CLASSROOM)
        login = self._first(row, [*LOGINS, *(CLASSROOM if is_classroom else ())])
        return Person(
            name=next((name for names in NAMES if (name := self._shown(row, names))), login)
            or f"row {number + 2}",
            id=self._first(row, IDS) or login,
            system="canvas" if self._is_canvas() else SYSTEM,
            login=login,
            section=self._first(row, SECTIONS),
        )

    def _is_canvas(self) -> bool:
        header = set(self.header)
        return {"Student", "ID", "Section"} <= header or "canvas_user_id" in header

    def _first(self, row: dict[str, str], names: Iterable[str]) -> str:
        columns = (self._columns.get(name.casefold()) for name in names)
        return next((row[each].strip() for each in columns if each and row.get(each)), "")

    def _known(self, names: Columns) -> Columns:
        """The columns as this table spells them; () where one is not there."""
        found = tuple(self._columns.get(name.casefold(), "") for name in names)
        return found if all(found) else ()

    def _shown(self, row: dict[str, str], names: Columns) -> str:
        # In one line, though Excel keeps a cell of two.
        return " ".join(" ".join(row.get(name, "") for name in self._known(names)).split())

    def _index(self, columns: Iterable[Columns]) -> dict[str, set[int]]:
        found: defaultdict[str, set[int]] = defaultdict(set)
        for names in filter(None, columns):
            for number, row in enumerate(self.rows):
                for name in called_in(row, names):
                    found[name].add(number)
        return dict(found)


def _is_points(row: list[str]) -> bool:
    """Whether it is Canvas' second line, which is about nobody."""
    return row[0].strip().lower().startswith("points possible")


def _is_one(name: str, other: str) -> bool:
    """Whether two names are those of one person, whichever part stands first."""
    return sorted(_squeezed(name)) == sorted(_squeezed(other))


def _only(found: set[int]) -> int | None:
    return next(iter(found)) if len(found) == 1 else None


def called_in(row: dict[str, str], names: Columns) -> set[str]:
    """The squeezed name, also the other way round: "Hopper, Grace" is Grace Hopper."""
    cells = [row.get(name, "") for name in names]
    parts = cells if len(names) > 1 else cells[0].split(",")
    return {_squeezed("".join(parts)), _squeezed("".join(reversed(parts)))} - {""}


def _names(person: Person) -> set[str]:
    """What a person may be called on a roster; Moodle may have put a group before the name."""
    names = {person.name}
    if person.system == "moodle":
        parts = person.name.split("-")
        names.update("-".join(parts[n:]) for n in range(1, len(parts)))
    flipped = {"".join(reversed(name.split(","))) for name in names}
    return {_squeezed(name) for name in names | flipped} - {""}


def _squeezed(text: str) -> str:
    """Letters and digits only, as file names of platforms hold them."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in text if char.isalnum())


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()
