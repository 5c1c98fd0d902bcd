"""Reads the simulated Snipe-IT as a careful client does, so that tests can compare what it says with what is true."""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from httpx import ASGITransport, AsyncClient, Response

from asset_sync.sandbox.company import Company
from asset_sync.sandbox.faults import Faults
from asset_sync.sandbox.snipeit import FAULTS, Settings, SnipeState, Token, create_app
from asset_sync.sandbox.snipeit.records import LOGGED

SECRET = "secret"
PATHS = {
    "hardware": "hardware",
    "users": "users",
    "models": "models",
    "manufacturers": "manufacturers",
    "categories": "categories",
    "companies": "companies",
    "locations": "locations",
    "departments": "departments",
    "suppliers": "suppliers",
    "status_labels": "statuslabels",
    "fields": "fields",
    "fieldsets": "fieldsets",
    "licenses": "licenses",
    "accessories": "accessories",
    "components": "components",
    "consumables": "consumables",
    "maintenances": "maintenances",
    "activity": "reports/activity",
}
TRASH: Mapping[str, dict[str, str]] = {
    "hardware": {"status": "Deleted"},
    "users": {"deleted": "true"},
    "models": {"status": "deleted"},
    "manufacturers": {"deleted": "true"},
    "licenses": {"deleted": "true"},
}
MONEY = frozenset({"purchase_cost", "cost"})
ACTIONS = {"create new": "create", "added seats": "add seats", "deleted seats": "delete seats"}
RENDERED = frozenset({"notes", "eula"})
Row = dict[str, Any]


class Desk:
    """A register of `size` machines, the simulator in front of it, and a caller."""

    def __init__(self, size: int = 60, seed: int = 3, settings: Settings | None = None, **options: Any) -> None:
        self.state = SnipeState(Company(size, seed), seed)
        self.faults = Faults(2, FAULTS)
        self.tokens = {SECRET: Token()}
        self.settings = settings or Settings()
        self.app = create_app(
            self.state, tokens=self.tokens, faults=self.faults, settings=settings, **{"throttle": None, **options}
        )

    def ask(self, path: str, method: str = "GET", headers: dict[str, str] | None = None, **params: Any) -> Response:
        sent = {"Authorization": f"Bearer {SECRET}", "Accept": "application/json"} if headers is None else headers

        async def send() -> Response:
            async with AsyncClient(transport=ASGITransport(self.app), base_url="http://snipeit") as client:
                return await client.request(method, path, params=params, headers=sent)

        return asyncio.run(send())

    def get(self, path: str, **params: Any) -> Any:
        answer = self.ask(f"/api/v1/{path}", **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, path: str, **params: Any) -> list[Row]:
        rows: list[Row] = self.get(path, **params)["rows"]
        return rows

    def ids(self, path: str, **params: Any) -> list[int]:
        return [row["id"] for row in self.rows(path, **{"sort": "id", "order": "asc", **params})]

    def all_rows(self, path: str, **params: Any) -> list[Row]:
        """All pages, in the order of the ids where the list knows it."""
        rows: list[Row] = []
        while True:
            page = self.get(path, **{"sort": "id", "order": "asc", **params, "offset": len(rows)})
            rows += page["rows"]
            if len(rows) >= page["total"]:
                return rows

    def table(self, table: str) -> list[Row]:
        """All rows of a table that can be read, as the truth has them."""
        names = list(self.state.truth(table)[0])
        found = [self._plain(table, names, row) for row in self.raw(table)]
        return sorted(found, key=lambda row: int(row["id"]))

    def raw(self, table: str) -> list[Row]:
        if table == "license_seats":
            return [row for one in self.ids("licenses") for row in self.all_rows(f"licenses/{one}/seats")]
        rows = self.all_rows(PATHS[table])
        if table == "suppliers":
            rows = [self.get(f"suppliers/{row['id']}") for row in rows]
        if table == "hardware":
            rows += self.all_rows("hardware", status="Archived")
        if table in TRASH:
            rows += self.all_rows(PATHS[table], **TRASH[table])
        return list({row["id"]: row for row in rows}.values())

    def true(self, table: str) -> list[Row]:
        """The truth, without what no client can see: trash that is not listed, and seats of deleted licences."""
        rows = self.state.truth(table)
        if table == "activity":
            rows = [seen(self.state, row) for row in rows]
        return rows if table in TRASH else [row for row in rows if row.get("deleted_at") is None]

    def _plain(self, table: str, names: list[str], row: Row) -> Row:
        """A row of the API with the columns and types of the truth."""
        special = _SPECIAL[table](row) if table in _SPECIAL else {}
        return {name: self._value(row, name) for name in names if name not in special} | special

    def _value(self, row: Row, name: str) -> Any:
        value = row.get(name)
        if name.endswith("_id") and name not in row:
            return _id(row[name.removesuffix("_id")])
        if isinstance(value, dict) and "datetime" in value:
            zone = ZoneInfo(self.settings.timezone)
            return datetime.fromisoformat(value["datetime"]).replace(tzinfo=zone).astimezone(UTC)
        if isinstance(value, dict) and "date" in value:
            return date.fromisoformat(value["date"])
        if isinstance(value, dict) and "id" in value:
            return value["id"]
        if isinstance(value, str):
            return self._money(value) if name in MONEY else _seen(value) if name in RENDERED else unescape(value) or None
        return value

    def _money(self, text: str) -> Decimal:
        swapped = text.translate(str.maketrans(",.", ".,")) if self.settings.digit_separator == "1.234,56" else text
        return Decimal(swapped.replace(",", ""))


def seen(state: SnipeState, row: Row) -> Row:
    """An entry of the log without what was purged since."""
    tables = {word: table for table, word in LOGGED.items()} | {"location": "locations"}
    gone = {
        name: None
        for side in ("item", "target")
        for name in (f"{side}_type", f"{side}_id")
        if row[f"{side}_type"] and row[f"{side}_id"] not in state.tables[tables[row[f"{side}_type"]]].rows
    }
    return {**row, **gone}


def _seen(rendered: str) -> str | None:
    """The text of rendered notes, with the address of a link behind a label that is another one."""
    text = re.sub(
        r'<a href="([^"]*)">(.*?)</a>', lambda link: link[2] if link[1] == link[2] else f"{link[2]} ({link[1]})", rendered
    )
    return unescape(re.sub(r"</?(?:strong|em|del|code|p)>|<br />", "", text.replace("</p>\n<p>", "\n\n"))) or None


def _id(stub: Row | None) -> int | None:
    return stub["id"] if stub else None


def _months(text: str | None) -> int | None:
    return int(text.removesuffix(" months")) if text and text != "None" else None


def _hardware(row: Row) -> Row:
    holder = row["assigned_to"] or {}
    fields = row["custom_fields"].values()
    return {
        "status_id": row["status_label"]["id"],
        "status_type": row["status_label"]["status_type"],
        "status_meta": row["status_label"]["status_meta"],
        "assigned_to": holder.get("id"),
        "assigned_type": holder.get("type"),
        "eol_months": _months(row["eol"]),
        "warranty_months": _months(row["warranty_months"]),
        "custom_fields": {int(one["field"].rsplit("_", 1)[1]): unescape(one["value"]) for one in fields if one["value"]},
    }


def _activity(row: Row) -> Row:
    item, target = row["item"] or {}, row["target"] or {}
    meta = row["log_meta"]
    return {
        "action_type": ACTIONS.get(row["action_type"], row["action_type"]),
        "item_type": item.get("type"),
        "item_id": item.get("id"),
        "target_type": target.get("type"),
        "target_id": target.get("id"),
        "log_meta": meta
        and {column: {side: unescape(text) or None for side, text in change.items()} for column, change in meta.items()},
    }


_SPECIAL: Mapping[str, Any] = {
    "hardware": _hardware,
    "activity": _activity,
    "models": lambda row: {"eol": _months(row["eol"])},
    "categories": lambda row: {"category_type": row["category_type"].lower()},
    "fieldsets": lambda row: {"field_ids": tuple(field["id"] for field in row["fields"]["rows"])},
    "license_seats": lambda row: {"deleted_at": None},
    "locations": lambda row: {"deleted_at": None},
}
