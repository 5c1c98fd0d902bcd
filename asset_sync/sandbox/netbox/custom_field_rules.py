"""The rules of the definitions of custom fields and of their choice sets."""

import re

from asset_sync.sandbox.netbox.custom_fields import WrongValue, check_value
from asset_sync.sandbox.netbox.errors import invalid, server_error
from asset_sync.sandbox.netbox.registry import APP_TITLES
from asset_sync.sandbox.netbox.store import CUSTOM_FIELDS, Store
from asset_sync.sandbox.netbox.table import Row

_NUMBERS = ("integer", "decimal")
_TEXTS = ("text", "longtext", "url")
_CHOSEN = ("select", "multiselect")
_OBJECTS = ("object", "multiobject")


def check_definition(store: Store, row: Row, before: Row | None) -> None:
    """Refuse a definition that the real server refuses."""
    if before is not None and before["type"] != row["type"]:
        raise invalid("type", "Changing the type of custom fields is not supported.")
    if not re.fullmatch("[A-Za-z0-9_]+", row["name"]):
        raise invalid("name", "Only alphanumeric characters and underscores are allowed.")
    if "__" in row["name"]:
        raise invalid("name", "Double underscores are not permitted in custom field names.")
    _check_default(store, row)
    _check_fits(row)


def check_choices(store: Store, row: Row, before: Row | None) -> None:
    """Refuse to take away a choice that an object has."""
    kept = [value for value, _ in row["extra_choices"]]
    gone = [value for value, _ in before["extra_choices"] if value not in kept] if before else []
    for field in store.tables[CUSTOM_FIELDS].rows.values():
        for content_type in field["object_types"] if gone and field["choice_set"] == row["id"] else ():
            _check_unused(store, field, content_type, gone)


def populate(store: Store, field: Row) -> None:
    """Give the default of a new field to the objects that are there."""
    if field["default"] is None:
        return
    for content_type in field["object_types"]:
        endpoint = store.by_content_type[content_type].endpoint
        for row in list(store.tables[endpoint].rows.values()):
            store.put(endpoint, {**row, "custom_fields": {**row["custom_fields"], field["name"]: field["default"]}})


def _check_default(store: Store, row: Row) -> None:
    if row["default"] is None:
        return
    try:
        check_value(store, row, row["default"])
    except WrongValue as error:
        raise invalid("default", f'Invalid default value "{row["default"]}": {error}') from None
    except TypeError as error:
        raise server_error(str(error), "TypeError", store.versions) from None


def _check_fits(row: Row) -> None:
    """Refuse what does not go with the type."""
    kind = row["type"]
    for name, words in (("validation_minimum", "minimum"), ("validation_maximum", "maximum")):
        if row[name] and kind not in _NUMBERS:
            raise invalid(name, f"A {words} value may be set only for numeric fields")
    if row["validation_regex"] and kind not in _TEXTS:
        raise invalid("validation_regex", "Regular expression validation is supported only for text and URL fields")
    if row["unique"] and kind == "boolean":
        raise invalid("unique", "Uniqueness cannot be enforced for boolean fields")
    if kind in _CHOSEN and row["choice_set"] is None:
        raise invalid("choice_set", "Selection fields must specify a set of choices.")
    if kind not in _CHOSEN and row["choice_set"] is not None:
        raise invalid("choice_set", "Choices may be set only on selection fields.")
    if kind in _OBJECTS and row["related_object_type"] is None:
        raise invalid("related_object_type", "Object fields must define an object type.")


def _check_unused(store: Store, field: Row, content_type: str, gone: list[str]) -> None:
    kind = store.by_content_type[content_type]
    values = [row["custom_fields"].get(field["name"]) for row in store.tables[kind.endpoint].rows.values()]
    used = {one for value in values for one in (value if isinstance(value, list) else [value])}
    for choice in gone:
        if choice in used:
            app = content_type.partition(".")[0]
            words = f"{APP_TITLES.get(app, app.title())} | {kind.name}"
            raise invalid("__all__", f"Cannot remove choice {choice} as there are {words} objects which reference it.")
