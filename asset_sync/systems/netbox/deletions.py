"""Who deleted objects that are gone, and when, by NetBox's change log.

NetBox keeps the log for 90 days unless it was configured otherwise, a token may see but a part of it, and a NetBox that came
back from a backup has lost what was made since with all that was logged of it: where the log is silent, a person decides all
the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from asset_sync.reconcile.identity import Deletions, Gone, GoneObjects
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.systems.netbox.api import api
from asset_sync.systems.netbox.client import CHANGE_LOG, NetBoxClient, Row
from asset_sync.systems.netbox.refusing import Forbidden

_FIELDS: Final = ("time", "user_name", "changed_object_id", "object_repr")
_IDS_MOST: Final = 100
"""So many ids and their names fit into a request line."""


def deletions(netbox: Any, kinds: Kinds, gone: GoneObjects) -> Deletions:
    """Return who deleted each object, and when, in words; or that its change log does not say it.

    `netbox` is the resource. Raises `TargetError` where NetBox cannot be asked.
    """
    with netbox.client() as client:
        log = _Log(client)
        return {name: dict(_told(log, kinds[name], ones)) for name, ones in gone.items()}


def _told(log: "_Log", kind: Kind, gone: Sequence[Gone]) -> Iterator[tuple[str, str]]:
    deleted = log.records("delete", kind, [one.target_id for one in gone])
    for one in gone:
        yield one.target_id, _words(kind, one, deleted.get(one.target_id), visible=log.visible)


def _words(kind: Kind, one: Gone, record: Row | None, *, visible: bool) -> str:
    named = f"{kind.name} #{one.target_id}"
    decide = "decide whether it is made again (create) or left alone (ignore)"
    if record is not None:
        at = datetime.fromisoformat(record["time"]).astimezone(UTC)
        who = record["user_name"] or "somebody"
        return f"{named} ({record['object_repr']}) was deleted in NetBox by {who} on {at:%Y-%m-%d %H:%M} UTC: {decide}"
    why = "its change log does not say by whom (any more)" if visible else "the token may not view its change log"
    return f"{named} is gone from NetBox, and {why}: {decide}"


class _Log:
    """NetBox's change log, as far as the token may view it; `visible` says whether it may."""

    def __init__(self, client: NetBoxClient) -> None:
        self._client = client
        self.visible = True

    def records(self, action: str, kind: Kind, ids: Sequence[str]) -> Mapping[str, Row]:
        """Return the latest record of an action on each object, by id, where there is one."""
        found: dict[str, Row] = {}
        for at in range(0, len(ids), _IDS_MOST):
            some = list(ids[at : at + _IDS_MOST])
            asked = {"action": action, "changed_object_type": api(kind).object_type, "changed_object_id": some}
            found |= {str(row["changed_object_id"]): row for row in self._asked(**asked)}
        return found

    def _asked(self, **query: Any) -> list[Row]:
        try:
            return self._client.few(CHANGE_LOG, _FIELDS, **query)
        except Forbidden:
            self.visible = False
            return []
