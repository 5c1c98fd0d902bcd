"""The table `objects`: everything that a fabric's cluster has of the kinds that are read, without what is secret."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import orjson
import pandas as pd

from asset_sync.reconcile.sources import Column, SourceTable
from asset_sync.systems.hedgehog.reading import Listing
from asset_sync.systems.hedgehog.tables.values import Json, part

Ids = Mapping[str, str]
"""The ids of objects, by `<Kind>/<name>`."""
NO_IDS: Final[Ids] = MappingProxyType({})
AGENT: Final = "Agent"
_OBJECT: Final = "object"
_NOT_KEPT: Final = ("managedFields", "annotations")
"""Of metadata: who wrote what when, and what was applied last, which has the whole object in it once more."""
_OF_NOS: Final = ("serialNumber", "softwareVersion", "mfgName", "platformName", "hwskuVersion")
_OF_INTERFACE: Final = ("enabled", "admin", "oper", "mac", "speed", "lldpNeighbors")
_OF_TRANSCEIVER: Final = ("serial", "vendor", "vendorPart", "vendorRev", "formFactor", "cable", "connType", "length", "descr")


def object_rows(fabric: str, listings: Mapping[str, Listing], ids: Ids = NO_IDS) -> pd.DataFrame:
    """Return the table `objects` of what was read of a fabric, trimmed. What is being deleted is still there.

    `ids` are those by which objects are known for good (see `known_ids`), where that is not by their names.
    """
    rows = [
        {"id": ids.get(f"{kind}/{name}", f"{kind}/{name}"), "fabric": fabric, "kind": kind, "name": name, _OBJECT: _json(found)}
        for kind, listing in trimmed(listings).items()
        for name, found in listing.objects.items()
    ]
    return pd.DataFrame(rows, columns=list(OBJECTS.names)).astype("str")


def _json(found: Json) -> str:
    return orjson.dumps(found, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()


def trimmed(listings: Mapping[str, Listing]) -> dict[str, Listing]:
    """Return listings with what tables are made of, and nothing that is secret.

    Of an Agent no more is kept than is used: it holds its users' password hashes and keys and a registry's password, and what
    moves with every heartbeat.
    """
    return {
        kind: replace(listing, objects={name: _trimmed(kind, found) for name, found in listing.objects.items()})
        for kind, listing in listings.items()
    }


def _trimmed(kind: str, found: Json) -> dict[str, Any]:
    return _of_agent(found) if kind == AGENT else _whole(found)


def _whole(found: Json) -> dict[str, Any]:
    kept = {name: value for name, value in part(found, "metadata").items() if name not in _NOT_KEPT}
    return {**found, "metadata": kept}


def _of_agent(found: Json) -> dict[str, Any]:
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
    ids: Ids

    def of(self, kind: str) -> Mapping[str, Json]:
        """Return the specs of a kind's objects, by name."""
        return self.specs.get(kind, {})

    def server(self, name: str) -> str:
        """Return the key of a server, which it keeps when it is renamed."""
        return f"server/{self.ids.get(f'Server/{name}', f'Server/{name}').partition('/')[2]}"

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
    names = rows["kind"] + "/" + rows["name"]
    return Told(specs, states, dict(zip(names, rows["id"], strict=True)))


OBJECTS: Final = SourceTable(
    "objects",
    "Every object of the fabric's cluster that is read; of Agents only what is used, nothing of it secret.",
    (
        Column("id", "Switch/leaf-01; a renamed server has that of its first name"),
        Column("fabric", "the connection's name"),
        Column("kind", "Switch, Connection, VPC …"),
        Column("name"),
        Column(_OBJECT, "the whole of it, JSON"),
    ),
)
