"""Alerts: what there is to tell people, when, and by which channels. Nothing here asks Dagster, a database or a clock.

Reading order: `model` (what is told), `hours` (quiet hours, the time of the digest), `deciding` (what to tell now), `wording`,
`channels` (the edge: by apprise).
"""

from asset_sync.alerts.deciding import Rules
from asset_sync.alerts.model import Cause, Channel, Known, Links, Sort

__all__ = ["Cause", "Channel", "Known", "Links", "Rules", "Sort"]
