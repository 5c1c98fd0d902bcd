"""Looks: what is kept of a sync's last look at both sides, and what its plan made of one record; no system is asked."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypeVar

import dagster as dg
import numpy as np
import pandas as pd

from asset_sync.components.declared.component import SyncComponent
from asset_sync.components.declared.reading import ReadFrom
from asset_sync.components.planning import seen
from asset_sync.components.remembered import Remembered, kept_remembered, split_decisions
from asset_sync.components.reviewing import reviewed
from asset_sync.components.snapshots import Snapshots
from asset_sync.components.sync import Sync
from asset_sync.ledger import PlanHeader
from asset_sync.ledger.records import Look
from asset_sync.reconcile.desired import SyncMapping, is_lookup
from asset_sync.reconcile.explaining import Explaining
from asset_sync.reconcile.planning import make_plan
from asset_sync.reconcile.resolutions import NONE
from asset_sync.reconcile.sources import Rows, Source
from asset_sync.reconcile.tables import Tables

_Kept = TypeVar("_Kept")


class KeptLook:
    """One look of a sync, as it is kept: each part is None where it is kept no more, and `gaps` says so.

    `sync` is the sync as a run of the connection sees it. `part_of` is the plan that was made by it, where a person approved a
    part of that: it is known once something is explained.
    """

    def __init__(self, component: SyncComponent, sync: Sync, connection: str | None, look: Look) -> None:
        self.sync = sync
        self.look = look
        self.gaps: list[str] = []
        self.part_of: str | None = None
        self.mapping: SyncMapping = component.mapping_of(connection)
        self.read_from: ReadFrom = component.read_from(sync.name)
        self._snapshots = Snapshots()

    # What the source told.

    @cached_property
    def source(self) -> Source | None:
        """The tables of the source as they came to the mapping, before the YAML's filters."""
        run_id = self._snapshots.writer(self.sync.key("desired"), self.look.run_id)
        read = self._kept("what the source told", lambda: {name: self._rows(k, run_id) for name, k in self._keys.items()})
        return None if read is None else Source(self.read_from.tables, read)

    @property
    def _keys(self) -> Mapping[str, dg.AssetKey]:
        sieved = [key for _, key in self.read_from.sieved]
        return {**self.read_from.keys, **({self.read_from.main: sieved[-1]} if sieved else {})}

    def row(self, kind: str, source_key: str) -> Rows | None:
        """Return the row of the source that a record of a kind is made of, alone; None where there is none such."""
        table = self.mapping.tables.get(kind)
        if table is None or self.source is None or is_lookup(self.mapping.fields[kind]):
            return None
        return _alone(self.source.rows(table), source_key)

    def row_left_out(self, kind: str, source_key: str) -> tuple[Rows, str] | None:
        """Return the row of a record that a step of the systems took out before the mapping, and the words of that step."""
        source = self.source
        if self.mapping.tables.get(kind) != self.read_from.main or source is None:
            return None
        run_id = self._snapshots.writer(self.sync.key("desired"), self.look.run_id)
        main = self.read_from.main
        steps = [("", self.read_from.keys[main]), *self.read_from.sieved]
        frames = self._kept("what the source told", lambda: [self._rows(key, run_id) for _, key in steps])
        found = [_alone(Rows(source, self.read_from.tables[main], frame), source_key) for frame in frames or ()]
        for before, after, (words, _) in zip(found[:-1], found[1:], steps[1 : len(found)], strict=True):
            if before is not None and after is None:
                return before, words
        return None

    def named(self, name: str) -> list[tuple[str, str]]:
        """Return the records that are called so, as kind and source key: by their keys, or the name that the source tells."""
        found = []
        for kind, table in (self.desired or {}).items():
            if kind in self.sync.kinds:
                called = table["key"].eq(name) | (table["name"].eq(name) if "name" in table else False)
                found += [(kind, str(key)) for key in table.loc[called.fillna(value=False).astype(bool), "source_key"]]
        for kind in self.sync.main_kinds if self.source is not None else ():
            rows = self.source.rows(self.mapping.tables[kind]) if self.source else None
            if rows is not None and "name" in rows.frame:
                same = rows.frame["name"].astype("str").eq(name).fillna(value=False).to_numpy(dtype=bool)
                found += [(kind, str(key)) for key in rows.keys[same]]
        return sorted(set(found))

    def kinds_of(self, source_key: str) -> list[str]:
        """Return the kinds of which the source has a record of that key, or a row that could be one."""
        told = [kind for kind, table in (self.desired or {}).items() if table["source_key"].eq(source_key).any()]
        return [kind for kind in self.sync.kinds if kind in told or self.row(kind, source_key) is not None]

    # What the plan was made from.

    @cached_property
    def desired(self) -> Tables | None:
        """The desired tables, with what was refused."""
        key = self.sync.key("desired")
        return self._kept("what was to be", lambda: self._snapshots.load(key, self.look.run_id))

    @cached_property
    def _observed(self) -> Tables | None:
        return self._kept("what the target held", lambda: self._snapshots.load(self.sync.inventory, self.look.run_id))

    @cached_property
    def _matches(self) -> Tables | None:
        key = self.sync.key("match")
        kept = self._kept("how records were recognised", lambda: self._snapshots.load(key, self.look.run_id))
        return None if kept is None else split_decisions(kept)[0]

    @cached_property
    def remembered(self) -> Remembered | None:
        """What was remembered when the plan was made."""
        key = self.sync.key("plan")
        return self._kept("what was applied last before it", lambda: kept_remembered(self._snapshots, key, self.look.run_id))

    def explaining(self, kind: str, header: PlanHeader) -> Explaining | None:
        """Return what explains records of a kind; None where too little is kept. Notes where the plan would be another one."""
        if self.desired is None or self._observed is None or self._matches is None:
            return None
        remembered = self.remembered or Remembered({}, {}, NONE)
        kinds, snapshot = seen(self.sync, self.desired, self._observed, remembered)
        again = make_plan(
            self.sync.name,
            kinds,
            self.sync.policy,
            snapshot,
            self._matches,
            now=self.look.at,
            mode=header.mode,
            complete=header.complete,
            after=header.after,
            link_set=self.sync.link_set,
        )
        again = reviewed(self.sync, again, snapshot)
        if again.id in self.look.instead_of:
            self.part_of = again.id
        elif self.remembered is not None and again.id != header.id:
            self.gaps.append("the YAML, or the program, changed since that look: owners and merges are told as they are today")
        return Explaining(kinds[kind], self.sync.policy, snapshot, self._matches, header.mode)

    def _kept(self, what: str, read: Callable[[], _Kept]) -> _Kept | None:
        try:
            return read()
        except FileNotFoundError:
            self.gaps.append(f"{what} is not kept any more of run {self.look.run_id}")
            return None

    def _rows(self, key: dg.AssetKey, run_id: str) -> pd.DataFrame:
        return self._snapshots.load(key, run_id)["rows"]


def _alone(rows: Rows, source_key: str) -> Rows | None:
    at = np.flatnonzero(rows.keys.eq(source_key).to_numpy(dtype=bool))[:1]
    return Rows(rows.source, rows.declared, rows.frame.iloc[at].reset_index(drop=True)) if at.size else None
