"""The custom fields of a NetBox: read from it once an extract, and kept beside the inventory as one more table.

Whoever compares a source with the inventory has the table at hand, and asks NetBox nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import orjson
import pandas as pd

from asset_sync.reconcile.errors import ConfigurationError, ValueNotTaken
from asset_sync.reconcile.kinds import Kind
from asset_sync.systems.netbox.api import api
from asset_sync.systems.netbox.client import NetBoxClient, Row
from asset_sync.systems.netbox.custom_fields import CustomField
from asset_sync.systems.netbox.kinds import CUSTOM, custom_name

TABLE: Final = "custom_field"
"""The name of the table in the inventory; no kind has it."""

CustomFields = Mapping[str, Mapping[str, CustomField]]
"""Custom fields by object type (`dcim.device`) and name."""

_OBJECTS_MOST: Final = 10_000
"""Objects of one type that names are looked up among: some seconds of reading."""
_OBJECT_TYPES_SINCE: Final = (4, 4)
_COLUMNS: Final = {
    **dict.fromkeys(("object_type", "name", "type"), "str"),
    **dict.fromkeys(("required", "unique"), "bool"),
    "default": "str",
    **dict.fromkeys(("minimum", "maximum"), "Float64"),
    **dict.fromkeys(("regex", "related", "options"), "str"),
}


def custom_fields(client: NetBoxClient) -> CustomFields:
    """Return all custom fields, without what can be chosen; none for a token that may not see them."""
    return by_type(client.custom_fields())


def by_type(told: Iterable[Row]) -> CustomFields:
    """Return custom fields from their definitions, as NetBox tells them."""
    found: dict[str, dict[str, CustomField]] = {}
    for row in told:
        for object_type in row["object_types"]:
            found.setdefault(object_type, {})[row["name"]] = _from_json(object_type, row)
    return found


def of_kind(kind: Kind, fields: CustomFields) -> Mapping[str, CustomField]:
    """Return the custom fields that objects of a kind have, by name."""
    return fields.get(api(kind).object_type, {})


def types(kind: Kind, fields: CustomFields) -> dict[str, str]:
    """Return the types of the custom fields that objects of a kind have, by name."""
    return {name: field.type for name, field in of_kind(kind, fields).items()}


def mapped_fields(kind: Kind, fields: CustomFields) -> list[CustomField]:
    """Return the custom fields that a kind maps, of those that are there."""
    own = of_kind(kind, fields)
    names = [custom_name(field.name) for field in kind.fields if field.name.startswith(CUSTOM)]
    return [own[name] for name in names if name in own]


def unmapped_required(kind: Kind, fields: CustomFields) -> list[CustomField]:
    """Return the custom fields that NetBox wants filled and that a kind does not map; a facet leaves that to its object."""
    if kind.facet_of:
        return []
    mapped = {field.name for field in kind.fields}
    return [field for field in of_kind(kind, fields).values() if field.required and CUSTOM + field.name not in mapped]


def check_mapped(fields: CustomFields, kinds: Iterable[Kind]) -> None:
    """Raise `ValueNotTaken` for the first mapped custom field that this NetBox does not have on objects of that type."""
    mapped = [(kind, field.name) for kind in kinds for field in kind.fields if field.name.startswith(CUSTOM)]
    for of, name in mapped:
        try:
            check_names(fields, [(api(of).object_type, name)])
        except ConfigurationError as error:
            raise ValueNotTaken(str(error), of.name, name) from None


def check_names(fields: CustomFields, wanted: Iterable[tuple[str, str]]) -> None:
    """Raise `ConfigurationError` for the first custom field (object type and `cf_<name>`) that this NetBox does not have."""
    for object_type, name in wanted:
        own = custom_name(name)
        if own not in fields.get(object_type, {}):
            raise ConfigurationError(
                f"NetBox has no custom field {own!r} on {object_type}: "
                f"create it there, let the token see it, or take {name} out of the mapping"
            )


def with_options(client: NetBoxClient, fields: Iterable[CustomField]) -> list[CustomField]:
    """Return the fields with what can be chosen for each; NetBox is asked for what they need, and once."""
    fields = list(fields)
    sets = _choices(client) if any(field.choice_set is not None for field in fields) else {}
    objects = _objects(client, {field.related for field in fields if field.related is not None})
    return [replace(f, options=sets.get(f.choice_set) if f.related is None else objects.get(f.related)) for f in fields]


def to_table(fields: Iterable[CustomField]) -> pd.DataFrame:
    """Return the fields as a table, a row each; what can be chosen is JSON."""
    rows = [{name: getattr(field, name) for name in _COLUMNS} | {"options": _json(field.options)} for field in fields]
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=dtype) for name, dtype in _COLUMNS.items()})


def from_table(table: pd.DataFrame) -> CustomFields:
    """Return the fields that a table holds."""
    found: dict[str, dict[str, CustomField]] = {}
    plain = table[list(_COLUMNS)].astype(object).where(lambda cells: cells.notna(), None)
    for values in plain.itertuples(index=False, name=None):
        row = dict(zip(_COLUMNS, values, strict=True))
        options = {value: tuple(names) for value, names in orjson.loads(row["options"]).items()} if row["options"] else None
        field = CustomField(**{**row, "options": options})
        found.setdefault(field.object_type, {})[field.name] = field
    return found


def _from_json(object_type: str, row: Row) -> CustomField:
    return CustomField(
        object_type,
        row["name"],
        row["type"]["value"],
        required=row["required"],
        unique=row["unique"],
        default=_json(row["default"]),
        minimum=row["validation_minimum"],
        maximum=row["validation_maximum"],
        regex=row["validation_regex"] or None,
        related=row["related_object_type"],
        choice_set=row["choice_set"] and row["choice_set"]["id"],
    )


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _choices(client: NetBoxClient) -> dict[int | None, dict[str, tuple[str, ...]]]:
    """Return the choices of each set by value; not those of a set with lists of NetBox's own (airports, countries) in it."""
    sets = client.few("extras/custom-field-choice-sets", ("base_choices", "extra_choices"))
    return {row["id"]: {value: (label,) for value, label in row["extra_choices"]} for row in sets if not row["base_choices"]}


def _objects(client: NetBoxClient, types: set[str]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the objects of each type by id, with their names; not those of a type that has too many."""
    if not types or client.version < _OBJECT_TYPES_SINCE:
        return {}
    known = client.few("core/object-types", ("app_label", "model", "rest_api_endpoint"))
    paths = {f"{row['app_label']}.{row['model']}": row["rest_api_endpoint"] for row in known}
    endpoints = {name: _endpoint(paths[name]) for name in sorted(types) if paths.get(name)}
    few = {name: endpoint for name, endpoint in endpoints.items() if client.count(endpoint) <= _OBJECTS_MOST}
    return {name: {str(row["id"]): _names(row) for row in client.rows(endpoint, _NAMES)} for name, endpoint in few.items()}


_NAMES: Final = ("display", "name", "slug")
"""NetBox leaves out those that a type has not (measured)."""


def _names(row: Row) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(row[name]) for name in _NAMES if row.get(name)))


def _endpoint(path: str) -> str:
    """Return where the API has objects, from a path such as /api/dcim/sites/."""
    return path.partition("/api/")[2].strip("/")
