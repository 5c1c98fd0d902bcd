"""NetBox, declared: the tables that it tells, and the kinds that can be written to it."""

from collections.abc import Mapping
from typing import Any, Final

from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.tables import OBSERVED_COLUMNS, observed_schema
from asset_sync.systems.netbox.conforming import conform, unready
from asset_sync.systems.netbox.extract import check_choices, observe
from asset_sync.systems.netbox.kinds import CUSTOM, KINDS, declared
from asset_sync.systems.netbox.resource import NetBox
from asset_sync.systems.netbox.source import TABLES, read
from asset_sync.systems.system import Constants, Observed, OpenFields, Read, System, TargetSide


def _observe(netbox: NetBox, kinds: Kinds, fields: Mapping[str, Mapping[str, Any]], constants: Constants) -> Observed:
    with netbox.client() as client:
        check_choices(client, kinds, constants)
        tables = observe(client, kinds, {name: tuple(fields[name]) for name in kinds})
        checked = {name: _checked(kind, tables[name]) for name, kind in kinds.items()}
        return Observed({**tables, **checked}, client.tally.read)


def _check(netbox: NetBox, kinds: Kinds, constants: Constants) -> None:
    netbox.target(kinds, writable=False)
    with netbox.client() as client:
        check_choices(client, kinds, constants)


def _checked(kind: Kind, observed: Any) -> Any:
    return observed_schema(kind, observed.columns[len(OBSERVED_COLUMNS) :]).validate(observed)


def _read(netbox: NetBox, table: str, open_columns: tuple[str, ...]) -> Read:
    with netbox.client() as client:
        return Read(read(client, table, open_columns), client.tally.read)


NETBOX: Final = System(
    "netbox",
    "NetBox",
    "netbox",
    NetBox,
    TABLES,
    _read,
    TargetSide(KINDS, declared, _observe, OpenFields(CUSTOM, "custom fields"), _check, conform, unready),
    pool="netbox",
    named=True,
)
