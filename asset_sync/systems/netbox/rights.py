"""What a token may not do or see, told of the single object: the rest of a batch is written.

The permissions of NetBox are by type of object, and may be held to some objects of a type. To both a write is 403; an object
that may be read and not changed is left out of an update (4.6), or is said not to exist (4.7).
"""

from collections.abc import Callable, Mapping, Sequence

from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.target import Answer, Declined, Refused, Write
from asset_sync.systems.netbox.api import api
from asset_sync.systems.netbox.client import NetBoxClient, Right
from asset_sync.systems.netbox.refusing import Forbidden

_TAKEN = "already exists"
_NOT_THERE = "does not exist"


class Rights:
    """The rights of a client's token. Safe to share between threads."""

    def __init__(self, client: NetBoxClient) -> None:
        self._client = client
        self._known: dict[str, frozenset[Right]] = {}

    def without(self, right: Right, kind: Kind, writes: Sequence[Write], error: Forbidden) -> Mapping[int, Answer]:
        """Return the answer to writes that were forbidden: none of them is allowed, where the token has no such right.

        Where it has the right to some objects, raises `Refused`, so that those are found. Raises the error itself where the
        token is no good at all.
        """
        if not error.is_right:
            raise error
        if right in self._of(kind):
            why = f"{kind.name}: the token may {right} others, not this one (object permissions)"
            raise Refused(why, {0: why} if len(writes) == 1 else {})
        why = f"the token may not {right} objects of {api(kind).object_type}: give its user that permission in NetBox"
        return {write.seq: Declined(why) for write in writes}

    def _of(self, kind: Kind) -> frozenset[Right]:
        endpoint = api(kind).endpoint
        if endpoint not in self._known:
            self._known[endpoint] = self._client.rights(endpoint)
        return self._known[endpoint]


def unchangeable(kind: Kind, write: Write) -> str:
    """Say that an object can be read and is not changed."""
    return f"{kind.name} #{write.target_id} is there, but the token may not change it (object permissions)"


def with_forbidden(kind: Kind, writes: Sequence[Write], refusal: Refused) -> Refused:
    """Return the refusal of updates of objects that are all there, with what is said not to exist named as what it is."""
    rows = {at: unchangeable(kind, writes[at]) if _NOT_THERE in said else said for at, said in refusal.rows.items()}
    return Refused(str(refusal), rows)


def with_unseen(writes: Sequence[Write], refusal: Refused, seen: Callable[[Sequence[Write]], frozenset[int]]) -> Refused:
    """Return the refusal of creates, telling where what exists already is not to be seen.

    `seen` returns the `seq` of the writes whose values are on an object that the token may see.
    """
    taken = [at for at, said in refusal.rows.items() if _TAKEN in said]
    if not taken:
        return refusal
    visible = seen([writes[at] for at in taken])
    unseen = {at for at in taken if writes[at].seq not in visible}
    rows = {at: said + _UNSEEN if at in unseen else said for at, said in refusal.rows.items()}
    return Refused(str(refusal), rows)


_UNSEEN = " Yet no such object is to be seen: the token may not view it; give its user the permission to view all of them"
