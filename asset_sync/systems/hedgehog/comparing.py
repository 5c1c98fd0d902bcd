"""What is to be and what is: the objects of a folder beside those of a cluster, or of another folder.

A cluster fills in defaults and notes of its own. So only what is written down is compared: what the folder says nothing of is
no difference, wherever it stands.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from asset_sync.systems.hedgehog.reading import Listing

Listings = Mapping[str, Listing]

_NO_VALUE: Final = object()
_UNTOLD: Final[tuple[Any, ...]] = (None, "", [], {}, False, 0)
"""What a server leaves out as it does what is not there."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An object that is `missing` in the cluster, that is `unplanned` there, or a value that is another one (`differs`).

    `field` is the path of the value within the object, such as `spec.subnets.default.vlan`.
    """

    sort: Literal["missing", "unplanned", "differs"]
    kind: str
    name: str
    field: str = ""
    desired: Any = None
    actual: Any = None


def differences(desired: Listings, actual: Listings) -> list[Difference]:
    """Return in what the actual objects are not the desired ones, by kind; of kinds that nobody desires nothing is said."""
    found: list[Difference] = []
    for kind, listing in desired.items():
        there = actual[kind].objects if kind in actual else {}
        found += [Difference("missing", kind, name) for name in listing.objects if name not in there]
        if listing.objects:
            found += [Difference("unplanned", kind, name) for name in there if name not in listing.objects]
        for name, given in listing.objects.items():
            if name in there:
                values = _values(_written(kind, given), there[name].get("spec"), "spec")
                found += [Difference("differs", kind, name, *each) for each in values]
    return found


def _written(kind: str, given: Mapping[str, Any]) -> Any:
    """Return a spec with what the fabric's webhooks add to it: a switch is in the group that it is redundant in."""
    spec = given.get("spec")
    redundancy = spec.get("redundancy") if isinstance(spec, dict) else None
    group = redundancy.get("group") if isinstance(redundancy, dict) else None
    if kind != "Switch" or not isinstance(spec, dict) or not group:
        return spec
    groups = spec.get("groups")
    return {**spec, "groups": sorted({*(groups if isinstance(groups, list) else ()), group})}


def _values(desired: Any, actual: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(desired, dict) and isinstance(actual, dict):
        for name, value in desired.items():
            yield from _values(value, actual.get(name, _NO_VALUE), f"{path}.{name}")
    elif _are_objects(desired) and _are_objects(actual) and len(desired) == len(actual):
        for number, (one, other) in enumerate(zip(desired, actual, strict=True)):
            yield from _values(one, other, f"{path}[{number}]")
    elif actual is _NO_VALUE:
        if desired not in _UNTOLD:
            yield path, desired, None
    elif _plain(desired) != _plain(actual):
        yield path, desired, actual


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict | list) for each in value)


def _plain(value: Any) -> Any:
    """Return a value as the fabric's webhooks write it: lists of names in order, speeds without `SPEED_` (facts §6)."""
    if isinstance(value, str):
        return value.removeprefix("SPEED_")
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return sorted(map(_plain, value))
    return value
