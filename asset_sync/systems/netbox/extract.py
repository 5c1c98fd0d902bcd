"""The observed tables of a NetBox: every object of the kinds asked for, with the fields that are needed and no more."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pandas as pd

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.tables import DTYPES, OBSERVED_COLUMNS, Tables
from asset_sync.systems.netbox.client import NetBoxClient
from asset_sync.systems.netbox.kinds import CUSTOM, api, custom_name, in_scope, json_fields, needed, read_value

_READERS = 4
"""Requests at a time: twice the speed of one on the server measured, and no gain beyond its cores."""


def observe(client: NetBoxClient, kinds: Kinds, fields: Mapping[str, Iterable[str]] | None = None) -> Tables:
    """Return the observed table of each kind (see `asset_sync.reconcile.tables`): all objects that the token may see, by id.

    `fields` names the mapped fields by kind; what recognising and retiring need is read with them, and by default all that
    the kinds have. `version` is `last_updated`. Raises `TargetError` where a listing is not whole, `ConfigurationError` for
    custom fields that this NetBox does not have.
    """
    chosen = {name: kind if fields is None else _narrowed(kind, fields.get(name, ())) for name, kind in kinds.items()}
    check_custom_fields(client, chosen)
    wanted: dict[str, dict[str, None]] = {}
    for kind in chosen.values():
        wanted.setdefault(api(kind).endpoint, {}).update(dict.fromkeys(json_fields(kind)))
    with ThreadPoolExecutor(_READERS, thread_name_prefix="netbox") as pool:
        listings = dict(zip(wanted, pool.map(client.rows, wanted, wanted.values()), strict=True))
    return {name: table(kind, listings[api(kind).endpoint]) for name, kind in chosen.items()}


def table(kind: Kind, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the observed table of objects given as JSON."""
    rows = [row for row in rows if in_scope(kind, row)]
    label = api(kind).label
    columns: dict[str, list[Any]] = {
        "id": [str(row["id"]) for row in rows],
        "key": [label(row) or f"#{row['id']}" for row in rows],
        "version": [row.get("last_updated") for row in rows],
        "created": [row.get("created") for row in rows],
        "locked": [api(kind).lock(row) for row in rows],
    }
    columns |= {field.name: [read_value(kind, field, row) for row in rows] for field in kind.fields}
    types = dict.fromkeys(OBSERVED_COLUMNS, "str") | {field.name: DTYPES[field.type] for field in kind.fields}
    return pd.DataFrame({name: pd.Series(values, dtype=types[name]) for name, values in columns.items()})


def check_custom_fields(client: NetBoxClient, kinds: Kinds) -> None:
    """Raise `ConfigurationError` for custom fields that this NetBox does not have on objects of that type."""
    check_custom_names(
        client, [(api(kind).object_type, f.name) for kind in kinds.values() for f in kind.fields if f.name.startswith(CUSTOM)]
    )


def check_custom_names(client: NetBoxClient, wanted: Sequence[tuple[str, str]]) -> None:
    """Raise `ConfigurationError` for the first custom field (object type and `cf_<name>`) that this NetBox does not have."""
    there = client.custom_fields() if wanted else {}
    for object_type, name in wanted:
        own = custom_name(name)
        if own not in there.get(object_type, {}):
            raise ConfigurationError(
                f"NetBox has no custom field {own!r} on {object_type}: create it there, or take {name} out of the mapping"
            )


def check_choices(client: NetBoxClient, kinds: Kinds, constants: Mapping[str, Mapping[str, str]]) -> None:
    """Raise `ConfigurationError` for a constant, by kind and field, that is not among the choices this NetBox gives.

    The choices are the site's own to extend, so only the server knows them.
    """
    for name, values in constants.items():
        choices = client.choices(api(kinds[name]).endpoint)
        for field, value in values.items():
            if field in choices and value not in choices[field]:
                known = ", ".join(choices[field])
                raise ConfigurationError(f"NetBox has no {field} {value!r} for {name}; it has {known}: mend it in the mapping")


def _narrowed(kind: Kind, mapped: Iterable[str]) -> Kind:
    wanted = needed(kind, mapped)
    return replace(kind, fields=tuple(field for field in kind.fields if field.name in wanted))
