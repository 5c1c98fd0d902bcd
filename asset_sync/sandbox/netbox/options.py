"""The answer to OPTIONS: the fields a write may have, with their choices."""

import re
from typing import Any

from asset_sync.sandbox.netbox.auth import Action
from asset_sync.sandbox.netbox.http import Context
from asset_sync.sandbox.netbox.registry import Field, ObjectType
from asset_sync.sandbox.netbox.serialize import field_names

_TYPES = {
    "str": "string",
    "color": "string",
    "slug": "slug",
    "int": "integer",
    "float": "decimal",
    "bool": "boolean",
    "date": "date",
    "ref": "nested object",
    "ip": "string",
    "prefix": "string",
    "time": "datetime",
    "count": "integer",
    "choice_pairs": "list",
    "ports": "list",
}
_READ_ONLY = ("count", "computed", "time")


def describe(context: Context, kind: ObjectType, *, single: bool) -> dict[str, Any]:
    """What a client may send to this URL."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", kind.model)
    answer: dict[str, Any] = {
        "name": f"{words} {'Instance' if single else 'List'}",
        "description": "",
        "renders": ["application/json", "text/html"],
        "parses": ["application/json", "multipart/form-data"],
    }
    rights: dict[str, Action] = {"PUT": "change"} if single else {"PUT": "change", "POST": "add"}
    allowed = [method for method, action in rights.items() if context.token.may(action, kind.endpoint)]
    if not kind.read_only and allowed:
        fields = {name: _describe(context, kind, name) for name in field_names(kind)}
        answer["actions"] = dict.fromkeys(allowed, fields)
    return answer


def _describe(context: Context, kind: ObjectType, name: str) -> dict[str, Any]:
    field = kind.field(name)
    if field is None:
        return _entry("integer" if name == "id" else "field", "ID" if name == "id" else _label(name), read_only=True)
    shape = "choice" if field.kind == "choice" and field.plain else _TYPES.get(field.kind, "field")
    fixed = field.kind == "const" and field.default is not None and field.default != []
    read_only = field.kind in _READ_ONLY or field.read_only or fixed
    entry = _entry(shape, _label(name), read_only=read_only)
    entry["required"] = field.required
    return entry | _limits(field) | _choices(context, kind, field)


def _entry(shape: str, label: str, *, read_only: bool) -> dict[str, Any]:
    return {"type": shape, "required": False, "read_only": read_only, "label": label}


def _label(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()


def _limits(field: Field) -> dict[str, Any]:
    limits = {"max_length": field.max_length, "min_value": field.minimum, "max_value": field.maximum}
    return {name: value for name, value in limits.items() if value is not None}


def _choices(context: Context, kind: ObjectType, field: Field) -> dict[str, Any]:
    choices = context.store.choices(kind, field)
    return {"choices": [{"value": value, "display_name": label} for value, label in choices]} if choices else {}
