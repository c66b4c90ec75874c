"""IMPORT.md: what became of every test, and what an instructor should know of it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator

from gradekit.authoring.importing.found import Passed
from gradekit.authoring.importing.trial import (
    ASKS_NOTHING,
    BY_A_PERSON,
    DATA,
    FAILS_HERE,
    HANDLES,
    JUDGED,
    Outcome,
    Tried,
    originals_of,
)

NONE = "not imported"
WAYS = (DATA, HANDLES, JUDGED, ASKS_NOTHING, BY_A_PERSON, NONE)  # columns of the table
# What of a test goes to the answer, beside plain arguments of the calls that it makes.
GOES_OUT = {
    "callbacks": "the answer calls functions of it, which stay here",
    "sent": "objects of it go to the answer, which can read all that they hold",
    "names": "the answer is told the names of its functions, since the solution asks for them",
    "files": "what it has in temporary folders goes to the answer",
}

HEAD = """# What was imported

Written by `kit import {kind}`. The tests lie unchanged in `cases/`; each runs on the trusted side,
with the names of the answer bound to the submission. A test sees the answer

- **by data**: what came back is plain data, and is compared here;
- **through handles**: objects stay with the answer, and what is compared of them is data;
- **judged by the answer itself**: a class of the answer decides what is equal, true or in order,
  because the solution's class does so too. An answer could earn these points by claiming them.

A test that **asks nothing of the answer** is passed by an empty one as well.

What a test expects is compared here. To the answer go the arguments of the calls that a test makes,
and nothing else of it unless its line says so.

"""


FAILED = f"""Of a test that is not imported since *{FAILS_HERE}*, your own test runner
says whether it passes there. If so, it asks for something that does not come across, such as the
`__file__` of a module, `", ".join` of objects of a class that the answer derives from `str`, or a
file outside of the folder that the answer runs in. Ask for plain data
(`", ".join(map(str, names))`), and import once more.
"""


def page(kind: str, outcomes: Iterable[Outcome], passed: Iterable[Passed]) -> str:
    """The text of IMPORT.md."""
    outcomes = list(outcomes)
    parts = [HEAD.format(kind=kind), *_table(outcomes), ""]
    if any(each.why_not.startswith(FAILS_HERE) for one in outcomes for each in one.tried):
        parts += [FAILED]
    for outcome in outcomes:
        parts += _section(outcome)
    if skipped := list(passed):
        parts += [
            "## Passed over",
            "",
            *(f"- {each.path.name}: {each.why}" for each in skipped),
            "",
        ]
    return "\n".join(parts)


def _table(outcomes: list[Outcome]) -> Iterator[str]:
    yield f"| exercise | points | {' | '.join(WAYS)} | mutants caught |"
    yield "|" + " --- |" * (len(WAYS) + 3)
    for each in outcomes:
        counts = counts_of(each)
        points = sum(check.points for check in each.checks)
        numbers = " | ".join(str(counts[way]) for way in WAYS)
        yield f"| {each.target.name} | {points:.4g} | {numbers} | {share_of(each)} |"


def counts_of(outcome: Outcome) -> Counter[str]:
    """How many tests of an exercise came in which way."""
    return Counter(each.way or NONE for each in outcome.tried)


def share_of(outcome: Outcome) -> str:
    """The share of the solution's mutants that the tests catch, in words."""
    if not outcome.mutants:
        return "not tried"
    return f"{outcome.caught} of {outcome.mutants} ({outcome.caught / outcome.mutants:.0%})"


def _section(outcome: Outcome) -> Iterator[str]:
    yield f"## {outcome.target.name}"
    yield ""
    for note in outcome.target.found.notes:
        yield f"{note[0].upper()}{note[1:]}."
        yield ""
    if outcome.problem:
        yield f"Nothing was imported: {outcome.problem}"
        yield ""
        return
    if outcome.mutants > outcome.caught:
        missed = outcome.mutants - outcome.caught
        yield (
            f"The tests miss {missed} of {outcome.mutants} mutants of the solution: "
            f"`kit --course {outcome.target.course.root.name} verify {outcome.target.name}` lists "
            "them with their lines."
        )
        yield ""
    remarks = _Remarks(outcome)
    yield "| test | points | check | it sees the answer |"
    yield "| --- | --- | --- | --- |"
    for each in outcome.tried:
        notes = [each.test.note] if each.test.note and each.name else []
        said = "; ".join([each.way or f"{NONE}: {each.why_not}", *notes, *remarks.of(each)])
        check = f"`{each.name}`" if each.name else ""
        title = each.test.title if each.test.address else each.case
        points = f"{each.points:.4g}" if each.name or each.test.points else ""
        yield f"| {_cell(title)} | {points} | {check} | {_cell(said)} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


class _Remarks:
    """What the code of a test gives away."""

    def __init__(self, outcome: Outcome) -> None:
        target = outcome.target
        self._originals = (
            originals_of(target.course.root / "graders" / target.file_name) if outcome.tried else {}
        )

    def of(self, tried: Tried) -> Iterator[str]:
        """Remarks on one test."""
        if not tried.name:
            return
        yield from (said for name, said in GOES_OUT.items() if name in tried.used)
        try:
            source = self._originals[tried.case].source_of(tried.test.address)
            tree = ast.parse(source)
        except (SyntaxError, KeyError, StopIteration):
            return
        if any(map(_prints, ast.walk(tree))):
            yield "it prints what it compares: learners who run it themselves read it there"
        if tried.test.hidden and any(map(_says, ast.walk(tree))):
            yield "it is hidden, and its messages name what it expects: they are withheld"


def _prints(node: ast.AST) -> bool:
    """Whether a node prints more than fixed text."""
    called = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    return called and any(not isinstance(a, ast.Constant) for a in getattr(node, "args", ()))


def _says(node: ast.AST) -> bool:
    return isinstance(node, ast.Assert) and node.msg is not None
