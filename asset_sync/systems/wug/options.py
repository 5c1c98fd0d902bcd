"""What a YAML may say to WhatsUp Gold: as what is written to (`MonitoringOptions`), and as what tells (`FindingOptions`)."""

from typing import Final, Literal

import dagster as dg
from pydantic import Field

from asset_sync.reconcile.kinds import Retirement
from asset_sync.systems.wug.kinds import ON
from asset_sync.systems.wug.records import group_path

EACH: Final = frozenset({"auto_scan_exported_ips", "exclude_recent_exports"})
"""What each connection may say for itself."""

_RETIRED: Final = "Retired"
_A_NAME: Final = r"[^\s/]"
"""A path has at least one name in it."""


class MonitoringOptions(dg.Model):
    """How devices are monitored.

    They go into groups below `root_group`. One that is gone, or no longer chosen, is never deleted: as `retire` says, it goes
    into maintenance, or into the group `root_group`/Retired. Where WhatsUp Gold will not add a device, it is asked to scan for
    the address, if `auto_scan_exported_ips`; a scan that has not ended after `scan_timeout_minutes` is given up. With
    `exclude_recent_exports`, a device that was taken out of WhatsUp Gold is not created again within 24 hours of its export.
    Of several devices with one address (anycast, or in several VRFs) none is monitored anew, or as `same_address` says the one
    that was entered first.
    """

    root_group: str = Field(default="NetBox", pattern=_A_NAME, description="The group that the devices' groups are below.")
    retire: Literal["maintenance", "group"] = Field(
        default="maintenance", description="What becomes of a device that is gone: maintenance, or group."
    )
    same_address: Literal["hold", "oldest"] = Field(
        default="hold", description="Of several devices with one address: hold all that are new, or monitor the oldest."
    )
    auto_scan_exported_ips: bool = Field(
        default=True, description="Whether an address is scanned for where no device can be added."
    )
    exclude_recent_exports: bool = Field(
        default=True, description="Whether a device that was taken out is left out for 24 hours after its export."
    )
    scan_timeout_minutes: int = Field(default=60, ge=1, description="After so many minutes a scan is given up.")

    @property
    def retirement(self) -> Retirement:
        """How a device is retired."""
        return Retirement("maintenance", ON) if self.retire == "maintenance" else Retirement("group", self.retired)

    @property
    def retired(self) -> str:
        """The path of the group of devices that are gone."""
        return group_path([self.root_group, _RETIRED])


class FindingOptions(dg.Model):
    """Which devices are WhatsUp Gold's own finds: not those that the sync `exported_by` brought.

    That sync's `root_group` says nothing of where a device is.
    """

    exported_by: str = Field(default="netbox_to_wug", description="The sync in the other direction.")
    root_group: str = Field(default="NetBox", pattern=_A_NAME, description="Its group.")
