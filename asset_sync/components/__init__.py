"""How a YAML becomes assets, checks, jobs, schedules and sensors."""

from asset_sync.components.alerts import Alerts
from asset_sync.components.declared.component import SyncComponent
from asset_sync.components.hosts.component import HostDocuments
from asset_sync.components.pdq_exports.component import PdqExports
from asset_sync.components.snipeit_to_postgres.component import SnipeitToPostgres

__all__ = ["Alerts", "HostDocuments", "PdqExports", "SnipeitToPostgres", "SyncComponent"]
