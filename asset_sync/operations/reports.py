"""How the plans of a sync are told: by its source, where that has words of its own."""

from pathlib import Path

import asset_sync
from asset_sync.components import SyncComponent, forms
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.report import Report, markdown
from asset_sync.systems import system


def report_of(plan: Plan) -> Report:
    """Return what tells a plan of a sync; of one that there is not any more, as that of any sync."""
    file = Path(asset_sync.__file__).parent / "defs" / plan.sync / "defs.yaml"
    made = forms.check_file(file) if file.is_file() else None
    return system(made.source).report if isinstance(made, SyncComponent) else markdown
