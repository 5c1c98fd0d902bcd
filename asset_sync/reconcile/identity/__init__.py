"""Match: which desired row is which observed object, decided with evidence or not at all.

Ordered rules (DESIGN §3): what a person decided, the link remembered from earlier runs, then the kind's own rules. Each answer
is one of three: same, different, unknown. Sameness needs every field of a rule; difference needs one decisive field. Where the
evidence is split (several candidates, two rows for one object, a link and a serial that point to different objects), the row is
held with what is known, and the rest goes on. What is linked to an object that somebody deleted is new again: it is held, too.
"""

from asset_sync.reconcile.identity.gone import Deleted, Deletions, Gone, GoneObjects, deleted_records, gone_objects
from asset_sync.reconcile.identity.matching import hold_back, hold_deleted, match
from asset_sync.reconcile.identity.remembered import ChangedObjects, as_links, changed_objects, telling
from asset_sync.reconcile.identity.state import DECISION, HELD, IGNORED, LINK, NEW, SAME
from asset_sync.reconcile.identity.values import also, compared, emptied, suspects, twins

__all__ = [
    "DECISION",
    "HELD",
    "IGNORED",
    "LINK",
    "NEW",
    "SAME",
    "ChangedObjects",
    "Deleted",
    "Deletions",
    "Gone",
    "GoneObjects",
    "also",
    "as_links",
    "changed_objects",
    "compared",
    "deleted_records",
    "emptied",
    "gone_objects",
    "hold_back",
    "hold_deleted",
    "match",
    "suspects",
    "telling",
    "twins",
]
