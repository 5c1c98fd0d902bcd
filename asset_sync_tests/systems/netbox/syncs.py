"""Whole syncs of kinds of NetBox's, run after run, with the rows of a source that tests change."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from asset_sync.reconcile.apply import known_objects
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.plan import Mode, Plan
from asset_sync.reconcile.planning import Grace, Policy, Snapshot, make_plan
from asset_sync.reconcile.references import match_all
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.netbox import conform, observe, unready
from asset_sync_tests.reconcile import lab as core
from asset_sync_tests.reconcile.lab import ops
from asset_sync_tests.reconcile.memory import DAY
from asset_sync_tests.reconcile.worlds import desired
from asset_sync_tests.systems.netbox.conftest import Lab

Row = dict[str, Any]


class Sync(core.Lab):
    """A sync of rows, by kind, into the NetBox of a lab."""

    def __init__(self, netbox: Lab, kinds: Kinds, rows: Mapping[str, Sequence[Row]]) -> None:
        owners = {name: dict.fromkeys((f.name for f in kind.fields), Ownership("source")) for name, kind in kinds.items()}
        super().__init__(kinds, Policy(owners, Grace(runs=1, time=timedelta())))
        self.rows: dict[str, list[Row]] = {name: [dict(row) for row in own] for name, own in rows.items()}
        self.netbox = netbox
        self.target = netbox.target  # type: ignore[assignment]

    def plan(self, mode: Mode = "normal") -> Plan:
        observed = observe(self.netbox.client, self.kinds)
        wanted, refused = conform(self.kinds, self.wanted(), observed)
        now = Snapshot(wanted, {name: observed[name] for name in self.kinds}, self.ledger.links(), refused)
        self.known = known_objects(now.observed, now.links)
        matches = match_all(self.kinds, wanted, observed, now.links, unready(self.kinds, wanted, observed))
        return make_plan("test", self.kinds, self.policy, now, matches, now=self.at, mode=mode, after=self.last)

    def pass_day(self) -> None:
        """Let a day pass; the NetBox has a clock of its own."""
        self.at += DAY

    def wanted(self) -> Tables:
        return {name: desired(kind, *self.rows.get(name, [])) for name, kind in self.kinds.items()}

    def row(self, kind: str, key: str) -> Row:
        """Return the row of the source with that key, to change it."""
        return next(row for row in self.rows[kind] if row["source_key"] == key)

    def objects_of(self, endpoint: str, *names: str) -> list[tuple[Any, ...]]:
        """Return what the objects there have of those fields, in order."""
        return sorted((tuple(row[name] for name in names) for row in self.netbox.state.objects(endpoint)), key=str)

    def again(self) -> int:
        """Run once more; return how many writes that took."""
        before = self.netbox.state.requests.writes
        assert ops(self.run()) == []
        return self.netbox.state.requests.writes - before
