"""NetBox → WhatsUp Gold, whole: what people rely on, looked at in WhatsUp Gold itself."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from asset_sync.operations import plans as operations
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.wug.monitoring import steps, waiting
from asset_sync_tests.components.wug.lab import EXPORT, Lab, wug_writes
from asset_sync_tests.pipeline import Run


def attributes(device: Any) -> dict[str, str]:
    return {attribute.name: attribute.value for attribute in device.attributes}


def wanted(lab: Lab) -> dict[str, Any]:
    """The devices of NetBox that are to be monitored, by id, as the sandbox made them."""
    assert lab.world.network is not None
    active = [d for d in lab.world.network.devices if d.status == "active" and d.address and not d.is_link_local]
    return {str(device.id): device for device in active}


def one(lab: Lab) -> Any:
    return next(iter(wanted(lab).values()))


def held(run: Run, lab: Lab) -> dict[str, str]:
    rows = lab.ledger.plan(run.plan_id).held
    return dict(zip(rows["key"], rows["hold"].fillna(rows["reason"]), strict=True))


def test_every_active_device_with_an_address_is_monitored_with_its_metadata(lab: Lab) -> None:
    assert lab.run().success
    there, truth = lab.monitored(), wanted(lab)
    assert there.keys() == truth.keys()
    sites = {site.slug: site.name for site in lab.world.company.sites}
    tree = {group.id: group for group in lab.wug().groups}
    for number, device in there.items():
        real = truth[number]
        told = attributes(device)
        assert (device.name, device.address) == (real.name, str(real.ip))
        assert told["netbox_site"] == sites[real.site]
        assert told["netbox_role"] == real.role.name
        assert told["netbox_serial"] == real.serial
        assert told.get("netbox_asset_tag") == real.asset_tag
        assert told["netbox_url"].endswith(f"/dcim/devices/{number}/")
        assert device.role == real.role.monitored_as
        assert [tree[group].name for group in device.groups] == [sites[real.site]]
    assert max(lab.wug().address_counts().values()) == 1


@pytest.mark.slow
def test_devices_without_a_fit_address_are_held_with_the_reason(lab: Lab) -> None:
    assert lab.world.network is not None
    bad = next(device for device in lab.world.network.devices if device.is_link_local)
    run = lab.run()
    assert held(run, lab) == {bad.name: "link-local address"}
    told = run.metadata(f"{EXPORT}/addresses")
    assert told["refused/link-local address"] == 1
    assert told["warned/private address"] > 0


@pytest.mark.slow
def test_the_second_run_plans_and_writes_nothing(lab: Lab) -> None:
    lab.run()
    before = wug_writes(lab.wug())
    run = lab.run()
    assert run.success
    assert not any(run.planned.values())
    assert wug_writes(lab.wug()) == before


@pytest.mark.slow
def test_the_look_after_the_apply_goes_by_the_same_evidence_as_the_plan(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    matched: list[set[str]] = []
    as_ever = waiting.without_gone

    def told(desired: Tables, observed: Tables, links: Tables) -> Tables:
        matched.append(set(observed["device"]["id"]))
        return as_ever(desired, observed, links)

    monkeypatch.setattr(steps, "without_gone", told)
    assert lab.run().success
    before, after = matched
    made = {device.id for device in lab.monitored().values()}
    assert made
    assert not before & made
    assert made <= after


def test_what_differs_is_updated_and_nothing_else(lab: Lab) -> None:
    lab.run()
    device = one(lab)
    lab.world.netbox.patch("dcim/devices", device.id, {"serial": "NEW-1"})
    before = wug_writes(lab.wug())
    assert lab.run().planned == {"create": 0, "update": 1, "retire": 0, "restore": 0}
    assert wug_writes(lab.wug()) == before + 1
    assert attributes(lab.monitored()[str(device.id)])["netbox_serial"] == "NEW-1"


def test_a_device_that_is_there_already_is_recognised_by_its_address_and_never_made_twice(lab: Lab) -> None:
    device = one(lab)
    known = lab.wug().add_device("somebody's name", str(device.ip))
    lab.run()
    assert lab.monitored()[str(device.id)].id == known.id
    assert len(lab.wug().devices_at(str(device.ip))) == 1


@pytest.mark.slow
def test_an_address_on_a_further_interface_of_another_device_is_not_given_to_a_second_one(lab: Lab) -> None:
    device = one(lab)
    other = lab.wug().add_device("firewall", "192.168.7.7")
    with lab.wug().lock:
        spare = dataclasses.replace(other.interfaces[0], id="900", address=str(device.ip), default=False)
        other.interfaces.append(spare)
    run = lab.run()
    assert f"is a further address of WhatsUp Gold's device #{other.id}" in held(run, lab)[device.name]
    assert str(device.id) not in lab.monitored()


@pytest.mark.slow
def test_a_new_address_of_a_device_moves_with_it_and_is_tracked_as_such(lab: Lab) -> None:
    lab.run()
    device = one(lab)
    before = lab.monitored()[str(device.id)].id
    readdress(lab, device, "172.29.1.9/24")
    lab.run()
    now = lab.monitored()[str(device.id)]
    assert (now.id, now.address) == (before, "172.29.1.9")
    row = lab.tracked()["172.29.1.9"]
    assert (row["reason"], row["status"], row["wug_device_id"]) == ("ip_change", "exported", before)


@pytest.mark.slow
def test_a_persons_edit_of_a_shared_field_is_kept_and_a_sources_field_is_put_back(lab: Lab) -> None:
    lab.run()
    number = str(one(lab).id)
    device = lab.monitored()[number]
    with lab.wug().lock:
        device.note = "ask Anna before a restart"
        next(a for a in device.attributes if a.name == "netbox_role").value = "Toaster"
    lab.run()
    now = lab.monitored()[number]
    assert now.note == "ask Anna before a restart"
    assert attributes(now)["netbox_role"] == one(lab).role.name


@pytest.mark.slow
def test_people_s_own_groups_are_left_alone(lab: Lab) -> None:
    lab.run()
    number = str(one(lab).id)
    own = lab.wug().add_group("On call")
    with lab.wug().lock:
        lab.monitored()[number].groups.append(own.id)
    lab.world.netbox.patch("dcim/devices", int(number), {"serial": "NEW-2"})
    assert lab.run().success
    assert own.id in lab.monitored()[number].groups


@pytest.mark.parametrize("lab", [{"grace": {"runs": 2, "hours": 1}, "limits": {"retire_share": 0.2}}], indirect=True)
@pytest.mark.slow
def test_a_device_that_left_service_goes_into_maintenance_after_the_grace_and_comes_back(lab: Lab) -> None:
    lab.run()
    device = one(lab)
    lab.world.netbox.patch("dcim/devices", device.id, {"status": "decommissioning"})
    assert lab.run().planned["retire"] == 0
    lab.pass_time(2)
    assert lab.run().planned["retire"] == 1
    there = lab.monitored()[str(device.id)]
    assert lab.wug().in_maintenance(there)
    lab.world.netbox.patch("dcim/devices", device.id, {"status": "active"})
    assert lab.run().planned["restore"] == 1
    assert not lab.wug().in_maintenance(lab.monitored()[str(device.id)])


INTO_A_GROUP: dict[str, Any] = {"target_options": {"retire": "group"}, "grace": {"runs": 1, "hours": 0}}


@pytest.mark.parametrize("lab", [{**INTO_A_GROUP, "limits": {"retire_share": 0.2}}], indirect=True)
@pytest.mark.slow
def test_or_into_the_group_of_the_retired_as_the_yaml_says(lab: Lab) -> None:
    lab.run()
    device = one(lab)
    lab.world.netbox.patch("dcim/devices", device.id, {"status": "offline"})
    lab.run()
    assert lab.run().success
    tree = {group.id: group.name for group in lab.wug().groups}
    assert [tree[group] for group in lab.monitored()[str(device.id)].groups] == ["Retired"]
    assert len(lab.monitored()) == len(wanted(lab))


@pytest.mark.parametrize("lab", [{"grace": {"runs": 1, "hours": 0}}], indirect=True)
def test_a_filter_that_suddenly_lacks_most_devices_stops_before_anything_is_written(lab: Lab) -> None:
    lab.run()
    for device in list(wanted(lab).values())[2:]:
        lab.world.netbox.patch("dcim/devices", device.id, {"status": "offline"})
    before = wug_writes(lab.wug())
    run = lab.run()
    assert not run.success
    assert any("fewer than" in error for error in run.errors())
    assert wug_writes(lab.wug()) == before


@pytest.mark.slow
def test_a_dry_run_and_a_review_write_nothing_and_the_approved_plan_is_what_is_applied(lab: Lab) -> None:
    assert lab.run(mode="dry_run").success
    review = lab.run(mode="review")
    assert wug_writes(lab.wug()) == 0
    assert not lab.apply().success
    assert wug_writes(lab.wug()) == 0
    assert lab.apply(review.plan_id, "anna").success
    assert len(lab.monitored()) == len(wanted(lab))
    assert review.planned["create"] > len(wanted(lab))


@pytest.mark.slow
def test_a_device_that_somebody_deleted_is_not_created_again_within_a_day(lab: Lab) -> None:
    lab.run()
    device = one(lab)
    lab.wug().delete_device(lab.monitored()[str(device.id)].id)
    run = lab.run()
    assert not any(run.planned.values())
    assert "not created again within 24" in held(run, lab)[device.name]
    lab.pass_time(25)
    assert lab.run().planned["create"] == 1
    assert lab.tracked()[str(device.ip)]["reason"] == "manual"


@pytest.mark.slow
def test_the_plan_can_be_undone_and_nothing_is_deleted(lab: Lab) -> None:
    run = lab.run()
    undo = operations.make_undo(run.plan_id).plan
    lab.ledger.save(undo, run.run_id, datetime.now(UTC))
    assert lab.apply(undo.id).success
    assert all(lab.wug().in_maintenance(device) for device in lab.monitored().values())
    assert len(lab.monitored()) == len(wanted(lab))


def readdress(lab: Lab, device: Any, address: str) -> None:
    """Give a device of NetBox another primary address."""
    row = lab.world.netbox.create(
        "ipam/ip-addresses",
        {"address": address, "assigned_object_type": "dcim.interface", "assigned_object_id": device.interface_id},
    )
    lab.world.netbox.patch("dcim/devices", device.id, {"primary_ip4": row["id"]})


@pytest.mark.parametrize("lab", [{"grace": {"runs": 1, "hours": 0}, "limits": {"retire_share": 0.2}}], indirect=True)
@pytest.mark.slow
def test_hardware_that_was_replaced_is_monitored_on_as_its_successor(lab: Lab) -> None:
    lab.run()
    old = one(lab)
    before = lab.monitored()[str(old.id)]
    netbox = lab.world.netbox
    row = next(row for row in netbox.objects("dcim/devices") if row["id"] == old.id)
    netbox.patch("dcim/devices", old.id, {"primary_ip4": None, "primary_ip6": None, "status": "failed", "name": "old one"})
    again = {name: row[name] for name in ("device_type", "role", "site")} | {"name": old.name, "status": "active"}
    new = netbox.create("dcim/devices", again)
    port = netbox.create("dcim/interfaces", {"device": new["id"], "name": "vlan1", "type": "virtual"})
    family = "primary_ip6" if ":" in str(old.ip) else "primary_ip4"
    netbox.patch("ipam/ip-addresses", old.address_id, {"assigned_object_id": port["id"]})
    netbox.patch("dcim/devices", new["id"], {family: old.address_id})
    for _ in range(2):
        run = lab.run()
        assert run.success
    now = lab.monitored()[str(new["id"])]
    assert now.id == before.id
    assert not lab.wug().in_maintenance(now)
    assert str(old.id) not in lab.monitored()
    assert not any(run.planned.values())


@pytest.mark.slow
def test_a_group_that_a_person_renamed_is_that_persons_and_the_sites_own_is_made_again(lab: Lab) -> None:
    lab.run()
    group = next(group for group in lab.wug().groups if group.name == "Wien")
    with lab.wug().lock:
        group.name = "Wien HQ"
    assert lab.run().success
    assert sorted(group.name for group in lab.wug().groups if group.name.startswith("Wien")) == ["Wien", "Wien HQ"]
    assert not any(lab.run().planned.values())


def enter(lab: Lab, name: str, address: str, site: int, **more: Any) -> Any:
    """Enter a device with a primary address in NetBox, like one that is there."""
    netbox = lab.world.netbox
    like = next(row for row in netbox.objects("dcim/devices") if row["id"] == one(lab).id)
    device = netbox.create("dcim/devices", {**{key: like[key] for key in ("device_type", "role")}, "site": site, "name": name})
    port = netbox.create("dcim/interfaces", {"device": device["id"], "name": "vlan1", "type": "virtual"})
    at = {"assigned_object_type": "dcim.interface", "assigned_object_id": port["id"]}
    row = netbox.create("ipam/ip-addresses", {"address": address, **at, **more})
    netbox.patch("dcim/devices", device["id"], {"primary_ip4": row["id"]})
    return device["id"]


def site_of(lab: Lab) -> dict[str, Any]:
    return next(row for row in lab.world.netbox.objects("dcim/sites") if row["slug"] == one(lab).site)


@pytest.mark.slow
def test_wug_site_renamed_in_case(lab: Lab) -> None:
    lab.run()
    site, groups = site_of(lab), [group.name for group in lab.wug().groups]
    before = lab.monitored()[str(one(lab).id)].groups
    lab.world.netbox.patch("dcim/sites", site["id"], {"name": site["name"].upper()})
    for _ in range(2):
        run = lab.run()
        assert run.success, run.errors()
    assert not any(run.planned.values())
    number = enter(lab, "new there", "172.29.1.20/24", site["id"])
    run = lab.run()
    assert run.success, run.errors()
    assert lab.monitored()[str(number)].groups == before
    assert [group.name for group in lab.wug().groups] == groups


@pytest.mark.parametrize("lab", [INTO_A_GROUP], indirect=True)
@pytest.mark.slow
def test_groups_that_a_person_wrote_in_another_case_are_used(lab: Lab) -> None:
    with lab.wug().lock:
        root = lab.wug().add_group("NETBOX")
        retired = lab.wug().add_group("retired", root.id)
    assert lab.run().success
    device = one(lab)
    lab.world.netbox.patch("dcim/devices", device.id, {"status": "offline"})
    lab.run()
    assert lab.run().success
    assert lab.monitored()[str(device.id)].groups == [retired.id]
    lab.world.netbox.patch("dcim/devices", device.id, {"status": "active"})
    run = lab.run()
    assert run.success, run.errors()
    assert run.planned["restore"] == 1
    assert retired.id not in lab.monitored()[str(device.id)].groups
    assert not any(lab.run().planned.values())


@pytest.mark.slow
def test_wug_device_named_by_its_address(lab: Lab) -> None:
    number = enter(lab, "172.30.2.3", "172.30.2.3/24", site_of(lab)["id"])
    run = lab.run()
    assert run.success, run.errors()
    made = lab.monitored()[str(number)]
    assert made.name == made.host_name == made.address == "172.30.2.3"
    assert not any(lab.run().planned.values())


# What WhatsUp Gold stores in part.


@pytest.mark.slow
def test_an_update_that_is_refused_in_part_stores_the_rest_undoes_that_and_is_tried_again(lab: Lab) -> None:
    lab.run()
    device = one(lab)
    note, before = lab.monitored()[str(device.id)].note, attributes(lab.monitored()[str(device.id)])["netbox_serial"]
    lab.world.netbox.patch("dcim/devices", device.id, {"serial": "NEW-7", "description": "in the attic"})
    lab.world.wug_faults.set("refused_properties")
    run = lab.run()
    assert run.planned["update"] == 1
    assert not run.success
    assert "1 failed of 2 writes" in str(run.checks()["every_write_applied"].description)
    assert run.checks()["converged"].passed
    there = lab.monitored()[str(device.id)]
    assert (attributes(there)["netbox_serial"], there.note) == ("NEW-7", note)
    lab.world.wug_faults.clear()
    undo = operations.make_undo(run.plan_id).plan
    assert len(undo.writes) == 1
    again = lab.run()
    assert again.success
    assert again.planned["update"] == 1
    assert lab.monitored()[str(device.id)].note == "in the attic"
    undo = operations.make_undo(run.plan_id).plan
    lab.ledger.save(undo, run.run_id, datetime.now(UTC))
    assert lab.apply(undo.id).success
    there = lab.monitored()[str(device.id)]
    assert (attributes(there)["netbox_serial"], there.note) == (before, "in the attic")


@pytest.mark.slow
def test_a_device_that_is_made_without_all_its_attributes_is_linked_and_gets_them_with_the_next_run(lab: Lab) -> None:
    lab.world.wug_faults.set("refused_attributes", attribute="netbox_site", path="template")
    run = lab.run()
    assert not run.success
    told = str(run.checks()["every_write_applied"].description)
    assert f"{len(wanted(lab))} stored in part" in told
    assert "the attribute 'netbox_site' cannot be added" in told
    assert run.checks()["converged"].passed
    assert lab.monitored().keys() == wanted(lab).keys()
    assert len(lab.ledger.outcomes(run.plan_id)) == sum(run.planned.values())
    lab.world.wug_faults.clear()
    again = lab.run()
    assert again.success
    assert again.planned == {"create": 0, "update": len(wanted(lab)), "retire": 0, "restore": 0}
    assert all("netbox_site" in attributes(device) for device in lab.monitored().values())
    assert max(lab.wug().address_counts().values()) == 1


@pytest.mark.slow
def test_a_known_device_does_not_get_an_address_that_is_a_further_one_of_another_device(lab: Lab) -> None:
    lab.run()
    device = one(lab)
    other = lab.wug().add_device("firewall", "192.168.7.7")
    with lab.wug().lock:
        other.interfaces.append(dataclasses.replace(other.interfaces[0], id="900", address="172.29.1.10", default=False))
    readdress(lab, device, "172.29.1.10/24")
    run = lab.run()
    assert run.success
    assert run.planned["update"] == 0
    assert lab.monitored()[str(device.id)].address == str(device.ip)
    assert not any(lab.run().planned.values())


@pytest.mark.slow
def test_a_new_device_whose_address_is_not_given_up_is_held_as_a_whole_and_the_others_go_on(lab: Lab) -> None:
    lab.run()
    device = one(lab)
    firewall = lab.wug().add_device("firewall", "192.168.7.7")
    with lab.wug().lock:
        firewall.interfaces.append(dataclasses.replace(firewall.interfaces[0], id="900", address="172.29.1.10", default=False))
    readdress(lab, device, "172.29.1.10/24")
    lab.world.netbox.delete("ipam/ip-addresses", device.address_id)
    newcomer = enter(lab, "newcomer", f"{device.ip}/24", site_of(lab)["id"])
    bystander = enter(lab, "bystander", "172.29.1.77/24", site_of(lab)["id"])
    run = lab.run()
    assert run.success, run.errors()
    assert str(bystander) in lab.monitored()
    assert str(newcomer) not in lab.monitored()
    assert "is on device #" in held(run, lab)["newcomer"]


@pytest.mark.parametrize("lab", [{"target_options": {"same_address": "oldest"}}], indirect=True)
@pytest.mark.slow
def test_of_anycast_twins_the_yaml_may_choose_one_and_the_others_go_on(lab: Lab) -> None:
    device = one(lab)
    lab.world.netbox.patch("ipam/ip-addresses", device.address_id, {"role": "anycast"})
    twin = enter(lab, "anycast twin", f"{device.ip}/32", site_of(lab)["id"], role="anycast")
    for _ in range(2):
        run = lab.run()
        assert run.success, run.errors()
        assert lab.monitored().keys() == wanted(lab).keys()
        assert held(run, lab)["anycast twin"].startswith(f"{device.ip} is the address of {device.name} (#{device.id}), too")
    assert not any(run.planned.values())
    assert str(twin) not in lab.monitored()


@pytest.mark.slow
def test_devices_in_vrfs_are_monitored_and_twins_among_them_are_told(lab: Lab) -> None:
    lab.run()
    vrfs = [lab.world.netbox.create("ipam/vrfs", {"name": name})["id"] for name in ("red", "blue")]
    alone = enter(lab, "alone", "10.99.0.1/24", site_of(lab)["id"], vrf=vrfs[0])
    twins = [enter(lab, f"twin {vrf}", "10.99.0.2/24", site_of(lab)["id"], vrf=vrf) for vrf in vrfs]
    run = lab.run()
    assert run.success, run.errors()
    assert lab.monitored()[str(alone)].address == "10.99.0.1"
    assert not {str(twin) for twin in twins} & lab.monitored().keys()
    told = held(run, lab)
    assert all(told[f"twin {vrf}"].startswith("10.99.0.2 is the address of twin") for vrf in vrfs)
    assert not any(lab.run().planned.values())
