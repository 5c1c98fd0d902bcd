"""Small charts: bars as SVG, made here, so that a page needs no script for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

HEIGHT: Final = 32
_STEP: Final = 8
_BAR: Final = 6
_LOWEST: Final = 1
NOT_YET: Final = "no run has told yet"


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart, in its units."""

    x: int
    y: float
    width: int
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of values in their order; `label` tells them to who does not see it, `told` is the last value."""

    width: int
    height: int
    what: str
    told: str
    label: str
    bars: Sequence[Bar]


def bars(values: Sequence[float], what: str) -> Chart:
    """Return a chart of values that are not negative: the highest is as high as the chart, and none is left out."""
    if not values:
        return Chart(_STEP, HEIGHT, what, NOT_YET, f"{what}: {NOT_YET}", [])
    top = max(values)
    heights = [max(_LOWEST, HEIGHT * value / top) if top else _LOWEST for value in values]
    drawn = [Bar(at * _STEP, round(HEIGHT - height, 1), _BAR, round(height, 1)) for at, height in enumerate(heights)]
    told = f"{round(values[-1], 1):,}"
    label = f"{what} of the last {len(values)} runs: {told} at last, {round(top, 1):,} at most"
    return Chart(len(values) * _STEP, HEIGHT, what, told, label, drawn)
