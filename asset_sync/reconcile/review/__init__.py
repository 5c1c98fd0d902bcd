"""Review: which operations of a plan wait for a person, by a sync's rules or by a person's choice, and what waits with them."""

from asset_sync.reconcile.review.choice import Choice
from asset_sync.reconcile.review.parting import part
from asset_sync.reconcile.review.rules import Rule, apply_rules
from asset_sync.reconcile.review.selection import LEFT_OUT, Selection, chooses, decisions, left_out

__all__ = ["LEFT_OUT", "Choice", "Rule", "Selection", "apply_rules", "chooses", "decisions", "left_out", "part"]
