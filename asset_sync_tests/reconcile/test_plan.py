import dataclasses

import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.plan import Plan


def operation(key: str, op: str = p.CREATE, hold: str | None = None, **changes: object) -> tuple[str | None, ...]:
    told = p.encode({name: {"old": None, "new": new} for name, new in changes.items()})
    return ("asset", op, key, key, None, None, told, "new", hold)


ROWS = [operation("a", name="x"), operation("b", hold="why not"), operation("c", op=p.UPDATE), operation("d", op=p.CLAIM)]
PLAN = Plan("test", "normal", p.operations_table(ROWS))


def test_writes_are_what_is_not_held_and_writes() -> None:
    assert PLAN.writes["key"].tolist() == ["a", "c"]
    assert PLAN.held["key"].tolist() == ["b"]
    assert PLAN.counts == {"create": 1, "update": 1, "retire": 0, "restore": 0}


def test_the_id_is_sixteen_hexadecimal_digits_of_the_content() -> None:
    assert len(PLAN.id) == 16
    assert int(PLAN.id, 16) >= 0
    assert PLAN.id == Plan("test", "normal", p.operations_table(ROWS)).id


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(PLAN, sync="other"),
        dataclasses.replace(PLAN, mode="full"),
        dataclasses.replace(PLAN, after="0123456789abcdef"),
        dataclasses.replace(PLAN, complete=False),
        dataclasses.replace(PLAN, undoes="0123456789abcdef"),
        dataclasses.replace(PLAN, operations=p.operations_table(ROWS[::-1])),
        dataclasses.replace(PLAN, operations=p.operations_table(ROWS[:-1])),
        dataclasses.replace(PLAN, operations=p.operations_table([operation("a", name="y"), *ROWS[1:]])),
    ],
)
def test_any_other_content_gives_another_id(other: Plan) -> None:
    assert other.id != PLAN.id


def test_a_damaged_plan_is_refused_by_its_id() -> None:
    PLAN.verify(PLAN.id)
    with pytest.raises(PlanError, match=r"plan 0{16} is damaged: its content gives [0-9a-f]{16}; make a new plan"):
        PLAN.verify("0" * 16)


def test_changes_are_canonical_whatever_their_order() -> None:
    one = p.encode({"b": {"old": 1, "new": "ü"}, "a": {"new": None, "old": True}})
    assert one == '{"a":{"new":null,"old":true},"b":{"new":"ü","old":1}}'
    assert p.decode(one) == {"a": {"old": True, "new": None}, "b": {"old": 1, "new": "ü"}}


def test_records_have_their_row_number_and_none_where_a_value_is_missing() -> None:
    first, second = p.records(PLAN.writes)
    assert (first["seq"], second["seq"]) == (0, 2)
    assert first["hold"] is None
    assert first["target_id"] is None


def test_a_plan_without_operations_has_every_column() -> None:
    plan = Plan("test", "normal", p.operations_table([]))
    assert tuple(plan.operations.columns) == p.OPERATION_COLUMNS
    assert p.records(plan.writes) == []
    assert len(plan.id) == 16
