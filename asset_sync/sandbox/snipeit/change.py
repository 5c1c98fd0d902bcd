"""A day of people's work in the register: deeds of all kinds, in an order and to rows that the seed decides."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from math import ceil
from typing import Any

from asset_sync.sandbox.snipeit.data import ADMINS, Register, maintenance
from asset_sync.sandbox.snipeit.deeds import BASICS, NAMES, TEXTS, WEIGHTS
from asset_sync.sandbox.snipeit.records import Asset, Record
from asset_sync.sandbox.snipeit.store import Store, is_trashed

_TRIES = 60
_WORKDAY = timedelta(hours=10)
_BULK = 25
_STOCKS = ("accessories", "components", "consumables")
_RENAMED = ("models", "manufacturers", "categories", "locations", "suppliers", "status_labels", "departments", "companies")
_TRASHED = (*("hardware", "users", "models", "manufacturers", "locations", "licenses"), *_STOCKS, "maintenances")
Deed = Callable[[], bool]


class DayOfWork:
    """One day; `work` does it. A deed tells whether it found something to be done to."""

    def __init__(self, store: Store, register: Register, size: int, seed: int) -> None:
        self._store = store
        self._register = register
        self._size = size
        self._rng = random.Random(f"day of work {seed}")  # noqa: S311 - data that comes out the same again is the point
        self._living = {name: [row.id for row in table.living()] for name, table in store.tables.items()}
        self._trash = {
            name: [one for one, row in table.rows.items() if is_trashed(row)] for name, table in store.tables.items()
        }

    def work(self, share: float) -> Mapping[str, int]:
        """Do the day's deeds, an hour after its beginning or later, several of them in one second at times."""
        deeds = self._deeds()
        kinds = [kind for kind in deeds for _ in range(ceil(WEIGHTS[kind]))]
        more = round(len(self._living["hardware"]) * share) - len(kinds)
        kinds += self._rng.choices(list(deeds), [WEIGHTS[kind] for kind in deeds], k=max(more, 0))
        self._rng.shuffle(kinds)
        morning = self._store.now
        seconds = sorted(self._rng.randrange(int(_WORKDAY.total_seconds())) for _ in kinds)
        done: Counter[str] = Counter()
        for kind, second in zip(kinds, seconds, strict=True):
            self._store.now = morning + timedelta(hours=1, seconds=second)
            done[kind] += deeds[kind]()
        self._store.now = morning + timedelta(days=1)
        return done

    def _deeds(self) -> dict[str, Deed]:
        return {kind: getattr(self, f"_{kind}") for kind in WEIGHTS}

    def _edit_asset(self) -> bool:
        rng = self._rng
        changes: dict[str, Any] = rng.choice(
            (
                {"name": rng.choice(NAMES)},
                {"name": None},
                {"notes": rng.choice(TEXTS)},
                {"serial": f"S&N-{rng.randrange(10**6)}"},
                {"order_number": f'PO "{rng.randrange(999)}"'},
                {"purchase_cost": Decimal(rng.randrange(1, 10**7)) / 100},
                {"purchase_cost": None, "purchase_date": None},
                {"warranty_months": rng.choice((None, 12, 25, 36))},
                {"purchase_date": (self._store.now - timedelta(days=rng.randrange(900))).date()},
                {"supplier_id": self._any("suppliers")},
                {"company_id": self._any("companies")},
                {"requestable": rng.random() < 0.5, "byod": rng.random() < 0.5},
            )
        )
        return self._update("hardware", **changes)

    def _edit_custom_field(self) -> bool:
        asset = self._pick("hardware", lambda row: bool(self._fields_of(row)))
        if asset is None:
            return False
        field_id = self._rng.choice(self._fields_of(asset))
        value = self._custom_value(field_id)
        return self._store.update("hardware", asset.id, custom_fields={field_id: value})

    def _edit_many(self) -> bool:
        """As a bulk edit does: many rows, one second."""
        rtd = self._any("locations")
        chosen = self._rng.sample(self._living["hardware"], min(_BULK, len(self._living["hardware"])))
        living = [one for one in chosen if self._lives("hardware", one)]
        return sum(self._store.update("hardware", one, rtd_location_id=rtd) for one in living) > 0

    def _move_model(self) -> bool:
        return self._update("hardware", model_id=self._any("models"))

    def _set_status(self) -> bool:
        return self._update("hardware", status_id=self._any("status_labels"))

    def _archive(self) -> bool:
        return self._set_type("deployable", "archived")

    def _unarchive(self) -> bool:
        return self._set_type("archived", "deployable")

    def _set_type(self, old: str, new: str) -> bool:
        labels = self._store.status_labels.rows
        label = self._pick("status_labels", lambda row: bool(row.type == new))
        asset = self._pick("hardware", lambda row: labels[row.status_id].type == old)
        return label is not None and asset is not None and self._store.update("hardware", asset.id, status_id=label.id)

    def _checkout(self) -> bool:
        asset = self._pick("hardware", self._is_free)
        holder = self._rng.choices(("user", "location", "asset"), (8, 1, 1))[0]
        table = {"user": "users", "location": "locations", "asset": "hardware"}[holder]
        target = self._pick(table, lambda row: row is not asset)
        if asset is None or target is None:
            return False
        due = (self._store.now + timedelta(days=30)).date() if self._rng.random() < 0.3 else None
        self._store.checkout(asset.id, holder, target.id, due)  # type: ignore[arg-type]
        return True

    def _checkin(self) -> bool:
        asset = self._pick("hardware", lambda row: row.assigned_to is not None)
        if asset is None:
            return False
        self._store.checkin(asset.id, self._rng.choice(TEXTS))
        return True

    def _audit(self) -> bool:
        asset = self._pick("hardware")
        if asset is None:
            return False
        self._store.audit(asset.id, self._rng.choice(TEXTS))
        return True

    def _create_asset(self) -> bool:
        number = self._next_number("hardware", self._size)
        columns = self._register.asset(number, self._rng)
        if self._store.tag_is_taken(columns["asset_tag"]):
            return False
        return self._create("hardware", **columns)

    def _reuse_tag(self) -> bool:
        """A new asset with the tag of one that was deleted."""
        gone = self._pick_trashed("hardware", lambda row: not self._store.tag_is_taken(row.asset_tag))
        if gone is None:
            return False
        columns = self._register.asset(self._next_number("hardware", self._size), self._rng)
        return self._create("hardware", **{**columns, "asset_tag": gone.asset_tag})

    def _delete_asset(self) -> bool:
        return self._delete("hardware", lambda row: row.assigned_to is None)

    def _restore(self) -> bool:
        table = self._rng.choice(("hardware", "hardware", "users", *_TRASHED))
        return self._restore_in(table)

    def _restore_asset(self) -> bool:
        return self._restore_in("hardware")

    def _purge(self) -> bool:
        table = self._rng.choice(("hardware", "hardware", "users", *_TRASHED))
        return self._purge_in(table)

    def _purge_asset(self) -> bool:
        return self._purge_in("hardware")

    def _edit_user(self) -> bool:
        rng = self._rng
        changes: dict[str, Any] = rng.choice(
            (
                {"first_name": rng.choice(NAMES)},
                {"last_name": rng.choice((*NAMES, None))},
                {"jobtitle": rng.choice(NAMES), "vip": rng.random() < 0.5},
                {"department_id": self._any("departments")},
                {"location_id": self._any("locations")},
                {"manager_id": rng.randrange(1, ADMINS + 1)},
                {"notes": rng.choice(TEXTS), "end_date": self._store.now.date()},
            )
        )
        return self._update("users", **changes)

    def _create_user(self) -> bool:
        return self._create("users", **self._register.user(self._next_number("users", 0)))

    def _delete_user(self) -> bool:
        return self._delete("users", lambda row: row.id > ADMINS)

    def _merge_users(self) -> bool:
        kept, gone = (self._pick("users", lambda row: row.id > ADMINS) for _ in range(2))
        if kept is None or gone is None or kept is gone:
            return False
        self._store.merge_users(kept.id, gone.id)
        self._trash["users"].append(gone.id)
        return True

    def _rename(self) -> bool:
        """The name of something that assets show, and whose change does not touch them."""
        table = self._rng.choice(_RENAMED)
        return self._update(table, name=f"{self._rng.choice(NAMES)} {self._rng.randrange(10**6)}")

    def _annotate(self) -> bool:
        table = self._rng.choice((*_RENAMED, *_STOCKS, "licenses", "maintenances"))
        return self._update(table, notes=self._rng.choice(TEXTS))

    def _create_basic(self) -> bool:
        name = f"{self._rng.choice(NAMES)} {self._rng.randrange(10**6)}"
        table = self._rng.choice(list(BASICS))
        columns = dict(BASICS[table])
        if table == "models":
            columns |= {"category_id": 1, "manufacturer_id": self._any("manufacturers"), "fieldset_id": self._any("fieldsets")}
        if table == "locations":
            columns["parent_id"] = self._any("locations")
        return self._create(table, name=name, **columns)

    def _delete_basic(self) -> bool:
        return self._delete(self._rng.choice(list(BASICS)), lambda _row: True)

    def _create_license(self) -> bool:
        columns = {"category_id": self._any("categories"), "purchase_cost": Decimal("1234.50"), "product_key": "K<1>"}
        return self._create("licenses", name=self._rng.choice(NAMES), seats=self._rng.randrange(1, 30), **columns)

    def _edit_license(self) -> bool:
        changes: dict[str, Any] = self._rng.choice(
            (
                {"name": f"{self._rng.choice(NAMES)} {self._rng.randrange(100)}"},
                {"expiration_date": (self._store.now + timedelta(days=300)).date()},
                {"purchase_cost": Decimal(self._rng.randrange(10**8)) / 100},
            )
        )
        return self._update("licenses", **changes)

    def _resize_license(self) -> bool:
        row = self._pick("licenses")
        if row is None:
            return False
        taken = sum(1 for seat in self._store.seats_of(row.id) if not seat.is_free)
        return self._store.update("licenses", row.id, seats=max(taken, 1) + self._rng.randrange(10))

    def _delete_license(self) -> bool:
        return self._delete("licenses", lambda row: all(seat.is_free for seat in self._store.seats_of(row.id)))

    def _assign_seat(self) -> bool:
        seat = self._pick("license_seats", lambda row: bool(row.is_free))
        kind, table = self._rng.choice((("user_id", "users"), ("asset_id", "hardware")))
        target = self._pick(table)
        if seat is None or target is None:
            return False
        self._store.assign_seat(seat.id, **{kind: target.id})
        return True

    def _release_seat(self) -> bool:
        seat = self._pick("license_seats", lambda row: not row.is_free)
        if seat is None:
            return False
        self._store.assign_seat(seat.id)
        return True

    def _hand_out(self) -> bool:
        table = self._rng.choice(_STOCKS)
        item = self._pick(table, lambda row: row.remaining > 0)
        target = self._pick("hardware" if table == "components" else "users")
        if item is None or target is None:
            return False
        self._store.hand_out(table, item.id, "asset" if table == "components" else "user", target.id)
        return True

    def _take_back(self) -> bool:
        item = self._pick("accessories", lambda row: row.remaining < row.qty)
        user = self._pick("users")
        if item is None or user is None:
            return False
        self._store.take_back("accessories", item.id, "user", user.id)
        return True

    def _edit_stock(self) -> bool:
        changes: dict[str, Any] = self._rng.choice(
            ({"name": self._rng.choice(NAMES)}, {"min_amt": 3}, {"model_number": "N & O"})
        )
        return self._update(self._rng.choice(_STOCKS), **changes)

    def _create_stock(self) -> bool:
        table = self._rng.choice(_STOCKS)
        columns = {"category_id": 1, "qty": 5, "remaining": 5, "purchase_cost": Decimal("0.99")}
        return self._create(table, name=self._rng.choice(NAMES), **columns)

    def _delete_stock(self) -> bool:
        return self._delete(self._rng.choice(_STOCKS), lambda row: row.remaining == row.qty)

    def _open_maintenance(self) -> bool:
        asset_id = self._any("hardware")
        return asset_id is not None and self._create(
            "maintenances", **maintenance(asset_id, self._rng.randrange(1000), self._store.now)
        )

    def _close_maintenance(self) -> bool:
        row = self._pick("maintenances", lambda row: row.completion_date is None)
        if row is None:
            return False
        end = self._store.now.date()
        return self._store.update(
            "maintenances", row.id, completion_date=end, asset_maintenance_time=(end - row.start_date).days
        )

    def _delete_maintenance(self) -> bool:
        return self._delete("maintenances", lambda _row: True)

    def _rename_field(self) -> bool:
        return self._update("fields", name=f"Feld {self._rng.choice(NAMES)} {self._rng.randrange(100)}")

    def _create_field(self) -> bool:
        """A field that no asset has a value of yet, shown with the assets of one fieldset."""
        fieldset = self._pick("fieldsets")
        if fieldset is None or len(self._living["fields"]) > 12:
            return False
        self._create("fields", name=f"Extra & more {self._rng.randrange(10**6)}")
        return self._store.update("fieldsets", fieldset.id, field_ids=(*fieldset.field_ids, self._living["fields"][-1]))

    def _delete_field(self) -> bool:
        return len(self._store.fields.rows) > 6 and self._delete("fields", lambda _row: True)

    def _update(self, table: str, **changes: Any) -> bool:
        row = self._pick(table)
        return row is not None and self._store.update(table, row.id, **changes)

    def _create(self, table: str, **columns: Any) -> bool:
        row_id = self._store.create(table, **columns)
        self._living[table].append(row_id)
        return True

    def _delete(self, table: str, where: Callable[[Any], bool]) -> bool:
        row = self._pick(table, lambda row: where(row) and not self._store.in_use(table, row.id), tries=6)
        if row is None:
            return False
        self._store.delete(table, row.id)
        self._trash[table].append(row.id)
        return True

    def _restore_in(self, table: str) -> bool:
        row = self._pick_trashed(table, lambda row: not isinstance(row, Asset) or not self._store.tag_is_taken(row.asset_tag))
        if row is None:
            return False
        self._store.restore(table, row.id)
        self._living[table].append(row.id)
        return True

    def _purge_in(self, table: str) -> bool:
        row = self._pick_trashed(table, lambda row: not self._store.in_use(table, row.id))
        if row is None:
            return False
        self._store.purge(table, row.id)
        return True

    def _any(self, table: str) -> int | None:
        row = self._pick(table)
        return None if row is None else int(row.id)

    def _pick(self, table: str, where: Callable[[Any], bool] = lambda _row: True, tries: int = _TRIES) -> Any:
        """A living row that fits, or None after some tries."""
        ids = self._living[table]
        for _ in range(tries if ids else 0):
            row_id = self._rng.choice(ids)
            if self._lives(table, row_id) and where(self._store.tables[table].rows[row_id]):
                return self._store.tables[table].rows[row_id]
        return None

    def _pick_trashed(self, table: str, where: Callable[[Any], bool]) -> Any:
        ids = self._trash[table]
        for row_id in self._rng.sample(ids, min(len(ids), 6)):
            row = self._store.tables[table].rows.get(row_id)
            if row is not None and is_trashed(row) and where(row):
                return row
        return None

    def _lives(self, table: str, row_id: int) -> bool:
        row: Record | None = self._store.tables[table].rows.get(row_id)
        return row is not None and not is_trashed(row)

    def _next_number(self, table: str, least: int) -> int:
        """A number of a machine or person that the register has not seen, as its ids never come again."""
        return least + self._store.tables[table].last_id

    def _is_free(self, asset: Asset) -> bool:
        deployable = self._store.status_labels.rows[asset.status_id].type == "deployable"
        return deployable and asset.assigned_to is None

    def _fields_of(self, asset: Asset) -> tuple[int, ...]:
        fieldset_id = self._store.models.rows[asset.model_id].fieldset_id
        return self._store.fieldsets.rows[fieldset_id].field_ids if fieldset_id else ()

    def _custom_value(self, field_id: int) -> str | None:
        if self._rng.random() < 0.2:
            return None
        field = self._store.fields.rows[field_id]
        values = {
            "MAC": f"02:00:00:00:00:{self._rng.randrange(256):02X}",
            "NUMERIC": str(self._rng.randrange(1000)),
            "DATE": (self._store.now - timedelta(days=self._rng.randrange(900))).date().isoformat(),
            "ANY": self._rng.choice(NAMES),
        }
        return values[field.format]
