"""What this NetBox lets exist once beyond what every NetBox does: custom fields that somebody made unique there."""

from dataclasses import replace

from asset_sync.reconcile.kinds import Field, Kind, Kinds, Unique
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.netbox.custom_field_table import TABLE, CustomFields, from_table, mapped_fields
from asset_sync.systems.netbox.kinds import CUSTOM


def constrained(kinds: Kinds, inventory: Tables) -> Kinds:
    """Return the kinds with the mapped custom fields that NetBox keeps unique, by what `observe` read, as constraints."""
    fields = from_table(inventory[TABLE]) if TABLE in inventory else {}
    return {name: _constrained(kind, fields) for name, kind in kinds.items()}


def _constrained(kind: Kind, fields: CustomFields) -> Kind:
    unique = {CUSTOM + field.name: not field.required for field in mapped_fields(kind, fields) if field.unique}
    if not unique:
        return kind
    declared = (_emptied(field, unique) for field in kind.fields)
    return replace(kind, fields=tuple(declared), unique=(*kind.unique, *(Unique((name,)) for name in unique)))


def _emptied(field: Field, unique: dict[str, bool]) -> Field:
    """Return a field as one that may be empty, where it is a custom field of that sort: it gives its value up that way."""
    return replace(field, nullable=True) if unique.get(field.name) else field
