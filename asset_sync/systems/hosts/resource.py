"""The kept documents of hosts as a Dagster resource."""

from typing import Any, Final

from dagster import ConfigurableResource

from asset_sync import settings
from asset_sync.systems.hosts.kept import KeptHosts

FOLDER: Final = "hosts_kept"
"""Where the last document of each host is kept, below ASSET_SYNC_HOME."""


class KeptDocuments(ConfigurableResource[Any]):
    """The last document of each host that was dropped, collected or sent. The environment is read where it is used."""

    def kept(self) -> KeptHosts:
        """Return the folder that they are kept in."""
        return KeptHosts(settings.home() / FOLDER)
