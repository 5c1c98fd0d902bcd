"""What a token may read of a fabric, by the cluster's own word."""

from collections.abc import Mapping
from dataclasses import dataclass

from asset_sync.systems.hedgehog.client import HedgehogClient
from asset_sync.systems.hedgehog.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Rights:
    """By kind (`vpcs.vpc.githedgehog.com`) whether it may be listed; `lacking` are those without which nothing is read."""

    kinds: Mapping[str, bool]
    lacking: tuple[str, ...]


def rights(client: HedgehogClient) -> Rights:
    """Ask a fabric's cluster; nothing of the fabric is read. Raises `SourceError` where it does not answer."""
    kinds = {kind.resource: client.may_list(kind) for kind in KINDS}
    return Rights(kinds, tuple(kind.resource for kind in KINDS if kind.needed and not kinds[kind.resource]))
