"""What a plan does to hosts, host by host: attributes, interfaces, addresses, containers (facts/cmdb.md §4)."""

import html
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from asset_sync import settings
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.report import MOST_ROWS, NO_OBJECTS, Objects, changes, escaped, headline
from asset_sync.systems.hosts.tables import host_of

Operation = Mapping[str, Any]

_DRY: Final = "Dry run complete. No changes applied."
_HOSTS_SHOWN: Final = 50
_DEVICE: Final = "device"
_WAITS: Final = " is held: "
_SECTIONS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("device attributes", frozenset({_DEVICE, "device_primary_ip"})),
    ("interfaces", frozenset({"interface", "interface_links", "interface_primary_mac", "mac_address"})),
    ("IP addresses", frozenset({"ip_address"})),
    ("containers", frozenset({"virtual_machine", "vm_service", "cluster"})),
    ("services", frozenset({"device_service"})),
)
_NEW: Final = frozenset({p.CREATE, p.RESTORE})


def diff_report(
    plan: Plan,
    *,
    files: Iterable[str] = (),
    note: str | None = None,
    most: int = MOST_ROWS,
    objects: Objects = NO_OBJECTS,
) -> str:
    """Return a plan as Markdown: a part a host, then what belongs to none; `files` hold all rows, `note` comes first.

    At most `most` rows are told, of at most fifty hosts; the others are counted.
    """
    operations = [*p.records(plan.writes), *p.records(plan.held)]
    by_host: dict[str, list[Operation]] = {}
    for operation in operations:
        by_host.setdefault(host_of(operation["source_key"] or ""), []).append(operation)
    hosts = {
        host: rows
        for host, rows in by_host.items()
        if any(row["kind"] == _DEVICE or "/" in (row["source_key"] or "") for row in rows)
    }
    others = [row for host, rows in by_host.items() if host not in hosts for row in rows]
    lines = [f"# {headline(plan)}", "", f"Sync `{plan.sync}`, mode `{plan.mode}`, {len(hosts)} hosts"]
    lines += ["", f"**{escaped(note)}**"] if note else []
    told = 0
    for host, rows in list(hosts.items())[:_HOSTS_SHOWN]:
        if told < most:
            told += len(rows)
            lines += ["", *_host(host, rows, objects)]
    lines += ["", *_section("Makers, types, platforms and others", others)] if others else []
    if told + len(others) < len(operations):
        lines += ["", f"{len(operations) - told - len(others)} more rows are not shown here."]
    lines += ["", "All rows:", *(f"- {file}" for file in files)] if files else []
    return "\n".join([*lines, *(["", _DRY] if plan.mode == "dry_run" else []), ""])


def _host(host: str, rows: list[Operation], objects: Objects) -> Iterator[str]:
    name, id_ = objects.get(host, (None, None))
    device = next((row for row in rows if row["kind"] == _DEVICE), None)
    name = (device["key"] if device else None) or name or host
    yield f"## {escaped(name)}" + (f" (device #{id_}{_address(id_)})" if id_ else "")
    for title, kinds in _SECTIONS:
        own = [row for row in rows if row["kind"] in kinds]
        if title == "device attributes":
            yield from _attributes(own)
            continue
        for word, chosen in _ROWS.items():
            yield from _section(f"{word} {title}", [row for row in own if not row["hold"] and chosen(row)])
    yield from _held([row for row in rows if row["hold"]])
    yield from _summary([row for row in rows if not row["hold"]])


def _address(device_id: str) -> str:
    """Return where a person finds the device, as far as this process knows the address of its NetBox."""
    url = (settings.optional("NETBOX_URL") or "").rstrip("/")
    return f", {html.escape(url)}/dcim/devices/{device_id}/"


_ROWS: Final[Mapping[str, Callable[[Operation], bool]]] = {
    "New": lambda row: row["op"] in _NEW,
    "Removed": lambda row: row["op"] == p.RETIRE,
    "Changed": lambda row: row["op"] == p.UPDATE,
}


def _attributes(rows: list[Operation]) -> Iterator[str]:
    changed = [row for row in rows if not row["hold"]]
    if not changed:
        return
    yield from ("", "### Device attributes", "", "| Field | NetBox value | Current value | Action |", "|---|---|---|---|")
    for row in changed:
        for field, old, new in changes(row):
            yield f"| {field} | {old} | {new} | {row['op']} |"


def _section(title: str, rows: list[Operation]) -> Iterator[str]:
    if not rows:
        return
    yield from ("", f"### {title}", "", "| Object | Field | NetBox value | Current value | Why |", "|---|---|---|---|---|")
    for row in rows:
        named, why = escaped(row["key"] or "?"), escaped(row["hold"] or row["reason"])
        for field, old, new in changes(row) or [(row["op"], "", "")]:
            yield f"| {named} | {field} | {old} | {new} | {why} |"
            named = why = ""


def _held(rows: list[Operation]) -> Iterator[str]:
    """Yield what is held; what only waits for that is counted."""
    waiting = [row for row in rows if _WAITS in row["hold"]]
    yield from _section("Held", [row for row in rows if _WAITS not in row["hold"]])
    if waiting:
        yield from ("", f"{len(waiting)} more wait for that.")


def _summary(rows: list[Operation]) -> Iterator[str]:
    counts = {word: sum(map(chosen, rows)) for word, chosen in _ROWS.items()}
    yield from ("", "### Summary", "", "| Updates | Creates | Removals/Offline |", "|---|---|---|")
    yield f"| {counts['Changed']} | {counts['New']} | {counts['Removed']} |"
