"""NetBox, declared: the tables that it tells, and the kinds that can be written to it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

import dagster as dg
import pandas as pd
from pydantic import Field

from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.tables import OBSERVED_COLUMNS, observed_schema
from asset_sync.systems.netbox.addressed import DeviceFilter, interface_addresses
from asset_sync.systems.netbox.checkup import checkup
from asset_sync.systems.netbox.conforming import conform, unready
from asset_sync.systems.netbox.constraining import constrained
from asset_sync.systems.netbox.deletions import deletions
from asset_sync.systems.netbox.extract import Asked, check_choices
from asset_sync.systems.netbox.following import follow
from asset_sync.systems.netbox.journal import tell
from asset_sync.systems.netbox.kinds import CUSTOM, KINDS, declared
from asset_sync.systems.netbox.options import WHOLE_EVERY, WritingOptions
from asset_sync.systems.netbox.own_writes import own_writes
from asset_sync.systems.netbox.pages import page, row_page
from asset_sync.systems.netbox.resource import NetBox
from asset_sync.systems.netbox.source import TABLES, read
from asset_sync.systems.system import Constants, Kept, Observed, OpenFields, Options, Read, System, TargetSide


def _observe(
    netbox: NetBox,
    kinds: Kinds,
    fields: Mapping[str, Mapping[str, Any]],
    constants: Constants,
    kept: Iterable[Kept],
    *,
    whole_every: timedelta = WHOLE_EVERY,
) -> Observed:
    with netbox.client() as client:
        asked = Asked(client, kinds, {name: tuple(fields[name]) for name in kinds}, constants)
        tables, how = follow(asked, kept, whole_every)
        checked = {name: _checked(kind, tables[name]) for name, kind in kinds.items()}
        return Observed({**tables, **checked}, client.tally.read, client.tally.waited, how)


def _viewer(netbox: NetBox) -> str:
    with netbox.client() as client:
        return client.viewer


def _check(netbox: NetBox, kinds: Kinds, constants: Constants) -> None:
    netbox.target(kinds, writable=False)
    with netbox.client() as client:
        check_choices(client, kinds, constants)


def _checked(kind: Kind, observed: Any) -> Any:
    return observed_schema(kind, observed.columns[len(OBSERVED_COLUMNS) :]).validate(observed)


class ChoosingOptions(dg.Model):
    """Which devices NetBox is asked for: those with a value of every list that names any. Slugs; statuses by value, ids."""

    sites: list[str] = Field(default_factory=list, description="Slugs of sites.")
    roles: list[str] = Field(default_factory=list, description="Slugs of roles.")
    types: list[str] = Field(default_factory=list, description="Slugs of device types.")
    tags: list[str] = Field(default_factory=list, description="Slugs of tags.")
    statuses: list[str] = Field(default_factory=list, description="Statuses, by their values.")
    tenants: list[str] = Field(default_factory=list, description="Slugs of tenants.")
    ids: list[str] = Field(default_factory=list, description="Ids of devices.")


def _told_by(options: ChoosingOptions) -> System:
    chosen = DeviceFilter(**options.model_dump())

    def read_chosen(netbox: NetBox, table: str, open_columns: tuple[str, ...]) -> Read:
        with netbox.client() as client:
            return Read(read(client, table, open_columns, chosen), client.tally.read, client.tally.waited)

    return replace(_PLAIN, read=read_chosen)


def _addresses(netbox: NetBox) -> Read:
    with netbox.client() as client:
        found = sorted(interface_addresses(client))
        return Read(pd.DataFrame({"address": found}, dtype="str"), client.tally.read, client.tally.waited)


def _written_by(options: WritingOptions) -> System:
    observed = partial(_observe, whole_every=timedelta(hours=options.read_whole_every_hours))
    side = replace(_SIDE, declared=options.declared, observe=observed, applied=tell if options.journal else None)
    return replace(NETBOX, target=side)


_SIDE: Final = TargetSide(
    KINDS,
    declared,
    _observe,
    OpenFields(CUSTOM, "custom fields"),
    _check,
    conform,
    unready,
    constrained,
    viewer=_viewer,
    deletions=deletions,
    own_writes=own_writes,
    addresses=_addresses,
    page=page,
)
_PLAIN: Final = System(
    "netbox",
    "NetBox",
    "netbox",
    NetBox,
    TABLES,
    target=_SIDE,
    pool="netbox",
    named=True,
    as_source=Options(ChoosingOptions, _told_by, frozenset(ChoosingOptions.model_fields)),
    as_target=Options(WritingOptions, _written_by),
    checkup=checkup,
    page=row_page,
)
NETBOX: Final = _told_by(ChoosingOptions())
