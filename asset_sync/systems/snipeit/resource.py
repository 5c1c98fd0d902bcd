"""Snipe-IT as a Dagster resource."""

from typing import Any

from dagster import ConfigurableResource
from pydantic import Field

from asset_sync import settings
from asset_sync.systems.snipeit.client import READ_TIMEOUT_S, SnipeItClient


class SnipeIt(ConfigurableResource[Any]):
    """A Snipe-IT.

    `url` is its address, with or without `/api/v1` (default: SNIPEIT_API_URL); `token` an API key (default: SNIPEIT_TOKEN).
    Of a named `connection` the variables are SNIPEIT_<CONNECTION>_API_URL and …_TOKEN. `ca_file` a CA's certificates in
    PEM. `read_timeout` is how many seconds are waited for the next byte of an answer. The
    environment is read when a client is opened, never when code is loaded.
    """

    url: str = ""
    token: str = Field(default="", repr=False)
    ca_file: str | None = None
    verify: bool = True
    connection: str = ""
    read_timeout: float = Field(default=READ_TIMEOUT_S, gt=0)

    def client(self) -> SnipeItClient:
        """Return a client; raises `ConfigurationError` where address or token are missing."""
        url = self.url or self._variable("API_URL", "the address of a Snipe-IT")
        token = self.token or self._variable("TOKEN", "an API key of that Snipe-IT")
        return SnipeItClient(url, token, ca_file=self.ca_file, verify=self.verify, read_timeout=self.read_timeout)

    def _variable(self, what: str, words: str) -> str:
        return settings.require(settings.of_connection("SNIPEIT", self.connection, what), words if self.connection else None)
