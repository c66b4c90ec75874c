"""Which exercises a file answers: by its name, by the folders around it, by what it defines."""

from __future__ import annotations

from collections.abc import Sequence

from gradekit.errors import KitError
from gradekit.intake.items import REASONS, HandedIn, Item
from gradekit.intake.layouts import canvas
from gradekit.intake.levels import Placeable
from gradekit.intake.names import (
    Defined,
    Doubtful,
    ExerciseNames,
    Meaning,
    Strength,
    answer_stem,
    answer_suffix,
    not_an_answer,
)

SNIFFED_BYTES = 4 * 2**20  # of files whose names mean nothing


class Meanings:
    """What the files of one class answer."""

    def __init__(
        self, handed_in: HandedIn, names: ExerciseNames, exercise: str | None = None
    ) -> None:
        """`exercise` is the one that all files answer, whatever they are called."""
        self._handed_in, self._names, self._exercise = handed_in, names, exercise

    def of(self, each: Placeable, hint: str) -> list[tuple[Meaning, Defined | None]]:
        """The exercises that a file in a student's folder answers; what it defines, if that counts.

        Args:
            hint: The exercise of a folder around the student's, or "".

        Raises:
            KitError: none, or it stays in doubt.
        """
        self.check_kind(each)
        if self._exercise:
            return [self._meant_for_one(each, self._exercise)]
        try:
            meaning = self._names.of_entry(each.parts, hint) or self._of_one_entry(each)
            meaning = meaning or self._by_name(each, hint)
        except Doubtful as doubt:
            if whole := self._answers(each, doubt.exercises):
                return whole
            raise
        if meaning is not None and meaning.strength >= Strength.SLUG:
            return [(meaning, None)]
        defined = self._defined(each.item)
        if meaning is None:
            if whole := self._answers(each, ()):
                return whole
            raise KitError("its name means no exercise of this course")
        wanted = self._names.functions.get(meaning.exercise, frozenset())
        if meaning.exercise in defined.counts or not wanted or defined.is_near(wanted):
            return [(meaning, defined)]
        if hint == meaning.exercise or meaning.start < 0:  # a folder says so
            return [(meaning, defined)]
        if whole := self._answers(each, ()):
            return whole
        raise Doubtful(
            f"its name may mean {meaning.exercise}, but it defines none of its functions"
        )

    def _meant_for_one(self, each: Placeable, exercise: str) -> tuple[Meaning, Defined | None]:
        """Any file answers the one exercise that is graded, unless it says another's number."""
        strength = Strength.CONTENT
        if each.parts[-1] == self._names.entries.get(exercise):
            return Meaning(exercise, Strength.EXACT, 0, 0), self._defined(each.item)
        try:
            meaning = self._names.find(answer_stem(each.parts[-1]))
        except Doubtful as doubt:
            meaning = None
            if exercise not in doubt.exercises:
                raise
        except KitError:
            meaning = None
        if meaning is not None:
            if meaning.exercise == exercise:
                strength = meaning.strength
            elif meaning.strength >= Strength.NUMBER:
                raise KitError(f"its name means {meaning.exercise}, not {exercise}")
        end = meaning.end if meaning else 0
        return Meaning(exercise, strength, 0, end), self._defined(each.item)

    def _of_one_entry(self, each: Placeable) -> Meaning | None:
        """The one of several exercises with answers of this name that the file answers.

        Raises:
            KitError: it may answer more than one of them, or none.
        """
        having = self._names.with_entry(each.parts[-1])
        if len(having) < 2:
            return None
        defined = self._defined(each.item)
        ranks = {name: (name in defined.whole, defined.counts.get(name, 0)) for name in having}
        best = [name for name in having if ranks[name] == max(ranks.values())]
        if len(best) > 1:
            raise KitError(
                f"its name is that of {' and of '.join(best)}, and nothing says which: it has to "
                "lie in a folder that is called like the exercise or assignment"
            )
        return Meaning(best[0], Strength.EXACT, 0, 0)

    def _by_name(self, each: Placeable, hint: str) -> Meaning | None:
        """What the name of the file means, or else of the folders that it lies in."""
        meaning = self._names.find(answer_stem(each.parts[-1]))
        if meaning is not None and meaning.strength >= Strength.SLUG:
            return meaning
        for folder in reversed(each.parts[:-1]):
            if found := self._names.find(folder.removesuffix(".zip")):
                return meaning or Meaning(found.exercise, Strength.LOOSE, -1, 0)
        if meaning is None and hint:
            return Meaning(hint, Strength.LOOSE, -1, 0)
        return meaning

    def _answers(
        self, each: Placeable, among: Sequence[str]
    ) -> list[tuple[Meaning, Defined | None]]:
        """The exercises all of whose functions a file defines."""
        defined = self._defined(each.item)
        return [
            (Meaning(exercise, Strength.CONTENT, 0, 0), defined)
            for exercise in defined.whole
            if not among or exercise in among
        ]

    def _defined(self, item: Item) -> Defined:
        try:
            content = self._handed_in.read(item.path)
        except KitError:
            content = b""
        return self._names.defined_in(content[:SNIFFED_BYTES])

    def check_kind(self, each: Placeable) -> None:
        """See to it that it is a file that may be an answer.

        Raises:
            KitError: it is none; the message says why.
        """
        item, name = each.item, each.parts[-1]
        if item.kind != "file":
            raise KitError(REASONS.get(item.kind, "it is not a regular file"))
        if any(part.startswith(".") for part in each.parts):
            raise KitError("its name begins with a dot: hidden files are not graded")
        if not answer_suffix(name):
            if canvas.entry(name):
                raise KitError("it was typed into Canvas or is a link: no file was handed in")
            problem = self._handed_in.problems.get(item.path)
            raise KitError(problem or not_an_answer(name))
