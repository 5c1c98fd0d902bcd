"""A Hedgehog fabric as a Dagster resource."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dagster import ConfigurableResource
from pydantic import Field

from asset_sync import settings
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems.hedgehog.client import HedgehogClient
from asset_sync.systems.hedgehog.connection import by_kubeconfig, by_token
from asset_sync.systems.hedgehog.kept import FabricFile

VARIABLES: Final[Mapping[str, str]] = {
    "server": "the address of the fabric's Kubernetes API",
    "token": "a service account's token there",
}
"""What the environment says of a fabric, in words."""
_FOLDER: Final = "fabrics_kept"


class _Named(ConfigurableResource[Any]):
    """What leads to a fabric of a name."""

    connection: str = ""
    namespace: str = "default"
    variables: dict[str, str] = Field(default_factory=dict)
    ca_file: str | None = None
    verify: bool = True

    @property
    def fabric(self) -> str:
        """The fabric's name: that of its connection, `fabric` where that has none."""
        return self.connection or "fabric"


class HedgehogFabric(_Named):
    """A Hedgehog fabric, by its Kubernetes API.

    The environment has the address and a token: in HEDGEHOG_<CONNECTION>_SERVER and …_TOKEN of a named `connection`, or in
    the `variables` that are named for server and token. It is read when a client is opened, never when code is loaded.
    `ca_file` is a CA's certificates in PEM (default: HEDGEHOG_<CONNECTION>_CA_FILE). In their place, `kubeconfig` names such a
    file, and `context` one of its contexts (by default its current one). `namespace` is where the fabric's objects are, and
    `read_timeout` how many seconds are waited for the next byte of an answer.
    """

    kubeconfig: str | None = None
    context: str | None = None
    read_timeout: float = Field(default=60, gt=0)

    def client(self) -> HedgehogClient:
        """Return a client, which only reads; raises `ConfigurationError` for a variable or a kubeconfig that is wrong."""
        if self.context and not self.kubeconfig:
            raise ConfigurationError("Hedgehog: a context is of a kubeconfig; name that file, too")
        if self.kubeconfig:
            configuration = by_kubeconfig(self.kubeconfig, self.context)
        else:
            found = settings.require_all(self.required_variables())
            ca_file = self.ca_file or settings.ca_file("HEDGEHOG", self.connection)
            server, token = (found[self._variable(what)] for what in VARIABLES)
            configuration = by_token(server, token, ca_file)
        if not self.verify:
            configuration.verify_ssl = False
        return HedgehogClient(
            configuration,
            name=self.connection,
            namespace=self.namespace,
            timeout=(5.0, self.read_timeout),
            ca_told=settings.ca_told("HEDGEHOG", self.connection),
            address_told=self.kubeconfig or self._variable("server"),
        )

    def file(self, place: str) -> FabricFile:
        """Return the file of what was read of that `place` the last time, below ASSET_SYNC_HOME."""
        return FabricFile(settings.home() / _FOLDER / f"{self.fabric}.json", place)

    def required_variables(self) -> Mapping[str, str | None]:
        """Return the variables that must be set, each with what it is for; none where a kubeconfig is named."""
        return {} if self.kubeconfig else {self._variable(what): words for what, words in VARIABLES.items()}

    def _variable(self, what: str) -> str:
        return self.variables.get(what) or settings.of_connection("HEDGEHOG", self.connection, what.upper())


class FabricFolder(_Named):
    """A folder of YAML files that say what a fabric is to be.

    The environment has it: in HEDGEHOG_FILES_<CONNECTION>_FOLDER of a named `connection`, or in that of the `variables` that is
    named for folder. A relative one counts from the project's root.
    """

    def folder(self) -> Path:
        """Return the folder; raises `ConfigurationError` where the variable is not set."""
        variables = self.required_variables()
        (found,) = settings.require_all(variables).values()
        return settings.project_root() / Path(found).expanduser()

    def required_variables(self) -> Mapping[str, str | None]:
        """Return the variable that must be set, with what it is for."""
        name = self.variables.get("folder") or settings.of_connection("HEDGEHOG_FILES", self.connection, "FOLDER")
        return {name: "the folder of a fabric's YAML files"}
