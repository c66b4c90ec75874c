"""Charts for pages, as SVG that takes the page's own colours.

Written here, since a few bars need no library: importing matplotlib and drawing them with it took
0.35 s of CPU time a class, as much as grading twenty-five answers.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from gradekit.overview import Overview

LABELS = [f"{low}-{low + 9}" for low in range(0, 100, 10)] + ["full"]
SMALL = 32  # height of a small histogram
HEIGHT, LEFT, WIDE = 150, 50, 44  # of the large one: height, place of the axis, room of a bar


def shares(fractions: Iterable[float]) -> list[int]:
    """How many earned which share of the points, in ten steps, full marks apart."""
    counts = [0] * len(LABELS)
    for fraction in fractions:
        counts[min(int(fraction * 10 + 1e-9), 10)] += 1
    return counts


def bars(fractions: Iterable[float]) -> Markup:
    """The same as a small picture for a row of a table."""
    counts = shares(fractions)
    told = ", ".join(
        f"{count} with {label}" for label, count in zip(LABELS, counts, strict=True) if count
    )
    heights = [round(SMALL * count / max(*counts, 1), 1) for count in counts]
    drawn = "".join(
        f'<rect x="{12 * place}" y="{SMALL - height:g}" width="10" height="{height:g}"/>'
        for place, height in enumerate(heights)
    )
    return Markup(
        f'<svg class="bars" role="img" viewBox="0 0 130 {SMALL + 1}" '
        f'aria-label="% of the points: {told}">'
        f'{drawn}<path d="M0 {SMALL + 0.5}H130"/></svg>'
    )


def score_histogram(overview: Overview) -> Markup:
    """How many answers of all exercises earned which share of the points."""
    counts = shares(share for each in overview.exercises for share in overview.fractions(each))
    step = _step(max(counts))
    unit = HEIGHT / (1.15 * max(*counts, step))  # of length, for one answer
    parts = [_mark(LEFT - 6, HEIGHT - unit * n, n, "end") for n in range(0, max(counts) + 1, step)]
    for place, (count, label) in enumerate(zip(counts, LABELS, strict=True)):
        left, high = LEFT + 6 + WIDE * place, unit * count
        middle = left + 0.42 * WIDE
        parts.append(
            f'<rect x="{left}" y="{HEIGHT - high:.1f}" width="{0.85 * WIDE:.1f}" '
            f'height="{high:.1f}"/>'
        )
        parts.append(_mark(middle, HEIGHT + 16, label))
        if count:
            parts.append(_mark(middle, HEIGHT - high - 9, count))
    width = LEFT + 6 + WIDE * len(counts)
    parts.append(_mark((LEFT + width) / 2, HEIGHT + 36, "% of the points"))
    turned = f'transform="translate(12 {HEIGHT / 2}) rotate(-90)"'
    parts.append(f'<text {turned} text-anchor="middle">answers</text>')
    return Markup(
        f'<svg class="scores" role="img" viewBox="0 0 {width} {HEIGHT + 44}" '
        'aria-label="How many answers earned which share of the points">'
        f'<path d="M{LEFT} 0V{HEIGHT}H{width}"/>{"".join(parts)}</svg>'
    )


def _mark(x: float, y: float, text: object, anchor: str = "middle") -> str:
    """A number or word in the histogram, at the height of its middle."""
    return f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}">{text}</text>'


def _step(most: int) -> int:
    """Between the numbers at the axis: 1, 2 or 5 times a power of ten, so that there are few."""
    size = 1
    while most > 40 * size:
        size *= 10
    return next(size * each for each in (1, 2, 5, 10) if most <= 4 * size * each)
