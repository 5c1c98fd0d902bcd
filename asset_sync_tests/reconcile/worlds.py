"""Small kinds and tables for the tests: written by hand, a dict a row, what is left out is missing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pandas as pd

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Field, IdentityRule, Kind, Kinds, Retirement, Unique, in_order
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.plan import Mode, Plan
from asset_sync.reconcile.planning import Grace, Policy, Snapshot, make_plan
from asset_sync.reconcile.references import match_all
from asset_sync.reconcile.tables import (
    DESIRED_COLUMNS,
    DTYPES,
    LINK_COLUMNS,
    OBSERVED_COLUMNS,
    Tables,
    base_column,
    emptied_column,
    identity_column,
)

NOW: Final = datetime(2025, 6, 1, 12, tzinfo=UTC)

MAKER: Final = Kind(
    "maker",
    (Field("name", max_length=20, required=True), Field("slug")),
    (IdentityRule("name", ("name",), "label"),),
    (Unique(("name",), "label"),),
    versions="count",
)
MODEL: Final = Kind(
    "model",
    (Field("maker", "reference", to="maker"), Field("name", max_length=20, required=True)),
    (IdentityRule("maker and name", ("maker", "name"), "label"),),
    (Unique(("maker", "name"), "label"),),
    versions="count",
)
ASSET: Final = Kind(
    "asset",
    (
        Field("name", max_length=30),
        Field("serial", max_length=50),
        Field("tag", nullable=True),
        Field("model", "reference", to="model"),
        Field("status"),
        Field("room"),
        Field("memory", "integer"),
        Field("encrypted", "boolean"),
        Field("bought", "date"),
    ),
    (
        IdentityRule("serial", ("serial",), "serial"),
        IdentityRule("tag", ("tag",), "folded"),
        IdentityRule("name", ("name",), "folded", decisive=False),
    ),
    (Unique(("tag",)),),
    Retirement("status", "retired"),
    versions="count",
)
PORT: Final = Kind(
    "port",
    (Field("asset", "reference", to="asset"), Field("name", required=True)),
    (IdentityRule("asset and name", ("asset", "name")),),
    (Unique(("asset", "name")),),
    parent="asset",
    versions="count",
)
ADDRESS: Final = Kind(
    "address",
    (Field("address", required=True), Field("port", "reference", to="port")),
    (IdentityRule("address", ("address",), "folded"),),
    (Unique(("address",), "folded"),),
    parent="port",
    natural=True,
    versions="count",
)
PRIMARY: Final = Kind(
    "primary",
    (Field("asset", "reference", to="asset"), Field("address", "reference", to="address", pins=True)),
    parent="asset",
    facet_of="asset",
    versions="count",
)
KINDS: Final[Kinds] = in_order([MAKER, MODEL, ASSET, PORT, ADDRESS, PRIMARY])
REFERRED: Final[Kinds] = in_order([replace(MAKER, referred=True), replace(MODEL, referred=True), ASSET, PORT, ADDRESS, PRIMARY])
"""The same, makers and models made only where something that is written refers to them."""

SOURCE: Final = Ownership("source")
SHARED: Final = Ownership("shared")
INITIAL: Final = Ownership("initial")
Owners = Mapping[str, Mapping[str, Ownership]]
OWNERS: Final[Owners] = {
    "maker": {"name": INITIAL},
    "model": {"maker": SOURCE, "name": INITIAL},
    "asset": {
        "name": SHARED,
        "serial": SOURCE,
        "tag": SOURCE,
        "model": SOURCE,
        "status": SHARED,
        "room": SHARED,
        "memory": SOURCE,
        "encrypted": SOURCE,
        "bought": INITIAL,
    },
    "port": {"asset": SOURCE, "name": INITIAL},
    "address": {"address": SOURCE, "port": SOURCE},
    "primary": {"asset": SOURCE, "address": SHARED},
}
POLICY: Final = Policy(OWNERS)

Row = Mapping[str, Any]


def _array(values: list[Any], dtype: Any) -> Any:
    return pd.array(values, dtype=dtype)


def table(kind: Kind, own: Sequence[str], rows: Sequence[Row]) -> pd.DataFrame:
    """Return a record table; a field that a row leaves out is missing."""
    types = dict.fromkeys(own, "str") | {f.name: DTYPES[f.type] for f in kind.fields}
    for row in rows:
        assert row.keys() <= types.keys(), row.keys() - types.keys()
    return pd.DataFrame({name: _array([row.get(name) for row in rows], dtype=dtype) for name, dtype in types.items()})


def desired(kind: Kind, *rows: Row) -> pd.DataFrame:
    """Return a desired table; the key is the source's, where none is given."""
    return table(kind, DESIRED_COLUMNS, [{"key": row.get("source_key"), **row} for row in rows])


def observed(kind: Kind, *rows: Row) -> pd.DataFrame:
    """Return an observed table; the version is "v1", where none is given."""
    return table(kind, OBSERVED_COLUMNS, [{"key": f"#{row['id']}", "version": "v1", **row} for row in rows])


def links(
    *rows: Row,
    kind: Kind = ASSET,
    owners: Owners = OWNERS,
    remembers_identity: bool | None = None,
    also: Collection[str] = (),
) -> pd.DataFrame:
    """Return a links table; values besides the links' own columns are base values.

    All shared fields have a column, those that say where an object sits and whether it is in service, and those `also`. Where
    nothing else is said, links remember identities if any of them has one.
    """
    always = {kind.parent if kind.facet_of is None else None, kind.retirement.field if kind.retirement else None}
    names = [name for name, owned in owners[kind.name].items() if owned.owner == "shared" or name in (*always, *also)]
    columns: dict[str, Any] = {
        name: _array([row.get(name) for row in rows], dtype=dtype)
        for name, dtype in LINK_COLUMNS.items()
        if name not in {"missing_since", "missing_runs", "made", "left", "parted"}
    }
    columns["missing_runs"] = _array([row.get("missing_runs", 0) for row in rows], dtype="Int64")
    for name in ("made", "left", "parted"):
        columns[name] = _array([row.get(name, False) for row in rows], dtype="boolean")
    columns["missing_since"] = _array([row.get("missing_since") for row in rows], dtype=LINK_COLUMNS["missing_since"])
    columns |= {base_column(n): _array([row.get(n) for row in rows], dtype=DTYPES[kind.field(n).type]) for n in names}
    for label in map(emptied_column, names):
        columns[label] = _array([row.get(label, False) for row in rows], dtype="boolean")
    identities = {identity_column(name): name for name in kind.identifying}
    if remembers_identity is None:
        remembers_identity = any(label in row for row in rows for label in identities)
    for label, name in identities.items() if remembers_identity else ():
        columns[label] = _array([row.get(label) for row in rows], dtype=DTYPES[kind.field(name).type])
    return pd.DataFrame(columns)


def link(source_key: str, target_id: str, **more: Any) -> Row:
    """Return a row of a links table."""
    return {"source_key": source_key, "target_id": target_id, **more}


def tables(side: str, given: Tables) -> Tables:
    """Return the tables of all kinds; those that are not given are empty."""
    make = desired if side == "desired" else observed
    return {name: given[name] if name in given else make(kind) for name, kind in KINDS.items()}


def snapshot(wanted: Tables, there: Tables, remembered: Tables | None = None) -> Snapshot:
    """Return a snapshot of all kinds; tables that are not given are empty."""
    return Snapshot(tables("desired", wanted), tables("observed", there), remembered or {})


def planned(
    now: Snapshot,
    *,
    policy: Policy = POLICY,
    grace: Grace | None = None,
    mode: Mode = "normal",
    complete: bool = True,
    after: str | None = None,
    at: datetime = NOW,
    kinds: Kinds = KINDS,
) -> Plan:
    """Match and plan."""
    policy = Policy(policy.owners, grace) if grace else policy
    matches = match_all(kinds, now.desired, now.observed, now.links)
    rows = {"devices": len(now.desired["asset"])} if "asset" in now.desired else {}
    return make_plan("test", kinds, policy, now, matches, now=at, mode=mode, complete=complete, after=after, source_rows=rows)


def told(plan: Plan, *ops: str) -> list[tuple[str, str, str, dict[str, Any], str | None]]:
    """Return the plan's operations (of those sorts) as kind, op, key, new values and hold."""
    return [
        (row["kind"], row["op"], row["key"], {n: c["new"] for n, c in p.decode(row["changes"]).items()}, row["hold"])
        for row in p.records(plan.operations)
        if not ops or row["op"] in ops
    ]


def writes(plan: Plan) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Return what the plan writes as kind, op, key and new values."""
    return [
        (row["kind"], row["op"], row["key"], {n: c["new"] for n, c in p.decode(row["changes"]).items()})
        for row in p.records(plan.writes)
    ]


def holds(plan: Plan) -> dict[str, str]:
    """Return why rows are held, by key."""
    return {row["key"]: row["hold"] for row in p.records(plan.held)}
