import pandas as pd
import pytest

from asset_sync.reconcile.target import Declined, OutcomeUnknown, Refused, Write, Written
from asset_sync.sandbox.wug import Host, Interface, Maintenance
from asset_sync.systems.wug import KINDS as ALL_KINDS
from asset_sync.systems.wug import WugTarget
from asset_sync_tests.systems.scripted import Reply, scripted
from asset_sync_tests.systems.wug.conftest import DEVICE, GROUP, ROOT, Lab, creates, ip, updates
from asset_sync_tests.systems.wug.test_client import TOKEN, client_of

WHOLE: dict[str, str | None] = {
    "name": "sw1",
    "host_name": "sw1.example",
    "address": "10.0.0.1",
    "group": f"{ROOT}/A",
    "role": "Switch",
    "brand": "Cisco",
    "os": "IOS",
    "note": "from NetBox",
    "maintenance": "on",
    "attr_netbox_id": "42",
    "attr_site": "B",
}


def words(answer: object) -> str:
    assert isinstance(answer, Declined), answer
    return answer.reason


def test_batches(lab: Lab) -> None:
    assert {name: lab.target.batch_size(kind) for name, kind in ALL_KINDS.items()} == {"group": 1000, "device": 50}


# Groups.


def test_groups_are_made_parents_first(lab: Lab) -> None:
    wanted = creates({"path": "A/B/C"}, {"path": "A"}, {"path": "A/B", "description": "d"})
    answers = lab.target.create(GROUP, wanted, "")
    made = [lab.group_id("A/B/C"), lab.group_id("A"), lab.group_id("A/B")]
    assert answers == {n: Written(group_id, None) for n, group_id in enumerate(made)}
    assert lab.state.groups.get(made[2]).description == "d"
    assert (lab.client.tally.write, lab.client.tally.read) == (3, 2)


def test_a_group_that_is_refused_takes_those_below_it_with_it(lab: Lab) -> None:
    lab.groups("Taken")
    answers = lab.target.create(GROUP, creates({"path": "taken"}, {"path": " "}, {"path": " /B"}, {"path": "C"}), "")
    assert "exists already" in words(answers[0])
    assert "needs a name" in words(answers[1])
    assert words(answers[2]) == "there is no group ' ' in WhatsUp Gold"
    assert isinstance(answers[3], Written)


def test_a_group_is_found_and_used_whatever_its_case(lab: Lab) -> None:
    lab.groups("Theirs", "NETBOX", "NETBOX/Dublin", "NETBOX/Cork")
    target = lab.target
    assert target.find(GROUP, creates({"path": "netbox/DUBLIN"}))["path"].tolist() == [f"{ROOT}/Dublin"]
    (made,) = target.create(GROUP, creates({"path": f"{ROOT}/DUBLIN/Lab"}), "").values()
    assert made == Written(lab.group_id("NETBOX/Dublin/Lab"), None)
    (there,) = lab.fill(1, group="NETBOX/Cork")
    assert target.update(DEVICE, updates((there, {"group": f"{ROOT}/DUBLIN"})), "") == {0: Written(there.id, None)}
    assert lab.paths(there) == ["NETBOX/Dublin"]
    assert target.read(DEVICE, [there.id])["group"].tolist() == [f"{ROOT}/Dublin"]
    target.create(DEVICE, creates({"name": "n", "address": "10.0.0.9", "group": f"{ROOT}/DUBLIN/lab"}), "")
    assert lab.paths(lab.named("n")) == ["NETBOX/Dublin/Lab"]


def test_groups_are_found_and_read_but_not_changed(lab: Lab) -> None:
    lab.groups(ROOT, f"{ROOT}/A")
    target = lab.target
    found = target.find(GROUP, creates({"path": f"{ROOT}/A"}, {"path": "B"}))
    assert found["path"].tolist() == [f"{ROOT}/A"]
    assert target.read(GROUP, [lab.group_id(ROOT), "999"])["path"].tolist() == [ROOT]
    (answer,) = target.update(GROUP, [Write(0, ROOT, lab.group_id(ROOT), None, {"description": "x"})], "").values()
    assert "not changed" in words(answer)


def test_a_group_whose_making_broke_off_is_looked_for_anew(lab: Lab) -> None:
    target, wanted = lab.target, creates({"path": "A"})
    assert target.find(GROUP, wanted).empty
    lab.faults.set("cut", times=1, method="POST", path="child")
    with pytest.raises(OutcomeUnknown):
        target.create(GROUP, wanted, "")
    assert target.find(GROUP, wanted)["path"].tolist() == ["A"]


# Creating devices.


def test_a_device_is_made_with_all_its_fields(lab: Lab) -> None:
    lab.groups(ROOT, f"{ROOT}/A")
    (answer,) = lab.target.create(DEVICE, creates(WHOLE), "plan x").values()
    device = lab.named("sw1")
    assert answer == Written(device.id, None)
    assert (device.address, device.host_name, device.role, device.brand) == ("10.0.0.1", "sw1.example", "Switch", "Cisco")
    assert (device.os, device.note, lab.paths(device)) == ("IOS", "from NetBox", [f"{ROOT}/A"])
    assert {one.name: one.value for one in device.attributes} == {"netbox_id": "42", "site": "B"}
    assert (device.maintenance.enabled, device.maintenance.reason) == (True, "plan x")
    assert [one.name for one in device.monitors] == ["Ping"]
    row = lab.target.read(DEVICE, [device.id]).iloc[0]
    assert {name: row[name] for name in WHOLE} == WHOLE


def test_a_device_with_an_address_alone_is_named_by_it(lab: Lab) -> None:
    lab.target.create(DEVICE, creates({"address": "10.0.0.1", "name": None, "attr_site": None}), "")
    (device,) = lab.state.devices.values()
    assert (device.name, device.host_name, device.attributes, device.groups) == (
        "10.0.0.1",
        "10.0.0.1",
        [],
        [lab.state.discovered_group()],
    )
    assert lab.target.read(DEVICE, [device.id])["host_name"].isna().all()


def test_a_batch_is_one_request_and_refused_rows_are_told_one_by_one(lab: Lab) -> None:
    lab.state.refuse.add("10.0.0.2")
    batch = creates(
        {"name": "a", "address": "10.0.0.1"},
        {"name": "b", "address": "10.0.0.2"},
        {"name": "c", "address": "no address"},
        {"name": "d"},
        {"name": "e", "address": "10.0.0.5", "group": "Nowhere"},
        {"name": "f", "address": "10.0.0.6", "role": "Switch"},
        first=70,
    )
    answers = lab.target.create(DEVICE, batch, "")
    assert lab.names() == ["a", "f"]
    assert {seq for seq, answer in answers.items() if isinstance(answer, Written)} == {70, 75}
    assert words(answers[71]) == "the device could not be added"
    assert "no IP address" in words(answers[72])
    assert words(answers[73]) == "a device of WhatsUp Gold cannot be without address"
    assert words(answers[74]) == "there is no group 'Nowhere' in WhatsUp Gold"
    assert lab.client.tally.write == 1


def test_a_batch_of_which_nothing_can_be_sent_is_declined(lab: Lab) -> None:
    assert list(lab.target.create(DEVICE, creates({"name": "d"}), "")) == [0]
    assert lab.client.tally.write == 0


def test_a_warning_is_no_refusal(lab: Lab) -> None:
    wanted = creates({"name": "a", "address": "10.0.0.1", "attr_netbox_id": "1", "attr_site": "x" * 3001})
    (answer,) = lab.target.create(DEVICE, wanted, "").values()
    told = "an attribute's value is of at most 3000 characters"
    assert answer == Written(lab.named("a").id, None, instead={"attr_site": None}, detail=told)


def test_a_group_of_a_common_name_is_the_right_one(lab: Lab) -> None:
    lab.groups("Theirs", "Theirs/A", "A")
    batch = creates({"name": "a", "address": "10.0.0.1", "group": "A"}, {"name": "t", "address": "10.0.0.2", "group": "Theirs"})
    lab.target.create(DEVICE, batch, "")
    assert lab.paths(lab.named("a")) == ["A"]
    assert lab.paths(lab.named("t")) == ["Theirs"]


def test_a_new_device_that_is_not_put_into_maintenance_is_made_all_the_same() -> None:
    made = Reply({"data": {"idMap": [{"templateId": "0", "resultId": "7"}], "errors": []}})
    refused = Reply({"data": {"success": False, "resourcesNotAllowed": ["7"]}})
    groups = Reply({"data": {"groups": []}})
    with scripted(TOKEN, groups, made, refused) as script:
        wanted = creates({"name": "a", "address": "10.0.0.1", "maintenance": "on"})
        (answer,) = WugTarget(client_of(script), root=ROOT).create(DEVICE, wanted, "").values()
    told = "not put into maintenance: the user may not change it"
    assert answer == Written("7", None, instead={"maintenance": "off"}, detail=told)


def test_a_500_after_which_nothing_is_there_is_a_refusal(lab: Lab) -> None:
    lab.state.bulk_template_500 = True
    target, batch = lab.target, creates(*({"name": f"d{n}", "address": ip(n)} for n in range(4)))
    with pytest.raises(Refused, match="answered 500"):
        target.create(DEVICE, batch, "")
    sent = lab.client.tally.write
    with pytest.raises(Refused, match="more than 2"):
        target.create(DEVICE, batch, "")
    assert lab.client.tally.write == sent
    with pytest.raises(Refused, match="answered 500"):
        target.create(DEVICE, batch[:2], "")
    assert isinstance(target.create(DEVICE, batch[:1], "")[0], Written)


def test_a_500_after_which_some_are_there_is_of_unknown_fate(lab: Lab) -> None:
    target, batch = lab.target, creates({"name": "d0", "address": ip(0)}, {"name": "d1", "address": ip(1)})
    lab.state.bulk_template_500 = True
    assert target.find(DEVICE, batch).empty
    lab.fill(1)
    with pytest.raises(OutcomeUnknown):
        target.create(DEVICE, batch, "")
    assert target.find(DEVICE, batch)["name"].tolist() == ["d0"]


def test_a_cut_connection_is_of_unknown_fate_and_is_looked_for_anew(lab: Lab) -> None:
    target, batch = lab.target, creates({"name": "d0", "address": ip(0)})
    assert target.find(DEVICE, batch).empty
    lab.faults.set("cut", times=1, method="PATCH", path="template")
    with pytest.raises(OutcomeUnknown):
        target.create(DEVICE, batch, "")
    assert target.find(DEVICE, batch)["name"].tolist() == ["d0"]
    lab.fill(1)
    assert len(target.find(DEVICE, batch)) == 2


def test_devices_are_found_by_what_decides(lab: Lab) -> None:
    lab.fill(4)
    lab.state.add_device("v6", "2001:db8::1")
    wanted = creates(
        {"name": "d0", "address": "10.9.9.9"},
        {"name": "x", "address": ip(1)},
        {"name": "y", "attr_netbox_id": "3", "address": None},
        {"name": "z", "address": "2001:DB8::0:1"},
    )
    assert lab.target.find(DEVICE, wanted)["name"].tolist() == ["d1", "d3", "v6"]


# Updating devices.


@pytest.mark.parametrize("name", [name for name in WHOLE if name != "group"])
def test_each_field_is_written_and_nothing_else(lab: Lab, name: str) -> None:
    lab.groups(ROOT, "Theirs")
    (device,) = lab.fill(1, group=ROOT)
    device.interfaces.append(Interface("900", "10.9.9.9", "other"))
    before = lab.target.read(DEVICE, [device.id]).iloc[0].to_dict()
    assert lab.target.update(DEVICE, updates((device, {name: WHOLE[name]})), "plan y") == {0: Written(device.id, None)}
    after = lab.target.read(DEVICE, [device.id]).iloc[0].to_dict()
    assert {field for field in after if str(after[field]) != str(before[field])} - {"key"} == {name}
    assert after[name] == WHOLE[name]
    assert lab.client.tally.write == 1
    assert len(device.interfaces) == 2


@pytest.mark.parametrize("name", ["name", "host_name", "brand", "os", "note", "attr_site"])
def test_fields_that_can_be_empty_are_emptied(lab: Lab, name: str) -> None:
    (device,) = lab.fill(1)
    device.note, device.brand, device.os, device.default_interface.host_name = "n", "Cisco", "IOS", "h.example"
    before = lab.target.read(DEVICE, [device.id]).iloc[0]
    assert isinstance(lab.target.update(DEVICE, updates((device, {name: None})), "")[0], Written)
    after = lab.target.read(DEVICE, [device.id]).iloc[0]
    assert [one for one in WHOLE if str(after[one]) != str(before[one])] == [name]
    assert pd.isna(after[name])
    # A device always has both: the address stands for what is no name.
    assert {"name": device.name, "host_name": device.host_name}.get(name, ip(0)) == ip(0)


@pytest.mark.parametrize("name", ["address", "role"])
def test_fields_that_cannot_be_empty_are_declined(lab: Lab, name: str) -> None:
    (device,) = lab.fill(1)
    answers = lab.target.update(DEVICE, updates((device, {name: None})), "")
    assert words(answers[0]) == f"a device of WhatsUp Gold cannot be without {name}"


def test_a_host_name_that_is_the_address_follows_it(lab: Lab) -> None:
    device = lab.state.add_device("d", "10.0.0.1", host_name="10.0.0.1")
    lab.target.update(DEVICE, updates((device, {"address": "10.0.0.2"})), "")
    assert (device.address, device.host_name) == ("10.0.0.2", "10.0.0.2")
    lab.target.update(DEVICE, updates((device, {"address": "10.0.0.3", "host_name": "h"})), "")
    lab.target.update(DEVICE, updates((device, {"address": "10.0.0.4", "host_name": None})), "")
    assert (device.address, device.host_name) == ("10.0.0.4", "10.0.0.4")


def test_an_address_takes_one_request_where_a_listing_tells_of_the_interface(lab: Lab) -> None:
    first, second = lab.fill(2)
    first.default_interface.poll_by_name = True
    target = lab.target
    target.find(DEVICE, creates({"address": "10.0.0.0"}))
    before = lab.client.tally.read
    target.update(DEVICE, updates((first, {"address": "10.1.0.1"}), (second, {"address": "10.1.0.2"})), "")
    assert lab.client.tally.read == before
    assert (first.address, first.host_name, first.default_interface.poll_by_name) == ("10.1.0.1", "d0", True)
    # What was written since is asked for.
    target.update(DEVICE, updates((first, {"address": "10.1.0.3"})), "")
    assert lab.client.tally.read == before + 1
    assert lab.client.tally.write == 3


def test_several_attributes_of_one_name_become_one(lab: Lab) -> None:
    (device,) = lab.fill(1)
    device.attributes += [type(device.attributes[0])("901", "site", "B")]
    lab.target.update(DEVICE, updates((device, {"attr_site": "C", "attr_netbox_id": "9"})), "")
    assert sorted((one.name, one.value) for one in device.attributes) == [("netbox_id", "9"), ("site", "C")]
    assert lab.client.tally.write == 1


def test_a_device_moves_below_the_root_and_stays_where_people_put_it(lab: Lab) -> None:
    lab.groups(ROOT, f"{ROOT}/A", f"{ROOT}/B", "Theirs")
    (device,) = lab.fill(1, group=f"{ROOT}/A")
    device.groups += [lab.group_id("Theirs"), lab.group_id(ROOT)]
    target = lab.target
    target.update(DEVICE, updates((device, {"group": f"{ROOT}/B"})), "")
    assert sorted(lab.paths(device)) == [f"{ROOT}/B", "Theirs"]
    assert target.read(DEVICE, [device.id])["group"].tolist() == [f"{ROOT}/B"]
    target.update(DEVICE, updates((device, {"group": None})), "")
    assert lab.paths(device) == ["Theirs"]
    assert "no group 'Gone'" in words(target.update(DEVICE, updates((device, {"group": "Gone"})), "")[0])


def test_maintenance_of_a_batch_is_one_request_a_value(lab: Lab) -> None:
    there = lab.fill(6)
    there[5].maintenance = Maintenance(enabled=True)
    batch = updates(*((one, {"maintenance": "on"}) for one in there[:5]), (there[5], {"maintenance": "off"}))
    answers = lab.target.update(DEVICE, batch, "r" * 300)
    assert answers == {n: Written(one.id, None) for n, one in enumerate(there)}
    assert [one.maintenance.enabled for one in there] == [True] * 5 + [False]
    assert there[0].maintenance.reason == "r" * 250
    assert lab.client.tally.write == 2


def test_devices_that_are_gone_are_missing_from_the_answer(lab: Lab) -> None:
    (there,) = lab.fill(1)
    batch = updates(
        ("901", {"maintenance": "on"}),
        (there, {"maintenance": "on", "note": "x"}),
        ("902", {"note": "x"}),
        ("903", {"address": "10.0.0.9"}),
        ("904", {"attr_site": "x"}),
    )
    assert lab.target.update(DEVICE, batch, "") == {n: Written(there.id, None) for n in (1, 2)}
    assert there.maintenance.enabled
    assert lab.target.read(DEVICE, [there.id, "901"])["id"].tolist() == [there.id]


def test_what_is_refused_for_one_device_is_declined_alone(lab: Lab) -> None:
    there = lab.fill(3)
    batch = updates(
        (there[0], {"role": "Nonsense", "maintenance": "on"}),
        (there[1], {"name": "x" * 151}),
        (there[2], {"note": "x"}),
    )
    answers = lab.target.update(DEVICE, batch, "")
    assert "no such role" in words(answers[0])
    assert answers[1] == Written(there[0].id, None)
    assert "150 characters" in words(answers[2])
    assert answers[3] == Written(there[2].id, None)
    assert there[0].maintenance.enabled


def test_maintenance_that_is_refused_as_a_whole_is_declined(lab: Lab) -> None:
    (there,) = lab.fill(1)
    lab.faults.set("http_500", path="maintenance")
    assert "500" in words(lab.target.update(DEVICE, updates((there, {"maintenance": "on"})), "")[0])


# Reading: what a listing is good for.


def test_a_listing_is_shared_until_something_was_written(lab: Lab) -> None:
    there = lab.fill(600)
    target, ids = lab.target, [one.id for one in there]
    target.read(DEVICE, ids[:50])
    listed = lab.client.tally.read
    target.read(DEVICE, ids[50:100])
    target.read(DEVICE, ids[100:101])
    assert lab.client.tally.read == listed == 1 + 3 + 1 + 1
    target.update(DEVICE, updates((there[0], {"note": "new"}), (there[1], {"note": "new"})), "")
    assert target.read(DEVICE, ids[:3])["note"].fillna("").tolist() == ["new", "new", ""]
    # Two devices and one page of maintenance.
    assert lab.client.tally.read == listed + 3
    target.update(DEVICE, updates(*((one, {"note": "newer"}) for one in there[:20])), "")
    assert set(target.read(DEVICE, ids[:20])["note"]) == {"newer"}
    assert lab.client.tally.read == listed + 3 + 5


def test_a_few_devices_are_read_one_by_one(lab: Lab) -> None:
    there = lab.fill(600)
    there[1].maintenance = Maintenance(enabled=True)
    table = lab.target.read(DEVICE, [there[0].id, there[1].id])
    assert table["maintenance"].tolist() == ["off", "on"]
    assert lab.client.tally.read == 1 + 2 + 1


def test_devices_that_are_new_since_the_listing_are_read(lab: Lab) -> None:
    lab.fill(30)
    target = lab.target
    target.find(DEVICE, creates({"address": "10.0.0.1"}))
    made = [lab.state.add_device(f"n{n}", f"10.1.0.{n}").id for n in range(20)]
    assert target.read(DEVICE, made)["id"].tolist() == made


def test_a_write_of_unknown_fate_is_read_each_time(lab: Lab) -> None:
    there = lab.fill(30)
    target, ids = lab.target, [one.id for one in there]
    target.read(DEVICE, ids)
    lab.faults.set("cut", times=1, path="properties")
    with pytest.raises(OutcomeUnknown):
        target.update(DEVICE, updates(*((one, {"note": "x"}) for one in there)), "")
    assert target.read(DEVICE, ids)["note"].notna().sum() == 1
    there[9].note = "late"
    assert target.read(DEVICE, ids)["note"].notna().sum() == 2


def test_a_scan_is_for_a_group_by_its_path(lab: Lab) -> None:
    lab.groups(ROOT)
    lab.state.hosts["10.0.0.1"] = Host("10.0.0.1", "one")
    lab.target.scan(ROOT, ["10.0.0.1"])
    assert lab.paths(lab.named("one")) == [ROOT]
    with pytest.raises(Refused, match="no group 'Gone'"):
        lab.target.scan("Gone", ["10.0.0.1"])
