"""How the plans of a sync are told: by its source, where that has words of its own."""

from asset_sync.components import SyncComponent, config, forms
from asset_sync.components.resources import open_ledger
from asset_sync.operations.definitions import DEFS
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.report import MOST_ROWS, markdown


def own_report(plan: Plan, *, most: int = MOST_ROWS) -> str | None:
    """Return a plan in the words of its sync's source; None where that has none, or there is no such sync any more."""
    file = DEFS / plan.sync / config.FILE
    made = forms.check_file(file) if file.is_file() else None
    sync = made.sync(plan.sync) if isinstance(made, SyncComponent) else None
    if sync is None or sync.report is markdown:
        return None
    links = open_ledger().links(plan.link_set, {name: sync.kinds[name] for name in sync.main_kinds}, {})
    return sync.report(plan, most=most, objects=sync.main_objects(links))
