"""Readings: the tables of a target that were read last, by whichever sync, so that the next one goes on from those.

Syncs that read one target as the same account share an extract: the first one reads what there is, the others what changed
since. Nothing is planned from what another sync read without a look at the target.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from typing import Final

import dagster as dg
import pyarrow as pa

from asset_sync.components.snapshots import Snapshots
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.system import Kept

_LOG: Final = logging.getLogger(__name__)


class Readings:
    """The tables that were read as one account of a target, which `viewer` tells from others; None: nothing is shared."""

    def __init__(self, snapshots: Snapshots, viewer: str | None) -> None:
        self._snapshots = snapshots
        self._viewer = viewer

    def latest(self, own: dg.AssetKey, partition: str | None, mapped: Mapping[str, Collection[str]]) -> Iterator[Kept]:
        """Yield the tables that were read last, the latest first: the own ones, and those that have all that is mapped."""
        places = dict.fromkeys([*(self._snapshots.noted(self._viewer) if self._viewer else ()), (own, partition)])
        for key, part in places:
            is_own = (key, part) == (own, partition)
            tables = self._kept(key, part, None if is_own else mapped)
            if tables is not None:
                yield Kept(tables, "" if is_own else _told(key, part))

    def _kept(self, key: dg.AssetKey, partition: str | None, mapped: Mapping[str, Collection[str]] | None) -> Tables | None:
        """Return the tables of a reading, where they have all that is mapped; None also where they are lost or damaged.

        Whoever reads goes on from another one then, or reads the target whole: to stop would be to stop for ever.
        """
        try:
            if mapped is None or _have(self._snapshots.columns(key, partition), mapped):
                return self._snapshots.latest(key, partition)
        except (OSError, pa.ArrowInvalid) as error:
            _LOG.warning("what is kept of %s cannot be read, and is passed over: %s", key.to_user_string(), error)
        return None

    def note(self, key: dg.AssetKey, partition: str | None) -> None:
        """Note that an asset is about to hold the tables that were read last (for that partition)."""
        if self._viewer:
            self._snapshots.note(self._viewer, key, partition)


def _have(columns: Mapping[str, Collection[str]], mapped: Mapping[str, Collection[str]]) -> bool:
    return all(set(fields) <= set(columns.get(kind, ())) for kind, fields in mapped.items())


def _told(key: dg.AssetKey, partition: str | None) -> str:
    return key.to_user_string() + (f" of {partition}" if partition else "")
