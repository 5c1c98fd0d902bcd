"""The checkup of a WhatsUp Gold."""

from collections.abc import Iterator
from typing import Final

from asset_sync.reconcile.errors import AssetSyncError, TargetError
from asset_sync.systems.checkup import Finding, Needs
from asset_sync.systems.http import checking
from asset_sync.systems.wug.client import WugClient
from asset_sync.systems.wug.resource import WhatsUpGold

TESTED: Final = ("26.0", "2026.0")
_SIGNED_OUT: Final = frozenset({400, 401, 403})
"""A wrong password is a 400 (facts/wug.md §1)."""


def checkup(wug: WhatsUpGold, needs: Needs) -> Iterator[Finding]:
    """Yield what is found of a WhatsUp Gold; see `asset_sync.systems.checkup`."""
    with wug.client() as client:
        to_do = "check the variables of its user and password"
        if not (yield from checking.entered(client.http, lambda: f"as {client.user()}", to_do=to_do, refused=_refused)):
            return
        yield _rights(client, writes=bool(needs.kinds))
        version = client.version()
        no_version = Finding("version", "skipped", "it tells of none")
        yield checking.version(version, TESTED, "WhatsUp Gold") if version else no_version
        yield from checking.paced(client.http)


def _refused(error: AssetSyncError) -> bool:
    return checking.answered(error) in _SIGNED_OUT


def _rights(client: WugClient, *, writes: bool) -> Finding:
    try:
        client.groups()
    except TargetError as error:
        return Finding("rights", "fail", str(error), "give the user the right to see device groups")
    return Finding("rights", "ok", "may read groups" + ("; what it may change, the API does not tell" if writes else ""))
