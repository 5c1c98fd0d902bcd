"""Tokens with some rights: what they may write is written, the rest is told object by object."""

from collections.abc import Mapping

import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply import Settling, apply
from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Outcome, Refused, Written
from asset_sync.sandbox.netbox import READ_ONLY_TOKEN, Token
from asset_sync.systems.netbox import KINDS, NetBoxTarget
from asset_sync_tests.systems.netbox.conftest import Lab, update, writes

ASSETS = "plugins/inventory/assets"
MAKERS = "dcim/manufacturers"
COUNT = 10


def limited(lab: Lab, **rights: object) -> NetBoxTarget:
    token = lab.state.add_token(Token("limited", **rights))  # type: ignore[arg-type]
    return NetBoxTarget(lab.connect(token.secret))


def created(kind: str, key: str, **values: object) -> tuple[str | None, ...]:
    return _operation(p.CREATE, kind, key, None, {name: (None, value) for name, value in values.items()})


def renamed(key: str, target_id: str) -> tuple[str | None, ...]:
    return _operation(p.UPDATE, "asset", key, target_id, {"name": (key, f"{key} new")})


def _operation(
    op: str, kind: str, key: str, target_id: str | None, changes: Mapping[str, tuple[object, object]]
) -> tuple[str | None, ...]:
    told = {name: {"old": old, "new": new, "owner": "source", "reason": "test"} for name, (old, new) in changes.items()}
    return (kind, op, key, key, target_id, None, p.encode(told), "test", None, None, None, None)


def carried_out(target: NetBoxTarget, *operations: tuple[str | None, ...]) -> list[Outcome]:
    plan = Plan("test", "normal", p.operations_table(list(operations)))
    outcomes = apply(
        plan, KINDS, target, done={}, known={}, intend=lambda _: None, record=lambda _: None, settling=Settling(0.0, 0.0)
    )
    return [outcomes[seq] for seq in sorted(outcomes)]


def item_type(number: str) -> dict[str, str]:
    return {"kind": "inventory_item_type", "key": "EliteBook", "id": number}


def assets(of: str) -> list[tuple[str | None, ...]]:
    """Creates of assets, every second one of which is stored and the others are used."""
    return [
        created(
            "asset",
            f"PC {n}",
            name=f"PC {n}",
            serial=f"S{n}",
            status=("stored", "used")[n % 2],
            inventoryitem_type=item_type(of),
        )
        for n in range(COUNT)
    ]


def test_a_kind_that_may_not_be_created_is_told_and_the_others_are_written(lab: Lab) -> None:
    of = lab.an_item_type()
    target = limited(lab, may_write=frozenset({ASSETS}))
    before = lab.state.requests.writes
    makers = [created("manufacturer", f"Maker {n}", name=f"Maker {n}", slug=f"maker-{n}") for n in range(COUNT)]
    ended = carried_out(target, *makers, *assets(of))
    assert [outcome.outcome for outcome in ended] == ["failed"] * COUNT + ["applied"] * COUNT
    assert {outcome.detail for outcome in ended[:COUNT]} == {
        "the token may not add objects of dcim.manufacturer: give its user that permission in NetBox"
    }
    assert lab.state.requests.writes - before == 2, "nobody asks object by object for what no object has"


def test_objects_that_may_not_be_created_are_told_and_the_others_are_made(lab: Lab) -> None:
    target = limited(lab, writes_only={ASSETS: {"status": "stored"}})
    ended = carried_out(target, *assets(lab.an_item_type()))
    assert [outcome.outcome for outcome in ended] == ["applied", "failed"] * (COUNT // 2)
    assert "the token may add others, not this one (object permissions)" in str(ended[1].detail)
    assert {row["status"] for row in lab.state.objects(ASSETS)} == {"stored"}
    assert len(lab.state.objects(ASSETS)) == COUNT // 2


def test_objects_that_may_not_be_changed_are_told_and_the_others_are_changed(lab: Lab) -> None:
    there = lab.assets(COUNT)
    for written in there[: COUNT // 2]:
        lab.state.patch(ASSETS, int(written.target_id), {"status": "stored"})
    target = limited(lab, writes_only={ASSETS: {"status": "stored"}})
    ended = carried_out(target, *(renamed(f"PC {n}", written.target_id) for n, written in enumerate(there)))
    assert [outcome.outcome for outcome in ended] == ["applied"] * 5 + ["failed"] * 5
    told = f"asset #{there[-1].target_id} is there, but the token may not change it (object permissions)"
    assert ended[-1].detail == told
    assert [row["name"] for row in lab.state.objects(ASSETS)] == [f"PC {n} new" for n in range(5)] + [
        f"PC {n}" for n in range(5, 10)
    ]


def test_what_is_gone_is_not_taken_for_what_may_not_be_changed(lab: Lab) -> None:
    there = lab.assets(3)
    for written in there[:2]:
        lab.state.patch(ASSETS, int(written.target_id), {"status": "stored"})
    lab.state.delete(ASSETS, int(there[0].target_id))
    target = limited(lab, writes_only={ASSETS: {"status": "stored"}})
    batch = [update(n, Written(row.target_id, None), name=f"new {n}") for n, row in enumerate(there)]
    answers = target.update(KINDS["asset"], batch, "") if lab.state.version == "4.6" else None
    if answers is not None:
        assert sorted(answers) == [1, 2]
    else:
        with pytest.raises(Refused) as caught:
            target.update(KINDS["asset"], batch, "")
        assert list(caught.value.rows) == [2]


def test_a_kind_that_may_not_be_changed_is_told_at_once(lab: Lab) -> None:
    there = lab.assets(COUNT)
    target = limited(lab, may_write=frozenset({MAKERS}))
    before = lab.state.requests.writes
    ended = carried_out(target, *(renamed(f"PC {n}", written.target_id) for n, written in enumerate(there)))
    assert {outcome.detail for outcome in ended} == {
        "the token may not change objects of netbox_inventory.asset: give its user that permission in NetBox"
    }
    assert lab.state.requests.writes - before == 1


def test_what_exists_and_is_not_to_be_seen_is_told_as_that(lab: Lab) -> None:
    lab.create("manufacturer", {"name": "HP", "slug": "hp"}, {"name": "Dell", "slug": "dell"})
    target = limited(lab, only={MAKERS: {"name": "Dell"}})
    rows = [("HP", "hp"), ("Acer", "acer"), ("Apple", "dell")]
    ended = carried_out(target, *(created("manufacturer", name, name=name, slug=slug) for name, slug in rows))
    unseen, acer, taken = (str(outcome.detail) for outcome in ended)
    assert "manufacturer with this name already exists." in unseen
    assert "no such object is to be seen: the token may not view it" in unseen
    assert "slug: manufacturer with this slug already exists." in taken
    assert "may not view" not in taken
    # Its own limit keeps it from anything but Dell.
    assert "may add others, not this one" in acer


@pytest.mark.parametrize("token", ["0" * 40, "nbt_x.y"])
def test_a_token_that_is_none_ends_the_apply(lab: Lab, token: str) -> None:
    client = lab.connect(token)
    with pytest.raises(TargetError, match="check NETBOX_TOKEN"):
        NetBoxTarget(client).create(KINDS["manufacturer"], writes({"name": "HP", "slug": "hp"}), "")


def test_a_token_that_may_only_read_is_told_of_every_object(lab: Lab) -> None:
    ended = carried_out(NetBoxTarget(lab.connect(READ_ONLY_TOKEN)), created("manufacturer", "HP", name="HP", slug="hp"))
    assert [(outcome.outcome, "may not add" in str(outcome.detail)) for outcome in ended] == [("failed", True)]
