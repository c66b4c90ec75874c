"""Which exercise the name of a file or folder means, and which files are answers at all.

The exact file name says most, then a number (with or without its slug), then a bare slug.
The number of another exercise is a veto. Where slugs overlap the longest wins, as
`online_softmax` over `softmax`. What stays in doubt is for a person to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import cached_property
from pathlib import PurePosixPath
from typing import NamedTuple

from gradekit.course import Course
from gradekit.definitions import asked_for
from gradekit.errors import KitError

SUFFIXES = (".py", ".ipynb")
TRIAL = "try_exercise_"  # how the files begin that `kit try` writes: they are no answers
AFTERTHOUGHTS = (".txt", ".json", ".text")  # what browsers and mail programs append
PACKED = (".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst")  # kit opens zips only
SEPARATORS = r"[\s_.\-]*"
VERSION = re.compile(r"[\s_\-]*\(?(\d{1,3})\)?")  # -1, (2): the second, the third attempt
WORDS = r"(?:exercise|ex)"
NUMBER = re.compile(rf"(?<![^\W_]){WORDS}{SEPARATORS}0*(\d{{1,3}})(?![^\W_])", re.IGNORECASE)
LEADING = re.compile(r"0*(\d{1,2})(?=[\s_.\-])")
DEFINED = re.compile(rb"""(?:^|["\n\r]|\\n)(?:async )?(?:def|class) +([A-Za-z_]\w*)""")


class Strength(IntEnum):
    """How surely a name means an exercise."""

    CONTENT = 0  # not by its name: by the functions that it defines
    LOOSE = 1  # its slug stands somewhere in the name, or in that of a folder
    SLUG = 2  # the name is the slug
    NUMBER = 3
    EXACT = 4


class Meaning(NamedTuple):
    """An exercise, and where in the name it was found."""

    exercise: str
    strength: Strength
    start: int
    end: int


class Doubtful(KitError):
    """A name means several exercises, or none for sure. `exercises` are those in question."""

    def __init__(self, text: str, exercises: Iterable[str] = ()) -> None:
        super().__init__(text)
        self.exercises = sorted(exercises)


def not_an_answer(name: str) -> str:
    """What is wrong with a file that is neither a .py nor a .ipynb."""
    if name.lower().endswith(PACKED):
        return "it is packed in a way that kit does not open: unpack it, or pack it as a zip"
    return "it is neither a Python file (.py) nor a notebook (.ipynb)"


def answer_suffix(name: str) -> str:
    """`.py` or `.ipynb` if the file is one, also as `X.PY` and `x.ipynb.txt`; else ""."""
    path = PurePosixPath(name)
    if path.name.lower().startswith(TRIAL):
        return ""
    suffix = path.suffix.lower()
    if suffix in AFTERTHOUGHTS:
        suffix = PurePosixPath(path.stem).suffix.lower()
    return suffix if suffix in SUFFIXES else ""


def answer_stem(name: str) -> str:
    """The name without what `answer_suffix` is about."""
    path = PurePosixPath(name)
    if path.suffix.lower() in AFTERTHOUGHTS:
        path = PurePosixPath(path.stem)
    return path.stem


class ExerciseNames:
    """Finds the exercise that a name means, wherever in it."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._slugs = {_squeezed(exercise.slug): exercise.name for exercise in course.exercises}
        self._numbers: dict[int, str] = {}
        self._meaning: dict[str, str] = {}
        self.entries = {each.name: each.entry for each in course.exercises if each.entry}
        self._data = {file for each in course.exercises for file in each.files}
        # The modules of answers that have several, by the exercises that they belong to.
        self._written = {each.name: each.written for each in course.exercises if each.written}
        patterns = set()
        for exercise in course.exercises:
            self._numbers[int(exercise.number)] = exercise.name
            plain = {exercise.number, str(int(exercise.number))}
            for alias in exercise.names - plain | {f"ex_{number}" for number in plain}:
                self._meaning[_squeezed(alias)] = exercise.name
                # `layer_norm`, `layer-norm`, `Layer Norm` and
                # `layernorm` are one name to those who hand in.
                patterns.add(SEPARATORS.join(re.findall(r"[a-z]+|\d+", alias)))
        longest_first = "|".join(sorted(patterns, key=len, reverse=True))
        # A lookahead, so that a match is found at every place, also inside a longer one.
        self._pattern = re.compile(rf"(?<![^\W_])(?=({longest_first})(?![^\W_]))", re.IGNORECASE)
        self._whole = re.compile(longest_first, re.IGNORECASE)

    def of_entry(self, parts: Sequence[str], hint: str) -> Meaning | None:
        """What a file means that is called like the entry of an answer of several files.

        Where several exercises have an entry of that name, the folders that it lies in decide.
        """
        having = self.with_entry(parts[-1])
        if len(having) > 1:
            stem = answer_stem(parts[-1])
            # An imported exercise may be called like the assignment's folder and the file in it.
            joined = (self._slugs.get(_squeezed(f"{part}_{stem}")) for part in parts[:-1])
            folders = {hint, *(self._folder(part) for part in parts[:-1]), *joined}
            having = [exercise for exercise in having if exercise in folders]
        return Meaning(having[0], Strength.EXACT, 0, 0) if len(having) == 1 else None

    def is_data(self, path: str) -> bool:
        """Whether a file is called like one that the course gave to learners."""
        parts = path.split("/")
        return any("/".join(parts[start:]) in self._data for start in range(len(parts)))

    def with_entry(self, name: str) -> list[str]:
        """The exercises whose answer is called so."""
        return [exercise for exercise, entry in self.entries.items() if entry == name]

    def written_in(self, parts: Sequence[str], hint: str) -> dict[str, int]:
        """The exercises of which a file is a module, each with how many folders lie around it.

        Where several exercises have a module of that path, the folders around it decide.
        """
        path = "/".join(parts)
        found = {
            exercise: len(parts) - name.count("/") - 1
            for exercise, written in self._written.items()
            for name in written
            if f"/{path}".endswith(f"/{name}")
        }
        if len(found) > 1:
            around = {hint, *(self._folder(part) for part in parts[:-1])}
            found = {exercise: depth for exercise, depth in found.items() if exercise in around}
        return found

    def _folder(self, part: str) -> str | None:
        """The exercise that the name of a folder means."""
        try:
            found = self.find(part.removesuffix(".zip"))
        except KitError:
            return None
        return found.exercise if found else None

    def whole(self, name: str) -> str | None:
        """The exercise that `name` as a whole means."""
        if self._whole.fullmatch(name):
            return self._meaning.get(_squeezed(name))
        return self._numbers.get(int(name)) if re.fullmatch(r"[0-9]{1,3}", name) else None

    def numbered(self, name: str) -> str | None:
        """The exercise that `name` means by its number; anybody may be called Adam."""
        return None if self.is_slug(name) else self.whole(name)

    def is_slug(self, text: str) -> bool:
        """Whether `text` is an exercise's name without its number."""
        return _squeezed(text) in self._slugs

    def find(self, name: str) -> Meaning | None:
        """The exercise that `name` (without a file's ending) means; None if it means none.

        Raises:
            Doubtful: it names several, or the number of one and the slug of another.
        """
        if (whole := self.whole(name)) and not self.is_slug(name):
            exact = _squeezed(name) == _squeezed(whole)
            return Meaning(whole, Strength.EXACT if exact else Strength.NUMBER, 0, len(name))
        found = self._matches(name)
        numbers = {int(match[1]) for match in NUMBER.finditer(name)}
        leading = LEADING.match(name)
        if not numbers and leading and int(leading[1]) in self._numbers:
            self._veto(name, int(leading[1]), leading.end(), found)
        if numbers:
            found = self._of_number(name, numbers, found)
        strong = [each for each in found if each.strength >= Strength.NUMBER]
        exercises = {each.exercise for each in strong or found}
        if len(exercises) > 1:
            raise Doubtful(
                f"its name means several exercises: {', '.join(sorted(exercises))}", exercises
            )
        return max(strong or found, key=lambda each: each.strength, default=None)

    def _matches(self, name: str) -> list[Meaning]:
        """All names of exercises in a name, without those that lie inside a longer one."""
        spans = [match.span(1) for match in self._pattern.finditer(name)]
        found = []
        for start, end in spans:
            if any((a <= start and end <= b) and (a, b) != (start, end) for a, b in spans):
                continue
            text = name[start:end]
            exercise = self._meaning[_squeezed(text)]
            rest = name[end:]
            alone = start == 0 and (not rest or VERSION.fullmatch(rest) is not None)
            if not self.is_slug(text):
                exact = alone and _squeezed(text) == _squeezed(exercise)
                strength = Strength.EXACT if exact else Strength.NUMBER
            else:
                strength = Strength.SLUG if alone else Strength.LOOSE
            found.append(Meaning(exercise, strength, start, end))
        return found

    def _of_number(self, name: str, numbers: set[int], found: list[Meaning]) -> list[Meaning]:
        """What is left once the name says `exercise 5`."""
        if len(numbers) > 1:
            known = [self._numbers[each] for each in sorted(numbers) if each in self._numbers]
            raise Doubtful("its name has the numbers of several exercises", known)
        (number,) = numbers
        exercise = self._numbers.get(number)
        if exercise is None:
            # And not the exercise of a slug that stands there, too: a clear number that is wrong is
            # more likely another course's exercise than a typing error.
            raise KitError(f"its name says exercise {number}, which this course does not have")
        match = next(NUMBER.finditer(name))
        own = [each for each in found if each.exercise == exercise]
        own.append(Meaning(exercise, Strength.NUMBER, *match.span()))
        if not any(self.is_slug_in(name, each) for each in own):
            self._veto(name, number, match.end(), found)
        return own

    def is_slug_in(self, name: str, meaning: Meaning) -> bool:
        """Whether the slug stands in that part of the name."""
        slug = _squeezed(self._course.find(meaning.exercise).slug)
        return slug in _squeezed(name[meaning.start : meaning.end])

    def _veto(self, name: str, number: int, end: int, found: list[Meaning]) -> None:
        """See to it that the slug after a number is that number's own.

        Raises:
            Doubtful: it is another's.
        """
        own = self._numbers[number]
        for each in found:
            between = name[end : each.start] if each.start >= end else None
            next_to_it = between is not None and not re.sub(SEPARATORS, "", between)
            if each.exercise != own and next_to_it:
                raise Doubtful(
                    f"its name has the number of {own} and the name of {each.exercise}",
                    (own, each.exercise),
                )

    @cached_property
    def functions(self) -> dict[str, frozenset[str]]:
        """What the answer to each exercise has to define, as its stub does."""
        found = {}
        for exercise in self._course.exercises:
            try:
                names = asked_for(self._course.stub(exercise))
            except (OSError, SyntaxError, ValueError):
                continue
            if public := frozenset(name for name in names if not name.startswith("_")):
                found[exercise.name] = public
        return found

    def defined_in(self, content: bytes) -> Defined:
        """Which exercises' functions are defined in the bytes of a file or notebook."""
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            content = content.decode("utf-16", "replace").encode()
        # By a pattern, not by parsing: the bytes are a stranger's, may be a notebook or
        # broken Python, and only a hint is wanted.
        names = {name.decode("ascii", "replace") for name in DEFINED.findall(content)}
        counts = {
            exercise: len(wanted & names)
            for exercise, wanted in self.functions.items()
            if wanted & names
        }
        return Defined(names, counts, [e for e, n in counts.items() if n == len(self.functions[e])])


class Defined(NamedTuple):
    """What a file defines: all names, how many of each exercise's, and the exercises it answers."""

    names: set[str]
    counts: dict[str, int]
    whole: list[str]

    def is_near(self, wanted: frozenset[str]) -> bool:
        """Whether something is called nearly like what an exercise asks for, as `my_softmax`."""
        own = [_squeezed(name) for name in self.names]
        return any(_squeezed(each) in name for each in wanted for name in own)


def _squeezed(name: str) -> str:
    return re.sub(SEPARATORS, "", name).lower()
