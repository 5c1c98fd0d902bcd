"""Whole plans through `apply`: nothing made twice, one outcome a row, and a bounded number of requests."""

from itertools import count

import pytest

from asset_sync.reconcile.apply import Settling
from asset_sync.reconcile.errors import TargetError
from asset_sync.reconcile.undo import inverse
from asset_sync.systems.wug import WugTarget
from asset_sync_tests.systems.wug.conftest import KINDS, ROOT, Lab, devices, fleet, ip, rows

SOON = Settling(total=0.2, every=0.05)


def test_a_plan_makes_what_is_desired_and_leaves_nothing_to_do(lab: Lab) -> None:
    groups = rows(KINDS, "group", *({"path": path} for path in (f"{ROOT}/A/B", f"{ROOT}/A", ROOT)))
    wanted = {**fleet(60, group=f"{ROOT}/A/B", role="Switch", note="n", maintenance="off"), "group": groups}
    lab.state.add_device("old", ip(0))
    plan = lab.plan(wanted)
    lab.apply(plan)
    assert (plan.counts["create"], plan.counts["update"]) == (3 + 59, 1)
    assert list(lab.ended(plan)) == ["applied"]
    assert lab.names() == sorted(f"d{n}" for n in range(60))
    assert lab.paths(lab.named("d59")) == [f"{ROOT}/A/B"]
    assert lab.plan(wanted).writes.empty


def test_a_second_apply_finds_everything_done(lab: Lab) -> None:
    lab.fill(2)
    plan = lab.plan(fleet(5, note="n"))
    lab.apply(plan)
    written = lab.client.tally.write
    lab.apply(plan)
    assert {outcome: len(keys) for outcome, keys in lab.ended(plan).items()} == {"already": 5}
    assert lab.client.tally.write == written
    assert len(lab.state.devices) == 5


@pytest.mark.parametrize("fault", ["cut", "timeout_after_write"])
def test_a_broken_connection_makes_no_second_device(lab: Lab, fault: str) -> None:
    plan = lab.plan(fleet(60))
    lab.faults.set(fault, times=1, method="PATCH", path="config/template")
    lab.apply(plan, settling=SOON)
    assert lab.names() == sorted(f"d{n}" for n in range(60))
    assert list(lab.ended(plan)) == ["applied"]
    assert lab.plan(fleet(60)).writes.empty


def test_a_request_that_never_arrived_is_sent_again(lab: Lab) -> None:
    plan = lab.plan(fleet(3))
    lab.faults.set("timeout_before", times=1, method="PATCH", seconds=0.1)
    lab.apply(plan, settling=SOON)
    assert lab.names() == ["d0", "d1", "d2"]
    assert list(lab.ended(plan)) == ["applied"]


def test_a_server_that_fails_on_several_templates_gets_them_one_by_one(lab: Lab) -> None:
    plan = lab.plan(fleet(120))
    lab.state.bulk_template_500 = True
    lab.apply(plan)
    assert lab.names() == sorted(f"d{n}" for n in range(120))
    assert list(lab.ended(plan)) == ["applied"]
    # Each size is tried and looked after once a worker, at most: 50, 25, 12, 6, 3.
    assert lab.client.tally.write <= 120 + 5 * 4
    assert lab.client.tally.read <= 80


def test_rows_that_are_refused_fail_with_the_servers_words(lab: Lab) -> None:
    plan = lab.plan(fleet(10))
    lab.state.refuse = {ip(3), ip(7)}
    lab.apply(plan)
    assert sorted(lab.ended(plan)["failed"]) == ["d3", "d7"]
    assert len(lab.ended(plan)["applied"]) == 8
    assert lab.details().count("the device could not be added") == 2


def test_a_change_by_a_person_since_the_plan_is_a_conflict(lab: Lab) -> None:
    there = lab.fill(12)
    plan = lab.plan(fleet(12, note="ours"))
    there[3].note = "a person's"
    lab.state.delete_device(there[4].id)
    lab.apply(plan)
    assert sorted(lab.ended(plan)["conflict"]) == ["d3", "d4"]
    assert there[3].note == "a person's"
    assert there[5].note == "ours"


def test_addresses_change_places_in_one_apply_and_back(lab: Lab) -> None:
    there = lab.fill(3)
    moved = devices(*({"name": f"d{n}", "address": ip((n + 1) % 3), "attr_netbox_id": str(n)} for n in range(3)))
    plan = lab.plan(moved)
    lab.apply(plan)
    assert list(lab.ended(plan)) == ["applied"]
    assert [one.address for one in there] == [ip(1), ip(2), ip(0)]
    assert lab.client.tally.write == 3
    assert lab.plan(moved).writes.empty
    lab.apply(inverse(plan, KINDS, lab.outcomes, None))
    assert [one.address for one in there] == [ip(0), ip(1), ip(2)]


def test_no_two_devices_get_one_address(lab: Lab) -> None:
    lab.fill(2)
    plan = lab.plan(devices({"name": "d0", "address": ip(1), "attr_netbox_id": "0"}))
    assert plan.writes.empty
    assert len(plan.held) == 1


def test_a_device_that_somebody_made_since_the_plan_is_not_made_again(lab: Lab) -> None:
    plan = lab.plan(fleet(3))
    lab.fill(1)
    lab.apply(plan)
    assert lab.names() == ["d0", "d1", "d2"]
    assert lab.ended(plan)["already"] == ["d0"]


def test_a_session_that_ends_in_the_middle_is_not_noticed(lab: Lab) -> None:
    there = lab.fill(100)
    plan = lab.plan(devices(*({"name": f"d{n}", "address": ip(n), "attr_site": f"S{n}"} for n in range(150))))
    requests = count(1)

    def expire() -> None:
        if next(requests) % 30 == 0:
            lab.state.expire_tokens(refresh=len(lab.state.devices) > 100)

    lab.stage.before = expire
    lab.apply(plan)
    assert next(requests) > 100
    assert list(lab.ended(plan)) == ["applied"]
    assert len(lab.state.devices) == 150
    assert [one.attribute("site") for one in there] == [f"S{n}" for n in range(100)]


def test_nothing_is_written_by_a_client_that_may_only_read(lab: Lab) -> None:
    lab.fill(1)
    plan = lab.plan(fleet(3, note="n"))
    with lab.connect(writable=False) as reader, pytest.raises(TargetError, match="read-only"):
        lab.apply(plan, WugTarget(reader, root=ROOT))
    assert reader.tally.write == 0
    assert len(lab.state.devices) == 1


def test_creating_costs_a_write_a_batch_and_one_listing(lab: Lab) -> None:
    plan = lab.plan(fleet(500))
    lab.apply(plan)
    assert lab.client.tally.write == 500 // 50
    # A token, the groups, and one listing of what was there before.
    assert lab.client.tally.read <= 5
    assert len(lab.state.devices) == 500


def test_updating_an_attribute_costs_a_write_a_device_and_one_listing(lab: Lab) -> None:
    lab.fill(300)
    plan = lab.plan(fleet(300, attr_site="B"))
    lab.apply(plan)
    assert lab.client.tally.write == 300
    # A token, two pages of templates, the count and the devices in maintenance.
    assert lab.client.tally.read <= 5
    assert {device.attribute("site") for device in lab.state.devices.values()} == {"B"}


@pytest.mark.slow
def test_costs_at_full_size(lab: Lab) -> None:
    lab.apply(lab.plan(fleet(5000, attr_site="A")))
    assert lab.client.tally.write == 100
    assert lab.client.tally.read <= 60
    with lab.connect() as reader:
        assert len(WugTarget(reader, root=ROOT).client.devices()) == 5000
        assert reader.tally.read <= 24
    with lab.connect() as writer:
        plan = lab.plan(fleet(1000, attr_site="B"))
        lab.apply(plan, WugTarget(writer, root=ROOT))
        assert writer.tally.write == 1000
        assert writer.tally.read <= 60
