"""WhatsUp Gold as a Dagster resource."""

from collections.abc import Mapping
from typing import Any, Final

from dagster import ConfigurableResource
from pydantic import Field

from asset_sync import settings
from asset_sync.systems.http import Budget
from asset_sync.systems.wug.client import WugClient

VARIABLES: Final[Mapping[str, str]] = {
    "url": "the address of WhatsUp Gold",
    "username": "a user of WhatsUp Gold",
    "password": "that user's password",
}
"""What the environment says of a server, in words."""


class WhatsUpGold(ConfigurableResource[Any]):
    """A WhatsUp Gold server.

    The environment has its address (https://host:port, whose port is 9644 unless it says otherwise), a user and the password:
    in WUG_<CONNECTION>_URL, …_USERNAME and …_PASSWORD of a named `connection`, or in the `variables` that are named for url,
    username and password. It is read when a client is opened, never when code is loaded. `ca_file` is a CA's certificates in
    PEM (default: WUG_<CONNECTION>_CA_FILE), and `read_timeout` how many seconds are waited for the next byte of an answer.
    """

    connection: str = ""
    ca_file: str | None = None
    verify: bool = True
    variables: dict[str, str] = Field(default_factory=dict)
    read_timeout: float = Field(default=120, gt=0)

    def client(self, *, writable: bool = False) -> WugClient:
        """Return a client that can only read, unless `writable`; raises `ConfigurationError` for a variable that is wrong."""
        found = settings.require_all(self.required_variables())
        url, username, password = (found[self._variable(what)] for what in VARIABLES)
        return WugClient(
            *(url, username, password),
            writable=writable,
            ca_file=self.ca_file or settings.ca_file("WUG", self.connection),
            verify=self.verify,
            timeout=(5.0, self.read_timeout),
            address_variable=self._variable("url"),
            ca_told=settings.ca_told("WUG", self.connection),
            budget=Budget.of("WUG", self.connection),
        )

    @property
    def address(self) -> str | None:
        """Where the API is, as it was given; None where that is not set."""
        return settings.optional(self._variable("url"))

    def required_variables(self) -> Mapping[str, str | None]:
        """Return the variables that must be set, each with what it is for."""
        return {self._variable(what): words for what, words in VARIABLES.items()}

    def _variable(self, what: str) -> str:
        return self.variables.get(what) or settings.of_connection("WUG", self.connection, what.upper())
