"""The steps of a sync that has devices monitored; what was sent, and what became of it, is in `asset_sync.tracking`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pandas as pd

from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.resolutions import Resolution
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.steps import CountingTarget, Done, Evidence, Run, Shaped, Sifted
from asset_sync.systems.wug.kinds import DEVICE, GROUP
from asset_sync.systems.wug.monitoring.addresses import refused_twins, told_of, with_verdicts
from asset_sync.systems.wug.monitoring.following import follow, next_look, run_again_for, standing
from asset_sync.systems.wug.monitoring.scanning import is_to_scan, scan_for_declined
from asset_sync.systems.wug.monitoring.shaping import Layout, refused_elsewhere, shaped_tables
from asset_sync.systems.wug.monitoring.tracked import TrackedTarget
from asset_sync.systems.wug.monitoring.waiting import (
    RECENT,
    bring_in_line,
    own_finds,
    scan_made,
    waiting_devices,
    with_owners,
    without_gone,
)
from asset_sync.systems.wug.options import MonitoringOptions
from asset_sync.systems.wug.target import WugTarget
from asset_sync.tracking import open_tracking

KNOWN_ROLES: Final = "role"
"""The table of the roles, brands and systems that WhatsUp Gold knows, beside the observed ones."""


@dataclass(frozen=True)
class Monitoring:
    """See `asset_sync.systems.steps` for what each method is."""

    options: MonitoringOptions

    def sift(self, run: Run, devices: pd.DataFrame, inventory: Tables) -> Sifted:
        """Judge the addresses of devices (`id`, `name`, `address`): refused with a reason, or taken, some with warnings."""
        judged = with_verdicts(devices, open_tracking().recent(run.connection, run.now - RECENT))
        alone = refused_twins(judged, oldest=self.options.same_address == "oldest")
        return Sifted(refused_elsewhere(alone, inventory[DEVICE.name]), told_of(judged))

    def shape(self, run: Run, devices: pd.DataFrame, kinds: Kinds, desired: Tables, inventory: Tables) -> Shaped:
        """Put devices into groups, and bring the tracking in line with what WhatsUp Gold holds."""
        retired = self.options.retired if self.options.retire == "group" else None
        layout = Layout(self.options.root_group, retired, inventory[GROUP.name]["path"].tolist())
        tables, left_out = shaped_tables(devices, kinds, desired, layout, inventory[KNOWN_ROLES])
        bring_in_line(open_tracking(), run.connection, tables, inventory, run.now, whole=run.whole)
        refused = devices[devices["refused"].notna()].itertuples(index=False)
        notes = [f"{row.name}: its address is not monitored: {row.refused}" for row in refused]
        words = "it is left out; the mapping's `values` can translate it"
        notes += [f"WhatsUp Gold has no {each}: {words}" for each in left_out]
        return Shaped(tables, notes, {"left_out": left_out})

    def seen(self, run: Run, desired: Tables, inventory: Tables) -> Evidence:
        """Say who a device is: by the scan that found it, and by its address where the record is gone; say what has to wait."""
        tracking, exclude = open_tracking(), self.options.exclude_recent_exports
        waiting = waiting_devices(tracking, run.connection, desired, run.now, exclude_recent=exclude)
        known = with_owners(inventory, own_finds(tracking, run.connection, desired, inventory))
        # A run about some devices does not know which of the others are gone.
        return Evidence(without_gone(desired, known, run.links()) if run.whole else known, waiting)

    def decided(self, run: Run) -> Sequence[Resolution]:
        """Let what a scan found take the source's name and note."""
        return scan_made(open_tracking(), run.connection)

    def open(self, run: Run, plan: Plan) -> CountingTarget:
        """Open a target whose every new device and new address is tracked."""
        target = WugTarget(run.resource().client(writable=True), root=self.options.root_group)
        scans = self.options.auto_scan_exported_ips
        return TrackedTarget(target, open_tracking(), run.connection, plan, scans=scans, by_hand=run.by_hand)

    def applied(self, run: Run, done: Done) -> Mapping[str, Any]:
        """Have what WhatsUp Gold declined to add scanned for."""
        if not is_to_scan(done):
            return {}
        target = WugTarget(run.resource().client(writable=True), root=self.options.root_group)
        with target.client:
            return scan_for_declined(target, open_tracking(), run.connection, done)

    def look(self, run: Run) -> Mapping[str, Any]:
        """Look at the scans that are under way, and tell how the connection's exports stand."""
        tracking, limit = open_tracking(), timedelta(minutes=self.options.scan_timeout_minutes)
        with run.resource().client() as client:
            follow(tracking, run.connection, client.scans, run.now, limit)
        return standing(tracking.statistics(run.connection))

    def due(self, connection: str, now: datetime) -> str:
        """Name the next look at scans that is due."""
        return next_look(open_tracking(), connection, now)

    def again(self, connection: str, now: datetime) -> str:
        """Name the devices found whose metadata is to be written, and the failures whose time has come."""
        return run_again_for(open_tracking(), connection, now)
