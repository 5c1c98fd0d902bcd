"""Everything the simulated NetBox remembers, with undo and a clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from asset_sync.sandbox.netbox import choices as ch
from asset_sync.sandbox.netbox.auth import default_tokens
from asset_sync.sandbox.netbox.registry import APP_TITLES, Field, ObjectType, object_types
from asset_sync.sandbox.netbox.table import Row, Table

Clock = Callable[[], datetime]

VERSIONS = {
    "4.6": {"netbox": "4.6.8", "full": "4.6.8", "plugin": "2.6.1", "django": "6.0.8", "python": "3.12.1"},
    "4.7": {"netbox": "4.7.0", "full": "4.7.0-beta1", "plugin": "2.7.1", "django": "6.1", "python": "3.12.1"},
}
CUSTOM_FIELDS = "extras/custom-fields"
CHANGES = "core/object-changes"


def utc_now() -> datetime:
    """The time now."""
    return datetime.now(UTC)


class Store:
    """The tables, and the settings of the server that change how it behaves."""

    def __init__(
        self,
        *,
        version: str = "4.6",
        enforce_global_unique: bool = True,
        asset_statuses: ch.Choices = ch.ASSET_STATUS,
        sync_hardware: bool = False,
        clock: Clock = utc_now,
    ) -> None:
        self.version = version
        self.versions = VERSIONS[version]
        self.enforce_global_unique = enforce_global_unique
        self.asset_statuses = asset_statuses
        self.sync_hardware = sync_hardware
        self.clock = clock
        self.tokens = default_tokens()
        self.types = object_types(version)
        self.by_content_type = {kind.content_type: kind for kind in self.types.values()}
        self.tables = {endpoint: Table(kind) for endpoint, kind in self.types.items()}
        self.revision = 0
        """Moves with every change: what was computed from the rows may be kept until then."""
        self._undo: list[tuple[Table, int, Row | None]] = []
        self._stamp = datetime.min.replace(tzinfo=UTC)
        self._custom_fields: dict[str, list[Row]] = {}
        self._fill_object_types()

    def begin(self) -> None:
        """Start a unit of work; its rows are stamped from now on."""
        self._undo = []
        self._stamp = max(self.clock(), self._stamp)

    def mark(self) -> int:
        """A place in the unit of work to roll back to."""
        return len(self._undo)

    def rollback(self, mark: int = 0) -> None:
        """Take back all writes since `begin`, or since a mark."""
        for table, row_id, old in reversed(self._undo[mark:]):
            if old is not None:
                table.put(old)
            elif row_id in table.rows:
                table.remove(row_id)
        del self._undo[mark:]
        self._changed(None)

    def stamp(self) -> str:
        """The moment the unit of work began; a microsecond later each time, so that no two ETags are equal."""
        self._stamp += timedelta(microseconds=1)
        return self._stamp.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def put(self, endpoint: str, row: Row) -> None:
        """Store a row."""
        table = self.tables[endpoint]
        old = table.rows.get(row["id"])
        table.put(row)
        self._undo.append((table, row["id"], old))
        self._changed(endpoint)

    def remove(self, endpoint: str, row_id: int) -> None:
        """Take a row away."""
        table = self.tables[endpoint]
        self._undo.append((table, row_id, table.rows[row_id]))
        table.remove(row_id)
        self._changed(endpoint)

    def choices(self, kind: ObjectType, field: Field) -> ch.Choices:
        """The choices of a field as configured."""
        if field.name == "status" and kind.content_type == "netbox_inventory.asset":
            return self.asset_statuses
        return field.choices

    def custom_fields(self, content_type: str) -> list[Row]:
        """The custom fields of an object type, in their order."""
        found = self._custom_fields.get(content_type)
        if found is None:
            rows = [row for row in self.tables[CUSTOM_FIELDS].rows.values() if content_type in row["object_types"]]
            found = sorted(rows, key=lambda row: (row["group_name"], row["weight"], row["name"]))
            self._custom_fields[content_type] = found
        return found

    def choice_set(self, custom_field: Row) -> Row | None:
        """The choice set of a custom field."""
        table = self.tables["extras/custom-field-choice-sets"]
        return table.rows.get(custom_field["choice_set"] or 0)

    def target(self, content_type: str | None, row_id: int | None) -> tuple[ObjectType, Row] | None:
        """The object a generic reference points to."""
        kind = self.by_content_type.get(content_type or "")
        row = self.tables[kind.endpoint].rows.get(row_id or 0) if kind else None
        return (kind, row) if kind and row else None

    def walk(self, kind: ObjectType, row: Row, path: tuple[str, ...]) -> int | None:
        """Follow references; the id at the end, or None."""
        current, here = kind, row
        for name in path[:-1]:
            field = current.by_name[name]
            step = here.get(name)
            if step is None:
                return None
            current, here = self.types[field.to], self.tables[field.to].rows[step]
        value: int | None = here.get(path[-1])
        return value

    def device_of(self, row: Row) -> int | None:
        """The device whose interface an IP or MAC address is assigned to."""
        found = self.target(row["assigned_object_type"], row["assigned_object_id"])
        return found[1].get("device") if found else None

    def _changed(self, endpoint: str | None) -> None:
        self.revision += 1
        if endpoint in (None, CUSTOM_FIELDS):
            self._custom_fields = {}

    def _fill_object_types(self) -> None:
        table = self.tables["core/object-types"]
        for kind in sorted(self.types.values(), key=lambda kind: kind.content_type):
            table.put(_object_type_row(table.new_id(), kind))


def _object_type_row(row_id: int, kind: ObjectType) -> dict[str, Any]:
    app, model = kind.content_type.split(".")
    return {
        "id": row_id,
        "app_label": app,
        "app_name": APP_TITLES.get(app, app.title()),
        "model": model,
        "model_name": kind.name,
        "model_name_plural": f"{kind.name}s",
        "public": True,
        "features": ["custom_fields", "tags"] if kind.field("custom_fields") else [],
        "is_plugin_model": kind.endpoint.startswith("plugins/"),
        "rest_api_endpoint": f"/api/{kind.endpoint}/",
        "description": "",
    }
