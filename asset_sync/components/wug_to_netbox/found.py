"""Which of WhatsUp Gold's devices are its own finds, and not NetBox's devices come back."""

from collections.abc import Collection
from ipaddress import ip_interface
from typing import Final

import pandas as pd

from asset_sync.components.into_netbox.desired import ADAPTER_FIELDS
from asset_sync.reconcile.tables import Tables

INTERFACE: Final = "mgmt0"
"""The name of the one interface that a found device gets: WhatsUp Gold tells of no others by name."""

_FOUND: Final = "found"


def judged(devices: pd.DataFrame, *, brought: Collection[str], exported: Collection[str], netbox: Tables) -> pd.DataFrame:
    """Return the devices with `why`: "found", or why NetBox is to hear nothing of them.

    `brought` are the ids of those that this sync brought to NetBox before: it goes on with them, also once they were exported
    from there. Of the rest, one that carries a netbox_id or is linked by the sync in the other direction (`exported`) is
    NetBox's own, and so is one whose address an interface in NetBox has.
    """
    why = pd.Series(_FOUND, index=devices.index, dtype="str")
    why = why.mask(devices["address"].isin(_assigned(netbox)), "its address is on a device of NetBox")
    why = why.mask(devices["netbox_id"].notna() | devices["id"].isin(list(exported)), "comes from NetBox")
    why = why.mask(devices["address"].isna(), "has no address")
    return devices.assign(why=why.mask(devices["id"].isin(list(brought)), _FOUND))


def taken(judged_devices: pd.DataFrame) -> pd.DataFrame:
    """Return the devices that NetBox is to hear of."""
    return judged_devices[judged_devices["why"] == _FOUND].drop(columns="why").reset_index(drop=True)


def adapters(devices: pd.DataFrame) -> pd.DataFrame:
    """Return the management interface of each device, with its address (`ADAPTER_FIELDS`)."""
    is_ipv6 = devices["address"].str.contains(":", regex=False)
    rows = pd.DataFrame(
        {
            "device": devices["id"],
            "adapter": devices["id"] + f"/{INTERFACE}",
            "name": INTERFACE,
            "mac": None,
            "ipv4": devices["address"].mask(is_ipv6),
            "ipv6": devices["address"].where(is_ipv6),
        }
    )
    return rows[list(ADAPTER_FIELDS)].astype("str")


def _assigned(netbox: Tables) -> set[str]:
    """Return the addresses, without prefix lengths, that sit on an interface in NetBox."""
    table = netbox["ip_address"]
    held = table.loc[table["interface"].notna(), "address"].dropna()
    return {str(ip_interface(address).ip) for address in held}
