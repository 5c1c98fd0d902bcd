"""The table `objects`: everything that a fabric's cluster has of the kinds that are read, without what is secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import pandas as pd

from asset_sync.reconcile.sources import Column, SourceTable
from asset_sync.systems.hedgehog.reading import Listing
from asset_sync.systems.hedgehog.tables.values import Json, part

AGENT: Final = "Agent"
_OBJECT: Final = "object"
_NOT_KEPT: Final = ("managedFields", "annotations")
"""Of metadata: who wrote what when, and what was applied last, which has the whole object in it once more."""
_OF_NOS: Final = ("serialNumber", "softwareVersion", "mfgName", "platformName", "hwskuVersion")
_OF_INTERFACE: Final = ("enabled", "admin", "oper", "mac", "speed", "lldpNeighbors")
_OF_TRANSCEIVER: Final = ("serial", "vendor", "vendorPart", "vendorRev", "formFactor", "cable", "connType", "length", "descr")


def object_rows(fabric: str, listings: Mapping[str, Listing]) -> pd.DataFrame:
    """Return the table `objects` of what was read of a fabric. What is being deleted is still there.

    Of an Agent no more is kept than tables are made of: it holds its users' password hashes and keys and a registry's
    password, and what moves with every heartbeat.
    """
    rows = [
        {"id": f"{kind}/{name}", "fabric": fabric, "kind": kind, "name": name, _OBJECT: _written(kind, found)}
        for kind, listing in listings.items()
        for name, found in listing.objects.items()
    ]
    return pd.DataFrame(rows, columns=list(OBJECTS.names)).astype("str")


def _written(kind: str, found: Json) -> str:
    kept = _of_agent(found) if kind == AGENT else _whole(found)
    return orjson.dumps(kept, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()


def _whole(found: Json) -> Json:
    kept = {name: value for name, value in part(found, "metadata").items() if name not in _NOT_KEPT}
    return {**found, "metadata": kept}


def _of_agent(found: Json) -> Json:
    spec, state = part(found, "spec"), part(found, "status", "state")
    config = part(spec, "config")
    return {
        "spec": {
            "catalog": _some(part(spec, "catalog"), ("portChannelIDs",)),
            "config": _some(config, ("fabricMTU", "serverFacingMTUOffset")),
        },
        "status": {
            "state": {
                "nos": _some(part(state, "nos"), _OF_NOS),
                "interfaces": {name: _some(each, _OF_INTERFACE) for name, each in part(state, "interfaces").items()},
                "transceivers": {name: _some(each, _OF_TRANSCEIVER) for name, each in part(state, "transceivers").items()},
            }
        },
    }


def _some(found: Any, names: tuple[str, ...]) -> Json:
    return {name: found[name] for name in names if name in found} if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Told:
    """What a fabric tells of some kinds: the `spec` of each object, by kind and name, and of Agents the `state`, too."""

    specs: Mapping[str, Mapping[str, Json]]
    states: Mapping[str, Json]

    def of(self, kind: str) -> Mapping[str, Json]:
        """Return the specs of a kind's objects, by name."""
        return self.specs.get(kind, {})

    def spec(self, kind: str, name: Any) -> Json:
        """Return the spec of an object, {} where there is none of that name."""
        return self.of(kind).get(name, {}) if isinstance(name, str) else {}


def told(objects: pd.DataFrame, kinds: tuple[str, ...]) -> Told:
    """Return what the table `objects` has of those kinds: the others are not parsed."""
    rows = objects[objects["kind"].isin(kinds)]
    specs: dict[str, dict[str, Json]] = {}
    states: dict[str, Json] = {}
    for kind, name, document in zip(*(rows[column].to_list() for column in ("kind", "name", _OBJECT)), strict=True):
        found = orjson.loads(document)
        specs.setdefault(kind, {})[name] = part(found, "spec")
        if kind == AGENT:
            states[name] = part(found, "status", "state")
    return Told(specs, states)


OBJECTS: Final = SourceTable(
    "objects",
    "Every object of the fabric's cluster that is read; of Agents only what is used, nothing of it secret.",
    (
        Column("id", "Switch/leaf-01"),
        Column("fabric", "the connection's name"),
        Column("kind", "Switch, Connection, VPC …"),
        Column("name"),
        Column(_OBJECT, "the whole of it, JSON"),
    ),
)
