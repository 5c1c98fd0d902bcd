"""NetBox as a Dagster resource."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pynetbox
from dagster import ConfigurableResource
from pydantic import Field

from asset_sync import settings
from asset_sync.reconcile.kinds import Kinds
from asset_sync.systems.netbox.client import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, NetBoxClient
from asset_sync.systems.netbox.target import NetBoxTarget


class NetBox(ConfigurableResource[Any]):
    """A NetBox.

    `url` is its address without `/api` (default: NETBOX_URL); `token` a v1 or v2 API token (default: NETBOX_TOKEN). Of a
    named `connection`, one of several, the variables are NETBOX_<CONNECTION>_URL and …_TOKEN. `ca_file` a CA's certificates
    in PEM (default: NETBOX_CA_FILE). `read_timeout` is how many seconds are waited for the next byte of an answer. The
    environment is read when a client is opened, never when code is loaded.
    """

    url: str = ""
    token: str = Field(default="", repr=False)
    ca_file: str | None = None
    verify: bool = True
    connection: str = ""
    read_timeout: float = Field(default=READ_TIMEOUT_S, gt=0)

    def client(self, *, writable: bool = False) -> NetBoxClient:
        """Return a client that can only read, unless `writable`; raises `ConfigurationError` for missing address or token."""
        found = settings.require_all(self.required_variables())
        return NetBoxClient(
            self.url or found[self._variable("URL")],
            self.token or found[self._variable("TOKEN")],
            writable=writable,
            ca_file=self.ca_file or settings.ca_file("NETBOX", self.connection),
            verify=self.verify,
            timeout=(CONNECT_TIMEOUT_S, self.read_timeout),
            connection=self.connection,
        )

    def required_variables(self) -> Mapping[str, str | None]:
        """Return the variables that must be set, each with what it is for where that is not known by its name."""
        told = {"URL": (self.url, "the address of a NetBox"), "TOKEN": (self.token, "an API token of that NetBox")}
        named = bool(self.connection)
        return {self._variable(what): words if named else None for what, (given, words) in told.items() if not given}

    @property
    def address(self) -> str | None:
        """Where NetBox is for people, without a slash at the end; None where that is not set."""
        given = self.url or settings.optional(self._variable("URL"))
        return given.rstrip("/").removesuffix("/api") if given else None

    @contextmanager
    def api(self, *, writable: bool = False) -> Iterator[pynetbox.Api]:
        """Open the whole API by pynetbox, for assets and scripts of one's own; see `NetBoxClient.api`.

        It has this resource's address, certificates, retries and limits, and shows the token to nobody. Unless `writable`,
        every write raises `HttpError`. Raises `ConfigurationError` for missing address or token.
        """
        with self.client(writable=writable) as client:
            yield client.api

    def target(self, kinds: Kinds, *, writable: bool) -> NetBoxTarget:
        """Return the NetBox as a target for those kinds; it refuses every write unless it is writable.

        Raises `ConfigurationError` for custom fields that it does not have, `TargetError` where it cannot be read.
        """
        target = NetBoxTarget(self.client(writable=writable))
        target.check(kinds)
        return target

    def _variable(self, what: str) -> str:
        return settings.of_connection("NETBOX", self.connection, what)
