"""What a write asks for, in WhatsUp Gold's own terms."""

from collections.abc import Mapping
from typing import Any, cast

from asset_sync.reconcile.target import Refused
from asset_sync.systems.wug.kinds import attribute_name
from asset_sync.systems.wug.records import Group

Groups = Mapping[str, Group]
"""Groups by path."""


def attribute_values(values: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the values of those fields that are attributes, by the attributes' names; None is for one to be removed."""
    return {name: cast("str | None", value) for field, value in values.items() if (name := attribute_name(field))}


def filled(field: str, value: Any) -> str:
    """Return a value that a device must have; `Refused` where it is empty."""
    if not value:
        raise Refused(f"a device of WhatsUp Gold cannot be without {field}")
    return str(value)


def group_at(path: str, groups: Groups) -> Group:
    """Return the group at a path, whatever its case where none is spelt like that; `Refused` where there is none."""
    group = groups.get(path) or next((one for other, one in groups.items() if other.casefold() == path.casefold()), None)
    if group is None:
        raise Refused(f"there is no group {path!r} in WhatsUp Gold")
    return group
