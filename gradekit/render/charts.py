"""Charts for pages, drawn by matplotlib as SVG that takes the page's own colours."""

from __future__ import annotations

import io
import re

from gradekit.overview import Overview

# Stand-ins that become CSS colours, so that charts are readable in light and dark.
INK, BAR = "#010203", "#040506"
COLOURS = {INK: "var(--ink)", BAR: "var(--bar)"}


def score_histogram(overview: Overview) -> str:
    """How many answers earned which share of the points, in ten steps, full marks apart."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    counts = [0] * 11
    for exercise in overview.exercises:
        for fraction in overview.fractions(exercise):
            counts[min(int(fraction * 10 + 1e-9), 10)] += 1
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "gradekit"}):
        figure = Figure(figsize=(5.6, 2.4), layout="constrained")
        axes = figure.add_subplot()
        bars = axes.bar(range(11), counts, color=BAR, width=0.85)
        axes.bar_label(bars, [str(count) if count else "" for count in counts], color=INK)
        labels = [f"{low}-{low + 9}" for low in range(0, 100, 10)] + ["full"]
        axes.set_xticks(range(11), labels, fontsize=8)
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
