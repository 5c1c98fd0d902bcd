"""What PDQ Connect answers, as tests write it: devices, a dict each; and the mapping of the YAML that comes along."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd
import yaml

from asset_sync.components.declared.mapping import FieldConfig, MadeFrom, sync_mapping
from asset_sync.reconcile.desired import SyncMapping
from asset_sync.reconcile.mapping import PrefixLengths
from asset_sync.reconcile.sources import Source
from asset_sync.systems.pdq import connect, devices
from asset_sync.systems.pdq.system import PDQ
from asset_sync_tests.components.probe import YAML
from asset_sync_tests.systems.scripted import Reply, scripted

Device = dict[str, Any]

_ATTRIBUTES: Final = yaml.safe_load(YAML)["attributes"]
CONFIGURED: Final = {
    kind: {name: FieldConfig.model_validate(field) for name, field in fields.items()}
    for kind, fields in _ATTRIBUTES["mapping"].items()
}
"""The shipped mapping, of both targets."""

ASSET_KINDS: Final = ("manufacturer", "inventory_item_type", "asset")
DEVICE_KINDS: Final = ("manufacturer", *(kind for kind in CONFIGURED if kind not in ASSET_KINDS))


def mapping_of(
    kinds: Mapping[str, Mapping[str, FieldConfig]], prefixes: PrefixLengths | None = None, networks: Iterable[str] = ()
) -> SyncMapping:
    """Return a mapping of PDQ's tables, each kind made from the table that the shipped YAML names."""
    made_from = MadeFrom(PDQ.main, _ATTRIBUTES["tables"])
    return sync_mapping(
        {kind: dict(fields) for kind, fields in kinds.items()}, made_from, {}, prefixes or PrefixLengths(), networks
    )


def source_of(devices: pd.DataFrame) -> Source:
    """Return PDQ's tables as they are made of a device table."""
    return Source(PDQ.tables, {"devices": devices})


def answered(*told: Device) -> pd.DataFrame:
    """Return the device table that is read from an answer with these devices; ids, names and serials where none are given."""
    rows = [{"id": f"d{n}", "name": f"PC{n}", "serialNumber": f"A77{n}", **device} for n, device in enumerate(told)]
    with scripted(Reply({"data": rows, "meta": {"totalPages": 1}})) as script:
        return devices(connect(script.url, "any"))


def adapter(**told: Any) -> Device:
    """Return a network adapter as PDQ Connect lists it."""
    return {"index": 1, "alias": "Ethernet", **told}
