"""Nothing is doubled: no object is made for a record that has one, or that one there is recognisable as."""

from collections.abc import Mapping, Set
from typing import Any

from asset_sync_tests.reconcile.histories.evidence import Thing, host, plain_serial, shared
from asset_sync_tests.reconcile.histories.hands import Place
from asset_sync_tests.reconcile.histories.record import HistoryFault, Run

_OF_IDENTITY = ("serial", "tag", "name", "asset", "address", "maker")


def nothing_doubled(run: Run, ever: Set[Place], known_as: Mapping[Thing, set[str]], made_for: Mapping[Thing, str]) -> None:
    """Raise `HistoryFault` for an object that was made in this run and must not have been.

    `ever` are the values that a person had a hand in, or that a lost ledger does not know.
    """
    for (kind, target_id), source_key in run.made.items():
        made = run.after.at(kind, target_id)
        if made is None:
            continue  # it came late, into the next run
        linked = run.was_linked(kind, source_key)
        own = [linked] if linked is not None and source_key in known_as.get(linked, ()) else []
        noted = [other for other, key in made_for.items() if other.kind == kind and key == source_key]
        why = next(filter(None, (*(_has(run, ever, made, o) for o in own), *(_had(run, ever, made, o) for o in noted))), None)
        why = why or _is_there(run, made, source_key)
        if why:
            raise HistoryFault(f"made {made} for {kind} {source_key}, {why}")


def _has(run: Run, ever: Set[Place], made: Thing, linked: Thing) -> str | None:
    """A record that is linked to its own object, which nobody made another one of, has one."""
    if linked == made or _is_another_now(ever, linked) or _is_elsewhere(run, linked, made):
        return None
    return f"which has {linked}: {run.planned.rows[linked]}"


def _had(run: Run, ever: Set[Place], made: Thing, other: Thing) -> str | None:
    """What was made for a record before stays the record's, also where an apply broke off before anybody could note it."""
    if other == made or other not in run.after.rows:
        return None
    row, before = run.after.rows[made], run.after.rows[other]
    if made.kind == "asset" and not any(shared(row, before)):
        return None  # nobody noted whose it is, and nothing tells
    if _is_another_now(ever, other) or _is_elsewhere(run, other, made) or _is_held(run, other):
        return None
    return f"for which {other} was made: {before}"


def _is_another_now(ever: Set[Place], thing: Thing) -> bool:
    """Return whether a person changed what tells an object from others, or the ledger that knew it was lost."""
    return any((thing, name) in ever for name in _OF_IDENTITY)


def _is_elsewhere(run: Run, thing: Thing, made: Thing) -> bool:
    """Return whether two objects stand for different places: ports of two machines, two addresses, models of two makers."""
    # What somebody deleted meanwhile was there when the plan was made.
    one, other = run.after.rows.get(thing) or run.planned.rows[thing], run.after.rows[made]
    place = {"port": "asset", "address": "address", "model": "maker"}.get(made.kind)
    return place is not None and host(one[place]) != host(other[place])


def _is_held(run: Run, thing: Thing) -> bool:
    """Return whether an object is another record's by now, which is recognised by more than its key."""
    return any(kind == thing.kind and link["target_id"] == thing.id for (kind, _), link in run.links_after.items())


def _is_there(run: Run, made: Thing, source_key: str) -> str | None:
    """A machine is recognised by its serial, or by its name where that is on one object alone that is nobody else's."""
    if made.kind != "asset":
        return None
    record, now = run.wanted["asset"][source_key], run.after
    twins = [key for key, row in run.wanted["asset"].items() if key != source_key and _same_serial(record, row)]
    for other, before in run.planned.rows.items():
        if (
            not twins
            and other.kind == "asset"
            and other in now.rows
            and _same_serial(record, before)
            and _same_serial(record, now.rows[other])
        ):
            return f"whose serial is on {other}: {before}"
    linked = {link["target_id"] for (kind, _), link in {**run.links_before, **run.links_after}.items() if kind == "asset"}
    free = [(o, row) for o, row in run.planned.rows.items() if o.kind == "asset" and o.id not in linked and o in now.rows]
    alike = [o for o, row in free if "name" in shared(record, row) and "name" in shared(record, now.rows[o])]
    others = [row for key, row in run.wanted["asset"].items() if key != source_key]
    alike = [o for o in alike if not any(any(shared(other, run.planned.rows[o])) for other in others)]
    return f"whose name is on {alike[0]}: {run.planned.rows[alike[0]]}" if len(alike) == 1 else None


def _same_serial(record: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return record["serial"] is not None and plain_serial(record["serial"]) == plain_serial(row["serial"])
