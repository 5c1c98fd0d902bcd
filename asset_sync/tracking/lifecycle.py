"""The life of an export, as data: which status may follow which, and when a failed one is tried again. Pure.

    pending ─┬─→ exported
             ├─→ scan_triggered ─→ scan_completed
             └─→ error (also from scan_triggered)

Each of them but scan_triggered may become pending again: it is sent once more. An error whose device turns up is exported.
A row is superseded once its device has another address, but for one that is scanned for.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final, Literal, get_args

from asset_sync.reconcile.errors import AssetSyncError

Status = Literal["pending", "exported", "scan_triggered", "scan_completed", "error", "superseded"]
Reason = Literal["new_device", "ip_change", "manual", "scheduled"]

STATUSES: Final[tuple[Status, ...]] = get_args(Status)
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)

COUNTED: Final[tuple[Status, ...]] = STATUSES[:-1]
"""Those that count where a connection's rows are counted: all but the last."""

PENDING: Final = "pending"
EXPORTED: Final = "exported"
SCAN_TRIGGERED: Final = "scan_triggered"
SCAN_COMPLETED: Final = "scan_completed"
ERROR: Final = "error"
SUPERSEDED: Final = "superseded"

COMES_FROM: Final[Mapping[Status, frozenset[Status]]] = {
    PENDING: frozenset({PENDING, EXPORTED, SCAN_COMPLETED, ERROR, SUPERSEDED}),
    EXPORTED: frozenset({PENDING, ERROR}),
    SCAN_TRIGGERED: frozenset({PENDING}),
    SCAN_COMPLETED: frozenset({SCAN_TRIGGERED}),
    ERROR: frozenset({PENDING, SCAN_TRIGGERED}),
    SUPERSEDED: frozenset({PENDING, EXPORTED, SCAN_COMPLETED, ERROR}),
}
"""The statuses that a row of each status may come from. A new row is pending."""

PAST: Final[Mapping[Status, frozenset[Status]]] = {
    PENDING: frozenset({SCAN_TRIGGERED}),
    EXPORTED: frozenset({EXPORTED, SCAN_COMPLETED, SUPERSEDED}),
    SCAN_TRIGGERED: frozenset({SCAN_TRIGGERED, EXPORTED, SCAN_COMPLETED, ERROR, SUPERSEDED}),
    SCAN_COMPLETED: frozenset({SCAN_COMPLETED, EXPORTED, ERROR, SUPERSEDED}),
    ERROR: frozenset({ERROR, EXPORTED, SCAN_COMPLETED, SUPERSEDED}),
    SUPERSEDED: frozenset({SUPERSEDED, SCAN_TRIGGERED}),
}
"""The statuses in which news of each status comes too late and changes nothing. What is in neither is a mistake."""

ARRIVES_AS: Final[Mapping[Status, Status]] = {PENDING: EXPORTED, ERROR: EXPORTED, SCAN_TRIGGERED: SCAN_COMPLETED}
"""What becomes of an unfinished row once its device is seen in WhatsUp Gold."""

ARRIVED: Final[frozenset[Status]] = frozenset({EXPORTED, SCAN_COMPLETED})

MOMENT: Final[Mapping[Status, str]] = {
    PENDING: "pending_at",
    EXPORTED: "exported_at",
    SCAN_TRIGGERED: "scan_triggered_at",
    SCAN_COMPLETED: "scan_completed_at",
    ERROR: "failed_at",
    SUPERSEDED: "superseded_at",
}
"""The column that holds when a row last came to a status."""

DELAYS: Final = tuple(min(timedelta(minutes=15) * 2**failures, timedelta(hours=24)) for failures in range(8))
"""How long to wait after the first, second … attempt that failed; after more of them, as long as after the last."""


class TrackingError(AssetSyncError):
    """A row was told to take a step that its status does not allow, or is not tracked at all."""


def reason(last_address: str | None, address: str, *, by_hand: bool) -> Reason:
    """Return why a device is sent, from the address under which it was last sent; None where it never was."""
    if last_address is None:
        return "new_device"
    if last_address != address:
        return "ip_change"
    return "manual" if by_hand else "scheduled"


def overtaken(
    unfinished: Iterable[tuple[str, str, Status]],
    observed: Mapping[str, tuple[str, str]],
    desired: Mapping[str, str],
) -> dict[Status, dict[tuple[str, str], str]]:
    """Return which unfinished rows (device, address, status) get another status from what is seen and wanted now.

    `observed` and `desired` are as in `Tracking.reconcile`. By status, and then by device and address: the device's id in
    WhatsUp Gold, or for an error its reason.
    """
    found: dict[Status, dict[tuple[str, str], str]] = {EXPORTED: {}, SCAN_COMPLETED: {}, ERROR: {}}
    for device_id, address, status in unfinished:
        seen_at, wug_device_id = observed.get(device_id, (None, ""))
        if seen_at == address:
            found[ARRIVES_AS[status]][device_id, address] = wug_device_id
        elif status == PENDING and desired.get(device_id) != address:
            found[ERROR][device_id, address] = _unwanted(desired.get(device_id))
    return found


def _unwanted(address: str | None) -> str:
    return "no longer to be exported" if address is None else f"the device's address is {address} now"
