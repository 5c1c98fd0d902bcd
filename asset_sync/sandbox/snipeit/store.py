"""The tables, and the things that people do to them. Each leaves the traces that Snipe-IT leaves, and no others.

Hardware, users, licences, accessories, components and consumables write to the activity log. Nothing else does, so that
a change of a category, supplier, status label, department, custom field or maintenance shows in its own row only.
"""

import threading
from collections.abc import Callable, Hashable, Iterator
from dataclasses import fields
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any, Generic, TypeVar, cast

from asset_sync.sandbox.snipeit.imports import Import
from asset_sync.sandbox.snipeit.records import (
    HOLDERS,
    LOGGED,
    REFERENCES,
    Accessory,
    Action,
    Asset,
    Category,
    Component,
    Consumable,
    CustomField,
    Department,
    Fieldset,
    Firm,
    Holder,
    License,
    Location,
    LogMeta,
    Maintenance,
    Manufacturer,
    Model,
    Record,
    Seat,
    StatusLabel,
    Stock,
    Supplier,
    Trashable,
    User,
)
from asset_sync.sandbox.snipeit.text import column_name

R = TypeVar("R", bound=Record)
T = TypeVar("T")

AUDIT_INTERVAL = timedelta(days=365)
_NEVER_CHANGED = frozenset({"id", "created_at", "updated_at", "deleted_at"})


class Table(Generic[R]):
    """The rows of a table by their id, in the order of their ids, trashed ones included."""

    def __init__(self, name: str, kind: type[R]) -> None:
        self.name = name
        self.rows: dict[int, R] = {}
        self.columns = tuple(one.name for one in fields(kind))
        self.has_trash = issubclass(kind, Trashable)
        self._make: Callable[..., R] = kind
        self.last_id = 0
        self.reserved: list[int] = []

    def add(self, moment: datetime, values: dict[str, Any]) -> R:
        """Store a new row, created and updated at that moment; its id is one that was never used."""
        row_id = self.reserved.pop(0) if self.reserved else self.reserve()
        row = self._make(id=row_id, created_at=moment, updated_at=moment, **values)
        self.rows[row_id] = row
        if row_id < self.last_id:
            self.rows = dict(sorted(self.rows.items()))
        return row

    def reserve(self) -> int:
        """An id that was never used, for a row that is seen later; `add` takes those in `reserved` first."""
        self.last_id += 1
        return self.last_id

    def living(self) -> Iterator[R]:
        """The rows that are not in the trash."""
        return (row for row in self.rows.values() if not is_trashed(row))


def is_trashed(row: Record) -> bool:
    """Whether the row was deleted and not purged yet."""
    return isinstance(row, Trashable) and row.deleted_at is not None


class Store:
    """All tables. `now` is the clock; `revision` counts the writes; `lock` is held by whoever reads or writes.

    The methods raise KeyError for a table or row that does not exist, and ValueError for what Snipe-IT would refuse.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.revision = 0
        self.lock = threading.RLock()
        self.companies = Table("companies", Firm)
        self.locations = Table("locations", Location)
        self.departments = Table("departments", Department)
        self.manufacturers = Table("manufacturers", Manufacturer)
        self.suppliers = Table("suppliers", Supplier)
        self.categories = Table("categories", Category)
        self.status_labels = Table("status_labels", StatusLabel)
        self.fields = Table("fields", CustomField)
        self.fieldsets = Table("fieldsets", Fieldset)
        self.models = Table("models", Model)
        self.users = Table("users", User)
        self.hardware = Table("hardware", Asset)
        self.licenses = Table("licenses", License)
        self.license_seats = Table("license_seats", Seat)
        self.accessories = Table("accessories", Accessory)
        self.components = Table("components", Component)
        self.consumables = Table("consumables", Consumable)
        self.maintenances = Table("maintenances", Maintenance)
        self.activity = Table("activity", Action)
        self.tables: dict[str, Table[Any]] = {one.name: one for one in vars(self).values() if isinstance(one, Table)}
        self._tagged: dict[str, set[int]] = {}
        self._cache: dict[Hashable, Any] = {}
        self._cached_revision = 0

    def cached(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` makes, kept under that key until something is written."""
        if self._cached_revision != self.revision:
            self._cache, self._cached_revision = {}, self.revision
        if key not in self._cache:
            self._cache[key] = make()
        return cast("T", self._cache[key])

    def create(self, table: str, **values: Any) -> int:
        """A new row with those columns; its id. A licence gets its seats, a custom field the name of its column."""
        self.revision += 1
        if table == "hardware" and self.tag_is_taken(values["asset_tag"]):
            raise ValueError(f"an asset has the tag {values['asset_tag']!r}")
        if table == "fields":
            values["db_column_name"] = ""
        row = self.tables[table].add(self.now, values)
        if isinstance(row, CustomField):
            row.db_column_name = column_name(row.name, row.id)
        if isinstance(row, Asset):
            self._tagged.setdefault(row.asset_tag, set()).add(row.id)
        if isinstance(row, License):
            self._fit_seats(row)
        self._log(table, row.id, "create")
        return int(row.id)

    def update(self, table: str, row_id: int, **changes: Any) -> bool:
        """Change columns; False, and no trace, where they have these values already.

        `custom_fields` of an asset is merged: `{field id: text, or None to empty it}`. Renaming a custom field renames
        its column. Other `seats` of a licence add seats, or take free ones away.
        """
        row = self.tables[table].rows[row_id]
        if isinstance(row, Asset) and "custom_fields" in changes:
            merged = {**row.custom_fields, **changes["custom_fields"]}
            changes["custom_fields"] = {one: value for one, value in merged.items() if value is not None}
        changed = {name: value for name, value in changes.items() if getattr(row, name) != value}
        if not changed.keys().isdisjoint(_NEVER_CHANGED):
            raise ValueError(f"nobody can set {sorted(changed.keys() & _NEVER_CHANGED)}")
        if not changed:
            return False
        if isinstance(row, License) and "seats" in changed:
            self._check_seats(row, changed["seats"])
        if isinstance(row, Asset) and "asset_tag" in changed:
            self._retag(row, changed["asset_tag"])
        meta = self._differences(row, changed)
        self._write(row, **changed)
        if isinstance(row, CustomField):
            row.db_column_name = column_name(row.name, row.id)
        self._log(table, row_id, "update", log_meta=meta)
        if isinstance(row, License) and "seats" in changed:
            self._log(table, row_id, "add seats" if self._fit_seats(row) > 0 else "delete seats")
        return True

    def delete(self, table: str, row_id: int) -> None:
        """Into the trash, or away for ever in a table without one. Nothing that is in use can be deleted."""
        row = self.tables[table].rows[row_id]
        if is_trashed(row) or self.in_use(table, row_id):
            raise ValueError(f"{table} {row_id} is deleted or in use")
        if isinstance(row, Asset) and row.assigned_to is not None:
            raise ValueError(f"asset {row_id} is checked out")
        if isinstance(row, CustomField):
            self._drop_column(row_id)
        if isinstance(row, License):
            self._delete_seats(row)
        if isinstance(row, Trashable):
            self._write(row, deleted_at=self.now)
        else:
            self._remove(table, row_id)
        self._log(table, row_id, "delete")

    def restore(self, table: str, row_id: int) -> None:
        """Out of the trash, a licence with the seats that were deleted with it. Refused where the asset tag is taken."""
        row = self.tables[table].rows[row_id]
        if not is_trashed(row) or (isinstance(row, Asset) and self.tag_is_taken(row.asset_tag)):
            raise ValueError(f"{table} {row_id} is not deleted, or its tag is taken")
        if isinstance(row, License):
            for seat in self.seats_of(row_id, deleted_at=row.deleted_at):
                self._write(seat, deleted_at=None)
        self._write(row, deleted_at=None)
        self._log(table, row_id, "restore")

    def purge(self, table: str, row_id: int) -> None:
        """Remove a trashed row without trace: what belongs to it goes too.

        So do the entries of the log that are about it, for a user those that are for that user. Other entries keep the id and
        show nothing under it. Source: the command `snipeit:purge` of snipe/snipe-it.
        """
        row = self.tables[table].rows[row_id]
        if not is_trashed(row) or self.in_use(table, row_id):
            raise ValueError(f"{table} {row_id} is not deleted, or in use")
        self._remove(table, row_id)
        if isinstance(row, Asset):
            self._tagged[row.asset_tag].remove(row_id)
        for owned, column, owner in (("maintenances", "asset_id", "hardware"), ("license_seats", "license_id", "licenses")):
            if owner == table:
                self._remove_where(owned, lambda one, column=column: getattr(one, column) == row_id)  # type: ignore[misc]
        about = _target if table == "users" else _item
        word = LOGGED.get(table)
        self._remove_where("activity", lambda one: about(one) == (word, row_id))

    def merge_users(self, kept_id: int, gone_id: int) -> None:
        """Give one user all that another one has, and delete that one.

        Seats and entries of the log are given in place: their `updated_at` stays. Source: measured on Snipe-IT 8.1.4.
        """
        gone = self.users.rows[gone_id]
        if kept_id == gone_id or is_trashed(gone) or is_trashed(self.users.rows[kept_id]):
            raise ValueError(f"users {kept_id} and {gone_id} cannot be merged")
        for asset in self.hardware.rows.values():
            if (asset.assigned_type, asset.assigned_to) == ("user", gone_id):
                self._write(asset, assigned_to=kept_id)
        managed = [row for table in ("users", "locations", "departments") for row in self.tables[table].rows.values()]
        for row in managed:
            if row.manager_id == gone_id:
                self._write(row, manager_id=kept_id)
        self._hand_over_in_place(kept_id, gone_id)
        self._write(gone, deleted_at=self.now)
        self._log("users", gone_id, "merged", target_type="user", target_id=kept_id)

    def _hand_over_in_place(self, kept_id: int, gone_id: int) -> None:
        for seat in self.license_seats.rows.values():
            if seat.assigned_user_id == gone_id:
                seat.assigned_user_id = kept_id
        for entry in self.activity.rows.values():
            if _target(entry) == ("user", gone_id):
                entry.target_id = kept_id

    def start_import(self) -> Import:
        """A CSV import that begins now; nothing of it is seen before its `commit`."""
        return Import(self)

    def checkout(self, asset_id: int, holder: Holder, holder_id: int, expected_checkin: date | None = None) -> None:
        """Give an asset to a user, location or asset; it is where its holder is from now on."""
        asset = self.hardware.rows[asset_id]
        if asset.assigned_to is not None or is_trashed(asset):
            raise ValueError(f"asset {asset_id} cannot be checked out")
        place = self.tables[HOLDERS[holder]].rows[holder_id]
        self._write(
            asset,
            assigned_to=holder_id,
            assigned_type=holder,
            location_id=place.id if isinstance(place, Location) else place.location_id,
            last_checkout=self.now,
            expected_checkin=expected_checkin,
            checkout_counter=asset.checkout_counter + 1,
        )
        self._log("hardware", asset_id, "checkout", target_type=holder, target_id=holder_id)

    def checkin(self, asset_id: int, note: str | None = None) -> None:
        """Take an asset back; it is at its default location from now on."""
        asset = self.hardware.rows[asset_id]
        if asset.assigned_to is None:
            raise ValueError(f"asset {asset_id} is not checked out")
        target = {"target_type": asset.assigned_type, "target_id": asset.assigned_to}
        self._write(
            asset,
            assigned_to=None,
            assigned_type=None,
            location_id=asset.rtd_location_id,
            last_checkin=self.now,
            expected_checkin=None,
            checkin_counter=asset.checkin_counter + 1,
        )
        self._log("hardware", asset_id, "checkin from", note=note, **target)

    def audit(self, asset_id: int, note: str | None = None) -> None:
        """Somebody saw the asset; the next audit is due in a year."""
        asset = self.hardware.rows[asset_id]
        self._write(asset, last_audit_date=self.now, next_audit_date=(self.now + AUDIT_INTERVAL).date())
        self._log("hardware", asset_id, "audit", note=note)

    def assign_seat(self, seat_id: int, *, user_id: int | None = None, asset_id: int | None = None) -> None:
        """Give a seat of a licence to a user or an asset, or, without either, take it back."""
        seat = self.license_seats.rows[seat_id]
        free = seat.is_free
        if is_trashed(seat) or free == (user_id is None and asset_id is None):
            raise ValueError(f"seat {seat_id} is deleted, or as it should be already")
        holder: Holder = "user" if (user_id or seat.assigned_user_id) is not None else "asset"
        target = user_id or asset_id or seat.assigned_user_id or seat.assigned_asset_id
        self._write(seat, assigned_user_id=user_id, assigned_asset_id=asset_id)
        verb = "checkout" if free else "checkin from"
        self._log("licenses", seat.license_id, verb, target_type=holder, target_id=target)

    def hand_out(self, table: str, item_id: int, holder: Holder, holder_id: int) -> None:
        """Give one piece of an accessory, component or consumable away. The item's own row is not written."""
        self._move_stock(table, item_id, -1)
        self._log(table, item_id, "checkout", target_type=holder, target_id=holder_id)

    def take_back(self, table: str, item_id: int, holder: Holder, holder_id: int) -> None:
        """Take one piece of an accessory or component back. The item's own row is not written."""
        self._move_stock(table, item_id, 1)
        self._log(table, item_id, "checkin from", target_type=holder, target_id=holder_id)

    def in_use(self, table: str, row_id: int) -> bool:
        """Whether another row, even a trashed one, holds the id of this one."""
        held = [(other, column) for other, columns in REFERENCES.items() for column in columns if columns[column] == table]
        if any(row_id in map(attrgetter(column), self.tables[other].rows.values()) for other, column in held):
            return True
        holders = [holder for holder, of_table in HOLDERS.items() if of_table == table]
        # Most answers are no, and this finds it out ten times as fast as a look at both columns does.
        if not holders or row_id not in map(attrgetter("assigned_to"), self.hardware.rows.values()):
            return False
        return any(row.assigned_to == row_id and row.assigned_type in holders for row in self.hardware.rows.values())

    def tag_is_taken(self, tag: str) -> bool:
        """Whether a living asset has that tag."""
        return any(not is_trashed(self.hardware.rows[one]) for one in self._tagged.get(tag, ()))

    def seats_of(self, license_id: int, deleted_at: datetime | None = None) -> list[Seat]:
        """The seats of a licence: the living ones, or those that were deleted at that moment."""
        groups = self.cached("seats", self._group_seats)
        return [seat for seat in groups.get(license_id, []) if seat.deleted_at == deleted_at]

    def _retag(self, asset: Asset, tag: str) -> None:
        if self.tag_is_taken(tag):
            raise ValueError(f"an asset has the tag {tag!r}")
        self._tagged[asset.asset_tag].remove(asset.id)
        self._tagged.setdefault(tag, set()).add(asset.id)

    def _group_seats(self) -> dict[int, list[Seat]]:
        groups: dict[int, list[Seat]] = {}
        for seat in self.license_seats.rows.values():
            groups.setdefault(seat.license_id, []).append(seat)
        return groups

    def _check_seats(self, row: License, wanted: int) -> None:
        if wanted < sum(1 for seat in self.seats_of(row.id) if not seat.is_free):
            raise ValueError(f"licence {row.id} has more seats checked out than {wanted}")

    def _fit_seats(self, row: License) -> int:
        """Make or delete seats; how many there are more now."""
        seats = self.seats_of(row.id)
        for _ in range(row.seats - len(seats)):
            self.license_seats.add(self.now, {"license_id": row.id})
        surplus = max(len(seats) - row.seats, 0)
        for seat in [seat for seat in reversed(seats) if seat.is_free][:surplus]:
            self._write(seat, deleted_at=self.now)
        self.revision += 1
        return row.seats - len(seats)

    def _delete_seats(self, row: License) -> None:
        self._check_seats(row, 0)
        for seat in self.seats_of(row.id):
            self._write(seat, deleted_at=self.now)

    def _drop_column(self, field_id: int) -> None:
        """The rows that lose a value are not written, and so are not updated."""
        for asset in self.hardware.rows.values():
            asset.custom_fields.pop(field_id, None)
        for fieldset in self.fieldsets.rows.values():
            fieldset.field_ids = tuple(one for one in fieldset.field_ids if one != field_id)

    def _move_stock(self, table: str, item_id: int, pieces: int) -> None:
        item: Stock = self.tables[table].rows[item_id]
        if is_trashed(item) or not 0 <= item.remaining + pieces <= item.qty:
            raise ValueError(f"{table} {item_id} has {item.remaining} of {item.qty} pieces")
        self.revision += 1
        item.remaining += pieces

    def _write(self, row: Record, **changes: Any) -> None:
        self.revision += 1
        for name, value in changes.items():
            setattr(row, name, value)
        row.updated_at = self.now

    def _remove(self, table: str, row_id: int) -> None:
        self.revision += 1
        del self.tables[table].rows[row_id]

    def _remove_where(self, table: str, doomed: Callable[[Any], bool]) -> None:
        for row in [row for row in self.tables[table].rows.values() if doomed(row)]:
            self._remove(table, row.id)

    def _log(self, table: str, row_id: int, action_type: str, **values: Any) -> None:
        if table not in LOGGED:
            return
        about = {"action_type": action_type, "item_type": LOGGED[table], "item_id": row_id, "action_date": self.now}
        self.activity.add(self.now, {**about, **values})

    def _differences(self, row: Record, changed: dict[str, Any]) -> LogMeta:
        """Old and new of each column as text, custom fields under the names of their columns."""
        meta = {
            name: {"old": _as_text(getattr(row, name)), "new": _as_text(value)}
            for name, value in changed.items()
            if name != "custom_fields"
        }
        if isinstance(row, Asset) and "custom_fields" in changed:
            old, new = row.custom_fields, changed["custom_fields"]
            for one in sorted(old.keys() | new.keys()):
                if old.get(one) != new.get(one):
                    column = self.fields.rows[one].db_column_name
                    meta[column] = {"old": old.get(one), "new": new.get(one)}
        return meta


def _item(action: Action) -> tuple[str | None, int | None]:
    return action.item_type, action.item_id


def _target(action: Action) -> tuple[str | None, int | None]:
    return action.target_type, action.target_id


def _as_text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(int(value))
    return str(value)
