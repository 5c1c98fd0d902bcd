"""Draws what the runs took, as an SVG on a white card, so that it is read on a dark page as well as on a light one."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from asset_sync_tests.bench.beside.race import CHANGED, FIRST, UNCHANGED, Took

_RUNS: Final = (FIRST, CHANGED, UNCHANGED)
_COLOURS: Final = ("#0072b2", "#e69f00", "#999999", "#d55e00")
"""Told apart by people who see no red or green, too: of Okabe and Ito's palette."""
_PANELS: Final[Mapping[str, Callable[[Took], float]]] = {
    "requests to NetBox": lambda took: took.reads + took.writes,
    "seconds": lambda took: took.seconds,
    "peak memory, MiB": lambda took: took.mib,
}
_BAR: Final = 0.2


def draw(runs: Sequence[Took], assets: int, path: Path) -> None:
    """Write a plot of the runs into NetBox to an SVG file: a panel a figure, on scales of powers of ten."""
    mpl.rcParams.update({"svg.hashsalt": "asset_sync", "font.size": 9})
    figure = Figure(figsize=(10, 4.2), layout=ConstrainedLayoutEngine(wspace=0.06), facecolor="white")
    for axes, (title, figure_of) in zip(figure.subplots(1, len(_PANELS), sharey=True), _PANELS.items(), strict=True):
        _panel(axes, runs, title, figure_of)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    figure.supxlabel(f"{assets:,} assets; shorter is better; scales are logarithmic", fontsize=9, color="#555555")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None})


def _panel(axes: Axes, runs: Sequence[Took], title: str, figure_of: Callable[[Took], float]) -> None:
    contestants = [*dict.fromkeys(took.contestant for took in runs)]
    most = max(map(figure_of, runs))
    for at, (contestant, colour) in enumerate(zip(contestants, _COLOURS, strict=True)):
        found = {took.run: figure_of(took) for took in runs if took.contestant == contestant}
        places = [row + (at - (len(contestants) - 1) / 2) * _BAR for row, run in enumerate(_RUNS) if run in found]
        values = [found[run] for run in _RUNS if run in found]
        bars = axes.barh(places, values, _BAR * 0.9, color=colour, label=contestant)
        axes.bar_label(bars, [_told(value) for value in values], padding=3, fontsize=8)
    axes.set_xscale("log")
    # Room for the longest bar's label.
    axes.set_xlim(1, most**1.3)
    axes.set_yticks(range(len(_RUNS)), _RUNS)
    axes.invert_yaxis()
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _told(value: float) -> str:
    return f"{value:.1f}" if isinstance(value, float) and value < 10 else f"{value:,.0f}"
