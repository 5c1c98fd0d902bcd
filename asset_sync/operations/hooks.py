"""What NetBox's event rules tell: believed where it is signed, young and new, and followed by a run about the device."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from asset_sync import settings
from asset_sync.components.resources import open_asks
from asset_sync.operations.exporting import asked_by_event
from asset_sync.reconcile.errors import AssetSyncError

SECRET: Final = "ASSET_SYNC_HOOK_SECRET"  # noqa: S105 - the variable's name
"""The variable that holds the secret of NetBox's webhook."""
MOST_BYTES: Final = 1_000_000
_OLDEST: Final = timedelta(hours=1)
"""What NetBox tells later than that is not believed: a signed body may be anybody's by then."""
_EVENTS: Final = frozenset({"created", "updated"})
_DEVICE: Final = ("dcim.device", "device")
_ADDRESS: Final = ("ipam.ipaddress", "ipaddress")


class NotSigned(AssetSyncError):
    """A hook without a signature, or with a wrong one."""


class NotBelieved(AssetSyncError):
    """A hook that is signed, and no event of NetBox's."""


class TakenBefore(AssetSyncError):
    """A hook that was sent before, or too long ago."""


@dataclass(frozen=True, slots=True)
class HookTaken:
    """What came of a hook: the runs that were asked for, or why there are none."""

    runs: Sequence[str]
    ignored: str | None = None


def take(body: bytes, signature: str | None) -> HookTaken:
    """Take what an event rule of NetBox sent, and ask for the runs that export its device.

    `signature` is the HMAC-SHA512 of the body in hexadecimal digits, as in NetBox's X-Hook-Signature. Events of several
    devices, and several of one, that come within 2 s of each other are one run. Raises `NotSigned`, `NotBelieved` and
    `TakenBefore`, and `ConfigurationError` where the secret is not set.
    """
    digest = hmac.new(settings.require(SECRET).encode(), body, hashlib.sha512).hexdigest()
    if signature is None or not hmac.compare_digest(digest.encode(), signature.strip().lower().encode()):
        raise NotSigned("the signature is missing or wrong: X-Hook-Signature is the HMAC-SHA512 of the body")
    event = _event(body)
    _check_age(event)
    device = _device(event)
    runs = open_asks().ask_once(digest, [] if device is None else asked_by_event(device), 2 * _OLDEST)
    if runs is None:
        raise TakenBefore("this hook was taken before")
    return HookTaken(runs, None if runs else "it tells of no device that has an address, or no connection is enabled")


def _event(body: bytes) -> Mapping[str, Any]:
    try:
        event = orjson.loads(body)
    except ValueError:
        raise NotBelieved("the body is no JSON") from None
    if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
        raise NotBelieved("the body is no event of NetBox's: it has no data; leave the webhook's body template empty")
    return event


def _check_age(event: Mapping[str, Any]) -> None:
    """Refuse an event that is not of the last hour: longer ones are not remembered, and could be sent again."""
    try:
        at = datetime.fromisoformat(str(event.get("timestamp")))
    except ValueError:
        raise NotBelieved("the body is no event of NetBox's: it has no timestamp") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if abs(datetime.now(UTC) - at) > _OLDEST:
        raise TakenBefore(
            f"this hook is of {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: none is taken that is not of the last hour"
        )


def _device(event: Mapping[str, Any]) -> str | None:
    """Return the id of the device that an event says has an address; None where it says nothing of the kind."""
    told, data = str(event.get("object_type") or event.get("model")), event["data"]
    if event.get("event") not in _EVENTS:
        return None
    if told in _DEVICE and data.get("primary_ip"):
        return _id(data)
    if told in _ADDRESS and data.get("assigned_object_type") == "dcim.interface":
        return _id((data.get("assigned_object") or {}).get("device"))
    return None


def _id(found: Any) -> str | None:
    number = found.get("id") if isinstance(found, dict) else None
    return str(number) if isinstance(number, int) else None
