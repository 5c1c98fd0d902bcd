"""Values a client sends, checked and brought into the form they are stored in."""

import ipaddress
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from asset_sync.sandbox.netbox.errors import server_error
from asset_sync.sandbox.netbox.lookup import LookupFailed, resolve
from asset_sync.sandbox.netbox.registry import Field, ObjectType
from asset_sync.sandbox.netbox.store import Store

_SLUG = re.compile(r"^[-a-zA-Z0-9_]+$")
_COLOR = re.compile(r"^[0-9a-f]{6}$")
_TRUE = ("t", "true", "y", "yes", "on", "1")
_FALSE = ("f", "false", "n", "no", "off", "0")


class BadValue(Exception):
    """A value that is refused. The text is the message for the client."""

    @property
    def said(self) -> Any:
        """What the answer has under the field's name."""
        return [str(self)]


class BadItems(BadValue):
    """A list, some items of which are refused."""

    def __init__(self, items: dict[int, str]) -> None:
        super().__init__(str(items))
        self.items = items

    @property
    def said(self) -> Any:
        """What is wrong with each item, by its place."""
        return {str(at): [text] for at, text in self.items.items()}


class BadForm(BadValue):
    """A list that is of another form than it should be."""

    def __init__(self, said: Any) -> None:
        super().__init__(str(said))
        self._said = said

    @property
    def said(self) -> Any:
        """What is wrong, in the form of its own that NetBox answers with."""
        return self._said


def clean(store: Store, kind: ObjectType, field: Field, value: Any) -> Any:
    """The value to store, or BadValue."""
    if value is None:
        if field.null:
            return None
        raise BadValue("This field may not be null.")
    return _CLEANERS[field.kind](store, kind, field, value)


def reference(store: Store, endpoint: str, value: Any) -> int:
    """The id of a related object, or BadValue."""
    try:
        return resolve(store, endpoint, value)
    except LookupFailed as error:
        raise BadValue(str(error)) from None


def _text(_store: Store, _kind: ObjectType, field: Field, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadValue("Not a valid string.")
    text = str(value).strip()
    if field.required and not text:
        raise BadValue("This field may not be blank.")
    if "\x00" in text:
        raise BadValue("Null characters are not allowed.")
    if field.max_length is not None and len(text) > field.max_length:
        raise BadValue(f"Ensure this field has no more than {field.max_length} characters.")
    return text


def _slug(store: Store, kind: ObjectType, field: Field, value: Any) -> str:
    text = _text(store, kind, field, value)
    if not _SLUG.match(text):
        raise BadValue('Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.')
    return text


def _color(store: Store, kind: ObjectType, field: Field, value: Any) -> str:
    text = _text(store, kind, field, value)
    if not _COLOR.match(text):
        raise BadValue("Enter a valid hexadecimal RGB color code.")
    return text


def _integer(_store: Store, _kind: ObjectType, field: Field, value: Any) -> int:
    try:
        number = int(re.sub(r"\.0*\s*$", "", str(value)))
    except ValueError:
        raise BadValue("A valid integer is required.") from None
    _check_range(field, number)
    return number


def _float(_store: Store, _kind: ObjectType, field: Field, value: Any) -> float:
    try:
        number = float(str(value))
    except ValueError:
        raise BadValue("A valid number is required.") from None
    _check_range(field, number)
    if field.places is not None:
        _check_digits(field.places, Decimal(str(value)))
    return number


def _check_digits(places: int, number: Decimal) -> None:
    """A decimal column has six digits in all."""
    whole = 6 - places
    if -int(number.as_tuple().exponent) > places:
        raise BadValue(f"Ensure that there are no more than {places} decimal places.")
    if abs(number) >= 10**whole:
        raise BadValue(f"Ensure that there are no more than {whole} digits before the decimal point.")


def _check_range(field: Field, number: float) -> None:
    if field.minimum is not None and number < field.minimum:
        # A bound is told to the last binary digit, as the real thing does.
        raise BadValue(f"Ensure this value is greater than or equal to {Decimal(field.minimum)}.")
    if field.maximum is not None and number > field.maximum:
        raise BadValue(f"Ensure this value is less than or equal to {Decimal(field.maximum)}.")


def _boolean(_store: Store, _kind: ObjectType, _field: Field, value: Any) -> bool:
    word = str(value).lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise BadValue("Must be a valid boolean.")


def _date(_store: Store, _kind: ObjectType, _field: Field, value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise BadValue("Date has wrong format. Use one of these formats instead: YYYY-MM-DD.") from None


def _choice(store: Store, kind: ObjectType, field: Field, value: Any) -> str | None:
    if isinstance(value, dict | list) and not field.plain:
        raise BadValue('Value must be passed directly (e.g. "foo": 123); do not use a dictionary or list.')
    if value == "" and field.null:
        return None
    if value not in [one for one, _ in store.choices(kind, field)]:
        raise BadValue(f'"{value}" is not a valid choice.' if field.plain else f"{value} is not a valid choice.")
    return str(value)


def _reference(store: Store, _kind: ObjectType, field: Field, value: Any) -> int:
    return reference(store, field.to, value)


def _json(_store: Store, _kind: ObjectType, _field: Field, value: Any) -> Any:
    return value


def _ip(_store: Store, _kind: ObjectType, _field: Field, value: Any) -> str:
    if "%" in str(value):
        # The zone of a link-local address (fe80::1%7) means something on its own host alone.
        raise BadValue(f"Invalid IP address format: {value}")
    try:
        return str(ipaddress.ip_interface(str(value).strip()))
    except ValueError:
        raise BadValue(f"Invalid IP address format: {value}") from None


def _prefix(_store: Store, _kind: ObjectType, _field: Field, value: Any) -> str:
    try:
        network = ipaddress.ip_network(str(value).strip(), strict=False)
    except ValueError:
        raise BadValue(f"Invalid IP prefix format: {value}") from None
    if ipaddress.ip_interface(str(value).strip()).ip != network.network_address:
        raise BadValue(f"{value} is not a valid prefix. Did you mean {network}?")
    return str(network)


def _mac(_store: Store, _kind: ObjectType, _field: Field, value: Any) -> str:
    digits = re.sub(r"[:.\-]", "", str(value)).upper()
    if not re.fullmatch(r"[0-9A-F]{12}", digits):
        raise BadValue(f"Invalid MAC address format: {value}")
    return ":".join(digits[start : start + 2] for start in range(0, 12, 2))


def _content_type(store: Store, _kind: ObjectType, _field: Field, value: Any) -> str:
    if not isinstance(value, str) or value.count(".") != 1:
        raise BadValue("Invalid value. Specify a content type as '<app_label>.<model_name>'.")
    if value not in store.by_content_type:
        raise BadValue(f"Invalid content type: {value}")
    return value


def _content_types(store: Store, kind: ObjectType, field: Field, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise BadValue(f'Expected a list of items but got type "{type(value).__name__}".')
    return sorted(_content_type(store, kind, field, one) for one in value)


def _choice_pairs(_store: Store, _kind: ObjectType, _field: Field, value: Any) -> list[list[str]]:
    if not isinstance(value, list):
        raise BadValue(f'Expected a list of items but got type "{type(value).__name__}".')
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise BadValue("Choices must be provided as a list of [value, label] pairs.")
    return [[str(one) for one in pair] for pair in value]


def _ports(store: Store, kind: ObjectType, field: Field, value: Any) -> list[int]:
    if not isinstance(value, list):
        raise BadValue(f'Expected a list of items but got type "{type(value).__name__}".')
    if not value:
        raise BadValue("This list may not be empty.")
    ports: list[int] = []
    wrong: dict[int, str] = {}
    for at, one in enumerate(value):
        try:
            ports.append(_integer(store, kind, field, one))
        except BadValue as error:
            wrong[at] = str(error)
    if wrong:
        raise BadItems(wrong)
    return ports


def _vid_ranges(_store: Store, _kind: ObjectType, _field: Field, value: Any) -> tuple[tuple[int, int], ...]:
    """Ranges of VLAN ids, both ends of each in it, in order."""
    if not isinstance(value, list):
        raise BadForm({"non_field_errors": [f'Expected a list of items but got type "{type(value).__name__}".']})
    if wrong := [["Ranges must be specified in the form (lower, upper)."] for one in value if not _is_pair(one)]:
        raise BadForm(wrong)
    ranges = sorted((int(low), int(high)) for low, high in value)
    for low, high in ranges:
        if high < low:
            text = "Ending VLAN ID in range must be greater than or equal to the starting VLAN ID"
            raise BadValue(f"{text} ({low}-{high})")
    if any(later[0] <= earlier[1] for earlier, later in pairwise(ranges)):
        raise BadValue("Ranges cannot overlap.")
    return tuple(ranges)


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(one, int) for one in value)


def _terminations(store: Store, _kind: ObjectType, _field: Field, value: Any) -> tuple[tuple[str, int], ...]:
    """What one end of a cable is at. An object that is not there is an error that nobody caught (measured)."""
    if not isinstance(value, list):
        raise BadValue(f'Expected a list of items but got type "{type(value).__name__}".')
    if wrong := [one["object_type"] for one in value if one["object_type"] not in store.by_content_type]:
        raise BadForm([{"object_type": [f"Invalid content type: {name}"]} for name in wrong])
    for one in value:
        if one["object_type"] == "virtualization.vminterface":
            raise server_error("argument of type 'NoneType' is not iterable", "TypeError", store.versions)
        if store.target(one["object_type"], one["object_id"]) is None:
            raise server_error("Interface matching query does not exist.", "DoesNotExist", store.versions)
    return tuple((one["object_type"], one["object_id"]) for one in value)


def _references(store: Store, _kind: ObjectType, field: Field, value: Any) -> tuple[int, ...]:
    """A list of related objects takes numeric ids only."""
    if not isinstance(value, list):
        raise BadValue(f'Expected a list of items but got type "{type(value).__name__}".')
    for one in value:
        if not isinstance(one, int) or isinstance(one, bool):
            raise BadValue(f"Incorrect type. Expected pk value, received {type(one).__name__}.")
        if one not in store.tables[field.to].rows:
            raise BadValue(f'Invalid pk "{one}" - object does not exist.')
    return tuple(dict.fromkeys(value))


_CLEANERS: dict[str, Callable[[Store, ObjectType, Field, Any], Any]] = {
    "str": _text,
    "slug": _slug,
    "color": _color,
    "int": _integer,
    "float": _float,
    "bool": _boolean,
    "date": _date,
    "choice": _choice,
    "ref": _reference,
    "json": _json,
    "ip": _ip,
    "prefix": _prefix,
    "mac": _mac,
    "content_type": _content_type,
    "content_types": _content_types,
    "choice_pairs": _choice_pairs,
    "ports": _ports,
    "vid_ranges": _vid_ranges,
    "terminations": _terminations,
    "refs": _references,
}
