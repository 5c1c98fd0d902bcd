"""Values that a format has with a type, as text."""

from datetime import date, datetime, time

import orjson


def as_text(value: object) -> str | None:
    """Return a value as a person would have typed it; a list of one is its value, others and objects are JSON."""
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list | dict):
        value = value[0]
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list | dict):
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if value else None
    return str(value)
