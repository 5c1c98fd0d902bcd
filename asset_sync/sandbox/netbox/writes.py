"""Creating, changing and deleting objects, with their consequences and their change records."""

from collections.abc import Container, Iterator
from typing import Any

from asset_sync.sandbox.netbox import custom_field_rules, custom_fields, fabric_rules, virtual_rules
from asset_sync.sandbox.netbox.auth import Token
from asset_sync.sandbox.netbox.errors import ApiError, DuplicateKeyError, forbidden, invalid, server_error
from asset_sync.sandbox.netbox.lookup import found_row
from asset_sync.sandbox.netbox.naming import display
from asset_sync.sandbox.netbox.registry import ObjectType
from asset_sync.sandbox.netbox.store import CHANGES, CUSTOM_FIELDS, Store
from asset_sync.sandbox.netbox.table import Row
from asset_sync.sandbox.netbox.validate import EveryField, validate

ASSETS = "plugins/inventory/assets"
DEVICES = "dcim/devices"


class ProtectedError(ApiError):
    """Other objects need the one to delete."""

    def __init__(self, names: list[str]) -> None:
        listed = ", ".join(names)
        super().__init__(409, {"detail": f"Unable to delete object. {len(names)} dependent objects were found: {listed}"})
        self.count = len(names)


class Writer:
    """The writes of one request."""

    def __init__(self, store: Store, token: Token, request_id: str, fields: Container[str] = EveryField()) -> None:
        self._store = store
        self._token = token
        self._request_id = request_id
        self._fields = fields

    def prepare(self, kind: ObjectType, body: Any) -> Row:
        """The validated row of a new object, not stored yet."""
        return validate(self._store, kind, body, None, fields=self._fields)

    def insert(self, kind: ObjectType, prepared: Row, body: Any) -> int:
        """Store a prepared row under a new id."""
        store = self._store
        row = {**prepared, "id": store.tables[kind.endpoint].new_id()}
        row |= {name: store.stamp() for name in ("created", "last_updated")}
        if "custom_fields" in row:
            row["custom_fields"] = custom_fields.defaults(store, kind, row["custom_fields"])
        if kind.endpoint == "extras/journal-entries":
            row["created_by"] = self._token.user.id
        self._put(kind, row)
        if kind.endpoint == CUSTOM_FIELDS:
            custom_field_rules.populate(store, row)
        self._record("create", kind, None, row, message_of(body))
        self._sync_device(kind, None, row)
        self._follow(kind, None, row)
        return int(row["id"])

    def create(self, kind: ObjectType, body: Any) -> int:
        """Validate and store a new object; its id."""
        return self.insert(kind, self.prepare(kind, body), body)

    def update(self, kind: ObjectType, row_id: int, body: Any, *, partial: bool) -> None:
        """Change an object."""
        store = self._store
        before = found_row(store, kind, row_id)
        row = validate(store, kind, body, before, partial=partial, fields=self._fields)
        self._check_synced(kind, row)
        row = {**row, "last_updated": store.stamp()}
        if "custom_fields" in row:
            row["custom_fields"] = custom_fields.defaults(store, kind, row["custom_fields"])
        self._put(kind, row)
        self._record("update", kind, before, row, message_of(body))
        self._sync_device(kind, before, row)
        self._follow(kind, before, row)

    def delete(self, kind: ObjectType, row_id: int, message: str) -> None:
        """Delete an object and what goes with it."""
        doomed: dict[tuple[str, int], None] = {}
        protected: dict[tuple[str, int], None] = {}
        _collect(self._store, kind.endpoint, row_id, doomed, protected)
        standing = [entry for entry in protected if entry not in doomed]
        if standing:
            order = sorted(standing, key=lambda entry: entry[1])
            raise ProtectedError([f"{self._display(*entry)} ({entry[1]})" for entry in order])
        for endpoint, one in doomed:
            self._release(endpoint, one)
        # Children first: the names of the others may need the rows they point to.
        for endpoint, one in reversed(doomed):
            row = self._store.tables[endpoint].rows[one]
            own = (endpoint, one) == (kind.endpoint, row_id)
            self._record("delete", self._store.types[endpoint], row, None, message if own else "")
            self._store.remove(endpoint, one)
            if endpoint == fabric_rules.INTERFACES:
                fabric_rules.release_cables(self._store, one)
            if endpoint == virtual_rules.DISKS:
                virtual_rules.follow(self._store, endpoint, row)

    def _follow(self, kind: ObjectType, before: Row | None, row: Row) -> None:
        virtual_rules.follow(self._store, kind.endpoint, row)
        if kind.endpoint == fabric_rules.CABLES:
            fabric_rules.follow_cable(self._store, before, row)

    def _put(self, kind: ObjectType, row: Row) -> None:
        try:
            self._store.put(kind.endpoint, row)
        except DuplicateKeyError as error:
            raise server_error(str(error), "IntegrityError", self._store.versions) from None
        if not self._token.covers_write(kind.endpoint, row):
            raise forbidden()

    def _record(self, action: str, kind: ObjectType, before: Row | None, after: Row | None, message: str) -> None:
        named = after or before or {}
        store = self._store
        user = self._token.user
        store.put(
            CHANGES,
            {
                "id": store.tables[CHANGES].new_id(),
                "time": store.stamp(),
                "user": user,
                "user_name": user.username,
                "request_id": self._request_id,
                "action": action,
                "changed_object_type": kind.content_type,
                "changed_object_id": named["id"],
                "object_repr": display(store, kind, named),
                "message": message,
                "before": before,
                "after": after,
            },
        )

    def _release(self, endpoint: str, row_id: int) -> None:
        """Take the references to a deleted object away."""
        store = self._store
        for kind, name, one in _referrers(store, endpoint, row_id, "null"):
            row = store.tables[kind.endpoint].rows[one]
            free_asset = kind.endpoint == ASSETS and name == "device"
            changed = {**row, name: None}
            if free_asset:
                changed |= {"status": "stored", "last_updated": store.stamp()}
            store.put(kind.endpoint, changed)
            if free_asset:
                self._record("update", kind, row, changed, "")
        if endpoint == "extras/tags":
            for table in store.tables.values():
                for one in table.matching("tags", row_id):
                    row = table.rows[one]
                    store.put(table.kind.endpoint, {**row, "tags": tuple(tag for tag in row["tags"] if tag != row_id)})

    def _check_synced(self, kind: ObjectType, row: Row) -> None:
        """With the plugin's sync setting on, serial and asset tag of a device belong to its asset."""
        if kind.endpoint != DEVICES or not self._store.sync_hardware:
            return
        assets = self._store.tables[ASSETS]
        for one in assets.matching("device", row["id"]):
            asset = assets.rows[one]
            if any((asset[name] or None) != (row[name] or None) for name in ("serial", "asset_tag")):
                detail = (
                    "Cannot change device serial and asset tag if asset is assigned. "
                    "Please update via inventory > asset instead."
                )
                raise ApiError(400, {"detail": detail})

    def _sync_device(self, kind: ObjectType, before: Row | None, row: Row) -> None:
        if kind.endpoint != ASSETS or not self._store.sync_hardware:
            return
        old = before["device"] if before else None
        if old is not None and old != row["device"]:
            self._set_device(old, "", None)
        if row["device"] is not None:
            self._set_device(row["device"], row["serial"] or "", row["asset_tag"])

    def _set_device(self, device_id: int, serial: str, asset_tag: str | None) -> None:
        kind = self._store.types[DEVICES]
        before = self._store.tables[DEVICES].rows[device_id]
        if (before["serial"], before["asset_tag"]) == (serial, asset_tag):
            return
        row = {**before, "serial": serial, "asset_tag": asset_tag, "last_updated": self._store.stamp()}
        self._put(kind, row)
        self._record("update", kind, before, row, "")

    def _display(self, endpoint: str, row_id: int) -> str:
        return display(self._store, self._store.types[endpoint], self._store.tables[endpoint].rows[row_id])


def message_of(body: Any) -> str:
    """The changelog_message of a write, checked."""
    message = body.get("changelog_message") if isinstance(body, dict) else None
    if message is None:
        return ""
    if not isinstance(message, str):
        raise invalid("changelog_message", "Not a valid string.")
    if len(message) > 200:
        raise invalid("changelog_message", "Ensure this field has no more than 200 characters.")
    return message.strip()


def _collect(
    store: Store,
    endpoint: str,
    row_id: int,
    doomed: dict[tuple[str, int], None],
    protected: dict[tuple[str, int], None],
) -> None:
    """Gather what a deletion takes along and what stands against it."""
    if (endpoint, row_id) in doomed:
        return
    doomed[endpoint, row_id] = None
    for kind, _, one in _referrers(store, endpoint, row_id, "protect"):
        protected[kind.endpoint, one] = None
    for kind, _, one in _referrers(store, endpoint, row_id, "cascade"):
        _collect(store, kind.endpoint, one, doomed, protected)
    generic = (store.types[endpoint].content_type, row_id)
    for owned in ("ipam/ip-addresses", "dcim/mac-addresses", "extras/journal-entries"):
        for one in store.tables[owned].matching("assigned_object", generic):
            _collect(store, owned, one, doomed, protected)
    for one in store.tables["ipam/services"].matching("parent_object", generic):
        _collect(store, "ipam/services", one, doomed, protected)


def _referrers(store: Store, endpoint: str, row_id: int, on_delete: str) -> Iterator[tuple[ObjectType, str, int]]:
    for table in store.tables.values():
        for field in table.kind.fields:
            if field.kind == "ref" and field.to == endpoint and field.on_delete == on_delete:
                for one in table.matching(field.name, row_id):
                    yield table.kind, field.name, one
