"""WhatsUp Gold as a Dagster resource."""

from typing import Any

from dagster import ConfigurableResource

from asset_sync.systems.wug.client import WugClient


class WhatsUpGold(ConfigurableResource[Any]):
    """Opens clients of WhatsUp Gold servers. There may be several, so that it holds neither addresses nor secrets."""

    def client(
        self,
        *,
        url: str,
        username: str,
        password: str,
        ca_file: str | None = None,
        verify: bool = True,
        writable: bool = False,
    ) -> WugClient:
        """Return a client that can only read, unless `writable`; raises `ConfigurationError` for a value that cannot be."""
        return WugClient(url, username, password, writable=writable, ca_file=ca_file, verify=verify)
