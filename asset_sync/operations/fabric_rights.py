"""Whether a fabric is reached, what its token may read, and whether another name leads to it, too."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from asset_sync.components.declared.alone import is_same
from asset_sync.components.resources import open_reached
from asset_sync.operations.fabric_files import reached
from asset_sync.operations.fabrics import SYSTEM, ConnectionStatus, chosen, statuses, syncs_with
from asset_sync.reconcile.errors import AssetSyncError
from asset_sync.systems.hedgehog import rights as asked
from asset_sync.systems.hedgehog.identity import read_marks


@dataclass(frozen=True, slots=True)
class Rights:
    """What a fabric's cluster says of itself: its version, and by kind (`vpcs.vpc.githedgehog.com`) whether it may be listed.

    `lacking` are those kinds without which the fabric is not read. `twice` says in a line that another name leads to it, too,
    and what to do about it; None where none is known to.
    """

    fabric: str
    version: str
    kinds: Mapping[str, bool]
    lacking: tuple[str, ...]
    twice: str | None


def rights(fabric: str | None = None) -> Rights:
    """Ask a fabric's cluster, and those of other fabrics that never ran.

    Raises `ConfigurationError` where the fabric must be named, is not known or not configured, and `SourceError` where it does
    not answer.
    """
    name, resource = reached(fabric)
    with resource.client() as client:
        version = client.version()
        found = asked.rights(client)
        marks = read_marks(client)
    return Rights(name, version, found.kinds, found.lacking, _twice(chosen(syncs_with(SYSTEM), name), marks))


def _twice(own: ConnectionStatus, marks: frozenset[str]) -> str | None:
    used = [each.name for each in statuses([own.sync]) if each.status not in ("disabled", "not_configured")]
    others = [name for name in used if name != own.name]
    known = open_reached()
    new = [name for name in others if name not in known.known(own.sync)]
    other = known.other(own.sync, own.name, marks, others) or _same_now(new, marks)
    return is_same(own.sync, own.name, other) if other else None


def _same_now(names: Sequence[str], marks: frozenset[str]) -> str | None:
    """Return the fabric of these names that has any of the marks; one that does not answer has none."""
    for name in names:
        with suppress(AssetSyncError), reached(name)[1].client() as client:
            if read_marks(client) & marks:
                return name
    return None
