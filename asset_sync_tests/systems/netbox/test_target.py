from typing import Any

import pytest

from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.target import OutcomeUnknown, Refused, Stale, Write, Written
from asset_sync.systems.netbox import KINDS, NetBoxClient, NetBoxTarget, declared
from asset_sync.systems.netbox.target import _chunks
from asset_sync_tests.systems.netbox.conftest import Lab, asset, stored, update, writes
from asset_sync_tests.systems.scripted import Reply, scripted

ASSET = KINDS["asset"]
ASSETS = "plugins/inventory/assets"
GONE = Written("99999", "2026-01-01T00:00:00.000001Z")


def test_batches_are_of_measured_sizes(lab: Lab) -> None:
    sizes = {name: lab.target.batch_size(kind) for name, kind in KINDS.items()}
    assert sizes["asset"] == sizes["device"] == sizes["device_primary_ip"] == 100
    assert sizes["manufacturer"] == sizes["ip_address"] == 200


def test_creates_a_batch_in_one_request(lab: Lab) -> None:
    item_type = lab.an_item_type()
    before = lab.client.tally.write
    written = stored(lab.target.create(ASSET, writes(*(asset(item_type, n) for n in range(100))), "plan x"))
    assert lab.client.tally.write - before == 1
    for seq, made in written.items():
        assert lab.state.get(ASSETS, int(made.target_id))["serial"] == f"S{seq}"


def test_what_was_created_is_told_by_what_it_is_not_by_order() -> None:
    rows = [
        {"id": 7, "name": "Dell", "slug": "dell", "last_updated": "x"},
        {"id": 5, "name": "HP", "slug": "hp", "last_updated": "y"},
    ]
    lab_writes = writes({"name": "HP", "slug": "hp"}, {"name": "Dell", "slug": "dell"})
    with scripted(Reply({"netbox-version": "4.6.8"}), Reply(rows, 201)) as script:
        target = NetBoxTarget(_writer(script.url))
        assert target.create(KINDS["manufacturer"], lab_writes, "") == {0: Written("5", "y"), 1: Written("7", "x")}


def test_creates_that_the_answer_does_not_show_are_of_unknown_fate() -> None:
    stored = Reply([{"id": 7, "name": "Dell", "slug": "dell"}], 201)
    wanted = writes({"name": "HP", "slug": "hp"})
    with (
        scripted(Reply({"netbox-version": "4.6.8"}), stored) as script,
        pytest.raises(OutcomeUnknown, match="'HP' was accepted"),
    ):
        NetBoxTarget(_writer(script.url)).create(KINDS["manufacturer"], wanted, "")


def test_creates_that_differ_in_nothing_get_an_object_each(lab: Lab) -> None:
    item_type = lab.an_item_type()
    row = {"name": "PC", "status": "used", "inventoryitem_type": item_type}
    assert len({written.target_id for written in lab.create("asset", row, row)}) == 2


def test_a_refused_create_tells_the_write(lab: Lab) -> None:
    item_type = lab.an_item_type()
    lab.create("asset", asset(item_type, 1))
    batch = [Write(40 + n, f"k{n}", None, None, asset(item_type, n)) for n in range(3)]
    with pytest.raises(Refused) as caught:
        lab.target.create(ASSET, batch, "")
    assert list(caught.value.rows) == [41]
    assert "already exists" in caught.value.rows[41]


def test_updates_in_one_request_and_tells_the_new_version(lab: Lab) -> None:
    there = lab.assets(3)
    before = lab.client.tally.write
    written = stored(lab.target.update(ASSET, [update(n, row, name=f"new {n}") for n, row in enumerate(there)], "plan y"))
    assert lab.client.tally.write - before == 1
    assert [row["name"] for row in lab.state.objects(ASSETS)] == ["new 0", "new 1", "new 2"]
    again = [update(n, row, name=f"newer {n}") for n, row in written.items()]
    assert len(lab.target.update(ASSET, again, "plan z")) == 3


@pytest.mark.parametrize("old", [False, True], ids=["If-Match", "read before"])
def test_an_object_that_somebody_changed_is_not_overwritten(lab: Lab, *, old: bool) -> None:
    there = lab.assets(3)
    lab.state.patch(ASSETS, int(there[1].target_id), {"name": "a person's"})
    target = NetBoxTarget(lab.connect(old=old))
    with pytest.raises(Stale):
        target.update(ASSET, [update(n, row, name="ours") for n, row in enumerate(there)], "")
    assert [row["name"] for row in lab.state.objects(ASSETS)] == ["PC 0", "a person's", "PC 2"]
    assert len(target.update(ASSET, [update(0, there[0], name="ours")], "")) == 1


@pytest.mark.parametrize("old", [False, True], ids=["If-Match", "read before"])
def test_what_it_wrote_itself_is_nobodys_change(lab: Lab, *, old: bool) -> None:
    interface = lab.an_interface()
    (mac,) = lab.create("mac_address", {"mac_address": "02:00:00:00:00:0A", "interface": interface})
    target = NetBoxTarget(lab.connect(old=old))
    seen = str(target.read(KINDS["interface"], [interface])["version"].iat[0])
    for kind, values in (("interface", {"mtu": 9000}), ("interface_primary_mac", {"primary_mac_address": mac.target_id})):
        assert len(target.update(KINDS[kind], [Write(0, "k", interface, seen, values)], "")) == 1
    assert len(target.update(KINDS["interface"], [Write(0, "k", interface, seen, {"mtu": 1500})], "")) == 1
    lab.state.patch("dcim/interfaces", int(interface), {"description": "a person's"})
    with pytest.raises(Stale):
        target.update(KINDS["interface"], [Write(0, "k", interface, seen, {"mtu": 9000})], "")


@pytest.mark.parametrize("old", [False, True], ids=["If-Match", "read before"])
def test_what_it_wrote_over_another_version_hides_no_change_of_others(lab: Lab, *, old: bool) -> None:
    interface = lab.an_interface()
    target = NetBoxTarget(lab.connect(old=old))
    kind = KINDS["interface"]
    seen = str(target.read(kind, [interface])["version"].iat[0])
    lab.state.patch("dcim/interfaces", int(interface), {"mtu": 1400})
    now = str(target.read(kind, [interface])["version"].iat[0])
    assert len(target.update(kind, [Write(0, "k", interface, now, {"enabled": False})], "")) == 1
    with pytest.raises(Stale):
        target.update(kind, [Write(1, "k", interface, seen, {"mtu": 9000})], "")


def test_a_write_without_a_version_is_not_compared(lab: Lab) -> None:
    (there,) = lab.assets(1)
    lab.state.patch(ASSETS, int(there.target_id), {"name": "a person's"})
    written = stored(lab.target.update(ASSET, [update(0, Written(there.target_id, None), name="ours")], ""))
    assert written[0].target_id == there.target_id


@pytest.mark.parametrize("old", [False, True])
def test_an_object_that_is_gone_is_missing_from_the_answer(lab: Lab, *, old: bool) -> None:
    there = lab.assets(2)
    batch = [update(0, there[0], name="x"), update(1, GONE, name="x"), update(2, there[1], name="x")]
    target = NetBoxTarget(lab.connect(old=old))
    assert sorted(target.update(ASSET, batch, "")) == [0, 2]
    assert target.update(ASSET, [update(1, GONE, name="x")], "") == {}
    assert target.update(ASSET, [], "") == {}


def test_a_refused_update_tells_the_write_where_the_server_does(lab: Lab) -> None:
    there = lab.assets(3)
    batch = [update(10, there[0], name="x"), update(11, there[1], status="bogus")]
    with pytest.raises(Refused, match="not a valid choice") as caught:
        lab.target.update(ASSET, batch, "")
    assert list(caught.value.rows) == ([11] if lab.state.version == "4.7" else [])
    with pytest.raises(Refused) as caught:
        lab.target.update(ASSET, batch[1:], "")
    assert list(caught.value.rows) == [11]


def test_writes_that_time_out_can_be_settled_by_reading(lab: Lab) -> None:
    item_type = lab.an_item_type()
    target = NetBoxTarget(lab.connect(read_timeout=0.5))
    _ = target.client.version
    lab.faults.set("timeout_after_write", method="POST", times=1)
    batch = writes(asset(item_type, 1), asset(item_type, 2))
    with pytest.raises(OutcomeUnknown):
        target.create(ASSET, batch, "")
    assert target.find(ASSET, batch)["serial"].tolist() == ["S1", "S2"]


def test_reads_objects_as_they_are_now(lab: Lab) -> None:
    there = lab.assets(3)
    lab.state.delete(ASSETS, int(there[1].target_id))
    table = lab.target.read(ASSET, [row.target_id for row in there])
    assert table["serial"].tolist() == ["S0", "S2"]
    assert table["version"].tolist() == [there[0].version, there[2].version]
    assert lab.target.read(ASSET, []).empty


def test_reads_a_thousand_objects_in_short_requests(lab: Lab) -> None:
    rows = [{"name": f"Maker {n}", "slug": f"maker-{n}"} for n in range(1000)]
    there = lab.create("manufacturer", *rows)
    found = lab.target.read(KINDS["manufacturer"], [row.target_id for row in there])
    assert len(found) == 1000
    assert len(lab.target.find(KINDS["manufacturer"], writes(*rows))) == 1000


def test_finds_by_the_surest_key_and_nothing_else(lab: Lab) -> None:
    item_type = lab.an_item_type()
    tagged = {"name": "T", "asset_tag": "IT/1 & 2", "status": "used", "inventoryitem_type": item_type}
    named = {"name": "Näme, odd?", "status": "used", "inventoryitem_type": item_type}
    lab.create("asset", asset(item_type, 1), asset(item_type, 2), tagged, named)
    wanted = writes(asset(item_type, 1), asset(item_type, 7), tagged, named)
    assert lab.target.find(ASSET, wanted)["key"].tolist() == ["PC 1", "T", "Näme, odd?"]
    assert lab.target.find(ASSET, writes({"status": "used"})).empty


def test_finds_by_keys_of_two_parts(lab: Lab) -> None:
    lab.an_interface()
    kind = KINDS["interface"]
    lab.create("interface", {"device": "1", "name": "eth1", "type": "other"})
    wanted = writes({"device": "1", "name": "eth1", "type": "other"}, {"device": "1", "name": "eth7", "type": "other"})
    assert lab.target.find(kind, wanted)["name"].tolist() == ["eth1"]


def test_writes_addresses_and_primary_ones(lab: Lab) -> None:
    interface = lab.an_interface()
    (mac,) = lab.create("mac_address", {"mac_address": "02:00:00:00:00:0A", "interface": interface})
    (address,) = lab.create("ip_address", {"address": "10.0.0.5/24", "interface": interface, "status": "active"})
    for name, object_id, values in (
        ("interface_primary_mac", interface, {"primary_mac_address": mac.target_id}),
        ("device_primary_ip", "1", {"primary_ip4": address.target_id}),
    ):
        kind = KINDS[name]
        version = str(lab.target.read(kind, [object_id])["version"].iat[0])
        written = stored(lab.target.update(kind, [Write(0, "k", object_id, version, values)], ""))
        assert written[0].target_id == object_id
        field, value = next(iter(values.items()))
        assert lab.target.read(kind, [object_id])[field].tolist() == [value]


VALUES = {
    "text": ("007", "007"),
    "longtext": ("007", "007"),
    "url": ("https://x.example/", "https://x.example/"),
    "integer": ("7", 7),
    "decimal": ("1199.5", 1199.5),
    "boolean": ("false", False),
    "date": ("2026-02-03", "2026-02-03"),
    "datetime": ("2026-02-03T04:05:06Z", "2026-02-03T04:05:06Z"),
    "json": ('{"a":[1]}', {"a": [1]}),
    "select": ("l", "l"),
    "multiselect": ('["l","w"]', ["l", "w"]),
    "object": ("1", 1),
    "multiobject": ("[1]", [1]),
}
"""A value of each type of custom field, and how NetBox keeps it."""


def define(lab: Lab) -> Kind:
    """Give assets a custom field of each type, bounded where it can be; return the kind that maps them."""
    lab.state.create("extras/custom-field-choice-sets", {"name": "os", "extra_choices": [["w", "Windows"], ["l", "Linux"]]})
    bounds = {"validation_minimum": 1, "validation_maximum": 10_000}
    more: dict[str, dict[str, Any]] = {"integer": bounds, "decimal": bounds}
    more |= {name: {"choice_set": 1} for name in ("select", "multiselect")}
    more |= {name: {"related_object_type": "dcim.manufacturer"} for name in ("object", "multiobject")}
    for name in VALUES:
        field = {"name": f"x_{name}", "type": name, "object_types": ["netbox_inventory.asset"], **more.get(name, {})}
        lab.state.create("extras/custom-fields", field)
    return declared({"manufacturer": [], "inventory_item_type": [], "asset": [f"cf_x_{name}" for name in VALUES]})["asset"]


def test_custom_fields_are_written_as_their_type_wants_them_and_read_back_as_they_were(lab: Lab) -> None:
    (there,) = lab.assets(1)
    kind = define(lab)
    texts = {f"cf_x_{name}": text for name, (text, _) in VALUES.items()}
    written = stored(lab.target.update(kind, [update(0, there, **texts)], ""))
    kept = lab.state.get(ASSETS, int(there.target_id))["custom_fields"]
    assert {name: (type(value), value) for name, value in kept.items()} == {
        f"x_{name}": (type(value), value) for name, (_, value) in VALUES.items()
    }
    assert lab.target.read(kind, [written[0].target_id])[list(texts)].to_dict("records") == [texts]
    lab.target.update(kind, [update(0, written[0], **dict.fromkeys(texts))], "")
    assert lab.target.read(kind, [there.target_id])[list(texts)].isna().all(axis=None)


def test_creates_with_custom_fields_have_the_required_ones_by_their_defaults(lab: Lab) -> None:
    lab.assets(1)
    kind = define(lab)
    must = {"name": "must", "type": "integer", "object_types": ["netbox_inventory.asset"], "required": True, "default": 5}
    lab.state.create("extras/custom-fields", must)
    rows = [{**asset("1", 1), "cf_x_text": "x"}, asset("1", 2)]
    written = stored(lab.target.create(kind, writes(*rows), ""))
    kept = [lab.state.get(ASSETS, int(written[seq].target_id))["custom_fields"] for seq in (0, 1)]
    assert [fields["must"] for fields in kept] == [5, 5]
    assert [fields.get("x_text") for fields in kept] == ["x", None]


def test_a_custom_field_that_is_refused_is_told_in_netboxs_words(lab: Lab) -> None:
    (there,) = lab.assets(1)
    kind = define(lab)
    with pytest.raises(Refused, match="custom field 'x_integer': Value must not exceed 10000"):
        lab.target.update(kind, [update(0, there, cf_x_integer="10001")], "")


def test_clearing_a_field_that_takes_no_null(lab: Lab) -> None:
    (there,) = lab.assets(1)
    (changed,) = stored(lab.target.update(ASSET, [update(0, there, name=None, serial=None, description=None)], "")).values()
    row = lab.state.get(ASSETS, int(changed.target_id))
    assert (row["name"], row["serial"], row["description"]) == ("", None, "")


def test_queries_are_short_and_complete() -> None:
    keys: set[tuple[str | None, ...]] = {(f"ä {number}" * 20,) for number in range(300)}
    queries = list(_chunks({"name": "name"}, keys))
    assert {(value,) for query in queries for _, value in query} == keys
    assert all(sum(len(value.encode()) * 3 for _, value in query) < 12_000 for query in queries)
    assert len(queries) > 1


def _writer(url: str) -> NetBoxClient:
    return NetBoxClient(url, "t", writable=True)
