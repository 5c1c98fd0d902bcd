"""What the LAGs of a device are called: PortChannel2, where the switch's Agent says which number a connection has.

Source: `catalog.portChannelIDs` of an Agent, and the numbers that the fabric's own agent has for the links between two switches
of an MCLAG domain.
"""

from typing import Final

from asset_sync.systems.hedgehog.tables.objects import AGENT, Told
from asset_sync.systems.hedgehog.tables.values import integer, part

_OF_DOMAIN: Final = {"peer": 250, "session": 251}


def channel_id(device: str, channel: str) -> str:
    """Return the key of a LAG's interface: by its connection, so that it stays when its number changes or becomes known."""
    return f"{device}/{channel}"


def channel_names(told: Told, device: str) -> dict[str, str]:
    """Return the names of a switch's LAGs by what their keys end with; none for a server's."""
    kind, _, name = device.partition("/")
    if kind != "switch":
        return {}
    numbers = part(told.spec(AGENT, name), "catalog", "portChannelIDs")
    known = {channel: f"PortChannel{said}" for channel, given in numbers.items() if (said := integer(given, 1)) is not None}
    domains = (name for name, spec in told.of("Connection").items() if part(spec, "mclagDomain"))
    return known | {f"{domain}/{which}": f"PortChannel{said}" for domain in domains for which, said in _OF_DOMAIN.items()}
