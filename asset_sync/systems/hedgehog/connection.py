"""How a fabric's cluster is reached: by its address and a token, or by a context of a kubeconfig.

The official client has 900 modules and takes a third of a second to import. Who declares a sync of a fabric, or looks through
the YAML of all, does not ask a cluster, so it is imported where one is asked.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems.http.pace import Tally
from asset_sync.systems.http.retries import is_asked_to_wait

if TYPE_CHECKING:
    from kubernetes import client

WORKERS: Final = 8
"""So many requests at a time; a connection is kept for each."""
_ATTEMPTS: Final = 4
_BUSY: Final = (429, 502, 503, 504)
_LONGEST_WAIT_S: Final = 30.0


class _Retry(Retry):
    """Waits as long as a Retry-After asks for, but 30 s at most, and counts what the server asked for."""

    def __init__(self, *given: Any, tally: Tally, **more: Any) -> None:
        super().__init__(*given, **more)
        self.tally = tally

    def new(self, **more: Any) -> Self:
        """Return the policy after another attempt; the tally is the same."""
        return super().new(tally=self.tally, **more)

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Wait for the next attempt."""
        began = time.monotonic()
        super().sleep(response)
        if response is not None and is_asked_to_wait(response.status, response.headers):
            self.tally.wait(time.monotonic() - began)

    def get_retry_after(self, response: Any) -> float | None:
        """Return the seconds to wait; None where the answer does not say."""
        asked = super().get_retry_after(response)
        return None if asked is None else min(asked, _LONGEST_WAIT_S)


def tally_of(configuration: "client.Configuration") -> Tally:
    """Return what counts for how long the server has requests wait."""
    policy = configuration.retries
    return policy.tally if isinstance(policy, _Retry) else Tally()


def by_token(server: str, token: str, ca_file: str | None) -> "client.Configuration":
    """Return what the official client needs. Raises `ConfigurationError` for what cannot be right."""
    from kubernetes import client  # noqa: PLC0415 - see above

    parts = urlsplit(server.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ConfigurationError("Hedgehog: the address of the Kubernetes API is to be such as https://fabric.example.com:6443")
    if not token.strip() or not token.strip().isascii() or not token.strip().isprintable():
        raise ConfigurationError("Hedgehog: the token of the Kubernetes API is empty or has characters that no token has")
    if ca_file is not None and not Path(ca_file).is_file():
        raise ConfigurationError(f"Hedgehog: the file of the CA's certificates, {ca_file}, does not exist")
    found = client.Configuration(host=server.strip().rstrip("/"))
    found.api_key["authorization"] = f"Bearer {token.strip()}"
    found.ssl_ca_cert = ca_file
    return _careful(found)


def by_kubeconfig(path: str, context: str | None) -> "client.Configuration":
    """Return what a kubeconfig says of a context (by default its current one).

    Raises `ConfigurationError` where there is no such file or context.
    """
    from kubernetes import client, config  # noqa: PLC0415 - see above
    from kubernetes.config import ConfigException  # noqa: PLC0415 - see above

    if not Path(path).expanduser().is_file():
        raise ConfigurationError(f"Hedgehog: the kubeconfig {path} does not exist")
    found = client.Configuration()
    try:
        config.load_kube_config(path, context, client_configuration=found, persist_config=False)
    except (ConfigException, OSError) as error:
        raise ConfigurationError(f"Hedgehog: the kubeconfig {path} cannot be used: {error}") from None
    return _careful(found)


def _careful(found: "client.Configuration") -> "client.Configuration":
    found.connection_pool_maxsize = WORKERS
    found.retries = _Retry(
        tally=Tally(),
        total=_ATTEMPTS,
        # An answer that does not come takes a minute each time.
        read=1,
        redirect=False,
        status_forcelist=_BUSY,
        allowed_methods=["GET"],
        backoff_factor=0.2,
        backoff_jitter=0.1,
        backoff_max=_LONGEST_WAIT_S,
        raise_on_status=False,
    )
    return found
