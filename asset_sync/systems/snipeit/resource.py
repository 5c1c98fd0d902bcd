"""Snipe-IT as a Dagster resource."""

from collections.abc import Mapping
from typing import Any

from dagster import ConfigurableResource
from pydantic import Field

from asset_sync import settings
from asset_sync.systems.snipeit.client import BASE, READ_TIMEOUT_S, SnipeItClient


class SnipeIt(ConfigurableResource[Any]):
    """A Snipe-IT.

    `url` is its address, with or without `/api/v1` (default: SNIPEIT_API_URL); `token` an API key (default: SNIPEIT_TOKEN).
    Of a named `connection` the variables are SNIPEIT_<CONNECTION>_API_URL and …_TOKEN. `ca_file` a CA's certificates in
    PEM (default: SNIPEIT_CA_FILE). `read_timeout` is how many seconds are waited for the next byte of an answer. The
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
        found = settings.require_all(self.required_variables())
        return SnipeItClient(
            self.url or found[self._variable("API_URL")],
            self.token or found[self._variable("TOKEN")],
            ca_file=self.ca_file or settings.ca_file("SNIPEIT", self.connection),
            verify=self.verify,
            read_timeout=self.read_timeout,
            connection=self.connection,
        )

    @property
    def address(self) -> str | None:
        """Where Snipe-IT is for people, without a slash at the end; None where that is not set."""
        given = self.url or settings.optional(self._variable("API_URL"))
        return given.rstrip("/").removesuffix(BASE) if given else None

    def required_variables(self) -> Mapping[str, str | None]:
        """Return the variables that must be set, each with what it is for where that is not known by its name."""
        told = {"API_URL": (self.url, "the address of a Snipe-IT"), "TOKEN": (self.token, "an API key of that Snipe-IT")}
        named = bool(self.connection)
        return {self._variable(what): words if named else None for what, (given, words) in told.items() if not given}

    def _variable(self, what: str) -> str:
        return settings.of_connection("SNIPEIT", self.connection, what)
