"""Apply: a plan carried out exactly, one outcome an operation, and nothing done twice.

Rows go out in the plan's order, those of one kind, operation and step together, in batches and by a few workers; the next group
waits for their end. A batch that the target refuses is split until the bad row stands alone. A change whose old value is no
longer the one that the plan saw is a conflict, not an overwrite. A batch of unknown fate (the connection broke after it was
sent, or the process was killed before it was recorded) is settled by reading before it is tried again. What is found in the
place of an object that is to be created is taken for this plan's own only where this plan can have made it.
"""

from asset_sync.reconcile.apply.execution import apply
from asset_sync.reconcile.apply.recovering import recovered
from asset_sync.reconcile.apply.settling import Settling
from asset_sync.reconcile.apply.standing import Known, known_objects

__all__ = ["Known", "Settling", "apply", "known_objects", "recovered"]
