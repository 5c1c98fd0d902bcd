"""JSON of Snipe-IT's API as values for PostgreSQL: text, numbers and JSON text, in the form that COPY takes.

Each function takes what stands under a key and returns a value or None; it raises `Unreadable` for what it does not know,
and then the raw value is kept beside the row. Sources: facts/snipeit.md, "Value quirks" (the transformers of v8.1.4).
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import orjson

Row = Mapping[str, Any]

_ENTITIES: Final = {"&amp;": "&", "&quot;": '"', "&#039;": "'", "&lt;": "<", "&gt;": ">"}
_ENTITY: Final = re.compile("|".join(_ENTITIES))
_MONEY: Final = re.compile(r"(-?)([\d.,' \u00a0\u202f]*?)(?:[.,](\d{1,2}))?")
_MONTHS: Final = re.compile(r"(\d+)\b\D*")
_FIELD_ID: Final = re.compile(r"_(\d+)$")

MASKED_KEY: Final = "------------"
"""What stands in the place of a product key that the token may not see."""
MASKED_FIELD: Final = frozenset({"ENCRYPTED", "VERSCHLüSSELT", "CHIFFRé", "ENCRIPTADO", "VERSLEUTELD"})
"""What stands in the place of an encrypted custom field, in the language of the token's user.

Source: AssetsTransformer and resources/lang of snipe/snipe-it; PHP puts ASCII letters alone in capitals.
"""


class Unreadable(ValueError):
    """A value of a form that is not known."""


def text(value: object) -> str | None:
    """Return text with Laravel's five entities undone exactly once; the empty text is None, as Snipe-IT mixes the two."""
    if isinstance(value, str):
        if "&" in value:
            value = _ENTITY.sub(lambda found: _ENTITIES[found[0]], value)
        # PostgreSQL stores no null character.
        return value.replace("\x00", "") or None
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    raise Unreadable


def word(value: object) -> str | None:
    """Return text in lower case: a category's type is a word for people, such as `Asset`."""
    found = text(value)
    return found and found.lower()


def integer(value: object) -> int | None:
    """Return a whole number, also one written as text."""
    if value is None or value == "":
        return None
    try:
        return int(value)  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError):
        raise Unreadable from None


def flag(value: object) -> bool | None:
    """Return whether; some flags come as 0 and 1."""
    if value is None or value == "":
        return None
    if value in (0, 1, "0", "1"):
        return str(int(value)) == "1"
    raise Unreadable


def day(value: object) -> str | None:
    """Return the date of `{"date": "2026-01-05", …}`."""
    return _checked(value, "date", date.fromisoformat)


def moment(value: object) -> str | None:
    """Return the moment of `{"datetime": "2026-01-05 09:00:00", …}`, by the server's clock: it comes without a zone."""
    return _checked(value, "datetime", datetime.fromisoformat)


def _checked(value: object, key: str, parse: Any) -> str | None:
    if value is None or value == "":
        return None
    found = value.get(key) if isinstance(value, dict) else None
    try:
        parse(found)
    except (TypeError, ValueError):
        # What Snipe-IT cannot read itself comes as "… (Invalid date value.)".
        raise Unreadable from None
    return str(found)


def money(value: object) -> str | None:
    """Return a decimal number. `1,234.56` and `1.234,56` differ by a setting; cents always have two digits or are missing."""
    if value is None or value == "":
        return None
    found = _MONEY.fullmatch(str(value).strip())
    if found is None or not (whole := re.sub(r"\D", "", found[2])):
        raise Unreadable
    return f"{found[1]}{whole}.{found[3] or '0'}"


def months(value: object) -> int | None:
    """Return the number in `36 months`, whose word is translated; `None` is written out for models."""
    if value in (None, "", "None"):
        return None
    found = _MONTHS.fullmatch(str(value)) if isinstance(value, str | int) else None
    if found is None:
        raise Unreadable
    return int(found[1])


def identity(value: object) -> int | None:
    """Return the id of `{"id": 3, "name": …}`, whatever else is in it, or a bare id."""
    return integer(value.get("id") if isinstance(value, dict) else value)


def kind(value: object) -> str | None:
    """Return the type of `{"id": 3, "type": "user", …}`."""
    return text(value.get("type")) if isinstance(value, dict) else None


def identities(value: object) -> str | None:
    """Return the ids of `{"total": 2, "rows": [{"id": 3}, …]}` as a PostgreSQL array, in their order."""
    if value is None:
        return "{}"
    rows = value.get("rows") if isinstance(value, dict) else None
    if not isinstance(rows, list):
        raise Unreadable
    return "{" + ",".join(str(identity(row)) for row in rows) + "}"


def custom_fields(value: object) -> str | None:
    """Return the filled custom fields as JSON by the field's id: the number at the end of the column, which alone is stable.

    A DATE field stays as it is shown, in the display format. One that is filled and hidden from the token is null.
    """
    if not value:
        return "{}"
    if not isinstance(value, dict):
        raise Unreadable
    found: dict[str, str | None] = {}
    for shown in value.values():
        number = _FIELD_ID.search(str(shown.get("field"))) if isinstance(shown, dict) else None
        if number is None:
            raise Unreadable
        if filled := text(shown.get("value")):
            found[number[1]] = None if filled in MASKED_FIELD else filled
    return json(found)


def unescaped(value: object) -> str | None:
    """Return JSON with all texts in it unescaped."""
    return None if value is None else json(_plain(value))


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return text(value) if isinstance(value, str) else value


def json(value: object) -> str:
    """Return JSON as text, the same for the same value."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
