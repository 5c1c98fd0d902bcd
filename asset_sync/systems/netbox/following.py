"""Following a NetBox: its observed tables from those of the last time and what changed since, else whole."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.netbox.api import api
from asset_sync.systems.netbox.client import READERS, NetBoxClient, Row
from asset_sync.systems.netbox.extract import Chosen, choose, listed_fields, table
from asset_sync.systems.netbox.since import (
    LISTED,
    READING,
    ChangeLog,
    Last,
    Mark,
    View,
    listed_table,
    moment,
    newest_moment,
    renamed,
    rows_since,
    spliced,
    without,
)
from asset_sync.systems.system import Kept

_ATTEMPTS = 2
"""Others write while it is read: what does not add up once is asked for once more."""


class Followed(NamedTuple):
    """The observed tables of a NetBox, with those that the next reading goes on from, and how they were read, in words."""

    tables: Tables
    how: str


def follow(
    client: NetBoxClient, kinds: Kinds, fields: Mapping[str, Iterable[str]], kept: Iterable[Kept], whole_every: timedelta
) -> Followed:
    """Return what `asset_sync.systems.netbox.extract.observe` does, from the first `kept` tables that can be gone on from.

    Everything is read whole where there are none such, where what changed does not add up, and after `whole_every`.
    Raises as `observe` does.
    """
    chosen = choose(client, kinds, fields)
    return _Reading(client, chosen).read(kept, whole_every)


class _Reading:
    """One reading of a NetBox."""

    def __init__(self, client: NetBoxClient, chosen: Chosen) -> None:
        self._client = client
        self._chosen = chosen
        self._view = View.of(client, chosen.kinds, chosen.custom)
        self._log = ChangeLog(client, self._view)
        self._fields = listed_fields(chosen.kinds)
        self._followed = {name for name, kinds in self._view.endpoints.items() if self._view.can_be_followed(kinds)}
        heard = client.http.heard
        self._now = (heard.sent_at if heard else None) or datetime.now(UTC)

    def read(self, kept: Iterable[Kept], whole_every: timedelta) -> Followed:
        """Read what changed since the last time, or all."""
        why = "nothing was read before"
        for last in filter(None, map(Last.of, kept)):
            why_not = last.why_not(self._view, self._now, whole_every)
            if why_not is None:
                return self._gone_on(last)
            why = why_not
        return self._whole(why)

    def _gone_on(self, last: Last) -> Followed:
        """Return the last tables with what changed since; all anew where that does not add up."""
        why = ""
        for _ in range(_ATTEMPTS):
            found = self._since(last)
            if isinstance(found, Followed):
                return found
            why = found
        return self._whole(why)

    def _whole(self, why: str) -> Followed:
        # The record comes first: what changes while the objects are listed is looked at once more the next time.
        record = self._log.newest()
        rows = self._listed(self._fields, None)
        tables = self._tables(rows) | self._chosen.definitions(self._client)
        if record is None:
            return Followed(tables, f"whole, as each time: its change log tells this token nothing ({why})")
        recorded = moment(str(record["time"]))
        newest = newest_moment((row for own in rows.values() for row in own), recorded)
        last = (record["id"], record["request_id"], recorded)
        view = self._view
        mark = Mark(view.seen_by, self._now, self._now, newest, *last, types=view.types, logged=view.object_types)
        return Followed(tables | _marked(mark, {name: _ids(own) for name, own in rows.items()}), f"whole: {why}")

    def _since(self, last: Last) -> Followed | str:
        """Return the last tables with what changed since; why they cannot be gone on from, where that does not add up."""
        rows = self._listed(self._followed, last.mark) | self._listed(self._fields.keys() - self._followed, None)
        # The log comes after the objects: what was deleted meanwhile is gone from both.
        records = self._log.since(last.mark)
        if records is None:
            return "its newest change record of the last time is gone: did it come back from a backup?"
        deleted = self._log.deleted(records)
        rows = {name: [row for row in own if row["id"] not in deleted[name]] for name, own in rows.items()}
        fresh = self._tables(rows)
        again = self._shown_otherwise(last.tables, fresh)
        listed_again = self._listed(again, None)
        rows |= listed_again
        fresh |= self._tables(listed_again)
        followed = self._followed - again
        ids = {name: _ids(own) for name, own in rows.items()}
        known = ids | {name: (last.listed(name) - deleted[name]) | ids[name] for name in followed}
        if not self._add_up({name: len(known[name]) for name in followed}):
            return "it counts other objects than are known by its changes"
        tables = fresh | self._chosen.definitions(self._client)
        for name, kind in self._view.kinds.items():
            if (endpoint := api(kind).endpoint) in followed:
                made = spliced(last.tables[name], fresh[name], deleted[endpoint] | ids[endpoint])
                tables[name] = without(kind, made, deleted, self._view.kinds)
        changed = sum(len(ids[name]) + len(deleted[name]) for name in followed)
        since = f"what changed since {last.mark.read_at:%Y-%m-%d %H:%M:%S} UTC"
        shared = f", when {last.kept_by} was read" if last.kept_by else ""
        how = f"{since}{shared}: {changed} objects looked at"
        return Followed(tables | _marked(self._moved(last.mark, rows, records), known), how)

    def _tables(self, rows: Mapping[str, Sequence[Row]]) -> Tables:
        """Return the tables of the kinds that live at those endpoints."""
        at = {name: (kind, api(kind).endpoint) for name, kind in self._view.kinds.items()}
        custom = self._chosen.custom
        return {name: table(kind, rows[endpoint], custom) for name, (kind, endpoint) in at.items() if endpoint in rows}

    def _moved(self, mark: Mark, rows: Mapping[str, Sequence[Row]], records: Sequence[Row]) -> Mark:
        newest = newest_moment((row for own in rows.values() for row in own), mark.newest)
        last = max(records, key=lambda row: int(row["id"]))
        recorded = moment(str(last["time"]))
        moved = replace(mark, read_at=self._now, newest=newest, types=self._view.types)
        return replace(moved, record=last["id"], request=last["request_id"], recorded=recorded)

    def _listed(self, endpoints: Iterable[str], since: Mark | None) -> dict[str, list[Row]]:
        names = list(endpoints)

        def listed(endpoint: str) -> list[Row]:
            fields = self._fields[endpoint]
            return self._client.rows(endpoint, fields) if since is None else rows_since(self._client, endpoint, fields, since)

        with ThreadPoolExecutor(READERS, thread_name_prefix="netbox") as pool:
            return dict(zip(names, pool.map(listed, names), strict=True))

    def _shown_otherwise(self, last: Tables, fresh: Tables) -> set[str]:
        """Return the endpoints whose objects show the name of one that is called otherwise now."""
        kinds = self._view.kinds
        shown = {name for kind in kinds.values() for name in self._view.shown(kind)}
        called = {name for name in shown & kinds.keys() if renamed(last[name], fresh[name])}
        return {api(kind).endpoint for kind in kinds.values() if called & set(self._view.shown(kind))} & self._followed

    def _add_up(self, expected: Mapping[str, int]) -> bool:
        with ThreadPoolExecutor(READERS, thread_name_prefix="netbox") as pool:
            return list(pool.map(self._client.count, expected)) == list(expected.values())


def _ids(rows: Iterable[Row]) -> set[int]:
    return {int(row["id"]) for row in rows}


def _marked(mark: Mark, ids: Mapping[str, Iterable[int]]) -> Tables:
    return {READING: mark.table(), LISTED: listed_table(ids)}
