"""What a source wants, as this NetBox takes it: lists, and custom fields by their types, without asking NetBox anything."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.references import Waiting
from asset_sync.reconcile.tables import Tables, called_at, filled, text
from asset_sync.systems.netbox.custom_field_table import TABLE, CustomFields, from_table, mapped_fields, unmapped_required
from asset_sync.systems.netbox.custom_fields import CustomField, NotOfType
from asset_sync.systems.netbox.custom_values import canonical
from asset_sync.systems.netbox.fabric_kinds import VID_RANGES, vid_ranges
from asset_sync.systems.netbox.kinds import CUSTOM
from asset_sync.systems.netbox.virtual_kinds import PORTS, port_numbers

_PARSERS: Final[Mapping[str, Callable[[str], object]]] = {PORTS: port_numbers, VID_RANGES: vid_ranges}
"""What reads the lists that fields have as one text; it raises `ValueError` for what is none."""
_REFUSED: Final = ("source_key", "field", "value", "reason")
_OTHERS_SHOWN: Final = 3


def conform(kinds: Kinds, desired: Tables, inventory: Tables) -> tuple[Tables, Tables]:
    """Return the desired tables with every custom field's value as NetBox would show it, and what NetBox would not take.

    `inventory` is what `asset_sync.systems.netbox.observe` read. A value that is not of its field's type, or that two records
    have of a field that NetBox keeps unique, is missing from the first, and a row of the second (by kind: source_key, field,
    value, reason, all of them text); so is what names no ports, or no VLAN ids.
    """
    fields = _fields(inventory)
    conformed, refused = dict(desired), {}
    for name, kind in kinds.items():
        columns, refusals = _conformed(desired[name], mapped_fields(kind, fields))
        for listed in [field.name for field in kind.fields if field.name in _PARSERS]:
            told = _each_once(text(desired[name][listed]), partial(_parsed, _PARSERS[listed]))
            columns[listed], none = _told(desired[name], listed, *told)
            refusals += none
        conformed[name] = desired[name].assign(**columns)
        if refusals:
            refused[name] = pd.DataFrame(refusals, columns=list(_REFUSED), dtype="str")
    return conformed, refused


def unready(kinds: Kinds, desired: Tables, inventory: Tables) -> Waiting:
    """Return the records that NetBox would not let be created, by kind and source key, each with the field it lacks.

    `desired` is what `conform` returned. A custom field that has a default in NetBox is never lacking.
    """
    fields = _fields(inventory)
    waiting = {name: _unready(kind, desired[name], fields) for name, kind in kinds.items()}
    return {name: records for name, records in waiting.items() if records}


def _fields(inventory: Tables) -> CustomFields:
    return from_table(inventory[TABLE]) if TABLE in inventory else {}


_Refusal = tuple[str, str, str, str]


def _conformed(desired: pd.DataFrame, fields: list[CustomField]) -> tuple[dict[str, pd.Series], list[_Refusal]]:
    columns: dict[str, pd.Series] = {}
    refusals: list[_Refusal] = []
    for field in fields:
        name = CUSTOM + field.name
        wanted = text(desired[name])
        values, reasons = (wanted, {}) if field.takes_any_text else _each_once(wanted, partial(_canonical, field))
        if field.unique:
            values, shared = _alone(desired, values)
            reasons |= shared
        columns[name], told = _told(desired, name, values, reasons)
        refusals += told
    return columns, refusals


def _told(desired: pd.DataFrame, name: str, values: pa.Array, reasons: Mapping[int, str]) -> tuple[pd.Series, list[_Refusal]]:
    """Return the values as a column, and a refusal for each row that has a reason."""
    wanted, keys = text(desired[name]), text(desired["source_key"])
    refusals = [(keys[row].as_py(), name, wanted[row].as_py(), reasons[row]) for row in sorted(reasons)]
    return pd.Series(pd.array(values, dtype="str"), index=desired.index), refusals


def _parsed(parse: Callable[[str], object], value: str) -> tuple[str | None, str | None]:
    try:
        parse(value)
    except ValueError as error:
        return None, str(error)
    return value, None


def _each_once(wanted: pa.Array, judge: Callable[[str], tuple[str | None, str | None]]) -> tuple[pa.Array, dict[int, str]]:
    """Return the values as they are judged, and by row why one is none; each value is looked at once, on however many rows."""
    encoded = pc.dictionary_encode(wanted)
    values: list[str | None] = []
    reasons: list[str | None] = []
    for one in encoded.dictionary.to_pylist():
        value, reason = judge(one)
        values.append(value)
        reasons.append(reason)
    told = pa.array(reasons, pa.large_string()).take(encoded.indices)
    rows = np.flatnonzero(filled(told)) if any(reasons) else ()
    return pa.array(values, pa.large_string()).take(encoded.indices), {int(row): told[row].as_py() for row in rows}


def _canonical(field: CustomField, value: str) -> tuple[str | None, str | None]:
    try:
        return canonical(field, value), None
    except NotOfType as error:
        return None, str(error)


def _alone(desired: pd.DataFrame, values: pa.Array) -> tuple[pa.Array, dict[int, str]]:
    """Take out the values that several records have: out of one bulk write NetBox would store them all (measured)."""
    many = pd.Series(pd.array(values, dtype="str")).duplicated(keep=False).to_numpy() & filled(values)
    holders: dict[str, list[int]] = {}
    for row in np.flatnonzero(many).tolist():
        holders.setdefault(values[row].as_py(), []).append(row)
    reasons = {row: _also(desired, value, rows, row) for value, rows in holders.items() for row in rows}
    return pc.if_else(pa.array(many), pa.scalar(None, values.type), values), reasons


def _also(desired: pd.DataFrame, value: str, rows: list[int], own: int) -> str:
    others = sorted(called_at(desired, row) for row in rows[: _OTHERS_SHOWN + 1] if row != own)[:_OTHERS_SHOWN]
    return f"{value!r} is also on {', '.join(others)}, and NetBox keeps the field unique"


def _unready(kind: Kind, desired: pd.DataFrame, fields: CustomFields) -> dict[str, str]:
    waiting: dict[str, str] = {}
    if any(field.name == PORTS for field in kind.fields):
        portless = desired["source_key"][~filled(desired[PORTS])]
        waiting |= dict.fromkeys(portless, "NetBox requires ports, and the record has none that it takes")
    for field in mapped_fields(kind, fields):
        if field.required and field.default is None:
            empty = desired["source_key"][~filled(desired[CUSTOM + field.name])]
            waiting |= dict.fromkeys(
                empty, f"NetBox requires the custom field {field.name}, and the record has no value for it"
            )
    for field in unmapped_required(kind, fields):
        if field.default is None:
            told = f"NetBox requires the custom field {field.name}: map {CUSTOM}{field.name}, or give it a default there"
            waiting |= dict.fromkeys(desired["source_key"], told)
    return waiting
