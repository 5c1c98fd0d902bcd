"""How the service is entered, as the environment says."""

from dataclasses import dataclass, field
from typing import Final, Self

from starlette.requests import HTTPConnection

from asset_sync import settings
from asset_sync.access.attempts import Attempts
from asset_sync.access.oidc import Provider
from asset_sync.access.proxy import Proxy
from asset_sync.reconcile.errors import ConfigurationError

PUBLIC_URL: Final = "ASSET_SYNC_PUBLIC_URL"


@dataclass(frozen=True)
class Access:
    """The token of scripts, the proxy and the provider that sign people in, and who tried to.

    `public_url` is where people reach the service, without a slash at its end; with https, cookies go over nothing else.
    """

    token: bytes = field(repr=False)
    public_url: str | None
    proxy: Proxy
    provider: Provider | None
    attempts: Attempts = field(default_factory=Attempts)

    @classmethod
    def of_environment(cls, token: str) -> Self:
        """Return what the environment says, with the token that scripts send. Raises ConfigurationError where it is wrong."""
        url = settings.optional(PUBLIC_URL)
        if url is not None and not url.startswith(("https://", "http://")):
            raise ConfigurationError(f"{PUBLIC_URL} is no address of a page: https://…")
        provider = Provider.of_environment()
        if provider is not None and url is None:
            raise ConfigurationError(f"{PUBLIC_URL} is not set: the OIDC provider sends people back to it")
        return cls(token.encode(), url.rstrip("/") if url else None, Proxy.of_environment(), provider)

    @property
    def secure(self) -> bool:
        """Whether people come by https alone."""
        return (self.public_url or "").startswith("https://")


def access_of(request: HTTPConnection) -> Access:
    """Return how the service that is asked is entered."""
    found: Access = request.app.state.access
    return found
