"""The part of a checkup that is the same for every system over HTTP: trust, an answer, the clock, what may be asked."""

import ipaddress
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from urllib.parse import urlsplit

from asset_sync.reconcile.errors import AssetSyncError
from asset_sync.systems.checkup import Finding
from asset_sync.systems.http.certificate import NotTrusted, certificate_of
from asset_sync.systems.http.errors import Answered
from asset_sync.systems.http.heard import Heard

CLOCK_MOST: Final = timedelta(seconds=5)
"""So far may a server's clock be from ours: what was changed since a moment is asked for by a moment of one of them."""
DAYS_LEAST: Final = 21
"""A certificate that is good for fewer days is told."""
_LIMITS: Final = (("x-ratelimit-limit", "x-ratelimit-remaining"), ("ratelimit-limit", "ratelimit-remaining"))
_CONNECT_S: Final = 5.0


class Asked(Protocol):
    """What asks a system: its address, the trust in its certificate, where a CA's file is named, and what was heard last."""

    @property
    def base_url(self) -> str: ...  # noqa: D102
    @property
    def trust(self) -> bool | str: ...  # noqa: D102
    @property
    def ca_told(self) -> str: ...  # noqa: D102
    @property
    def heard(self) -> Heard | None: ...  # noqa: D102


def encrypted(server: Asked) -> Finding | None:
    """Return how the connection to a system is encrypted; None where it does not answer."""
    parts = urlsplit(server.base_url)
    if parts.scheme == "http":
        return _plain(str(parts.hostname))
    if server.trust is False:
        return Finding("tls", "warn", "its certificate is not verified", "take `verify: false` out of the YAML; name its CA")
    try:
        found = certificate_of(server.base_url, verify=server.trust, timeout=_CONNECT_S)
    except NotTrusted as error:
        to_do = f"name the file of its CA's certificates ({server.ca_told}), or renew the certificate"
        return Finding("tls", "fail", f"its certificate is not trusted: {error}", to_do)
    except OSError:
        return None
    if found is None:
        return Finding("tls", "skipped", "it is reached by a proxy, behind which its certificate is not seen")
    days = (found.until - datetime.now(UTC)).days
    told = f"verified by {found.trusted_by}; issued by {found.issuer}, {days} days left"
    return Finding("tls", "ok", told) if days >= DAYS_LEAST else Finding("tls", "warn", told, "renew the certificate")


def _plain(host: str) -> Finding:
    try:
        own = ipaddress.ip_address(host).is_loopback
    except ValueError:
        own = host == "localhost"
    if own:
        return Finding("tls", "skipped", "http, within this machine")
    return Finding("tls", "warn", "http: the token goes over the network as it is", "give an address with https")


def unaccepted(error: AssetSyncError) -> bool:
    """Tell whether a system says by an error that it does not take the token."""
    return answered(error) in (401, 403)


def entered(
    server: Asked, ask: Callable[[], str], *, to_do: str, refused: Callable[[AssetSyncError], bool] = unaccepted
) -> Generator[Finding, None, bool]:
    """Yield whether a system is reached and takes our token; return whether it does.

    `ask` returns in words whom the token belongs to; `to_do` is what to do where it is `refused`.
    """
    tls = encrypted(server)
    if tls is not None:
        yield tls
        if tls.status == "fail":
            return False
    try:
        told = ask()
    except AssetSyncError as error:
        if server.heard is None:
            yield Finding("reachable", "fail", str(error))
        elif refused(error):
            yield Finding("reachable", "ok", "it answers")
            yield Finding("authorised", "fail", str(error), to_do)
        else:
            yield Finding("reachable", "fail", f"it answers, but not as it should: {error}")
        return False
    yield Finding("reachable", "ok", "it answers")
    yield Finding("authorised", "ok", told)
    return True


def answered(error: BaseException | None) -> int | None:
    """Return the status with which a system answered, also where other words took the place of that error's; or None."""
    while error is not None and not isinstance(error, Answered):
        error = error.__cause__ or error.__context__
    return error.status if error is not None else None


def paced(server: Asked) -> Iterator[Finding]:
    """Yield whether the server's clock and ours agree, and how much it says that it may be asked."""
    yield _clock(server.heard)
    yield _throttle(server.heard)


def _clock(heard: Heard | None) -> Finding:
    ahead = heard.ahead if heard else None
    if ahead is None:
        return Finding("clock", "skipped", "it does not tell its time")
    seconds = round(ahead.total_seconds())
    if abs(ahead) <= CLOCK_MOST:
        return Finding("clock", "ok", f"{abs(seconds)} s from ours")
    told = f"its clock is {_span(abs(ahead))} {'ahead of' if seconds > 0 else 'behind'} ours"
    to_do = "set both by NTP: what changed since a moment is missed, or read twice, where clocks disagree"
    return Finding("clock", "warn", told, to_do)


def _span(span: timedelta) -> str:
    """Return a span in days, where it is a day or more: nobody reads that in seconds."""
    if span.days:
        return f"{span.days} day{'s' if span.days > 1 else ''}"
    return f"{round(span.total_seconds())} s"


def _throttle(heard: Heard | None) -> Finding:
    headers = heard.headers if heard else {}
    for limit, left in _LIMITS:
        if limit in headers:
            most, still = headers[limit], headers.get(left, "")
            told = f"{most} requests a minute" + (f", {still} left" if still else "")
            if still.isdigit() and most.isdigit() and int(still) * 10 < int(most):
                return Finding("throttle", "warn", told, "others use the same account: give the syncs one of their own")
            return Finding("throttle", "ok", told)
    return Finding("throttle", "ok", "it tells of no limit")


def version(told: str, tested: Sequence[str], what: str = "") -> Finding:
    """Return whether a version begins as one of those do that this program is tested with; `what` is of that version."""
    name, number = f"{what} {told}".strip(), told.lstrip("v")
    if any(number == one or number.startswith(f"{one}.") for one in tested):
        return Finding("version", "ok", name)
    return Finding("version", "warn", f"{name} is not among those that are tested", f"tested are {', '.join(tested)}")
