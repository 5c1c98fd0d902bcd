"""The tables that a fabric tells, declared: its objects, and what is made of them.

Reading order: `values` (one value of an odd object), `objects` (what is kept), `declaring`, then the parts of a fabric that
several tables tell of (`ports`, `links`, `channels`, `carried`, `outside`), and a file for each reason: `fabrics`, `devices`,
`interfaces`, `addresses`, `cables`, `networks`, `attachments`, `observed`.
What is missing or odd in one object is left out, and stops nothing else.
"""

from typing import Final

from asset_sync.systems.hedgehog.tables.addresses import ADDRESSES, PRIMARY_ADDRESSES
from asset_sync.systems.hedgehog.tables.attachments import ATTACHMENTS, EXTERNAL_ATTACHMENTS, EXTERNALS, PEERINGS
from asset_sync.systems.hedgehog.tables.cables import CABLES
from asset_sync.systems.hedgehog.tables.devices import DEVICES
from asset_sync.systems.hedgehog.tables.fabrics import FABRICS
from asset_sync.systems.hedgehog.tables.interfaces import INTERFACES, MACS
from asset_sync.systems.hedgehog.tables.networks import (
    GATEWAY_ADDRESSES,
    IP_RANGES,
    PREFIXES,
    VLAN_GROUPS,
    VLANS,
    VPCS,
    VRFS,
)
from asset_sync.systems.hedgehog.tables.objects import OBJECTS, object_rows
from asset_sync.systems.hedgehog.tables.observed import LLDP_NEIGHBORS, TRANSCEIVERS

__all__ = ["TABLES", "object_rows"]

TABLES: Final = {
    each.name: each
    for each in (
        *(OBJECTS, FABRICS, DEVICES, INTERFACES, MACS, ADDRESSES, PRIMARY_ADDRESSES, CABLES),
        *(VLAN_GROUPS, VLANS, VRFS, PREFIXES, IP_RANGES, GATEWAY_ADDRESSES, VPCS),
        *(ATTACHMENTS, EXTERNALS, EXTERNAL_ATTACHMENTS, PEERINGS, TRANSCEIVERS, LLDP_NEIGHBORS),
    )
}
