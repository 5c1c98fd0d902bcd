"""What each of NetBox's custom fields takes: measured (facts/netbox-more.md, "Custom fields"), and in NetBox's own checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

_TEXTS: Final = ("text", "longtext", "url")


class NotOfType(ValueError):
    """A text that is no value of a custom field, and why."""


@dataclass(frozen=True)
class CustomField:
    """A custom field of the objects of one type (`dcim.device`).

    `default` is JSON. `minimum` and `maximum` bound numbers, `regex` texts from their beginning on. `related` is the type of
    the objects that the field names, `choice_set` the id of its choices. `options` are what can be chosen, with the names that
    each goes by: a choice's value and its label, or an object's id, its name and its slug. None: they are not known here,
    because the field has none, or because NetBox has too many.
    """

    object_type: str
    name: str
    type: str
    required: bool = False
    unique: bool = False
    default: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    regex: str | None = None
    related: str | None = None
    choice_set: int | None = None
    options: Mapping[str, tuple[str, ...]] | None = None

    @property
    def takes_any_text(self) -> bool:
        """Whether every text is a value of the field, and stays as it is."""
        return self.type in _TEXTS and not self.regex

    @cached_property
    def by_name(self) -> Mapping[str, frozenset[str]]:
        """The options by their names, without case; a name may be that of several."""
        found: dict[str, set[str]] = {}
        for value, names in (self.options or {}).items():
            for name in (value, *names):
                found.setdefault(name.casefold(), set()).add(value)
        return {name: frozenset(values) for name, values in found.items()}
