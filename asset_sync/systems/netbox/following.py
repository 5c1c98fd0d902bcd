"""Following a NetBox: its observed tables from those of the last time and what changed since, else whole."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, TypeVar

from asset_sync.reconcile.tables import Tables
from asset_sync.systems.netbox.api import api
from asset_sync.systems.netbox.client import READERS, Row
from asset_sync.systems.netbox.extract import Asked, Chosen, listed_fields, table
from asset_sync.systems.netbox.since import (
    LISTED,
    READING,
    ChangeLog,
    Changes,
    Last,
    Mark,
    View,
    changes_since,
    defined_otherwise,
    listed_table,
    moment,
    newest_moment,
    renamed,
    spliced,
    without,
)
from asset_sync.systems.system import Kept

_Told = TypeVar("_Told")
_ATTEMPTS: Final = 2
"""Others write while it is read: what does not add up once is asked for once more."""


class Followed(NamedTuple):
    """The observed tables of a NetBox, with those that the next reading goes on from, and how they were read, in words."""

    tables: Tables
    how: str


def follow(asked: Asked, kept: Iterable[Kept], whole_every: timedelta) -> Followed:
    """Return what `asset_sync.systems.netbox.extract.observe` does, from the first `kept` tables that can be gone on from.

    Everything is read whole where there are none such, where what changed does not add up, and after `whole_every`. What is
    asked is checked against NetBox when it is asked for the first time, and whenever all is read.
    Raises as `observe` does, and `ConfigurationError` for what NetBox does not have of it.
    """
    why = "nothing was read before"
    for last in filter(None, map(Last.of, kept)):
        same = last.mark.asked == asked.key
        reading = _Reading(asked, asked.remembered(last.mark.told) if same else asked.checked)
        why_not = last.why_not(reading.view)
        if why_not is None:
            found = _gone_on(reading, last, whole_every)
            return found if isinstance(found, Followed) else _Reading(asked, asked.checked).whole(found)
        why = why_not
    return _Reading(asked, asked.checked).whole(why)


def _gone_on(reading: "_Reading", last: Last, whole_every: timedelta) -> Followed | str:
    """Return the last tables with what changed since; why not, where that does not add up."""
    why = ""
    for _ in range(_ATTEMPTS):
        found = reading.since(last, whole_every)
        if isinstance(found, Followed):
            return found
        why = found
    return why


class _Reading:
    """One reading of a NetBox."""

    def __init__(self, asked: Asked, chosen: Chosen) -> None:
        self.asked = asked
        self.view = View.of(asked.client, chosen.kinds, chosen.custom)
        self._client = asked.client
        self._chosen = chosen
        self._log = ChangeLog(asked.client, self.view)
        self._fields = listed_fields(chosen.kinds)
        self._followed = {name for name, kinds in self.view.endpoints.items() if self.view.can_be_followed(kinds)}

    @property
    def _now(self) -> datetime:
        """When this reading began, by the server's clock, as soon as that has told."""
        heard = self._client.http.heard
        ahead = heard.ahead if heard else None
        return self.asked.began + (ahead or timedelta())

    def whole(self, why: str) -> Followed:
        """Read all."""
        # The record comes first: what changes while the objects are listed is looked at once more the next time.
        record = self._log.newest()
        rows = self._listed(self._fields)
        tables = self._tables(rows) | self._chosen.definitions(self._client)
        if record is None:
            return Followed(tables, f"whole, as each time: its change log tells this token nothing ({why})")
        recorded = moment(str(record["time"]))
        newest = newest_moment((row for own in rows.values() for row in own), recorded)
        mark = Mark(
            seen_by=self.view.seen_by,
            read_at=self._now,
            whole_at=self._now,
            newest=newest,
            record=record["id"],
            request=record["request_id"],
            recorded=recorded,
            logged=self.view.object_types,
            version=self._client.version,
            **self._own(),
        )
        return Followed(tables | _marked(mark, {name: _ids(own) for name, own in rows.items()}), f"whole: {why}")

    def _own(self) -> dict[str, Any]:
        """Return what a mark says of who made it."""
        return {"types": self.view.types, "asked": self.asked.key, "told": self._chosen.told}

    def since(self, last: Last, whole_every: timedelta) -> Followed | str:
        """Return the last tables with what changed since; why they cannot be gone on from, where that does not add up."""
        changes = self._changes(last.mark)
        # By now it has answered, and its version and its clock are known.
        why = last.why_no_more(self._client.version, self._now, whole_every)
        if why is not None:
            return why
        rows = {name: each.rows for name, each in changes.items()} | self._listed(self._fields.keys() - self._followed)
        # The log comes after the objects: what was deleted meanwhile is gone from both.
        records = self._log.since(last.mark)
        if records is None:
            return "its newest change record of the last time is gone: did it come back from a backup?"
        if defined_otherwise(records, last.mark):
            return "its custom fields were defined otherwise meanwhile"
        deleted = self._log.deleted(records)
        rows = {name: [row for row in own if row["id"] not in deleted[name]] for name, own in rows.items()}
        fresh = self._tables(rows)
        again = self._shown_otherwise(last.tables, fresh)
        listed_again = self._listed(again)
        rows |= listed_again
        fresh |= self._tables(listed_again)
        followed = self._followed - again
        ids = {name: _ids(own) for name, own in rows.items()}
        known = ids | {name: (last.listed(name) - deleted[name]) | ids[name] for name in followed}
        if not self._add_up({name: (len(known[name]), changes[name].total) for name in followed}):
            return "it counts other objects than are known by its changes"
        tables = fresh | self._chosen.definitions(self._client)
        for name, kind in self.view.kinds.items():
            if (endpoint := api(kind).endpoint) in followed:
                made = spliced(last.tables[name], fresh[name], deleted[endpoint] | ids[endpoint])
                tables[name] = without(kind, made, deleted, self.view.kinds)
        changed = sum(len(ids[name]) + len(deleted[name]) for name in followed)
        since = f"what changed since {last.mark.read_at:%Y-%m-%d %H:%M:%S} UTC"
        shared = f", when {last.kept_by} was read" if last.kept_by else ""
        how = f"{since}{shared}: {changed} objects looked at"
        return Followed(tables | _marked(self._moved(last.mark, rows, records), known), how)

    def _tables(self, rows: Mapping[str, Sequence[Row]]) -> Tables:
        """Return the tables of the kinds that live at those endpoints."""
        at = {name: (kind, api(kind).endpoint) for name, kind in self.view.kinds.items()}
        custom = self._chosen.custom
        return {name: table(kind, rows[endpoint], custom) for name, (kind, endpoint) in at.items() if endpoint in rows}

    def _moved(self, mark: Mark, rows: Mapping[str, Sequence[Row]], records: Sequence[Row]) -> Mark:
        newest = newest_moment((row for own in rows.values() for row in own), mark.newest)
        last = max(records, key=lambda row: int(row["id"]))
        recorded = moment(str(last["time"]))
        moved = replace(mark, read_at=self._now, newest=newest, **self._own())
        return replace(moved, record=last["id"], request=last["request_id"], recorded=recorded)

    def _changes(self, mark: Mark) -> Mapping[str, Changes]:
        return self._of_each(
            self._followed, lambda endpoint: changes_since(self._client, endpoint, self._fields[endpoint], mark)
        )

    def _listed(self, endpoints: Iterable[str]) -> dict[str, list[Row]]:
        return self._of_each(endpoints, lambda endpoint: self._client.rows(endpoint, self._fields[endpoint]))

    def _of_each(self, endpoints: Iterable[str], ask: Callable[[str], _Told]) -> dict[str, _Told]:
        names = list(endpoints)
        with ThreadPoolExecutor(READERS, thread_name_prefix="netbox") as pool:
            return dict(zip(names, pool.map(ask, names), strict=True))

    def _shown_otherwise(self, last: Tables, fresh: Tables) -> set[str]:
        """Return the endpoints whose objects show the name of one that is called otherwise now."""
        kinds = self.view.kinds
        shown = {name for kind in kinds.values() for name in self.view.shown(kind)}
        called = {name for name in shown & kinds.keys() if renamed(last[name], fresh[name])}
        return {api(kind).endpoint for kind in kinds.values() if called & set(self.view.shown(kind))} & self._followed

    def _add_up(self, known: Mapping[str, tuple[int, int | None]]) -> bool:
        """Return whether endpoints count as many objects as are known; of which that was not told, they are asked."""
        told = {name: count for name, (_, count) in known.items() if count is not None}
        told |= self._of_each(known.keys() - told.keys(), self._client.count)
        return all(told[name] == expected for name, (expected, _) in known.items())


def _ids(rows: Iterable[Row]) -> set[int]:
    return {int(row["id"]) for row in rows}


def _marked(mark: Mark, ids: Mapping[str, Iterable[int]]) -> Tables:
    return {READING: mark.table(), LISTED: listed_table(ids)}
