"""Guards: what must hold before readers see a load. One that does not stops the load, and the mirror stays as it was.

A token that lost rights, or was held to one company, sees less; what it does not see is not gone (facts/snipeit.md, "Hidden
rows"; DESIGN §3).
"""

from typing import Final

from asset_sync.mirror.gathering import Gathered
from asset_sync.mirror.staging import Stage
from asset_sync.reconcile.errors import SourceError
from asset_sync.systems.snipeit import Owner

_FEW: Final = 10
"""So many rows may go from a table whatever share of it they are: a small table loses half of itself on any day."""
_NEVER_EMPTY: Final = frozenset({"hardware", "users"})
_HOW: Final = "nothing was changed; if it is so, run once with accept_losses: true"


class GuardError(SourceError):
    """A load that would take too much away."""


def check_owner(owner: Owner) -> None:
    """Raise `GuardError` for a token whose owner is no superuser; see `told_of`."""
    if not owner.superuser:
        raise GuardError(f"{told_of(owner)}; {_HOW}")


def told_of(owner: Owner) -> str:
    """Return what the token of that owner sees."""
    if owner.superuser:
        return f"the token is that of {owner.username}, a superuser, who sees all rows"
    company = f" belongs to {owner.company} and" if owner.company else ""
    what = f"the owner of SNIPEIT_TOKEN, {owner.username},{company} is no superuser"
    return f"{what}: with Full Multiple Company Support only the rows of one company are seen, without a word of the others"


def check_size(stage: Stage, gathered: Gathered, shrink: float) -> None:
    """Raise `GuardError` where Snipe-IT lists far fewer rows than the mirror has, the trash included where it was listed."""
    counted = _counted(gathered)
    # Seats go with their licences, and those are counted.
    if counted is None or stage.table.changes == "seats":
        return
    now, trash_is_in = counted
    [(before,)] = stage.ask(
        "SELECT count(*) FROM {target} WHERE purged_at IS NULL AND (deleted_at IS NULL OR %(trash)s)", trash=trash_is_in
    )
    name = stage.table.name
    if before and not now and name in _NEVER_EMPTY:
        raise GuardError(f"Snipe-IT lists no {name} at all, and the mirror has {before}: {_HOW}")
    lost = before - now
    if lost > _FEW and lost > before * shrink:
        told = f"{name} has {now} rows, {lost / before:.0%} fewer than the {before} of the mirror (limit {shrink:.0%})"
        raise GuardError(f"{told}; has the token lost rights? {_HOW}")


def _counted(gathered: Gathered) -> tuple[int, bool] | None:
    """Return how many rows Snipe-IT counts, and whether deleted ones are among them; None where it did not tell."""
    if gathered.both is not None:
        return gathered.both, True
    if gathered.total.living is None:
        return None
    return gathered.total.living + (gathered.total.trashed or 0), gathered.total.trashed is not None


def check_scope(stage: Stage, gathered: Gathered) -> None:
    """Raise `GuardError` where of several companies one is left: Snipe-IT shows a token that is no superuser's its own only."""
    if stage.table.name != "companies" or gathered.total.living is None or gathered.total.living > 1:
        return
    [(before,)] = stage.ask("SELECT count(*) FROM {target} WHERE deleted_at IS NULL")
    if before > 1:
        told = f"Snipe-IT lists {gathered.total.living} company of {before}"
        raise GuardError(f"{told}: the owner of SNIPEIT_TOKEN seems held to it (Full Multiple Company Support); {_HOW}")
