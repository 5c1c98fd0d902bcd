"""Which rows a request is about: trash, company, the filters of each list and the search."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from starlette.datastructures import QueryParams

from asset_sync.sandbox.snipeit.auth import Token
from asset_sync.sandbox.snipeit.endpoints import Endpoint
from asset_sync.sandbox.snipeit.records import Action, Asset, Model, Record, StatusLabel
from asset_sync.sandbox.snipeit.settings import Formats, Settings
from asset_sync.sandbox.snipeit.store import Store, is_trashed
from asset_sync.sandbox.snipeit.view import display_name, table_of

Test = Callable[[Any], bool]

_TYPES = {"App\\Models\\User": "user", "App\\Models\\Location": "location", "App\\Models\\Asset": "asset"}
_EXACT = (
    *("asset_tag", "serial", "order_number", "asset_eol_date", "status_id", "location_id", "rtd_location_id"),
    *("supplier_id", "company_id"),
)
_TEXTS = ("name", "asset_tag", "serial", "order_number", "notes")
_MODEL_IDS = ("category_id", "manufacturer_id")


class Filters:
    """Selects the rows of one request."""

    def __init__(self, store: Store, settings: Settings, formats: Formats) -> None:
        self._store = store
        self._settings = settings
        self._formats = formats

    def select(self, endpoint: Endpoint, query: QueryParams, token: Token) -> list[Any]:
        """The rows that the token may see and the query asks for, in the order of their ids."""
        tests = [*_trash(endpoint, query), *self._scope(endpoint, token), *self._search(endpoint, query)]
        if endpoint.path == "hardware":
            tests += self._hardware(query)
        if endpoint.path == "categories" and (moment := query.get("updated_at")):
            tests.append(lambda row: self._formats.local(row.updated_at).isoformat(" ")[:19] == moment)
        if endpoint.path == "categories":
            tests += _equal_columns(query, "category_type")
        if endpoint.path == "reports/activity":
            tests += _activity(query)
        return _all(tests, self._store.tables[endpoint.table].rows.values())

    def visible(self, endpoint: Endpoint, row: Record, token: Token) -> bool:
        """Whether the token may see that row at all."""
        return all(test(row) for test in self._scope(endpoint, token))

    def _scope(self, endpoint: Endpoint, token: Token) -> list[Test]:
        company = token.scope
        if company is None or endpoint.scope == "all":
            return []
        if endpoint.scope == "location" and not self._settings.scope_locations:
            return []
        assets = self._store.hardware.rows
        if endpoint.scope == "itself":
            return [lambda row: row.id == company]
        if endpoint.scope == "asset":
            return [lambda row: assets[row.asset_id].company_id == company]
        if endpoint.scope == "item":
            return [lambda row: getattr(self._item(row), "company_id", None) == company]
        return [lambda row: row.company_id == company]

    def _item(self, action: Action) -> Any:
        return self._store.tables[table_of(action)].rows.get(action.item_id)

    def _search(self, endpoint: Endpoint, query: QueryParams) -> list[Test]:
        wanted = query.get("search", "").casefold()
        if not wanted or (endpoint.path == "hardware" and query.get("filter")):
            return []
        return [lambda row: any(wanted in str(getattr(row, name) or "").casefold() for name in endpoint.searched)]

    def _hardware(self, query: QueryParams) -> list[Test]:
        return [
            *self._status(query),
            *_columns(query),
            *self._models(query),
            *self._custom(query),
            *self._json_filter(query),
        ]

    def _status(self, query: QueryParams) -> list[Test]:
        """An unknown status is none; then archived assets are left out, unless one status is asked for by its id."""
        wanted = query.get("status", "")
        if wanted == "Deleted":
            return []
        if wanted in _STATUS_TESTS:
            test = _STATUS_TESTS[wanted]
            return [lambda asset: test(asset, self._label(asset))]
        if query.get("status_id") or self._settings.show_archived_in_list:
            return []
        return [lambda asset: self._label(asset).type != "archived"]

    def _label(self, asset: Asset) -> StatusLabel:
        return self._store.status_labels.rows[asset.status_id]

    def _model(self, asset: Asset) -> Model:
        return self._store.models.rows[asset.model_id]

    def _models(self, query: QueryParams) -> list[Test]:
        tests: list[Test] = []
        models = {*query.getlist("model_id"), *query.getlist("model_id[]")} - {""}
        if models:
            tests.append(lambda asset: str(asset.model_id) in models)
        tests += [self._of_model(test) for test in _equal_columns(query, *_MODEL_IDS)]
        # No model has a depreciation here.
        if query.get("depreciation_id"):
            tests.append(lambda _asset: False)
        return tests

    def _of_model(self, test: Test) -> Test:
        return lambda asset: test(self._model(asset))

    def _custom(self, query: QueryParams) -> list[Test]:
        columns = {field.db_column_name: field.id for field in self._store.fields.rows.values()}
        return [_has_custom(columns[name], value) for name, value in query.items() if name in columns and value]

    def _json_filter(self, query: QueryParams) -> list[Test]:
        """`filter={"name": "x", "location": "y"}`: parts of texts, all of them; what cannot be read is no filter."""
        try:
            wanted = json.loads(query.get("filter") or "{}")
        except ValueError:
            return []
        if not isinstance(wanted, Mapping):
            return []
        known = [name for name in wanted if name in _TEXTS or name in _NAMED]
        return [self._has_text(name, str(wanted[name]).casefold()) for name in known]

    def _has_text(self, name: str, part: str) -> Test:
        return lambda asset: part in (self.text(asset, name) or "").casefold()

    def text(self, asset: Asset, name: str) -> str | None:
        """A column of an asset as text, or the name of what the asset refers to by it."""
        if name not in _NAMED:
            value = getattr(asset, name)
            return None if value is None else str(value)
        table, column = _NAMED[name]
        row_id = getattr(self._model(asset) if name in ("category", "manufacturer") else asset, column)
        return None if row_id is None else display_name(self._store, table, row_id)


_NAMED = {
    "model": ("models", "model_id"),
    "category": ("categories", "category_id"),
    "manufacturer": ("manufacturers", "manufacturer_id"),
    "company": ("companies", "company_id"),
    "location": ("locations", "location_id"),
    "rtd_location": ("locations", "rtd_location_id"),
    "status_label": ("status_labels", "status_id"),
    "supplier": ("suppliers", "supplier_id"),
}

_STATUS_TESTS: Mapping[str, Callable[[Asset, StatusLabel], bool]] = {
    "RTD": lambda asset, label: asset.assigned_to is None and label.type == "deployable",
    "Deployed": lambda asset, _label: asset.assigned_to is not None,
    "Pending": lambda _asset, label: label.type == "pending",
    "Undeployable": lambda _asset, label: label.type == "undeployable",
    "Archived": lambda _asset, label: label.type == "archived",
    "Requestable": lambda asset, label: asset.requestable and label.type == "deployable",
    "byod": lambda asset, _label: asset.byod,
}


def _all(tests: list[Test], rows: Iterable[Any]) -> list[Any]:
    for test in tests:
        rows = filter(test, rows)
    return list(rows)


def _trash(endpoint: Endpoint, query: QueryParams) -> list[Test]:
    if endpoint.trash == "deleted_or_all" and query.get("all") == "true":
        return []
    asked = {
        "hidden": False,
        "deleted": query.get("deleted") == "true",
        "deleted_or_all": query.get("deleted") == "true",
        "status": query.get("status") == "deleted",
        "Status": query.get("status") == "Deleted",
    }
    return [is_trashed] if asked[endpoint.trash] else [lambda row: not is_trashed(row)]


def _equals(column: str, text: str) -> Test:
    return lambda row: str(getattr(row, column)) == text


def _equal_columns(query: QueryParams, *columns: str) -> list[Test]:
    return [_equals(column, query[column]) for column in columns if query.get(column)]


def _has_custom(field_id: int, value: str) -> Test:
    return lambda asset: asset.custom_fields.get(field_id) == value


def _columns(query: QueryParams) -> list[Test]:
    tests = _equal_columns(query, *_EXACT)
    for flag in ("byod", "requestable"):
        if query.get(flag) in ("true", "1"):
            tests.append(_equals(flag, "True"))
    if query.get("assigned_to") and query.get("assigned_type"):
        kind = _TYPES.get(query["assigned_type"], "")
        tests += [_equals("assigned_to", query["assigned_to"]), _equals("assigned_type", kind)]
    return tests


def _activity(query: QueryParams) -> list[Test]:
    tests = _equal_columns(query, "action_type")
    for side in ("item", "target"):
        kind, row_id = query.get(f"{side}_type", "").lower(), query.get(f"{side}_id", "")
        if kind and row_id:
            tests += [_equals(f"{side}_type", kind), _equals(f"{side}_id", row_id)]
    return tests
