"""How a sync's YAML becomes assets, checks, jobs and schedules."""

from asset_sync.components.pdq_to_netbox.component import PdqToNetbox

__all__ = ["PdqToNetbox"]
