"""What is scanned for once a plan was applied, and what becomes of what cannot be."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import DEFERRED, FAILED, Outcome, OutcomeUnknown, Refused
from asset_sync.systems.steps import Done
from asset_sync.systems.wug.monitoring.scanning import is_to_scan, scan_for_declined, to_be_scanned_for
from asset_sync.systems.wug.target import WugTarget
from asset_sync.tracking import Key, Tracking


class Server:
    """Starts scans, but for those into groups of certain names."""

    def __init__(self) -> None:
        self.started: list[tuple[str, list[str]]] = []

    def scan(self, group: str, addresses: Sequence[str]) -> str:
        if group == "Lost":
            raise OutcomeUnknown("timed out")
        if group == "Gone":
            raise Refused("no such group")
        self.started.append((group, list(addresses)))
        return f"s{len(self.started)}"


class Table:
    """Remembers what the table of exports is told."""

    def __init__(self) -> None:
        self.scanned: dict[Key, str] = {}
        self.errors: dict[Key, str] = {}

    def scan_triggered(self, _connection: str, keys: Sequence[Key], scan_id: str, _now: datetime) -> None:
        self.scanned |= dict.fromkeys(keys, scan_id)

    def failed(self, _connection: str, errors: Mapping[Key, str], _now: datetime) -> None:
        self.errors |= errors


def done(*groups: str, outcome: str = DEFERRED, detail: str = to_be_scanned_for("no template").detail) -> Done:
    """An apply that was to make a device in each of those groups, with address 10.0.0.N and number N as its record."""
    rows = []
    for number, group in enumerate(groups):
        said = {"address": f"10.0.0.{number}", "group": group}
        changes = p.encode({name: {"old": None, "new": new, "owner": "source", "reason": "new"} for name, new in said.items()})
        told: dict[str, Any] = {"kind": "device", "op": p.CREATE, "source_key": str(number), "key": str(number)}
        told |= {"changes": changes, "reason": "new"}
        rows.append(tuple(told.get(name) for name in p.OPERATION_COLUMNS))
    plan = Plan("netbox_to_wug", "normal", p.operations_table(rows))
    return Done(plan, {seq: Outcome(seq, outcome, detail) for seq in range(len(groups))}, None)


def scanned(applied: Done, server: Server, table: Table) -> Mapping[str, Any]:
    return scan_for_declined(cast("WugTarget", server), cast("Tracking", table), "main", applied)


def test_devices_of_a_group_are_scanned_for_together() -> None:
    server, table = Server(), Table()
    assert scanned(done("A", "B", "A"), server, table) == {"scans": 2}
    assert server.started == [("A", ["10.0.0.0", "10.0.0.2"]), ("B", ["10.0.0.1"])]
    assert table.scanned == {("0", "10.0.0.0"): "s1", ("2", "10.0.0.2"): "s1", ("1", "10.0.0.1"): "s2"}


def test_what_cannot_be_scanned_for_is_an_error_and_the_others_go_on() -> None:
    server, table = Server(), Table()
    with pytest.raises(
        TargetError, match=r"^2 devices are not monitored; the first: not added \(no template\), nor scanned for"
    ):
        scanned(done("Gone", "Lost", "Z"), server, table)
    assert server.started == [("Z", ["10.0.0.2"])]
    assert table.errors == {
        ("0", "10.0.0.0"): "not added (no template), nor scanned for (no such group)",
        ("1", "10.0.0.1"): (
            "not added (no template), and nobody knows whether a scan for it was started (timed out); "
            "the next run sees what it found"
        ),
    }


@pytest.mark.parametrize("other", [done("A", outcome=FAILED), done("A", detail="a scan for its address is under way"), done()])
def test_nothing_else_is_scanned_for(other: Done) -> None:
    assert not is_to_scan(other)
    assert is_to_scan(done("A"))
