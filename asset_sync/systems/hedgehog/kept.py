"""What was read of a fabric the last time, kept so that an unchanged kind is not read again, and a renamed server is known.

A file a fabric. It is a help, not a truth: without it, or with one of another cluster, everything is read anew.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import orjson

from asset_sync.reconcile.errors import SourceError
from asset_sync.systems.hedgehog.reading import Listing
from asset_sync.systems.hedgehog.tables.objects import trimmed

_OLDEST: Final = timedelta(hours=24)
"""After so long everything is read anew, whatever the watches said in between."""
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class KeptFabric:
    """What is known of a fabric: its listings by kind, `whole_at`, when they were last read whole (None where they are to be
    now), and the ids of objects (see `known_ids`)."""

    listings: Mapping[str, Listing] = field(default_factory=dict)
    whole_at: datetime | None = None
    ids: Mapping[str, str] = field(default_factory=dict)

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether only what was written since is to be asked for."""
        return self.whole_at is not None and now - _OLDEST < self.whole_at <= now


class FabricFile:
    """The file of one fabric. `place` is what is read, so that nothing is taken for what another cluster told."""

    def __init__(self, path: Path, place: str) -> None:
        self.path = path
        self._place = place

    def load(self) -> KeptFabric:
        """Return what is kept; nothing where there is no file, or one that was cut off or is of another place."""
        try:
            told = orjson.loads(self.path.read_bytes())
            if told["format"] != _FORMAT or told["place"] != self._place:
                return KeptFabric()
            listings = {kind: Listing(**listing) for kind, listing in told["listings"].items()}
            whole_at = told["whole_at"]
            return KeptFabric(listings, None if whole_at is None else datetime.fromisoformat(whole_at), told["ids"])
        except (FileNotFoundError, orjson.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError):
            return KeptFabric()

    def save(self, kept: KeptFabric) -> None:
        """Keep this, in the place of what was kept; nothing that is secret is in the file."""
        told = {"format": _FORMAT, "place": self._place, "whole_at": kept.whole_at, "ids": dict(kept.ids)}
        listings = {kind: _plain(listing) for kind, listing in trimmed(kept.listings).items()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.path.parent, delete=False) as file:
            try:
                file.write(orjson.dumps({**told, "listings": listings}))
                file.close()
                os.replace(file.name, self.path)
            except OSError:
                os.unlink(file.name)
                raise


def check_there(last: Mapping[str, Listing], now: Mapping[str, Listing], file: Path) -> None:
    """Raise `SourceError` where a kind that had objects is not installed any more, or must not be read any more.

    What a fabric says of everything else would be half of the truth: it is no reason to retire what was of that kind. `file` is
    what a person removes who knows better.
    """
    lost = [kind for kind, listing in last.items() if listing.objects and kind in now and now[kind].state != "read"]
    if lost:
        why = {"not_installed": "is not installed any more", "not_allowed": "must not be read any more"}
        told = ", ".join(f"{kind} ({len(last[kind].objects)} of it were known) {why[now[kind].state]}" for kind in lost)
        raise SourceError(f"Hedgehog: {told}; nothing was taken. If that is to be so, remove {file}")


def _plain(listing: Listing) -> Mapping[str, object]:
    return {"state": listing.state, "resource_version": listing.resource_version, "objects": dict(listing.objects)}
