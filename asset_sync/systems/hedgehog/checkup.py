"""The checkup of a fabric, and of a folder of a fabric's files."""

from collections.abc import Iterator

from asset_sync.reconcile.errors import AssetSyncError
from asset_sync.systems.checkup import Finding, Needs
from asset_sync.systems.hedgehog.client import HedgehogClient, NotAllowed
from asset_sync.systems.hedgehog.resource import FabricFolder, HedgehogFabric
from asset_sync.systems.hedgehog.rights import rights
from asset_sync.systems.http import checking


def checkup(fabric: HedgehogFabric, _needs: Needs) -> Iterator[Finding]:
    """Yield what is found of a fabric; see `asset_sync.systems.checkup`."""
    with fabric.client() as client:
        versions: list[str] = []

        def ask() -> str:
            versions.append(client.version())
            return "the token is taken"

        to_do = "make a new token of the service account, and set the variable to it"
        if not (yield from checking.entered(client, ask, to_do=to_do, refused=_refused)):
            return
        yield _rights(client)
        yield Finding("version", "ok", f"Kubernetes {versions[0]}")
        yield from checking.paced(client)


def _refused(error: AssetSyncError) -> bool:
    return isinstance(error, NotAllowed)


def _rights(client: HedgehogClient) -> Finding:
    found = rights(client)
    if found.lacking:
        told = f"the token may not list {', '.join(found.lacking)}"
        return Finding("rights", "fail", told, "give it the verbs get, list and watch of these in a Role of the cluster")
    left_out = [kind for kind, allowed in found.kinds.items() if not allowed]
    if left_out:
        told = f"may list what is needed, and not {', '.join(left_out)}, which is left out"
        return Finding("rights", "warn", told, "give it get, list and watch of that, if what switches tell is wanted")
    return Finding("rights", "ok", f"may list all {len(found.kinds)} kinds")


def files_checkup(folder: FabricFolder, _needs: Needs) -> Iterator[Finding]:
    """Yield whether the folder of a fabric's files is there."""
    path = folder.folder()
    if path.is_dir():
        yield Finding("reachable", "ok", f"the folder {path} is there")
    else:
        yield Finding("reachable", "fail", f"there is no folder {path}", "make it, or name another one")
