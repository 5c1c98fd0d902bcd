"""The tables that PDQ Connect tells, declared."""

from typing import Final

from asset_sync.reconcile.sources import Column, SourceTable
from asset_sync.systems.pdq import adapters
from asset_sync.systems.pdq.columns import DEVICE_TYPES

_WORDS: Final = {
    "id": "PDQ's own id",
    "networking": "all network adapters, JSON",
    "customFields": "JSON",
    "ipv4Address": "of the first adapter that has a gateway",
    "macAddress": "the one that PDQ gives of the device",
    "biosAssetTag": "asset tag of the firmware",
    "os": "short name of the system",
    "osFullName": "name of the system with its edition",
}

DEVICES: Final = SourceTable(
    "devices", "Every device.", tuple(Column(name, _WORDS.get(name, ""), of) for name, of in DEVICE_TYPES.items())
)
ADAPTERS: Final = SourceTable(
    "adapters",
    "The network adapters of the devices, the one with a gateway first.",
    (
        Column("id", "the device's id and the adapter's name"),
        Column("device", to="devices"),
        Column("name"),
        Column("mac", "of the first adapter: PDQ gives one a device"),
        Column("mac_address", to="macs"),
        *(Column(name) for name in ("ipv4", "ipv6", "ipv4_gateway", "ipv6_gateway")),
    ),
    made_of=("devices",),
    made=adapters.adapters,
)
MACS: Final = SourceTable(
    "macs",
    "The MAC addresses of the adapters.",
    (Column("id"), Column("adapter", to="adapters"), Column("device", to="devices"), Column("mac")),
    made_of=("adapters",),
    made=adapters.macs,
)
ADDRESSES: Final = SourceTable(
    "addresses",
    "The IP addresses of the adapters.",
    (
        Column("id"),
        Column("adapter", to="adapters"),
        Column("device", to="devices"),
        Column("address", "as PDQ tells it, most often without a prefix length"),
        Column("version", "4 or 6"),
        Column("gateway", "of the adapter, of the same version"),
    ),
    made_of=("adapters",),
    made=adapters.addresses,
)
PRIMARY_ADDRESSES: Final = SourceTable(
    "primary_addresses",
    "The first addresses of each device that an interface can have for its own.",
    (
        Column("id", "the device's id"),
        Column("device", to="devices"),
        Column("primary_ip4", to="addresses"),
        Column("primary_ip6", to="addresses"),
    ),
    made_of=("addresses",),
    made=adapters.primary_addresses,
)

TABLES: Final = {each.name: each for each in (DEVICES, ADAPTERS, MACS, ADDRESSES, PRIMARY_ADDRESSES)}
