"""The values of NetBox's custom fields, type by type: as text, of which there is one for each value, and as NetBox's JSON.

A sync compares texts, so a value has one text only, whatever the source calls it and however NetBox shows it: "1199.50" and
1199.5 are `1199.5`, "Ja" and true are `true`, two moments that are the same moment are one.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Final, NoReturn

from asset_sync.systems.netbox.custom_fields import CustomField, NotOfType

_SHOWN_MOST = 60
_OPTIONS_SHOWN = 10


def canonical(field: CustomField, text: str) -> str | None:
    """Return a source's text as the text of the value that the field would hold; None where that is no value.

    true, yes, ja and 1, and false, no, nein and 0, in any case, are truth values. A choice is named by its value or its label,
    an object by its id, name or slug; several are parted by commas, or are a JSON list, in any order. A moment without a time
    zone is taken for UTC. Raises `NotOfType`.
    """
    form = _form(field.type)
    value = form.parse(field, text)
    return None if value is None else form.told(value)


def read(custom_type: str, raw: Any) -> str | None:
    """Return a value that NetBox shows as the text of that value; None where it is empty."""
    if raw is None or (custom_type != "json" and raw in ("", [])):
        return None
    return _form(custom_type).told(raw)


def written(custom_type: str, text: str | None) -> Any:
    """Return the JSON that NetBox takes for a text; one that is not of the type goes as it is, for NetBox to refuse."""
    if text is None:
        return None
    try:
        return _form(custom_type).parse(CustomField("", "", custom_type), text)
    except NotOfType:
        return text


@dataclass(frozen=True, slots=True)
class _Form:
    """A type of custom field: from a text to NetBox's JSON, and from JSON to the one text of the value."""

    parse: Callable[[CustomField, str], Any]
    told: Callable[[Any], str]


def _form(custom_type: str) -> _Form:
    return _FORMS.get(custom_type, _TEXT)


def _refuse(text: str, why: str) -> NoReturn:
    shown = text if len(text) <= _SHOWN_MOST else f"{text[: _SHOWN_MOST - 1]}…"
    raise NotOfType(f"{shown!r} {why}")


# Texts.


def _parse_text(field: CustomField, text: str) -> str:
    if field.regex and not re.match(field.regex, text):
        _refuse(text, f"does not match {field.regex}")
    return text


def _tell_text(raw: Any) -> str:
    return raw if isinstance(raw, str) else _tell_json(raw)


# Numbers.

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,40}(\.0+)?")
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]*)?([eE][+-]?[0-9]{1,4})?")
_LEAST, _MOST = -(2**63), 2**63 - 1
"""What goes into a request as a whole number."""
_EXACT_DIGITS: Final = 15
"""As many fit into a floating point number, which is what NetBox makes of a decimal (measured)."""


def _parse_integer(field: CustomField, text: str) -> int:
    if not _INTEGER.fullmatch(text):
        _refuse(text, "is no whole number")
    number = int(text.partition(".")[0])
    if not _LEAST <= number <= _MOST:
        _refuse(text, "is too large a number")
    _check_bounds(field, number, text)
    return number


def _parse_decimal(field: CustomField, text: str) -> float:
    if not _DECIMAL.fullmatch(text):
        _refuse(text, "is no decimal number")
    number = float(text)
    exact = len(text) <= _EXACT_DIGITS and "e" not in text.lower()
    if not exact and not (isfinite(number) and Decimal(repr(number)) == Decimal(text)):
        _refuse(text, "has more digits than NetBox keeps")
    _check_bounds(field, number, text)
    return number


def _check_bounds(field: CustomField, number: float, text: str) -> None:
    if field.minimum is not None and number < field.minimum:
        _refuse(text, f"is less than {field.minimum:g}")
    if field.maximum is not None and number > field.maximum:
        _refuse(text, f"is more than {field.maximum:g}")


def _tell_decimal(raw: Any) -> str:
    """A decimal without bounds may have been stored as a text."""
    try:
        told = repr(float(raw) + 0.0)  # and so -0 is 0
    except ValueError:
        return _tell_text(raw)
    return f"{Decimal(told):f}" if "e" in told else told.removesuffix(".0")


# Truth values.

_WORDS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("true", "yes", "ja", "1"), True),
    **dict.fromkeys(("false", "no", "nein", "0"), False),
}


def _parse_boolean(_field: CustomField, text: str) -> bool:
    truth = _WORDS.get(text.casefold())
    if truth is None:
        _refuse(text, "is neither true nor false")
    return truth


def _tell_boolean(raw: Any) -> str:
    """NetBox keeps a 1 that was sent for true (measured)."""
    return "true" if raw else "false"


# Days and moments.


def _parse_date(_field: CustomField, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        _refuse(text, "is no date (YYYY-MM-DD)")


def _parse_moment(_field: CustomField, text: str) -> str:
    try:
        return _moment(text)
    except (ValueError, OverflowError):
        _refuse(text, "is no date and time (YYYY-MM-DD HH:MM:SS)")


def _tell_moment(raw: Any) -> str:
    try:
        return _moment(str(raw))
    except (ValueError, OverflowError):
        return _tell_text(raw)


def _moment(text: str) -> str:
    told = datetime.fromisoformat(text)
    known = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    return known.isoformat().replace("+00:00", "Z")


# What is chosen: choices, by their values, and objects, by their ids.


def _parse_choice(field: CustomField, text: str) -> str:
    return text if field.options is None else _chosen(field, text)


def _parse_choices(field: CustomField, text: str) -> list[str] | None:
    if field.options is not None and text.casefold() in field.by_name:
        return [_chosen(field, text)]
    return sorted({_parse_choice(field, one) for one in _parted(text)}) or None


def _parse_object(field: CustomField, text: str) -> int:
    if field.options is not None:
        return int(_chosen(field, text))
    if not re.fullmatch(r"[0-9]{1,18}", text):
        _refuse(text, f"is no id, and NetBox has too many objects ({field.related}) to look one up by its name")
    return int(text)


def _parse_objects(field: CustomField, text: str) -> list[int] | None:
    if field.options is not None and text.casefold() in field.by_name:
        return [int(_chosen(field, text))]
    return sorted({_parse_object(field, one) for one in _parted(text)}) or None


def _chosen(field: CustomField, text: str) -> str:
    """Return the option that a text names: by its value or id first, which is nobody else's."""
    options = field.options or {}
    if text in options:
        return text
    found = sorted(field.by_name.get(text.casefold(), ()))
    if not found:
        _refuse(text, f"is none of {_listed(list(options))}" if field.related is None else f"is no {field.related}")
    if len(found) > 1:
        _refuse(text, f"may be {_listed(found)}")
    return found[0]


def _listed(values: list[str]) -> str:
    more = f" and {len(values) - _OPTIONS_SHOWN} more" if len(values) > _OPTIONS_SHOWN else ""
    return ", ".join(values[:_OPTIONS_SHOWN]) + more


def _parted(text: str) -> list[str]:
    try:
        listed = json.loads(text) if text.startswith("[") else None
    except (ValueError, RecursionError):
        listed = None
    parts = listed if isinstance(listed, list) else text.split(",")
    return [one for part in parts if (one := str(part).strip())]


def _tell_choice(raw: Any) -> str:
    """From 4.7 on a choice is shown as {value, label}."""
    return str(raw["value"] if isinstance(raw, dict) else raw)


def _tell_choices(raw: Any) -> str:
    return _tell_json(sorted({_tell_choice(one) for one in raw}))


def _tell_object(raw: Any) -> str:
    return str(raw["id"] if isinstance(raw, dict) else raw)


def _tell_objects(raw: Any) -> str:
    return _tell_json(sorted({int(_tell_object(one)) for one in raw}))


# JSON.


def _parse_json(_field: CustomField, text: str) -> Any:
    try:
        value = json.loads(text, parse_int=_whole, parse_float=_number, parse_constant=_number)
        _tell_json(value).encode()
    except (ValueError, RecursionError):
        _refuse(text, "is no JSON")
    if re.search(r"(?<!\\)(?:\\\\)*\\u0000", text):
        _refuse(text, "has a NUL character, which no database keeps")
    return value


def _tell_json(raw: Any) -> str:
    return json.dumps(_even(raw), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _whole(text: str) -> int:
    number = int(text)
    if not _LEAST <= number <= _MOST:
        raise ValueError("too large a number")
    return number


def _number(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("no number")
    return number


def _even(value: Any) -> Any:
    """Return JSON with each number in one form: whole ones as such, as far as they go into a request."""
    if isinstance(value, dict):
        return {name: _even(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_even(one) for one in value]
    if isinstance(value, float) and value.is_integer() and _LEAST <= value < _MOST:
        return int(value)
    return float(value) if isinstance(value, int) and not _LEAST <= value <= _MOST else value


_TEXT: Final = _Form(_parse_text, _tell_text)
_FORMS: Final[Mapping[str, _Form]] = {
    "integer": _Form(_parse_integer, str),
    "decimal": _Form(_parse_decimal, _tell_decimal),
    "boolean": _Form(_parse_boolean, _tell_boolean),
    "date": _Form(_parse_date, _tell_text),
    "datetime": _Form(_parse_moment, _tell_moment),
    "json": _Form(_parse_json, _tell_json),
    "select": _Form(_parse_choice, _tell_choice),
    "multiselect": _Form(_parse_choices, _tell_choices),
    "object": _Form(_parse_object, _tell_object),
    "multiobject": _Form(_parse_objects, _tell_objects),
}
"""The others are texts, of which NetBox checks no more than the expression: a url need be none (measured)."""
