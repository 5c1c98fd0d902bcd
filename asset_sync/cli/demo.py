"""`asset-sync demo`: every sync on simulated systems, three times over, and what came of it."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import click
import orjson

from asset_sync.cli.console import printed, progress, row, table
from asset_sync.cli.demo_exports import BROKEN, EXPORTS, refusal, run_exports
from asset_sync.cli.demo_fabric import FABRICS, run_fabric
from asset_sync.cli.demo_hosts import HOSTS, run_hosts
from asset_sync.cli.demo_mirror import MIRROR, Mirrored, mirrored
from asset_sync.cli.demo_telling import NEXT_STEPS, explanation, held_told, introduction, plan_told
from asset_sync.cli.homes import fresh_home
from asset_sync.cli.sandbox import fabric_of, network_of, seed_option, size_option
from asset_sync.components.resources import open_ledger
from asset_sync.operations.runs import RunReport, Watch, log_file, run_sync
from asset_sync.sandbox.world import World

SYNCS: Final = ("pdq_to_netbox", "wug_to_netbox", "netbox_to_wug")
"""The syncs of the demo, in the order in which they run: what monitoring found is in NetBox before that is monitored."""


_IN_BULK: Final = ("pdq_to_netbox", "wug_to_netbox", HOSTS, FABRICS)
"""The syncs whose target takes every write in bulk; WhatsUp Gold makes groups, and changes devices, one by one."""
_OBJECTS_A_REQUEST: Final = 50


@dataclass(frozen=True, slots=True)
class _Pass:
    """One round of all syncs, and what happens in the world before it."""

    name: str
    before: Callable[[World], object] | None = None


_PASSES: Final = (_Pass("first"), _Pass("again"), _Pass("changed", World.day))


@dataclass(frozen=True, slots=True)
class _Ran:
    """One sync's run in one pass."""

    name: str
    report: RunReport

    def shown(self) -> Mapping[str, Any]:
        """Return the run as its entry in the JSON."""
        plan, outcomes = self.report.plan, self.report.outcomes
        return {
            "pass": self.name,
            "source_rows": sum(plan.source_rows.values()) if plan else 0,
            "planned": {op: plan.counts[op] if plan else 0 for op in ("create", "update", "retire", "restore")},
            "held": plan.held if plan else 0,
            "applied": outcomes.get("applied", 0),
            "failed": self.failed,
            "requests": {"read": self.report.requests.read, "write": self.report.requests.write},
            "seconds": self.report.seconds,
            "converged": self.report.converged is True,
        }

    @property
    def failed(self) -> int:
        """How many writes did not come about; nobody else writes in a demo, so a conflict counts, too."""
        return sum(self.report.outcomes.get(name, 0) for name in ("failed", "skipped", "conflict"))

    def problems(self) -> list[str]:
        """Return what is not as it has to be, a line each."""
        plan, writes = self.report.plan, self.report.requests.write
        if not self.report.succeeded or plan is None:
            return list(self.report.reasons) or ["the run made no plan"]
        found = []
        if self.failed:
            found.append(f"{self.failed} writes failed")
        if not self.report.converged:
            found.append("it did not converge")
        if self.name == "again" and (any(plan.counts.values()) or writes):
            found.append(f"nothing had changed, and yet {sum(plan.counts.values())} changes were planned in {writes} requests")
        if self.name == "first" and self.report.sync in _IN_BULK and writes > _most_requests(plan.id):
            found.append(f"{writes} write requests for {sum(plan.counts.values())} objects are too many")
        return found


@dataclass(frozen=True)
class _Dropped(_Ran):
    """The run of one export file."""

    @property
    def refused(self) -> str | None:
        """The line with which the file was refused."""
        return refusal(self.report)

    def shown(self) -> Mapping[str, Any]:
        """Return the run as its entry in the JSON."""
        return {**super().shown(), "refused": self.refused}

    def problems(self) -> list[str]:
        """Return what is not as it has to be: the broken file must be refused, and no other one."""
        if self.name == BROKEN:
            return [] if self.refused and not self.report.succeeded else ["the broken file was not refused"]
        return super().problems()


@dataclass(frozen=True)
class _Loaded(_Ran):
    """One load of a mirror in one pass."""

    load: Mirrored

    def shown(self) -> Mapping[str, Any]:
        """Return the load as its entry in the JSON."""
        return {**super().shown(), **self.load.shown()}

    def problems(self) -> list[str]:
        """Return what is not as it has to be, a line each."""
        if not self.report.succeeded:
            return list(self.report.reasons) or ["the load failed"]
        return self.load.problems(self.report.requests.read) if self.name == "again" else self.load.problems()


def _servers(size: int) -> int:
    """Return how many servers a company has beside so many machines: a quarter as many, at most 500."""
    return min(max(5, size // 4), 500)


def _most_requests(plan_id: str) -> float:
    """Return how many write requests a plan may take: one for 50 objects, but each sort of write needs one of its own."""
    writes = open_ledger().plan(plan_id).writes
    return max(len(writes) / _OBJECTS_A_REQUEST, len(writes[["kind", "op", "step"]].drop_duplicates()))


@click.command()
@size_option
@seed_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, and nothing else.")
@click.pass_context
def demo(context: click.Context, size: int, seed: int, as_json: bool) -> None:
    """Run every sync on simulated systems: first, again, and after a day of changes.

    Nothing real is touched: the systems, the database and Dagster's history are the demo's own, made anew each time.
    """
    if not as_json:
        click.echo(introduction(size))
    with (
        fresh_home("demo"),
        World(size, seed, network=network_of(size), fabric=fabric_of(size)) as world,
        progress() as watching,
    ):
        os.environ.update(world.environment())
        ran = _run_all(world, watching)
        ran += [_Dropped(name, report) for name, report in run_exports(world, watching)]
        ran += [_Ran(name, report) for name, report in run_hosts(world, _servers(size), seed, watching)]
        ran += [_Ran(name, report) for name, report in run_fabric(world, watching)]
        problems = [f"{each.report.sync}, {each.name}: {problem}" for each in ran for problem in each.problems()]
    if as_json:
        told = (*SYNCS, MIRROR, EXPORTS, HOSTS, FABRICS)
        syncs = {sync: [each.shown() for each in ran if each.report.sync == sync] for sync in told}
        click.echo(orjson.dumps({"syncs": syncs}).decode())
    else:
        _tell(ran)
    for problem in problems:
        click.echo(f"asset-sync: {problem}", err=True)
    if problems:
        click.echo(f"asset-sync: the demo failed; its log: {log_file()}", err=True)
    context.exit(1 if problems else 0)


def _run_all(world: World, watching: Callable[[str], Watch]) -> list[_Ran]:
    ran: list[_Ran] = []
    for each in _PASSES:
        if each.before:
            each.before(world)
        ran += [_Ran(each.name, run_sync(sync, watch=watching(f"{sync}, {each.name}"))) for sync in SYNCS]
        report = run_sync(MIRROR, watch=watching(f"{MIRROR}, {each.name}"))
        ran.append(_Loaded(each.name, report, mirrored(report)))
    return ran


def _tell(ran: Sequence[_Ran]) -> None:
    numbers = ("rows", "new", "chg", "gone", "back", "held", "read", "write", "s")
    shown = table("sync", "pass", *numbers, "ok", right=numbers)
    shown.collapse_padding = True
    for each in ran:
        told = each.shown()
        requests = (told["requests"]["read"], told["requests"]["write"])
        cells = (told["source_rows"], *told["planned"].values(), told["held"], *requests, round(told["seconds"], 1))
        shown.add_row(*row(each.report.sync, each.name, *cells, _converged(told)))
    printed().print("", shown, "")
    last = {each.report.sync: each.report for each in ran if each.name == _PASSES[-1].name}
    refused = [f"  {each.refused}" for each in ran if isinstance(each, _Dropped) and each.refused]
    told_of_files = ["pdq_exports, broken: the file was put aside, and nothing was written:", *refused]
    parts = (explanation(), "\n".join(told_of_files), plan_told(last[SYNCS[0]]), "\n".join(held_told([*last.values()])))
    for part in (*filter(None, parts), NEXT_STEPS):
        click.echo(f"{part}\n")


def _converged(told: Mapping[str, Any]) -> str:
    if told.get("refused"):
        return "refused"
    return "yes" if told["converged"] else "NO"
