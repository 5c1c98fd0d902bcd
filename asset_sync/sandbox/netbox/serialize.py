"""From stored rows to the objects of an answer."""

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

from asset_sync.sandbox.netbox import computed_networks as networks
from asset_sync.sandbox.netbox import custom_fields
from asset_sync.sandbox.netbox.auth import User
from asset_sync.sandbox.netbox.naming import display
from asset_sync.sandbox.netbox.registry import IP_IN_DEVICE, SCALARS, Field, ObjectType
from asset_sync.sandbox.netbox.rules import asset_kind
from asset_sync.sandbox.netbox.store import Store
from asset_sync.sandbox.netbox.table import Row

Getter = Callable[[Row], Any]

_DATA_TYPES = {
    "integer": "integer",
    "decimal": "decimal",
    "boolean": "boolean",
    "object": "object",
    "multiobject": "array",
    "multiselect": "array",
    "json": "object",
}


class Serializer:
    """Makes the objects of one answer; nested objects that come again are made once."""

    def __init__(self, store: Store, base_url: str) -> None:
        self._store = store
        self._base = base_url
        self._nested: dict[tuple[str, int, tuple[str, ...]], dict[str, Any]] = {}
        self._plans: dict[tuple[str, tuple[str, ...]], list[tuple[str, Getter]]] = {}

    def objects(self, kind: ObjectType, rows: Iterable[Row], names: list[str]) -> list[dict[str, Any]]:
        """The rows with the given fields."""
        plan = [(name, self._getter(kind, name, nested=False)) for name in names]
        return [{name: get(row) for name, get in plan} for row in rows]

    def one(self, kind: ObjectType, row: Row, names: list[str]) -> dict[str, Any]:
        """One row with the given fields."""
        return self.objects(kind, [row], names)[0]

    def nested(self, endpoint: str, row_id: int | None, names: tuple[str, ...] = ()) -> dict[str, Any] | None:
        """An object inside another: in its brief form, or with other fields."""
        if row_id is None:
            return None
        made = self._nested.get((endpoint, row_id, names))
        if made is None:
            row = self._store.tables[endpoint].rows[row_id]
            made = {name: get(row) for name, get in self._nested_plan(endpoint, names)}
            self._nested[endpoint, row_id, names] = made
        return made

    def url(self, kind: ObjectType, row_id: int) -> str:
        """The address of an object."""
        return f"{self._base}/api/{kind.endpoint}/{row_id}/"

    def _nested_plan(self, endpoint: str, names: tuple[str, ...]) -> list[tuple[str, Getter]]:
        plan = self._plans.get((endpoint, names))
        if plan is None:
            kind = self._store.types[endpoint]
            plan = [(name, self._getter(kind, name, nested=True)) for name in names or kind.brief]
            self._plans[endpoint, names] = plan
        return plan

    def _getter(self, kind: ObjectType, name: str, *, nested: bool) -> Getter:
        if name == "id":
            return lambda row: row["id"]
        if name == "url":
            return lambda row: self.url(kind, row["id"])
        if name == "display_url":
            return lambda row: f"{self._base}/{kind.web_path}/{row['id']}/"
        if name == "display":
            return lambda row: display(self._store, kind, row)
        return self._field_getter(kind, kind.by_name[name], nested=nested)

    def _field_getter(self, kind: ObjectType, field: Field, *, nested: bool) -> Getter:  # noqa: C901, PLR0911 - one a kind
        name = field.name
        if field.kind == "const":
            return lambda _row: field.default
        if field.kind == "ref":
            return lambda row: self.nested(field.to, row[name], field.nested)
        if field.kind == "choice" and not field.plain:
            labels = dict(self._store.choices(kind, field))
            return lambda row: _choice(labels, row[name])
        if field.kind == "refs":
            return lambda row: [self.nested(field.to, one) for one in row[name] if self._is_there(field.to, one)]
        if field.kind == "terminations":
            return lambda row: [self._end(*one) for one in row[name]]
        if field.kind == "count":
            return self._counter(kind, field, nested=nested)
        if field.kind == "tags":
            return lambda row: [self._tag(tag) for tag in row["tags"]]
        if field.kind == "custom_fields":
            return lambda row: self._custom_fields(kind, row)
        if field.kind == "computed":
            compute = _COMPUTED[name]
            return lambda row: compute(self, kind, row)
        if kind.endpoint == "core/object-changes" and name.endswith("change_data"):
            state = "before" if name == "prechange_data" else "after"
            return lambda row: self._snapshot(row, state)
        return lambda row: row[name]

    def _end(self, content_type: str, row_id: int) -> dict[str, Any]:
        return {"object_type": content_type, "object_id": row_id, "object": self.generic(content_type, row_id)}

    def _is_there(self, endpoint: str, row_id: int) -> bool:
        return row_id in self._store.tables[endpoint].rows

    def _counter(self, kind: ObjectType, field: Field, *, nested: bool) -> Getter:
        # Only counters kept in the row are right inside nested objects; the others read 0 there.
        if nested and not field.counter:
            return lambda _row: 0
        table = self._store.tables[field.to]
        if field.via == "assigned_object":
            return lambda row: table.count(field.via, (kind.content_type, row["id"]))
        return lambda row: table.count(field.via, row["id"])

    def _tag(self, tag: int) -> dict[str, Any]:
        kind = self._store.types["extras/tags"]
        row = self._store.tables["extras/tags"].rows[tag]
        return {
            "id": tag,
            "url": self.url(kind, tag),
            "display_url": f"{self._base}/{kind.web_path}/{tag}/",
            "display": row["name"],
            "name": row["name"],
            "slug": row["slug"],
            "color": row["color"],
        }

    def _custom_fields(self, kind: ObjectType, row: Row) -> dict[str, Any]:
        data = row["custom_fields"]
        return {
            field["name"]: self._custom_value(field, data.get(field["name"]))
            for field in self._store.custom_fields(kind.content_type)
        }

    def _custom_value(self, field: Row, value: Any) -> Any:
        if value is None or field["type"] not in ("object", "multiobject"):
            return custom_fields.shown(self._store, field, value)
        kind = self._store.by_content_type[field["related_object_type"]]
        # Of objects that were deleted since, the ids stay behind; they are not shown.
        there = self._store.tables[kind.endpoint].rows
        if field["type"] == "object":
            return self.nested(kind.endpoint, value) if value in there else None
        return [self.nested(kind.endpoint, one) for one in dict.fromkeys(value) if one in there]

    def _snapshot(self, change: Row, state: str) -> dict[str, Any]:
        row = change[state]
        if row is None:
            return {}
        kind = self._store.by_content_type[change["changed_object_type"]]
        return snapshot(self._store, kind, row)

    def generic(self, content_type: str | None, row_id: int | None) -> dict[str, Any] | None:
        """The brief form of what a generic reference points to."""
        found = self._store.target(content_type, row_id)
        return self.nested(found[0].endpoint, row_id) if found else None

    def user(self, user: User) -> dict[str, Any]:
        """The brief form of a user."""
        return {
            "id": user.id,
            "url": f"{self._base}/api/users/users/{user.id}/",
            "display": user.username,
            "username": user.username,
        }

    def matching(self, endpoint: str, index: str, key: Any) -> list[int]:
        """The ids of related rows."""
        return self._store.tables[endpoint].matching(index, key)

    def row(self, endpoint: str, row_id: int) -> Row:
        """A related row."""
        return self._store.tables[endpoint].rows[row_id]

    def tagged(self, tag: int) -> int:
        """How many objects carry a tag."""
        return sum(table.count("tags", tag) for table in self._store.tables.values())


def field_names(kind: ObjectType) -> list[str]:
    """All fields of a whole object, in order."""
    head = ["id", "url", "display"] if kind.web_path is None else ["id", "url", "display_url", "display"]
    return [*head, *(field.name for field in kind.fields)]


def snapshot(store: Store, kind: ObjectType, row: Row) -> dict[str, Any]:
    """The data of a row as change records keep it: references as ids, tags as names."""
    data: dict[str, Any] = {}
    for field in kind.fields:
        if field.kind in SCALARS or field.kind == "custom_fields":
            data[field.name] = row[field.name]
        elif field.kind == "tags":
            tags = store.tables["extras/tags"].rows
            data["tags"] = sorted(tags[tag]["name"] for tag in row["tags"] if tag in tags)
        elif field.kind == "const" and field.default is None:
            data[field.name] = None
    return data


def _choice(labels: dict[str, str], value: str | None) -> dict[str, str] | None:
    return None if value is None else {"value": value, "label": labels.get(value, value)}


def _family(_made: Serializer, kind: ObjectType, row: Row) -> dict[str, Any]:
    text = next(row[name] for name in ("address", "prefix", "start_address") if kind.field(name))
    version = ipaddress.ip_interface(text).version
    return {"value": version, "label": f"IPv{version}"}


def _primary_ip(made: Serializer, _kind: ObjectType, row: Row) -> Any:
    # Six before four, as long as the server does not prefer four.
    return made.nested("ipam/ip-addresses", row["primary_ip6"] or row["primary_ip4"], IP_IN_DEVICE)


def _depth(made: Serializer, kind: ObjectType, row: Row) -> int:
    depth = 0
    while row["parent"] is not None:
        row = made.row(kind.endpoint, row["parent"])
        depth += 1
    return depth


def _assigned_object(made: Serializer, _kind: ObjectType, row: Row) -> Any:
    return made.generic(row["assigned_object_type"], row["assigned_object_id"])


def _scope(made: Serializer, _kind: ObjectType, row: Row) -> Any:
    return made.generic(row["scope_type"], row["scope_id"])


def _parent(made: Serializer, _kind: ObjectType, row: Row) -> Any:
    return made.generic(row["parent_object_type"], row["parent_object_id"])


def _allocated(name: str) -> Callable[[Serializer, ObjectType, Row], Any]:
    """What the machines of a cluster have in all of something; None where none says it."""

    def total(made: Serializer, _kind: ObjectType, row: Row) -> Any:
        endpoint = "virtualization/virtual-machines"
        told = [made.row(endpoint, one)[name] for one in made.matching(endpoint, "cluster", row["id"])]
        return sum(value for value in told if value is not None) if any(value is not None for value in told) else None

    return total


def _changed_object(made: Serializer, _kind: ObjectType, row: Row) -> Any:
    return made.generic(row["changed_object_type"], row["changed_object_id"])


def _mac_address(made: Serializer, _kind: ObjectType, row: Row) -> Any:
    primary = row["primary_mac_address"]
    return None if primary is None else made.row("dcim/mac-addresses", primary)["mac_address"]


def _mac_addresses(made: Serializer, kind: ObjectType, row: Row) -> Any:
    found = made.matching("dcim/mac-addresses", "assigned_object", (kind.content_type, row["id"]))
    return [made.nested("dcim/mac-addresses", one) for one in found]


def _is_primary(made: Serializer, _kind: ObjectType, row: Row) -> bool:
    holders = ("dcim/interfaces", "virtualization/interfaces")
    return any(made.matching(endpoint, "primary_mac_address", row["id"]) for endpoint in holders)


def _nat_outside(made: Serializer, _kind: ObjectType, row: Row) -> Any:
    return [made.nested("ipam/ip-addresses", one) for one in made.matching("ipam/ip-addresses", "nat_inside", row["id"])]


def _asset_count(made: Serializer, kind: ObjectType, row: Row) -> int:
    by_group = kind.endpoint.endswith("inventory-item-groups")
    middle, via, last = (
        ("inventory-item-types", "inventoryitem_group", "inventoryitem_type")
        if by_group
        else ("purchases", "supplier", "purchase")
    )
    steps = made.matching(f"plugins/inventory/{middle}", via, row["id"])
    return sum(len(made.matching("plugins/inventory/assets", last, step)) for step in steps)


def _delivery_count(made: Serializer, _kind: ObjectType, row: Row) -> int:
    purchases = made.matching("plugins/inventory/purchases", "supplier", row["id"])
    return sum(len(made.matching("plugins/inventory/deliveries", "purchase", one)) for one in purchases)


_COMPUTED: dict[str, Callable[[Serializer, ObjectType, Row], Any]] = {
    "family": _family,
    "primary_ip": _primary_ip,
    "_depth": _depth,
    "assigned_object": _assigned_object,
    "scope": _scope,
    "parent": _parent,
    **{f"allocated_{name}": _allocated(name) for name in ("vcpus", "memory", "disk")},
    "changed_object": _changed_object,
    "mac_address": _mac_address,
    "mac_addresses": _mac_addresses,
    "nat_outside": _nat_outside,
    "asset_count": _asset_count,
    "delivery_count": _delivery_count,
    **networks.COMPUTED,
    "is_primary": _is_primary,
    "tagged_items": lambda made, _kind, row: made.tagged(row["id"]),
    "data_type": lambda _made, _kind, row: _DATA_TYPES.get(row["type"], "string"),
    "choices_count": lambda _made, _kind, row: len(row["extra_choices"]),
    "created_by": lambda _made, _kind, row: row["created_by"],
    "kind": lambda _made, _kind, row: asset_kind(row),
    "user": lambda made, _kind, row: made.user(row["user"]),
}
