"""What one NetBox keeps unique besides: the custom fields that somebody made so there."""

from asset_sync.reconcile.kinds import Unique
from asset_sync.systems.netbox.constraining import constrained
from asset_sync_tests.systems.netbox.test_conforming import KINDS, field, has


def test_a_custom_field_that_netbox_keeps_unique_is_a_constraint_of_its_kind() -> None:
    inventory = has(field("a", "text", unique=True), field("b", "text"), field("unmapped", "text", unique=True))
    kinds = constrained(KINDS, inventory)
    assert kinds["asset"].unique == (*KINDS["asset"].unique, Unique(("cf_a",)))
    assert [name for name in ("cf_a", "cf_b") if kinds["asset"].field(name).nullable] == ["cf_a"]
    assert {name: kind for name, kind in kinds.items() if name != "asset"} == {
        name: kind for name, kind in KINDS.items() if name != "asset"
    }


def test_what_netbox_requires_is_not_emptied_for_the_time_being() -> None:
    kinds = constrained(KINDS, has(field("a", "text", unique=True, required=True)))
    assert Unique(("cf_a",)) in kinds["asset"].unique
    assert not kinds["asset"].field("cf_a").nullable


def test_without_a_table_of_custom_fields_the_kinds_are_as_declared() -> None:
    assert constrained(KINDS, {}) == KINDS
