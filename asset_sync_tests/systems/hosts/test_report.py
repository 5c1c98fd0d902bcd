"""What a plan does to hosts, told host by host (facts/cmdb.md §4)."""

import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.plan import Mode, Plan
from asset_sync.systems.hosts.report import diff_report

HOST = "4f1c2b3a" * 4


Row = tuple[str | None, ...]


def operation(op: str, kind: str, key: str, source_key: str, hold: str | None = None, **fields: object) -> Row:
    changes = {name: {"old": None, "new": new, "owner": "source", "reason": "new"} for name, new in fields.items()}
    return (kind, op, key, source_key, None, None, p.encode(changes), "not in the target", hold, None, None, None)


def told(*operations: Row, mode: Mode = "normal", most: int = 300) -> list[str]:
    plan = Plan("hosts_to_netbox", mode, p.operations_table(list(operations)))
    return diff_report(plan, most=most, objects={HOST: ("web-1", "17")}).splitlines()


def test_the_parts_of_a_host_stand_below_it_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_URL", "https://netbox.example/")
    lines = told(
        operation(p.CREATE, "interface", "web-1 eth9", f"{HOST}/eth9", name="eth9"),
        operation(p.RETIRE, "interface", "web-1 eth0", f"{HOST}/eth0", enabled=False),
        operation(p.UPDATE, "ip_address", "192.0.2.1/24", f"{HOST}/192.0.2.1", interface="x"),
        operation(p.UPDATE, "virtual_machine", "shop-web-1", f"{HOST}/shop/web/1", status="offline"),
        operation(p.CREATE, "platform", "Debian 12", "Debian 12", name="Debian 12"),
    )
    heads = [line for line in lines if line.startswith("#")]
    assert heads[1:] == [
        "## web-1 (device #17, https://netbox.example/dcim/devices/17/)",
        "### New interfaces",
        "### Removed interfaces",
        "### Changed IP addresses",
        "### Changed containers",
        "### Summary",
        "### Makers, types, platforms and others",
    ]
    assert "| 2 | 1 | 1 |" in lines


def test_what_waits_for_a_held_host_is_counted() -> None:
    lines = told(
        operation(p.QUARANTINE, "device", "web-1", HOST, "NetBox does not have it"),
        *(operation(p.QUARANTINE, "interface", n, f"{HOST}/{n}", f"its device 'web-1' is held: {n}") for n in ("a", "b")),
    )
    assert "2 more wait for that." in lines
    assert sum("NetBox does not have it" in line for line in lines) == 1


def test_what_a_host_says_is_no_markup() -> None:
    lines = told(operation(p.CREATE, "interface", "x|<b>`y`", f"{HOST}/x", name="a|b`c"))
    (line,) = [each for each in lines if each.startswith("| x")]
    assert "<b>" not in line
    assert line.replace("\\|", "").count("|") == 6


def test_more_than_can_be_read_is_counted_and_a_dry_run_says_what_it_is() -> None:
    rows = [operation(p.CREATE, "interface", f"h{n} eth0", f"{n:032}/eth0", name="eth0") for n in range(60)]
    lines = told(*rows, mode="dry_run")
    assert "10 more rows are not shown here." in lines
    assert lines[-1] == "Dry run complete. No changes applied."
