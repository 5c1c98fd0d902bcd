"""All kinds of a fabric, whole or not at all; what did not change since the last time is not read again.

A list is one snapshot over all of its pages, with one resourceVersion; a token that expired on the way means a new snapshot,
from the first page on. Whether anything was written since is asked by a watch that begins at that resourceVersion: the
bookmark at its end says how far the server looked, so that silence is no guess (a list's own resourceVersion moves with every
write to the cluster, a heartbeat too). What was written comes with it, so that a change costs what changed.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, Literal

from asset_sync.reconcile.errors import SourceError, SourceUnavailable
from asset_sync.systems.hedgehog.client import (
    Expired,
    HedgehogClient,
    NotAllowed,
    NotInstalled,
    NotKnown,
    Page,
    Restored,
    Row,
    Unproven,
)
from asset_sync.systems.hedgehog.connection import WORKERS
from asset_sync.systems.hedgehog.kinds import KINDS, Kind

_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class Listing:
    """What a fabric has of a kind.

    `state` is `read`, `not_installed` where the cluster has no definition of the kind, or `not_allowed` for a kind that can be
    done without. `objects` are whole, by name, and empty unless they were read; `resource_version` is theirs, to be compared
    for equality alone. `changed` says whether `objects` are other than those of the last time.
    """

    state: Literal["read", "not_installed", "not_allowed"]
    resource_version: str
    objects: Mapping[str, Row] = field(repr=False)
    changed: bool = True


def read(client: HedgehogClient, previous: Mapping[str, Listing] | None = None) -> dict[str, Listing]:
    """Return all of `KINDS` by name. `previous` is what this returned the last time, of the same fabric.

    Raises `SourceError` for what cannot be read, and names the kinds; `SourceUnavailable` where it may be later. Where no kind
    at all is installed, that is no fabric, and an error too.
    """
    try:
        return _read(client, previous or {})
    except Restored:
        # What else was read may be of the cluster's other past, too, and would not be seen to be: numbers come again.
        return _read(client, {})


def _read(client: HedgehogClient, known: Mapping[str, Listing]) -> dict[str, Listing]:
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="hedgehog") as pool:
        futures = {kind: pool.submit(_listing, client, kind, known.get(kind.name)) for kind in KINDS}
    errors = [error for future in futures.values() if (error := future.exception()) is not None]
    if restored := next((error for error in errors if isinstance(error, Restored)), None):
        raise restored
    if errors:
        raise _together(errors)
    found = {kind.name: future.result() for kind, future in futures.items()}
    if all(listing.state != "read" for listing in found.values()):
        raise SourceError("Hedgehog: the cluster has none of a fabric's kinds; check the address, and that a fabric is there")
    return found


def _together(errors: list[BaseException]) -> BaseException:
    """Return one error: of several refusals one that tells of all of them; that of an unknown token says it of each."""
    unknown = next((error for error in errors if isinstance(error, NotKnown)), None)
    if unknown is not None:
        return unknown
    refused = [str(error) for error in errors if isinstance(error, NotAllowed)]
    return NotAllowed("; ".join(refused)) if len(refused) == len(errors) else _first_lasting(errors)


def _first_lasting(errors: list[BaseException]) -> BaseException:
    return next((error for error in errors if not isinstance(error, SourceUnavailable)), errors[0])


def _listing(client: HedgehogClient, kind: Kind, last: Listing | None) -> Listing:
    try:
        moved = _moved(client, kind, last) if last is not None and last.state == "read" else None
        return moved or _whole(client, kind)
    except NotInstalled:
        return Listing("not_installed", "", {}, changed=last is None or last.state != "not_installed")
    except NotAllowed:
        if kind.needed:
            raise
        return Listing("not_allowed", "", {}, changed=last is None or last.state != "not_allowed")


def _moved(client: HedgehogClient, kind: Kind, last: Listing) -> Listing | None:
    """Return the last listing with what was written since; None where only a new list can tell."""
    try:
        changes = client.changes(kind, last.resource_version)
    except Restored:
        raise
    except (Expired, Unproven, NotAllowed):
        # A token may have the right to list and not to watch.
        return None
    if not changes.rows:
        return Listing("read", changes.resource_version, last.objects, changed=False)
    objects = dict(last.objects)
    for name, row in changes.rows:
        if row is None:
            objects.pop(name, None)
        else:
            objects[name] = row
    return Listing("read", changes.resource_version, dict(sorted(objects.items())))


def _whole(client: HedgehogClient, kind: Kind) -> Listing:
    for _ in range(_ATTEMPTS):
        try:
            return _snapshot(client, kind)
        except Expired:
            continue
    raise SourceUnavailable(f"Hedgehog: the list of {kind.resource} expired {_ATTEMPTS} times before its last page")


def _snapshot(client: HedgehogClient, kind: Kind) -> Listing:
    page = client.page(kind)
    version, objects, tokens = page.resource_version, _by_name(kind, page, {}), {""}
    while page.token:
        if page.token in tokens:
            raise SourceError(f"Hedgehog: the list of {kind.resource} comes back to a page that was read; nothing was taken")
        tokens.add(page.token)
        page = client.page(kind, page.token)
        if page.resource_version != version:
            raise Expired(f"Hedgehog: the pages of {kind.resource} are of several resourceVersions")
        objects = _by_name(kind, page, objects)
    return Listing("read", version, dict(sorted(objects.items())))


def _by_name(kind: Kind, page: Page, objects: dict[str, Row]) -> dict[str, Row]:
    for row in page.rows:
        name = row["metadata"]["name"]
        if name in objects:
            raise SourceError(f"Hedgehog: the list of {kind.resource} has {name!r} twice; nothing was taken")
        objects[name] = row
    return objects
