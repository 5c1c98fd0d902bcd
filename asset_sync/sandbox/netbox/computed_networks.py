"""What answers show of networks and cables, and NetBox computes."""

import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from asset_sync.sandbox.netbox.fabric_rules import CABLES, end_of
from asset_sync.sandbox.netbox.registry import ObjectType
from asset_sync.sandbox.netbox.table import Row

if TYPE_CHECKING:
    from asset_sync.sandbox.netbox.serialize import Serializer


def _cable_of(made: "Serializer", kind: ObjectType, row: Row) -> Row | None:
    found = made.matching(CABLES, "termination", (kind.content_type, row["id"]))
    return made.row(CABLES, found[0]) if found else None


def _cable(made: "Serializer", kind: ObjectType, row: Row) -> Any:
    cable = _cable_of(made, kind, row)
    return made.nested(CABLES, cable["id"]) if cable else None


def _cable_end(made: "Serializer", kind: ObjectType, row: Row) -> str | None:
    cable = _cable_of(made, kind, row)
    return end_of(cable, row["id"]) if cable else None


def _peers(made: "Serializer", kind: ObjectType, row: Row) -> list[tuple[str, int]]:
    cable = _cable_of(made, kind, row)
    if cable is None:
        return []
    peers: list[tuple[str, int]] = list(cable["b_terminations" if end_of(cable, row["id"]) == "A" else "a_terminations"])
    return peers


def _link_peers(made: "Serializer", kind: ObjectType, row: Row) -> list[Any]:
    return [made.generic(*end) for end in _peers(made, kind, row)]


def _type_of_peers(made: "Serializer", kind: ObjectType, row: Row) -> str | None:
    return next((content_type for content_type, _ in _peers(made, kind, row)), None)


def _reachable(made: "Serializer", kind: ObjectType, row: Row) -> bool:
    cable = _cable_of(made, kind, row)
    return cable is not None and cable["status"] == "connected"


def _vlan_ids(row: Row) -> int:
    return sum(high - low + 1 for low, high in row["vid_ranges"])


def _utilization(made: "Serializer", _kind: ObjectType, row: Row) -> str:
    used = len(made.matching("ipam/vlans", "group", row["id"]))
    return str(round(used / _vlan_ids(row) * 100, 2))


def _size(_made: "Serializer", _kind: ObjectType, row: Row) -> int:
    start, end = (ipaddress.ip_interface(row[name]).ip for name in ("start_address", "end_address"))
    return int(end) - int(start) + 1


COMPUTED: Final[dict[str, Callable[["Serializer", ObjectType, Row], Any]]] = {
    "_occupied": lambda made, kind, row: bool(row["mark_connected"] or _cable_of(made, kind, row)),
    "cable": _cable,
    "cable_end": _cable_end,
    "link_peers": _link_peers,
    "link_peers_type": _type_of_peers,
    # Cables alone lead from one interface to another here.
    "connected_endpoints": lambda made, kind, row: _link_peers(made, kind, row) or None,
    "connected_endpoints_type": _type_of_peers,
    "connected_endpoints_reachable": _reachable,
    "total_vlan_ids": lambda _made, _kind, row: _vlan_ids(row),
    "utilization": _utilization,
    "size": _size,
}
