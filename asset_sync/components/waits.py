"""How long the requests of a run were held back, as the run's metadata tells it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

_WAITED: Final = "throttle_wait/"


def throttle_wait(system: str, seconds: float) -> dict[str, float]:
    """Return the metadata of a step whose requests to a system were held back for so many seconds."""
    return {f"{_WAITED}{system}": round(seconds, 3)}


def throttle_waits(told: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return the seconds by system, of all steps of a run, given their metadata."""
    found: dict[str, float] = {}
    for step in told:
        for name, seconds in step.items():
            if name.startswith(_WAITED):
                system = name.removeprefix(_WAITED)
                found[system] = found.get(system, 0.0) + float(seconds)
    return found
