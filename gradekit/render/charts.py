"""Charts for pages, drawn by matplotlib as SVG that takes the page's own colours."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

from markupsafe import Markup

from gradekit.overview import Overview

# Stand-ins that become CSS colours, so that charts are readable in light and dark.
INK, BAR = "#010203", "#040506"
COLOURS = {INK: "var(--ink)", BAR: "var(--bar)"}
LABELS = [f"{low}-{low + 9}" for low in range(0, 100, 10)] + ["full"]
SMALL = 32  # height of a small histogram


def shares(fractions: Iterable[float]) -> list[int]:
    """How many earned which share of the points, in ten steps, full marks apart."""
    counts = [0] * len(LABELS)
    for fraction in fractions:
        counts[min(int(fraction * 10 + 1e-9), 10)] += 1
    return counts


def bars(fractions: Iterable[float]) -> Markup:
    """The same as a small picture for a row of a table: one of matplotlib's would weigh 6 KB."""
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


def score_histogram(overview: Overview) -> str:
    """How many answers of all exercises earned which share of the points."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    counts = shares(share for each in overview.exercises for share in overview.fractions(each))
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "gradekit"}):
        figure = Figure(figsize=(5.6, 2.4), layout="constrained")
        axes = figure.add_subplot()
        bars = axes.bar(range(11), counts, color=BAR, width=0.85)
        axes.bar_label(bars, [str(count) if count else "" for count in counts], color=INK)
        axes.set_xticks(range(11), LABELS, fontsize=8)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
        axes.set_ylabel("answers")
        axes.set_xlabel("% of the points")
        axes.margins(y=0.15)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=INK)
        axes.xaxis.label.set_color(INK)
        axes.yaxis.label.set_color(INK)
        for spine in axes.spines.values():
            spine.set_color(INK)
        return _svg(figure, "How many answers earned which share of the points")


def _svg(figure: object, title: str) -> str:
    """The figure as inline SVG with a name for screen readers."""
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})  # type: ignore[attr-defined]
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    for stand_in, colour in COLOURS.items():
        svg = svg.replace(stand_in, colour)
    # Sized by the page.
    svg = re.sub(r'(<svg [^>]*?)width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg [^>]*?)height="[^"]*"', r"\1", svg, count=1)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
