"""Whether a fabric is reached, and what its token may read."""

from collections.abc import Mapping
from dataclasses import dataclass

from asset_sync.operations.fabric_files import reached
from asset_sync.systems.hedgehog import rights as asked


@dataclass(frozen=True, slots=True)
class Rights:
    """What a fabric's cluster says of itself: its version, and by kind (`vpcs.vpc.githedgehog.com`) whether it may be listed.

    `lacking` are those kinds without which the fabric is not read.
    """

    fabric: str
    version: str
    kinds: Mapping[str, bool]
    lacking: tuple[str, ...]


def rights(fabric: str | None = None) -> Rights:
    """Ask a fabric's cluster; nothing of the fabric is read.

    Raises `ConfigurationError` where the fabric must be named, is not known or not configured, and `SourceError` where it does
    not answer.
    """
    name, resource = reached(fabric)
    with resource.client() as client:
        version = client.version()
        found = asked.rights(client)
    return Rights(name, version, found.kinds, found.lacking)
