"""Objects of a sync's target, as it was read last for a plan; no system is asked."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from asset_sync.components.declared.component import SyncComponent
from asset_sync.components.resources import open_records
from asset_sync.components.snapshots import Snapshots
from asset_sync.components.sync import Sync
from asset_sync.ledger.holds import Held
from asset_sync.operations.definitions import component_of, declared
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.plan import as_asked
from asset_sync.reconcile.tables import Tables
from asset_sync.systems import system


@dataclass(frozen=True, slots=True)
class ReadLast:
    """The ids of a target's objects, by kind, and when it was read."""

    at: datetime
    tables: Tables

    def lacks(self, kind: str, target_id: str) -> bool:
        """Return whether objects of a kind were read, and none of that id."""
        return kind in self.tables and not self.tables[kind]["id"].eq(target_id).any()


def read_last(sync: Sync) -> ReadLast | None:
    """Return what a sync, by its set of links, read last of its target for a look at all; None where that is not kept."""
    look = open_records().last_look(sync.name, sync.link_set)
    try:
        return None if look is None else ReadLast(look.at, Snapshots().load(sync.inventory, look.run_id, ["id"]))
    except FileNotFoundError:
        return None


def lacking(sync: Sync, kind: str, target_id: str) -> ReadLast | None:
    """Return the target as it was read last, where it did not have an object that the sync did not make since, either."""
    read = read_last(sync)
    if read is None or not read.lacks(kind, target_id) or open_records().was_made(sync.link_set, kind, target_id, read.at):
        return None
    return read


def check_there(sync: Sync, kind: str, target_id: str) -> None:
    """Refuse an object that the target did not have when it was read last, and that the sync did not make since."""
    read = lacking(sync, kind, target_id)
    if read is None:
        return
    again = f"asset-sync run {as_asked(sync.name, sync.link_set)} --mode dry-run"
    raise PlanError(
        f"there is no {kind} #{target_id} in {_target(sync)} as it was read last, {read.at:%Y-%m-%d %H:%M} UTC: "
        f"if it was made since, read it ({again}), then decide"
    )


def gone_of(found: Iterable[Held]) -> Collection[tuple[str, str, str]]:
    """Return which objects that held records may be are gone from the target: by link set, kind and id."""
    asked = [(each, candidate) for each in found for candidate in each.candidates]
    wanted = {(each.sync, each.link_set) for each, _ in asked}
    read = {link_set: read_last(replace(declared(sync), link_set=link_set)) for sync, link_set in wanted}
    return {
        (each.link_set, each.kind, candidate)
        for each, candidate in asked
        if (last := read[each.link_set]) is not None and last.lacks(each.kind, candidate)
    }


def _target(sync: Sync) -> str:
    """Return the name of a sync's target for people."""
    component = component_of(sync.name)
    return system(component.target).title if isinstance(component, SyncComponent) else sync.target
