"""An explanation in sentences, as the terminal, watch and a screen reader have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradekit.explain.explanation import Explanation, Place
from gradekit.explain.trace import RAISES, Step
from gradekit.texts import counted

SHOWN_STEPS = 12


def sentences(explanation: Explanation, *, gave_up: bool) -> Iterator[str]:
    """What was found, a line each.

    Args:
        gave_up: Say the change itself, and not only where and of what kind it is.
    """
    for fault in explanation.faults:
        yield f"{fault.where}: {fault.change}" if fault.line else f"{fault.change}."
    for number, place in enumerate(each for each in explanation.places if each.gain):
        yield from _told(place, first=number == 0, gave_up=gave_up)
    guesses = [place for place in explanation.places if not place.gain]
    if not explanation.mends and (explanation.tries or not explanation.faults):
        yield _nothing(explanation)
    elif explanation.unmended:
        rest = " and ".join(explanation.unmended)
        yield f"No single small change mends the rest of {rest}."
    if guesses:
        yield from _guessed(guesses)
    if explanation.call:
        yield f"What happens in {explanation.call}:"
        for step in explanation.steps[:SHOWN_STEPS]:
            where = f"cell {step.cell}, line {step.line}" if step.cell else f"line {step.line}"
            yield f"  {step.function}, {where}: {_what(step)}"
        if (more := len(explanation.steps) - SHOWN_STEPS) > 0:
            yield f"  and {more} values more"


def _what(step: Step) -> str:
    if step.name == RAISES:
        return f"raises {step.value}"
    return f"{step.name} = {step.value}" if step.name else f"returns {step.value}"


def _told(place: Place, *, first: bool, gave_up: bool) -> Iterator[str]:
    where = f"in {place.function}" if place.function else "outside of all functions"
    points = counted(place.gain, "point")
    also = "" if first else "or "
    yield f"{also}{place.where}, {where}: {place.change} ({points})"
    if gave_up:
        for line in place.before.splitlines():
            yield f"  - {line.strip()}"
        for line in place.after.splitlines():
            yield f"  + {line.strip()}"


def _guessed(places: Sequence[Place]) -> Iterator[str]:
    """Lines of one function that may be wrong, the likeliest first."""
    first, *others = places
    rest = "".join(f", then {place.where}" for place in others)
    yield f"The checks that fail point at {first.function} ({first.where}{rest}):"
    yield f"  {first.change}"


def _nothing(explanation: Explanation) -> str:
    if explanation.problem:
        return f"No change can be tried: {explanation.problem}"
    if explanation.was_cut and not explanation.tries:
        return "There was no time left to try a change: grading it took all."
    if explanation.was_cut:
        return f"No change mends it among the {explanation.tries} for which there was time."
    if not explanation.tries:
        return "There is nothing yet that a small change could mend."
    return f"No single small change mends it; {explanation.tries} were tried."
