from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine

from asset_sync.ledger import Ledger
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Field, IdentityRule, Kind, Kinds, Retirement, in_order
from asset_sync.reconcile.plan import Changes, Mode, Plan

MAKER = Kind("maker", (Field("name"),), identity=(IdentityRule("name", ("name",)),))
ASSET = Kind(
    "asset",
    (
        Field("name"),
        Field("serial"),
        Field("status"),
        Field("maker", "reference", to="maker"),
        Field("memory", "integer"),
        Field("price", "number"),
        Field("leased", "boolean"),
        Field("bought", "date"),
    ),
    identity=(IdentityRule("serial", ("serial",), form="serial"), IdentityRule("name", ("name",))),
    retirement=Retirement("status", "offline"),
)
KINDS: Kinds = in_order([MAKER, ASSET])
REMEMBERED = {"asset": ["name", "status", "maker", "memory", "price", "leased", "bought"]}
CLEARING = {"asset": ["memory", "maker"]}
START = datetime(2025, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)

Row = tuple[str | None, ...]
Assets = Callable[[], dict[str, dict[str, Any]]]


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def changes(**news: Any) -> Changes:
    return {name: {"old": None, "new": new, "owner": "shared", "reason": "new"} for name, new in news.items()}


def row(op: str, source_key: str | None, target_id: str | None = None, kind: str = "asset", **more: Any) -> Row:
    values: dict[str, Any] = {"key": f"key of {source_key}", "reason": "matched by name", "changes": {}} | more
    values["changes"] = p.encode(values["changes"])
    if "identity" in values:
        values["identity"] = orjson.dumps(values["identity"]).decode()
    told = {"kind": kind, "op": op, "source_key": source_key, "target_id": target_id} | values
    return tuple(told.get(name) for name in p.OPERATION_COLUMNS)


def make(*rows: Row, sync: str = "pdq_to_netbox", mode: Mode = "normal", **more: Any) -> Plan:
    return Plan(sync, mode, p.operations_table(list(rows)), **more)


def identity(created: str | None = None, **values: str | None) -> dict[str, Any]:
    """What a link remembers as what makes the object that object, as operations tell it."""
    return {"created": created, "values": values}


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    return Ledger(engine)


@pytest.fixture
def assets(ledger: Ledger) -> Assets:
    """Read the links of the assets by source key, None where a value is missing."""

    def read() -> dict[str, dict[str, Any]]:
        frame = ledger.links("pdq_to_netbox", KINDS, REMEMBERED, clearing=CLEARING)["asset"]
        plain = frame.astype(object).where(frame.notna(), None).set_index("source_key")
        return {
            str(key): dict(zip(plain.columns, values, strict=True))
            for key, values in zip(plain.index, plain.to_numpy(), strict=True)
        }

    return read


def column(links: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    return {key: link[name] for key, link in links.items()}


@pytest.fixture
def linked(ledger: Ledger) -> Plan:
    """A saved plan that claims assets 1 and 2 for records a and b, sighted by run r0 and applied by it."""
    plan = make(
        row("claim", "a", "1", changes={"name": {"new": "alpha"}, "status": {"new": "active"}}),
        row("claim", "b", "2", changes={"name": {"new": "beta"}, "status": {"new": "active"}}),
        source_rows={"devices": 2},
    )
    ledger.save(plan, "r0", at(0))
    ledger.note_sighting(plan, "r0", at(0))
    return plan
