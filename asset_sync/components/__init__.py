"""How a sync's YAML becomes assets, checks, jobs and schedules."""

from asset_sync.components.declared.component import SyncComponent
from asset_sync.components.hosts.component import HostDocuments
from asset_sync.components.pdq_exports.component import PdqExports
from asset_sync.components.snipeit_to_postgres.component import SnipeitToPostgres

__all__ = ["HostDocuments", "PdqExports", "SnipeitToPostgres", "SyncComponent"]
