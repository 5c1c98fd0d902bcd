"""What the demo says around its numbers, for a reader at 80 columns: what runs, what a plan looks like, what comes next."""

import os
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from asset_sync import settings
from asset_sync.cli.plans import changes_told
from asset_sync.components.resources import open_ledger
from asset_sync.operations.runs import RunReport
from asset_sync.reconcile import plan as p
from asset_sync.reconcile import report as plan_report

WIDTH: Final = 80

_RUNS: Final[Mapping[str, str]] = {
    "pdq_to_netbox": "PDQ Connect → NetBox: machines become assets",
    "wug_to_netbox": "WhatsUp Gold → NetBox: what monitoring found",
    "netbox_to_wug": "NetBox → WhatsUp Gold: devices are monitored",
    "snipeit_to_postgres": "Snipe-IT → PostgreSQL: a mirror to query",
    "pdq_exports": "export files of PDQ → NetBox: three are dropped",
    "hosts_to_netbox": "servers tell their own state → NetBox",
    "hedgehog_to_netbox": "a Hedgehog fabric, its cables and networks → NetBox",
}
_OPS: Final = (p.UPDATE, p.CREATE, p.RETIRE)
_MOST_HELD: Final = 3

NEXT_STEPS: Final = """\
Next:
  1. uv run asset-sync dev           a world like this one in Dagster's UI
  2. cp .env.example .env            name your own systems in it, then look, with
                                     nothing written:
     uv run asset-sync run pdq_to_netbox --mode dry-run
  3. README.md, "Against real systems": how plans are reviewed, approved, undone"""


def introduction(size: int) -> str:
    """Return what the demo is about to do."""
    words = f"""{size} machines of an invented company and its network fabric, in simulators of PDQ Connect, NetBox, WhatsUp
        Gold, Snipe-IT and Kubernetes over real HTTP, with a PostgreSQL of the demo's own: nothing real is touched. All syncs
        run three times: first, again, and after a day of changes."""
    return "\n".join([_filled(words), *(f"  {sync:<19}  {told}" for sync, told in _RUNS.items()), ""])


def explanation() -> str:
    """Return how the table is read."""
    words = """new, chg, gone, back: what was planned to be created, updated, retired and restored. held: what waits. read,
        write: HTTP requests to all systems. ok: the target was read again, and a new plan would be empty."""
    return _filled(words)


def plan_told(report: RunReport) -> str:
    """Return an excerpt of the plan of a run: one write of each sort, and one row that is held."""
    if report.plan is None:
        return ""
    plan = open_ledger().plan(report.plan.id)
    writes = p.records(plan.writes)
    shown = [row for op in _OPS for row in [each for each in writes if each["op"] == op][:1]]
    lines = [f"What a plan looks like, here {report.sync} after the day of changes:", f"  {plan_report.headline(plan)}"]
    for row in shown:
        lines.append(f"  {row['op']} {row['kind']} {row['key']}: {row['reason']}")
        lines += [_filled(change, "      ") for change in changes_told(row)]
    home = Path(os.path.relpath(settings.home()))
    return "\n".join([*lines, "  …", f"  all of it: ASSET_SYNC_HOME={home} uv run asset-sync show {plan.id}"])


def held_told(reports: Sequence[RunReport]) -> Iterator[str]:
    """Yield what held means, and what these runs hold and why; nothing where they hold nothing."""
    held = [(each.sync, row) for each in reports for row in _held(each)]
    if not held:
        return
    yield _filled(
        """What is held: nobody can tell what is right, or it is not time yet. Nothing is done about it, the rest goes on,
        and it waits for a person (asset-sync held, asset-sync resolve) or for its time:"""
    )
    for sync, row in held[:_MOST_HELD]:
        yield _filled(f"{sync}: {row['kind']} {row['key'] or row['source_key']}: {row['hold']}", "  ")
    if len(held) > _MOST_HELD:
        yield f"  … and {len(held) - _MOST_HELD} more"


def _held(report: RunReport) -> list[dict[str, Any]]:
    return p.records(open_ledger().plan(report.plan.id).held) if report.plan and report.plan.held else []


def _filled(words: str, indent: str = "") -> str:
    return textwrap.fill(" ".join(words.split()), WIDTH, initial_indent=indent, subsequent_indent=indent)
