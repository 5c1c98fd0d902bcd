"""The ends of cables: lists of what each side is at in NetBox, two interfaces in order in the core (see `Kind.ends`)."""

from collections.abc import Mapping
from typing import Any, Final

from asset_sync.reconcile.ends import in_order
from asset_sync.systems.netbox.endpoints import Pair

SIDES: Final = ("a_terminations", "b_terminations")
_TERMINATION: Final = Pair("termination", "dcim.interface", ("object_type", "object_id"))

Json = Mapping[str, Any]


def is_plain(row: Json) -> bool:
    """Return whether a cable has one end at most on each side; what fans out is no cable between two interfaces."""
    return all(len(row[side]) <= 1 for side in SIDES)


def ends(row: Json) -> tuple[str | None, str | None]:
    """Return the ends of a cable in order: ids of interfaces, foreign objects as "dcim.rearport:2", None for an end that is
    open, or not told."""
    return in_order(_sides(row))


def _sides(row: Json) -> tuple[str | None, str | None]:
    one, other = (_TERMINATION.read(row[side][0]) if row.get(side) else None for side in SIDES)
    return one, other


def written(values: Json, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the JSON of a new cable between the interfaces that the values have under those names."""
    return {side: _written(values[name]) for side, name in zip(SIDES, names, strict=True) if name in values}


def moved(values: Json, names: tuple[str, ...], row: Json) -> dict[str, Any]:
    """Return the JSON that brings a cable from the ends that its row says to those of the values; what stays is not sent."""
    now = dict(zip(names, ends(row), strict=True))
    wanted = [values.get(name, now[name]) for name in names]
    sides = _sides(row)
    staying = next((at for at, end in enumerate(sides) if end is not None and end in wanted), None)
    if staying is None:
        return {side: _written(end) for side, end in zip(SIDES, wanted, strict=True)}
    other = next((end for end in wanted if end != sides[staying]), None)
    return {} if other is None or other == sides[1 - staying] else {SIDES[1 - staying]: _written(other)}


def _written(end: str | None) -> list[dict[str, Any]]:
    return [] if end is None else [_TERMINATION.written(end)]
