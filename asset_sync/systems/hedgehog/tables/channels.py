"""What the LAGs of a device are called: PortChannel2, where the switch's Agent says which number a connection has.

Source: `catalog.portChannelIDs` of an Agent, and the numbers that the fabric's own agent has for the links between two switches
of an MCLAG domain.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from asset_sync.systems.hedgehog.tables.links import Link
from asset_sync.systems.hedgehog.tables.objects import AGENT, Told
from asset_sync.systems.hedgehog.tables.values import integer, part

_OF_DOMAIN: Final[Mapping[str, int]] = MappingProxyType({"peer": 250, "session": 251})


def channel_id(device: str, channel: str) -> str:
    """Return the key of a LAG's interface: by its connection, so that it stays when its number changes or becomes known."""
    return f"{device}/{channel}"


def channel_numbers(told: Told, device: str) -> Mapping[str, Any]:
    """Return the numbers that a switch has for its LAGs, by connection; none for a server's."""
    kind, _, name = device.partition("/")
    return part(told.spec(AGENT, name), "catalog", "portChannelIDs") if kind == "switch" else {}


def channel_name(link: Link, numbers: Mapping[str, Any]) -> str:
    """Return what the LAG of a link is called at a device with those numbers; by its connection where it has none."""
    channel = link.channel or link.connection
    number = _OF_DOMAIN.get(channel.rpartition("/")[2]) if link.kind == "mclag-domain" else integer(numbers.get(channel), 1)
    return channel if number is None else f"PortChannel{number}"
