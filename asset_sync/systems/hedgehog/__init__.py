"""Hedgehog fabrics as a source: what their Kubernetes API holds of wiring, VPCs, profiles and agents.

Reading order: `kinds` (what is read), `connection` (how a cluster is reached), `client` (one request, and what came of it),
`reading` (all kinds, whole), `identity` (which fabric it is), `tables` (what they tell), `resource` (Dagster).
How the API behaves is in facts/hedgehog.md §6 and §7.
"""

from asset_sync.systems.hedgehog.client import HedgehogClient
from asset_sync.systems.hedgehog.kinds import KINDS, Kind
from asset_sync.systems.hedgehog.reading import Listing, read
from asset_sync.systems.hedgehog.resource import HedgehogFabric
from asset_sync.systems.hedgehog.tables import TABLES, object_rows

__all__ = ["KINDS", "TABLES", "HedgehogClient", "HedgehogFabric", "Kind", "Listing", "object_rows", "read"]
