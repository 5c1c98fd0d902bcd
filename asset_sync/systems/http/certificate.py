"""The certificate that a server shows, looked at with the same trust that requests to it have."""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy
from urllib3.util.ssl_ import create_urllib3_context

_HTTPS = 443


class NotTrusted(Exception):
    """The certificate is not trusted, and in a few words why."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that was verified: who issued it, until when it is good, and by which CAs' file it was verified."""

    issuer: str
    until: datetime
    trusted_by: str


def certificate_of(url: str, *, verify: bool | str, timeout: float) -> Certificate | None:
    """Return the certificate of the server of an https address; None where it is only reached by a proxy.

    `verify` is the file of a CA, or whether certificates are verified by those that `requests` has; `timeout` is in seconds.
    Raises `NotTrusted`, and OSError where the server does not answer.
    """
    usual: Mapping[str, Any] = requests.Session().merge_environment_settings(url, {}, None, verify, None)
    if select_proxy(url, usual["proxies"]):
        return None
    trusted = usual["verify"] if isinstance(usual["verify"], str) else DEFAULT_CA_BUNDLE_PATH
    context = create_urllib3_context()
    context.load_verify_locations(cafile=trusted)
    context.verify_mode = ssl.CERT_REQUIRED
    context.check_hostname = True
    parts = urlsplit(url)
    try:
        with (
            socket.create_connection((str(parts.hostname), parts.port or _HTTPS), timeout) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secured,
        ):
            told: Any = secured.getpeercert()
    except ssl.SSLCertVerificationError as error:
        raise NotTrusted(error.verify_message) from None
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(told["notAfter"]), UTC)
    return Certificate(_name(told["issuer"]), until, trusted)


def _name(told: Any) -> str:
    """Return the name of an issuer: its common name, else the organisation's."""
    parts = {key: value for part in told for key, value in part}
    return str(parts.get("commonName") or parts.get("organizationName") or "an issuer without a name")
