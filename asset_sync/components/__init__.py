"""How a sync's YAML becomes assets, checks, jobs and schedules."""

from asset_sync.components.declared.component import SyncComponent
from asset_sync.components.netbox_to_wug.component import NetboxToWug
from asset_sync.components.pdq_exports.component import PdqExports
from asset_sync.components.snipeit_to_postgres.component import SnipeitToPostgres
from asset_sync.components.wug_to_netbox.component import WugToNetbox

__all__ = ["NetboxToWug", "PdqExports", "SnipeitToPostgres", "SyncComponent", "WugToNetbox"]
