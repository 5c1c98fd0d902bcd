"""The ledger: what asset_sync remembers, in PostgreSQL (DESIGN §5).

Links between records of a source and objects of a target, the values last applied, plans and who approved them, what became
of each operation, and how many rows a source had. Reading order: `schema` (the tables), `links`, `plans`, `ledger`.
"""

from asset_sync.ledger.asked import Asked, Asking, Asks
from asset_sync.ledger.budgets import SharedBudgets
from asset_sync.ledger.headers import PlanDecision, PlanHeader
from asset_sync.ledger.leases import Leases
from asset_sync.ledger.ledger import Ledger
from asset_sync.ledger.migrations import migrate
from asset_sync.ledger.pauses import Pause, Pauses
from asset_sync.ledger.reached import Reached
from asset_sync.ledger.records import Records
from asset_sync.ledger.schedules import Schedule, Schedules

__all__ = [
    "Asked",
    "Asking",
    "Asks",
    "Leases",
    "Ledger",
    "Pause",
    "Pauses",
    "PlanDecision",
    "PlanHeader",
    "Reached",
    "Records",
    "Schedule",
    "Schedules",
    "SharedBudgets",
    "migrate",
]
