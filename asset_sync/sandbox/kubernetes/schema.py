"""Structural schemas: what an object loses, gains and must be before it is stored.

As an API server does: unknown fields and nulls are dropped, defaults are filled in, then the schema is checked. Not covered,
since no file in `crds` uses it: x-kubernetes-validations (CEL), -preserve-unknown-fields and -int-or-string, nullable, list
types. The formats int32 and int64 are not checked: Hedgehog declares them for unsigned numbers.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import datetime
from functools import cache
from typing import Any, Final

import orjson
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from asset_sync.sandbox.kubernetes.kinds import Json, Kind, known

_UNCHECKED: Final = ("apiVersion", "kind", "metadata")
_WORDS: Final = {"required": "FieldValueRequired", "enum": "FieldValueNotSupported", "type": "FieldValueTypeInvalid"}
_FORMATS: Final = FormatChecker(formats=())


@_FORMATS.checks("date-time", ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or bool(datetime.fromisoformat(value))


def conformed(kind: Kind, given: Json) -> Json:
    """A copy without what the schema does not know, and with its defaults. Values of a wrong type are left to `causes`."""
    content = {name: value for name, value in given.items() if name not in _UNCHECKED}
    kept = {name: deepcopy(given[name]) for name in _UNCHECKED if name in given}
    return {**kept, **_conformed(content, kind.schema)}


def causes(kind: Kind, given: Json) -> list[Json]:
    """What the schema has against an object, as the causes of a Status."""
    content = {name: value for name, value in given.items() if name not in _UNCHECKED}
    return [_cause(error) for error in _validator(kind.resource).iter_errors(content)]


@cache
def _validator(resource: str) -> Draft202012Validator:
    return Draft202012Validator(known()[resource].schema, format_checker=_FORMATS)


def _conformed(value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, dict) and schema.get("type") == "object":
        return _conformed_object(value, schema)
    if isinstance(value, list) and "items" in schema:
        return [_conformed(one, schema["items"]) for one in value]
    return value


def _conformed_object(value: Json, schema: Mapping[str, Any]) -> Json:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    found = {
        name: _conformed(one, properties.get(name, others))
        for name, one in value.items()
        if one is not None and (name in properties or others is not None)
    }
    for name, inner in properties.items():
        if name not in found and "default" in inner:
            found[name] = _conformed(deepcopy(inner["default"]), inner)
    return found


def _cause(error: ValidationError) -> Json:
    place = _path(error.absolute_path)
    asked: Any = error.validator_value
    given: Any = error.instance
    if error.validator == "required":
        missing = next(name for name in asked if name not in given)
        place, message = f"{place}.{missing}" if place else missing, "Required value"
    elif error.validator == "enum":
        supported = ", ".join(f'"{value}"' for value in asked)
        message = f"Unsupported value: {_shown(error.instance)}: supported values: {supported}"
    else:
        message = f"Invalid value: {_shown(error.instance)}: {error.message}"
    return {"reason": _WORDS.get(str(error.validator), "FieldValueInvalid"), "message": message, "field": place or "<nil>"}


def _path(parts: Iterable[str | int]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _shown(value: object) -> str:
    return orjson.dumps(value).decode()
