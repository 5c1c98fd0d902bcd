"""Tracking: what was sent to WhatsUp Gold and what became of it, in PostgreSQL (schema `wug`).

Reading order: `lifecycle` (what a row's status may become), `schema` (the table), `rows` (what goes in and out), `changes`
and `reading` (the SQL), `tracking` (all of it, as the rest of the project sees it), `opening`.
"""

from asset_sync.tracking.lifecycle import COUNTED, STATUSES, Status, TrackingError
from asset_sync.tracking.migrations import migrate
from asset_sync.tracking.opening import open_tracking
from asset_sync.tracking.rows import Change, ChosenExports, Export, Key, Scanned, Sent, Statistics
from asset_sync.tracking.tracking import Tracking

__all__ = [
    "COUNTED",
    "STATUSES",
    "Change",
    "ChosenExports",
    "Export",
    "Key",
    "Scanned",
    "Sent",
    "Statistics",
    "Status",
    "Tracking",
    "TrackingError",
    "migrate",
    "open_tracking",
]
