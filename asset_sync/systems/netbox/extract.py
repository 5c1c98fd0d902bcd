"""The observed tables of a NetBox: every object of the kinds asked for, with the fields that are needed and no more."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from typing import Any, Final

import orjson
import pandas as pd

from asset_sync.reconcile.errors import ValueNotTaken
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.tables import DTYPES, OBSERVED_COLUMNS, Tables
from asset_sync.systems.netbox import custom_field_table as definitions
from asset_sync.systems.netbox.api import api, in_scope, json_fields, read_value
from asset_sync.systems.netbox.client import READERS, NetBoxClient, Row
from asset_sync.systems.netbox.custom_field_table import CustomFields
from asset_sync.systems.netbox.custom_fields import NotOfType
from asset_sync.systems.netbox.custom_values import canonical
from asset_sync.systems.netbox.kinds import CUSTOM, needed


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is read of a NetBox: kinds with the fields that are needed and no more, and the custom fields that it has.

    `told` are the definitions of those, as NetBox tells them.
    """

    kinds: Kinds
    custom: CustomFields
    told: Sequence[Row]

    def definitions(self, client: NetBoxClient) -> Tables:
        """Return the table of the custom fields that are mapped, or must be filled, where there are any."""
        kinds = self.kinds.values()
        mapped = {(f.object_type, f.name): f for kind in kinds for f in definitions.mapped_fields(kind, self.custom)}
        must = [field for kind in kinds for field in definitions.unmapped_required(kind, self.custom)]
        fields = [*definitions.with_options(client, mapped.values()), *must]
        return {definitions.TABLE: definitions.to_table(fields)} if fields else {}


class Asked:
    """What a sync asks of a NetBox: kinds, of which but those fields are mapped, and values that the mapping names."""

    def __init__(
        self,
        client: NetBoxClient,
        kinds: Kinds,
        fields: Mapping[str, Iterable[str]] | None,
        constants: Mapping[str, Mapping[str, Sequence[str]]],
    ) -> None:
        self.client = client
        self.kinds = {name: kind if fields is None else _narrowed(kind, fields.get(name, ())) for name, kind in kinds.items()}
        self._constants = constants
        self.began = datetime.now(UTC)
        """By this machine's clock."""

    @cached_property
    def key(self) -> str:
        """What tells it from all else that could be asked."""
        names = {name: [field.name for field in kind.fields] for name, kind in self.kinds.items()}
        told = {name: {field: list(values) for field, values in named.items()} for name, named in self._constants.items()}
        return sha256(orjson.dumps([names, told], option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]

    @cached_property
    def checked(self) -> Chosen:
        """What NetBox has of it, as it says itself. Raises `ConfigurationError` for what it does not have."""
        check_choices(self.client, self.kinds, self._constants)
        told = self.client.custom_fields()
        custom = definitions.by_type(told)
        definitions.check_mapped(custom, self.kinds.values())
        return Chosen(self.kinds, custom, told)

    def remembered(self, told: Sequence[Row]) -> Chosen:
        """Return what NetBox has of it by its definitions of the last time, when the same was asked and checked."""
        return Chosen(self.kinds, definitions.by_type(told), told)


def listed_fields(kinds: Kinds) -> dict[str, Sequence[str]]:
    """Return the endpoints where kinds live, each with the JSON fields that are read there."""
    wanted: dict[str, dict[str, None]] = {}
    for kind in kinds.values():
        wanted.setdefault(api(kind).endpoint, {}).update(dict.fromkeys(json_fields(kind)))
    return {endpoint: tuple(names) for endpoint, names in wanted.items()}


def observe(client: NetBoxClient, kinds: Kinds, fields: Mapping[str, Iterable[str]] | None = None) -> Tables:
    """Return the observed table of each kind (see `asset_sync.reconcile.tables`): all objects that the token may see, by id.

    `fields` names the mapped fields by kind; what recognising and retiring need is read with them, and by default all that
    the kinds have. `version` is `last_updated`. Where custom fields matter, a table of them comes too
    (`asset_sync.systems.netbox.custom_field_table`). Raises `TargetError` where a listing is not whole, `ConfigurationError`
    for custom fields that this NetBox does not have.
    """
    chosen = Asked(client, kinds, fields, {}).checked
    wanted = listed_fields(chosen.kinds)
    with ThreadPoolExecutor(READERS, thread_name_prefix="netbox") as pool:
        listings = dict(zip(wanted, pool.map(client.rows, wanted, wanted.values()), strict=True))
    tables = {name: table(kind, listings[api(kind).endpoint], chosen.custom) for name, kind in chosen.kinds.items()}
    return tables | chosen.definitions(client)


def table(kind: Kind, rows: Sequence[Mapping[str, Any]], custom: CustomFields) -> pd.DataFrame:
    """Return the observed table of objects given as JSON; `custom` are the custom fields that this NetBox has."""
    rows = [row for row in rows if in_scope(kind, row)]
    label, types = api(kind).label, definitions.types(kind, custom)
    columns: dict[str, list[Any]] = {
        "id": [str(row["id"]) for row in rows],
        "key": [label(row) or f"#{row['id']}" for row in rows],
        "version": [row.get("last_updated") for row in rows],
        "created": [row.get("created") for row in rows],
        "locked": [api(kind).lock(row) for row in rows],
    }
    columns |= {field.name: [read_value(kind, field, row, types) for row in rows] for field in kind.fields}
    dtypes = dict.fromkeys(OBSERVED_COLUMNS, "str") | {field.name: DTYPES[field.type] for field in kind.fields}
    return pd.DataFrame({name: pd.Series(values, dtype=dtypes[name]) for name, values in columns.items()})


CHOICES: Final = frozenset({"mode", "protocol", "role", "status", "type"})
"""The fields of kinds that NetBox may take but some values of: it is asked for those where a mapping names one."""


def check_choices(client: NetBoxClient, kinds: Kinds, constants: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    """Raise `ConfigurationError` for a value that a mapping names, by kind and field, and that this NetBox does not take.

    The choices of a field, and what a custom field is, are the site's own, so only the server knows them.
    """
    for name, values in constants.items():
        choices = client.choices(api(kinds[name]).endpoint) if CHOICES & values.keys() else {}
        for field, value in ((field, value) for field, named in values.items() for value in named):
            if field in choices and value not in choices[field]:
                known = ", ".join(choices[field])
                told = f"NetBox has no {field} {value!r} for {name}; it has {known}: mend it in the mapping"
                raise ValueNotTaken(told, name, field)
        _check_custom(client, kinds[name], values)


def _check_custom(client: NetBoxClient, kind: Kind, values: Mapping[str, Sequence[str]]) -> None:
    if not any(name.startswith(CUSTOM) for name in values):
        return
    mapped = definitions.mapped_fields(kind, definitions.custom_fields(client))
    for field in definitions.with_options(client, [field for field in mapped if CUSTOM + field.name in values]):
        name = CUSTOM + field.name
        try:
            for value in values[name]:
                canonical(field, value)
        except NotOfType as error:
            raise ValueNotTaken(f"{kind.name}.{name}: {error}: mend it in the mapping", kind.name, name) from None


def _narrowed(kind: Kind, mapped: Iterable[str]) -> Kind:
    wanted = needed(kind, mapped)
    return replace(kind, fields=tuple(field for field in kind.fields if field.name in wanted))
