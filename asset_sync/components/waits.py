"""How long the requests of a run were held back, as the run's metadata tells it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from asset_sync.systems.http import current_sharing

_WAITED: Final = "throttle_wait/"
_TOLD_S: Final = 0.1


def throttle_wait(system: str, seconds: float) -> dict[str, float | str]:
    """Return the metadata of a step whose requests to a system were held back for so many seconds, and for which other runs."""
    shared = current_sharing()
    others = shared.waits() if shared else {}
    told = ", ".join(f"{other} ({waited:.1f} s)" for other, waited in others.items() if waited >= _TOLD_S)
    return {f"{_WAITED}{system}": round(seconds, 3), **({"waited_for": told} if told else {})}


def throttle_waits(told: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return the seconds by system, of all steps of a run, given their metadata."""
    found: dict[str, float] = {}
    for step in told:
        for name, seconds in step.items():
            if name.startswith(_WAITED):
                system = name.removeprefix(_WAITED)
                found[system] = found.get(system, 0.0) + float(seconds)
    return found
