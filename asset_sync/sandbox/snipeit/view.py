"""What all rows need to be shown: names of other rows, counts, formats and the rights of who is looking."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from asset_sync.sandbox.snipeit.auth import Token
from asset_sync.sandbox.snipeit.records import Action, Asset, User
from asset_sync.sandbox.snipeit.settings import Formats, Json, Settings
from asset_sync.sandbox.snipeit.store import Store
from asset_sync.sandbox.snipeit.text import escape


class View:
    """One look at the store. Names and counts are worked out once for each state of it."""

    def __init__(self, store: Store, settings: Settings, formats: Formats, token: Token) -> None:
        self.store = store
        self.settings = settings
        self.formats = formats
        self.token = token
        self._stubs: dict[tuple[str, int], Json] = store.cached("stubs", dict)

    def stub(self, table: str, row_id: int | None) -> Json | None:
        """`{"id": 3, "name": "escaped"}` of another row, trashed or not; None where there is none."""
        if row_id is None:
            return None
        made = self._stubs.get((table, row_id))
        if made is None:
            made = {"id": row_id, "name": escape(display_name(self.store, table, row_id))}
            self._stubs[table, row_id] = made
        return made

    def person(self, user: User) -> Json:
        """Somebody with the parts of the name."""
        names = {"first_name": escape(user.first_name), "last_name": escape(user.last_name)}
        return {"id": user.id, "name": escape(user.full_name), **names}

    def label(self, asset: Asset) -> str:
        """What the log and seats call an asset: its name, its tag and its model."""
        return f"{asset.name or ''} ({asset.asset_tag}) - {self.store.models.rows[asset.model_id].name}"

    def status(self, asset: Asset) -> Json:
        """The status label of an asset, and what it means for this one."""
        label = self.store.status_labels.rows[asset.status_id]
        meta = "deployed" if asset.assigned_to is not None else label.type
        return {"id": label.id, "name": escape(label.name), "status_type": label.type, "status_meta": meta}

    def count(self, table: str, column: str, row_id: int) -> int:
        """How many living rows of that table hold that id in that column."""
        return self._counts(table, column)[row_id]

    def assigned(self, holder: str, row_id: int) -> int:
        """How many living assets are checked out to that user, location or asset."""
        return self.store.cached(("assigned", holder), lambda: self._count_assigned(holder))[row_id]

    def of_models(self, column: str, row_id: int) -> int:
        """How many living assets have a model with that id in that column."""
        return self.store.cached(("of_models", column), lambda: self._count_by_model(column))[row_id]

    def _counts(self, table: str, column: str) -> Counter[int | None]:
        rows = self.store.tables[table]
        return self.store.cached(("count", table, column), lambda: Counter(getattr(row, column) for row in rows.living()))

    def _count_assigned(self, holder: str) -> Counter[int | None]:
        return Counter(asset.assigned_to for asset in self.store.hardware.living() if asset.assigned_type == holder)

    def _count_by_model(self, column: str) -> Counter[int | None]:
        models = self.store.models.rows
        counts: Counter[int | None] = Counter()
        for model_id, count in self._counts("hardware", "model_id").items():
            if model_id is not None:
                counts[getattr(models[model_id], column)] += count
        return counts


def display_name(store: Store, table: str, row_id: int) -> str:
    """What Snipe-IT calls the row: people by full name, assets by name or tag, everything else by name."""
    row: Any = store.tables[table].rows[row_id]
    if isinstance(row, User):
        return row.full_name
    if isinstance(row, Asset):
        return row.name or row.asset_tag
    return str(row.name)


def table_of(action: Action) -> str:
    """The table of the item that an entry of the log is about."""
    return _TABLES[action.item_type]


_TABLES: Mapping[str, str] = {
    "asset": "hardware",
    "user": "users",
    "location": "locations",
    "license": "licenses",
    "accessory": "accessories",
    "component": "components",
    "consumable": "consumables",
}
