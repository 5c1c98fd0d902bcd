"""From the body of a write to the row to store."""

from collections.abc import Container
from typing import Any

from asset_sync.sandbox.netbox import custom_fields, rules
from asset_sync.sandbox.netbox.clean import BadValue, clean, reference
from asset_sync.sandbox.netbox.errors import Invalid, invalid
from asset_sync.sandbox.netbox.registry import SCALARS, Field, ObjectType
from asset_sync.sandbox.netbox.store import Store
from asset_sync.sandbox.netbox.table import Row

_TAG_FIELDS = ("tags", "add_tags", "remove_tags")


class EveryField:
    """All fields of an object type: nothing was left out by ?fields= or ?omit=."""

    def __contains__(self, _name: object) -> bool:
        return True


def validate(
    store: Store,
    kind: ObjectType,
    body: Any,
    before: Row | None,
    *,
    row_id: int = 0,
    partial: bool = False,
    fields: Container[str] = EveryField(),
) -> Row:
    """The row that `body` makes of `before` (None: a new one), or Invalid."""
    if not isinstance(body, dict):
        raise invalid("non_field_errors", f"Invalid data. Expected a dictionary, but got {type(body).__name__}.")
    sent = {name: value for name, value in body.items() if name in fields}
    values, errors = _clean_fields(store, kind, sent, partial=partial)
    row = {**(before or _blank(kind, row_id)), **values}
    errors |= _relations(store, kind, sent, before, row)
    errors |= _taken(store, kind, row, values, errors)
    if errors:
        raise Invalid(errors)
    _check_whole(store, kind, row, before)
    return row


def _clean_fields(
    store: Store, kind: ObjectType, sent: dict[str, Any], *, partial: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    values: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for field in kind.fields:
        if field.kind not in SCALARS or field.read_only:
            continue
        if field.name not in sent:
            if field.required and not partial:
                errors[field.name] = ["This field is required."]
            continue
        try:
            values[field.name] = clean(store, kind, field, sent[field.name])
        except BadValue as error:
            errors[field.name] = error.said
    return values, errors


def _blank(kind: ObjectType, row_id: int) -> Row:
    row: Row = {"id": row_id}
    for field in kind.fields:
        if field.kind in SCALARS:
            row[field.name] = _default(field)
        elif field.kind == "tags":
            row["tags"] = ()
        elif field.kind == "custom_fields":
            row["custom_fields"] = {}
    return row


def _default(field: Field) -> Any:
    return [] if field.kind in ("content_types", "choice_pairs") else field.default


def _relations(store: Store, kind: ObjectType, sent: dict[str, Any], before: Row | None, row: Row) -> dict[str, Any]:
    """Put tags and custom fields into `row`; what is wrong with them."""
    errors: dict[str, Any] = {}
    if kind.field("custom_fields"):
        try:
            _put_custom_fields(store, kind, sent, before, row)
        except Invalid as error:
            errors |= error.errors
    if kind.field("tags"):
        try:
            row["tags"] = _tags(store, sent, before)
        except Invalid as error:
            errors |= error.errors
    return errors


def _put_custom_fields(store: Store, kind: ObjectType, sent: dict[str, Any], before: Row | None, row: Row) -> None:
    if "custom_fields" in sent:
        row["custom_fields"] = custom_fields.merge(store, kind, sent["custom_fields"], before and before["custom_fields"])
    elif before is None:
        row["custom_fields"] = {field["name"]: field["default"] for field in store.custom_fields(kind.content_type)}


def _tags(store: Store, sent: dict[str, Any], before: Row | None) -> tuple[int, ...]:
    given = {name: _tag_ids(store, name, sent[name]) for name in _TAG_FIELDS if name in sent}
    added, removed = given.get("add_tags", ()), given.get("remove_tags", ())
    if given.get("tags") and (added or removed):
        raise invalid("tags", 'Cannot specify "tags" together with "add_tags" or "remove_tags".')
    if before is None and removed:
        raise invalid("remove_tags", 'Cannot use "remove_tags" when creating a new object.')
    now = given.get("tags", before["tags"] if before else ())
    kept = [tag for tag in now if tag not in removed]
    names = store.tables["extras/tags"].rows
    return tuple(sorted({*kept, *added}, key=lambda tag: (names[tag]["weight"], names[tag]["name"])))


def _tag_ids(store: Store, name: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise invalid(name, f'Expected a list of items but got type "{type(value).__name__}".')
    try:
        return tuple(reference(store, "extras/tags", one) for one in value)
    except BadValue as error:
        raise invalid(name, str(error)) from None


def _taken(store: Store, kind: ObjectType, row: Row, values: dict[str, Any], errors: dict[str, Any]) -> dict[str, Any]:
    """The fields that must be unique by themselves and are not."""
    if not kind.unique:
        return {}
    return {
        unique.error_field: [unique.message]
        for unique in store.tables[kind.endpoint].conflicts(row)
        if unique.error_field in values and unique.error_field not in errors
    }


def _check_whole(store: Store, kind: ObjectType, row: Row, before: Row | None) -> None:
    _check_stored_choices(store, kind, row)
    rules.apply(store, kind.endpoint, row, before)
    if kind.field("custom_fields"):
        custom_fields.check(store, kind, row)
    broken = [one.message for one in store.tables[kind.endpoint].conflicts(row) if one.message]
    if broken:
        raise Invalid({"__all__": broken})


def _check_stored_choices(store: Store, kind: ObjectType, row: Row) -> None:
    """A value no longer configured is refused by every write, whatever the write is about."""
    for field in kind.fields:
        if field.kind != "choice" or (value := row[field.name]) is None:
            continue
        if all(value != one for one, _ in store.choices(kind, field)):
            raise invalid(field.name, f"Value '{value}' is not a valid choice.")
