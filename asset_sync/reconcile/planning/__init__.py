"""Plan: what has to be done so that the target says what the source says, field by field, with a reason for each.

`model` says what a plan is made from, `sides` what stands on both sides of a kind, `drafts` what an operation in the making is.
`changes`, `retiring`, `moving` and `rebasing` draft operations; `fields` parts what holds a field alone. `unique` holds what
would clash: `holders` says who has a value, `making_way` who gives one up, `steps` in which order. `agreeing`
and `suiting` hold what the target would not take beside what else stands there (`ending` says what that is in the end),
`dependents` what needs something that is held; `make` puts the plan
together.
"""

from asset_sync.reconcile.planning.make import make_plan
from asset_sync.reconcile.planning.model import Grace, Policy, Snapshot

__all__ = ["Grace", "Policy", "Snapshot", "make_plan"]
