"""Plan: what has to be done so that the target says what the source says, field by field, with a reason for each.

`model` says what a plan is made from, `sides` what stands on both sides of a kind, `drafts` what an operation in the making is.
`changes`, `retiring`, `moving` and `rebasing` draft operations; `unique` orders them so that a value is free before it is
taken, `dependents` holds what needs something that is held; `make` puts the plan together.
"""

from asset_sync.reconcile.planning.make import make_plan
from asset_sync.reconcile.planning.model import Grace, Policy, Snapshot

__all__ = ["Grace", "Policy", "Snapshot", "make_plan"]
