"""Updates that WhatsUp Gold stores in part: what is stored is told, undone and left; what is not is planned again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.apply import apply
from asset_sync.reconcile.errors import PlanError, TargetError
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Declined, Outcome, OutcomeUnknown, Written
from asset_sync.reconcile.undo import inverse
from asset_sync.sandbox.wug import Device
from asset_sync_tests.systems.wug.conftest import AT_ONCE, DEVICE, KINDS, ROOT, Lab, devices, ip, updates

NEW: dict[str, str | None] = {
    "name": "renamed",
    "host_name": "renamed.example",
    "address": "10.0.0.9",
    "group": f"{ROOT}/B",
    "role": "Switch",
    "brand": "Cisco",
    "os": "IOS",
    "note": "new",
    "maintenance": "on",
    "attr_netbox_id": "0",
    "attr_site": "B",
}
PARTS = {
    "refused_interface": {"host_name", "address"},
    "refused_properties": {"name", "note"},
    "refused_role": {"role", "brand", "os"},
    "refused_attributes": {"attr_site"},
    "refused_groups": {"group"},
    "refused_maintenance": {"maintenance"},
}


def device(lab: Lab) -> Device:
    lab.groups(ROOT, f"{ROOT}/A", f"{ROOT}/B", "Theirs")
    (there,) = lab.fill(1, group=f"{ROOT}/A")
    there.groups.append(lab.group_id("Theirs"))
    return there


def values(lab: Lab, there: Device) -> dict[str, str | None]:
    row = lab.target.read(DEVICE, [there.id]).astype(object)
    return {name: None if row[name].isna().iat[0] else str(row[name].iat[0]) for name in NEW}


def by_field(lab: Lab, plan: Plan) -> dict[str, Outcome]:
    return {name: lab.outcomes[row["seq"]] for row in p.records(plan.writes) for name in p.decode(row["changes"])}


def undone(lab: Lab, plan: Plan) -> None:
    undo = inverse(plan, KINDS, lab.outcomes, None)
    lab.apply(undo)
    assert set(lab.ended(undo)) <= {"applied"}


@pytest.mark.parametrize("fault", PARTS)
def test_what_is_refused_fails_alone_and_the_rest_is_stored_and_can_be_undone(lab: Lab, fault: str) -> None:
    there = device(lab)
    before, plan = values(lab, there), lab.plan(devices(NEW))
    # Once for a request, so that what was taken away in its place can be put back; single requests are refused each.
    lab.faults.set(fault, times=1 if fault in {"refused_attributes", "refused_groups"} else None)
    lab.apply(plan)
    ended = by_field(lab, plan)
    assert {name for name, outcome in ended.items() if outcome.outcome == "failed"} == PARTS[fault]
    assert {outcome.outcome for name, outcome in ended.items() if name not in PARTS[fault]} == {"applied"}
    assert all("cannot be" in str(ended[name].detail) for name in PARTS[fault])
    refused = {name: before[name] for name in PARTS[fault]}
    assert values(lab, there) == {**NEW, **refused}
    undone(lab, plan)
    assert values(lab, there) == before
    assert sorted(lab.paths(there)) == [f"{ROOT}/A", "Theirs"]


@pytest.mark.parametrize("fault", PARTS)
def test_what_was_refused_is_planned_again_and_nothing_else(lab: Lab, fault: str) -> None:
    there = device(lab)
    plan = lab.plan(devices(NEW))
    lab.faults.set(fault, times=1 if fault in {"refused_attributes", "refused_groups"} else None)
    lab.apply(plan)
    lab.faults.clear()
    again = lab.plan(devices(NEW))
    assert {name for row in p.records(again.writes) for name in p.decode(row["changes"])} == PARTS[fault]
    lab.apply(again)
    assert values(lab, there) == NEW
    assert lab.plan(devices(NEW)).writes.empty


def test_an_undo_takes_back_all_that_was_empty_before(lab: Lab) -> None:
    lab.groups(ROOT, f"{ROOT}/B")
    bare = lab.state.add_device(ip(0), ip(0), role="Device")
    before, plan = values(lab, bare), lab.plan(devices({**NEW, "address": ip(0)}))
    assert [name for name, value in before.items() if value] == ["address", "role", "maintenance"]
    lab.apply(plan)
    assert values(lab, bare) == {**NEW, "address": ip(0)}
    undone(lab, plan)
    assert values(lab, bare) == before
    assert (bare.name, lab.paths(bare)) == (ip(0), ["Discovered Devices"])


# What a request took away, and what is not known of it.


def test_an_attribute_that_is_refused_keeps_its_old_value(lab: Lab) -> None:
    there = device(lab)
    lab.faults.set("refused_attributes", attribute="site", times=1)
    answers = lab.target.update(DEVICE, updates((there, {"attr_netbox_id": "7"}), (there, {"attr_site": "B"})), "")
    assert answers == {0: Written(there.id, None), 1: Declined("the attribute 'site' cannot be added")}
    # One for both, and one to put the old one back.
    assert lab.client.tally.write == 2
    assert {one.name: one.value for one in there.attributes} == {"netbox_id": "7", "site": "A"}


def test_what_cannot_be_put_back_is_told(lab: Lab) -> None:
    there = device(lab)
    lab.faults.set("refused_attributes", attribute="site")
    lab.faults.set("refused_groups")
    answers = lab.target.update(DEVICE, updates((there, {"attr_site": "B", "group": f"{ROOT}/B"})), "")
    told = [answer.reason for answer in answers.values() if isinstance(answer, Declined)]
    assert "site was taken away, and could not be put back" in told[1]
    assert "its group was taken away, and could not be put back" in told[0]
    assert (there.attribute("site"), lab.paths(there)) == (None, ["Theirs"])


def test_a_value_that_was_not_there_is_not_put_back(lab: Lab) -> None:
    there = device(lab)
    there.attributes = []
    lab.faults.set("refused_attributes", times=1)
    (answer,) = lab.target.update(DEVICE, updates((there, {"attr_site": "B"})), "").values()
    assert answer == Declined("the attribute 'site' cannot be added")
    assert there.attributes == []
    assert lab.client.tally.write == 1


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("properties", {"note": "new"}),
        (r"interfaces/\d", {"address": "10.0.0.9"}),
        ("roles", {"brand": "Cisco"}),
        ("attributes", {"attr_site": "B"}),
        ("group/", {"group": f"{ROOT}/B"}),
        ("maintenance", {"maintenance": "on"}),
    ],
)
@pytest.mark.parametrize("stored", [True, False])
def test_after_a_500_what_stands_is_looked_at(lab: Lab, path: str, new: dict[str, str | None], stored: bool) -> None:
    there = device(lab)
    before = values(lab, there)
    lab.faults.set("http_500_after_write" if stored else "http_500", path=path)
    (answer,) = lab.target.update(DEVICE, updates((there, new)), "").values()
    assert isinstance(answer, Written if stored else Declined)
    assert values(lab, there) == {**before, **(new if stored else {})}


def test_what_cannot_be_looked_at_is_of_unknown_fate(lab: Lab) -> None:
    there = device(lab)
    lab.faults.set("http_500", path="properties")
    lab.faults.set("http_503", path="config/template")
    with pytest.raises(OutcomeUnknown, match="could not be read"):
        lab.target.update(DEVICE, updates((there, {"note": "new"})), "")


# Interrupted.


def test_a_server_that_goes_away_in_the_middle_makes_nobody_forget_what_it_stored(lab: Lab) -> None:
    there = device(lab)
    lab.faults.set("http_503", path="properties")
    answers = lab.target.update(DEVICE, updates((there, {"role": "Switch", "note": "new", "attr_site": "B"})), "")
    fields = [name for write in updates((there, {"role": "", "note": "", "attr_site": ""})) for name in write.values]
    told = dict(zip(fields, (answers[seq] for seq in range(3)), strict=True))
    assert told["role"] == Written(there.id, None)
    assert {name for name, answer in told.items() if isinstance(answer, Declined)} == {"note", "attr_site"}
    assert (there.role, there.note, there.attribute("site")) == ("Switch", "", "A")
    with pytest.raises(TargetError):
        lab.target.update(DEVICE, updates((there, {"note": "new"})), "")


class Killed(BaseException):
    """Stands for the end of the process in the middle of a batch."""


@pytest.mark.parametrize("call", ["set_properties", "set_role", "change_attributes", "change_groups", "set_maintenance"])
@pytest.mark.parametrize("stored", [True, False])
def test_an_apply_that_is_killed_between_two_parts_goes_on(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, call: str, stored: bool
) -> None:
    there = device(lab)
    before, plan = values(lab, there), lab.plan(devices(NEW))
    kept: dict[int, Outcome] = {}
    intended: set[int] = set()

    def carry_out() -> dict[int, Outcome]:
        return apply(
            plan,
            KINDS,
            lab.target,
            done=kept,
            known=lab.known,
            intended=set(intended),
            intend=intended.update,
            record=lambda ended: kept.update({outcome.seq: outcome for outcome in ended}),
            settling=AT_ONCE,
        )

    with monkeypatch.context() as patched:
        patched.setattr(lab.client, call, killing(getattr(lab.client, call), stored=stored))
        with pytest.raises(Killed):
            carry_out()
    assert values(lab, there) != before
    lab.outcomes = carry_out()
    assert values(lab, there) == NEW
    assert {outcome.outcome for outcome in lab.outcomes.values()} == {"applied"}
    assert lab.plan(devices(NEW)).writes.empty
    undone(lab, plan)
    assert values(lab, there) == before


def killing(call: Callable[..., object], *, stored: bool) -> Callable[..., object]:
    def killed(*arguments: object, **more: object) -> object:
        if stored:
            call(*arguments, **more)
        raise Killed

    return killed


def test_a_plan_from_before_there_were_parts_is_not_begun(lab: Lab) -> None:
    there = device(lab)
    whole = {**KINDS, "device": replace(DEVICE, parts=())}
    plan = lab.plan(devices(NEW), whole)
    assert len(plan.writes) == 1
    with pytest.raises(PlanError, match="of an older version, make a new plan"):
        lab.apply(plan)
    assert (there.name, lab.client.tally.write) == ("d0", 0)


def test_parts_of_one_device_are_read_once(lab: Lab) -> None:
    device(lab)
    plan = lab.plan(devices(NEW))
    read = lab.client.tally.read
    lab.apply(plan)
    # A token, the device and who is in maintenance, and the groups; a request a part.
    assert lab.client.tally.read - read <= 4
    assert lab.client.tally.write == len(plan.writes)


# Creating.


@pytest.mark.parametrize(
    ("fault", "lacking"),
    [
        ("refused_maintenance", {"maintenance": "off"}),
        ("refused_attributes", {"attr_site": None}),
        ("refused_groups", {"group": None}),
    ],
)
def test_a_create_that_is_stored_in_part_is_made_and_what_it_lacks_is_planned_again(
    lab: Lab, fault: str, lacking: dict[str, str | None]
) -> None:
    lab.groups(ROOT, f"{ROOT}/B")
    plan = lab.plan(devices(NEW))
    options: dict[str, Any] = {"attribute": "site"} if fault == "refused_attributes" else {}
    lab.faults.set(fault, **options)
    lab.apply(plan)
    (outcome,) = lab.outcomes.values()
    made = lab.named("renamed")
    assert (outcome.outcome, outcome.target_id, outcome.instead) == ("applied", made.id, lacking)
    assert outcome.detail
    assert values(lab, made) == {**NEW, **lacking}
    lab.faults.clear()
    again = lab.plan(devices(NEW))
    assert [p.decode(row["changes"]).keys() for row in p.records(again.writes)] == [lacking.keys()]
    lab.apply(again)
    assert values(lab, made) == NEW
    assert lab.names() == ["renamed"]


@pytest.mark.parametrize("fault", ["cut", "http_503", "timeout_before"])
def test_a_new_device_is_told_of_whatever_becomes_of_its_maintenance(lab: Lab, fault: str) -> None:
    lab.groups(ROOT, f"{ROOT}/B")
    plan = lab.plan(devices(NEW))
    options: dict[str, Any] = {"seconds": 0.1} if fault == "timeout_before" else {}
    lab.faults.set(fault, path="maintenance", **options)
    lab.apply(plan)
    (outcome,) = lab.outcomes.values()
    assert (outcome.outcome, outcome.instead) == ("applied", {"maintenance": "off"})
    lab.faults.clear()
    lab.apply(lab.plan(devices(NEW)))
    assert values(lab, lab.named("renamed")) == NEW
