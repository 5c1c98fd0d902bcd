"""Scans: WhatsUp Gold looks at addresses itself and adds what answers there.

Source: facts/wug.md §3. A scan has no word for its end, and the scale of its progress is not documented: it has ended when it
is no longer among the active ones. What it found is forgotten after a while.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from asset_sync.reconcile.target import OutcomeUnknown, Refused
from asset_sync.systems.wug.records import canonical
from asset_sync.systems.wug.wire import NAME, Gone, Row, Wire, unwrapped

SAFE_OPTIONS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "expandVirtualEnvironment": False,
        "expandWirelessEnvironment": False,
        "includeWirelessClients": False,
        "expandStorageEnvironment": False,
    }
)
"""All of them are true by default, and would add devices that nobody asked for."""


@dataclass(frozen=True, slots=True)
class ScanStatus:
    """How far a scan is. `progress` is on a scale that is not documented; `active` says that it has not ended."""

    id: str
    progress: float
    phase: str
    devices_found: int
    devices_complete: int
    address_total: int
    active: bool


@dataclass(frozen=True, slots=True)
class ScanDevice:
    """A device that a scan found; its address is in canonical form."""

    id: str
    address: str | None


class Scans:
    """The scans of one WhatsUp Gold. All methods may raise `TargetError`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def start(self, group_id: str, addresses: Sequence[str], options: Mapping[str, Any] = SAFE_OPTIONS) -> str:
        """Start a scan that adds the devices at those addresses or names to a static group; return the scan's id.

        `options` go over `SAFE_OPTIONS`. Raises `Refused`, or `OutcomeUnknown` where it may have been started.
        """
        path = f"/device-groups/{quote(group_id, safe='')}/newDevice"
        body = {**SAFE_OPTIONS, **options}
        if len(addresses) == 1:
            answer = self._wire.write("PUT", path, body, [("ipOrName", addresses[0])], repeatable=False)
        else:
            answer = self._wire.write("PATCH", path, {**body, "ipOrNames": list(addresses)}, repeatable=False)
        if isinstance(answer, dict) and answer.get("success") is False:
            raise Refused(f"{NAME} did not start the scan")
        if not isinstance(answer, dict) or not answer.get("id"):
            raise OutcomeUnknown(f"{NAME}: a scan was accepted, but the answer does not name it")
        return str(answer["id"])

    def active(self) -> dict[str, ScanStatus]:
        """Return the scans that have not ended, by id."""
        rows = self._wire.rows("/device-scan/-/status", None, [("model", "all"), ("activeOnly", "true")])
        return {str(row["id"]): _status(row, active=True) for row in rows}

    def status(self, scan_id: str) -> ScanStatus | None:
        """Return how far a scan is; None where the server does not know it (any more)."""
        if running := self.active().get(scan_id):
            return running
        try:
            row = unwrapped(self._wire.get(f"/device-scan/{quote(scan_id, safe='')}/status"))
        except Gone:
            return None
        return _status(row if isinstance(row, dict) else {}, active=False)

    def devices(self, scan_id: str) -> list[ScanDevice]:
        """Return the devices that a scan found and that the server still remembers; none for a scan that it has forgotten."""
        try:
            rows = self._wire.rows(f"/device-scan/{quote(scan_id, safe='')}/devices", "devices", [("view", "overview")])
        except Gone:
            return []
        return [ScanDevice(str(row["id"]), canonical(text) if (text := row.get("networkAddress")) else None) for row in rows]


def _status(row: Row, *, active: bool) -> ScanStatus:
    return ScanStatus(
        id=str(row.get("id")),
        progress=float(row.get("progress") or 0),
        phase=str(row.get("phase") or ""),
        devices_found=int(row.get("devicesFound") or 0),
        devices_complete=int(row.get("devicesComplete") or 0),
        address_total=int(row.get("addressTotal") or 0),
        active=active,
    )
