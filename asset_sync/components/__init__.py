"""How a sync's YAML becomes assets, checks, jobs and schedules."""

from asset_sync.components.pdq_exports.component import PdqExports
from asset_sync.components.pdq_to_netbox.component import PdqToNetbox
from asset_sync.components.snipeit_to_postgres.component import SnipeitToPostgres

__all__ = ["PdqExports", "PdqToNetbox", "SnipeitToPostgres"]
