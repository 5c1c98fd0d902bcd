"""A reverse proxy that signs people in: it names them in a header, which counts only where it comes from that proxy."""

import ipaddress
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from starlette.requests import HTTPConnection

from asset_sync import settings
from asset_sync.reconcile.errors import ConfigurationError

ADDRESSES: Final = "ASSET_SYNC_PROXY_ADDRESSES"
USER_HEADER: Final = "ASSET_SYNC_PROXY_USER_HEADER"
GROUPS_HEADER: Final = "ASSET_SYNC_PROXY_GROUPS_HEADER"
_log = logging.getLogger(__name__)
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Named:
    """A person as somebody else names them."""

    name: str
    groups: Sequence[str]


@dataclass(frozen=True, slots=True)
class Proxy:
    """The proxies in front of the service, by address, and the headers that they name people in (none: they sign nobody in)."""

    addresses: Sequence[_Network]
    user_header: str | None
    groups_header: str | None

    @classmethod
    def of_environment(cls) -> Self:
        """Return what the environment says; ConfigurationError for an address that is none, or a header without a proxy."""
        header, groups = settings.optional(USER_HEADER), settings.optional(GROUPS_HEADER)
        addresses = [_network(each) for each in (settings.optional(ADDRESSES) or "").split(",") if each.strip()]
        if header and not addresses:
            raise ConfigurationError(f"{USER_HEADER} is set, and {ADDRESSES} names no proxy that may send it")
        return cls(addresses, header, groups)

    def person(self, request: HTTPConnection) -> Named | None:
        """Return whom a proxy names; None where it names nobody, or where another one does."""
        if self.user_header is None:
            return None
        name = request.headers.get(self.user_header, "").strip()
        if not name or not name.isprintable():
            return None
        if not self._sent(request):
            _log.warning(
                "a request from %s names a person in %s: it is no proxy of %s", _peer(request), self.user_header, ADDRESSES
            )
            return None
        told = request.headers.get(self.groups_header, "") if self.groups_header else ""
        return Named(name, [group.strip() for group in told.split(",") if group.strip()])

    def address(self, request: HTTPConnection) -> str:
        """Return the address that a request came from: what the proxy says where it came through it."""
        through = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        return through if through and self._sent(request) else _peer(request)

    def _sent(self, request: HTTPConnection) -> bool:
        try:
            peer = ipaddress.ip_address(_peer(request))
        except ValueError:
            return False
        return any(peer in network for network in self.addresses)


def _peer(request: HTTPConnection) -> str:
    return request.client.host if request.client else ""


def _network(given: str) -> _Network:
    try:
        return ipaddress.ip_network(given.strip())
    except ValueError:
        raise ConfigurationError(f"{ADDRESSES}: {given.strip()!r} is no address and no network (10.0.0.0/24)") from None
