"""Which fabric it is, whatever the address or the name that leads to it: uids are of one cluster alone.

That of the cluster itself, its namespace kube-system, no token needs the right to. A fabric's switches and namespaces have uids
of their own, and stay when others come and go.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final

from asset_sync.systems.hedgehog.client import HedgehogClient, NotAllowed, NotInstalled, Row
from asset_sync.systems.hedgehog.kinds import KINDS
from asset_sync.systems.hedgehog.reading import Listing
from asset_sync.systems.hedgehog.tables.values import part, text

_MARKING: Final = tuple(kind for kind in KINDS if kind.name in ("Switch", "VLANNamespace", "IPv4Namespace"))


def marks(listings: Mapping[str, Listing]) -> frozenset[str]:
    """Return the uids by which a fabric is known, given what was read of it."""
    return _uids(row for kind in _MARKING if kind.name in listings for row in listings[kind.name].objects.values())


def read_marks(client: HedgehogClient) -> frozenset[str]:
    """Ask a cluster for some of its fabric's marks. What may not be read, or is not there, tells none.

    Raises `SourceError` where the cluster does not answer.
    """
    found: list[Row] = []
    for kind in _MARKING:
        with suppress(NotAllowed, NotInstalled):
            found += client.page(kind).rows
    return _uids(found)


def _uids(rows: Iterable[Row]) -> frozenset[str]:
    return frozenset(uid for row in rows if (uid := text(part(row, "metadata").get("uid"))))
