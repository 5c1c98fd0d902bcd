"""Checks: what is wrong with a plan as a whole, before anything of it is written."""

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.plan import Plan

_TOGETHER = ["kind", "op", "step"]


def check_mapped(plan: Plan, kinds: Kinds) -> None:
    """Raise `PlanError` where the plan writes what these kinds do not have: it was made from an older mapping."""
    mapped = {name: {field.name for field in kind.fields} for name, kind in kinds.items()}
    for kind, changes in zip(plan.writes["kind"], plan.writes["changes"], strict=True):
        if kind not in mapped:
            raise _unmapped(plan, kind)
        unknown = sorted(p.decode(changes).keys() - mapped[kind])
        if unknown:
            raise _unmapped(plan, f"{kind}.{unknown[0]}")


def _unmapped(plan: Plan, what: str) -> PlanError:
    return PlanError(f"plan {plan.id} writes {what}, which the sync does not map any more: make a new plan")


def check_once(plan: Plan) -> None:
    """Raise `PlanError` where rows that go out together have an object twice: the target would keep the last one alone."""
    writes = plan.writes[plan.writes["target_id"].notna()]
    together = writes[_TOGETHER].fillna("")
    group = (together != together.shift()).any(axis=1).cumsum()
    twice = writes[writes.assign(group=group).duplicated(["group", "target_id"])]
    if not twice.empty:
        row = twice.iloc[0]
        raise PlanError(f"plan {plan.id} writes {row['kind']} #{row['target_id']} twice in one step: make a new plan")
