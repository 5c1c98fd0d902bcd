"""Tags: a kind of their own, and a field of devices that is set when a device is created."""

from typing import Any

import pytest

from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.target import Refused
from asset_sync.systems.netbox import KINDS, declared, observe
from asset_sync.systems.netbox.api import json_fields, read_value, write_values
from asset_sync_tests.systems.netbox.conftest import Lab, writes
from asset_sync_tests.systems.netbox.syncs import Sync

TAG, DEVICE = KINDS["tag"], KINDS["device"]
TAGS, DEVICES = "extras/tags", "dcim/devices"


@pytest.fixture
def body(lab: Lab) -> dict[str, Any]:
    """What a further device of the lab needs, but for its name and its tags."""
    lab.an_interface()
    lab.create("tag", {"name": "Core", "slug": "core"}, {"name": "Found by WhatsUp", "slug": "wug", "color": "00ff00"})
    (there,) = lab.state.objects(DEVICES)
    return {name: str(there[name]) for name in ("device_type", "role", "site")} | {"status": "active"}


def tags_of(lab: Lab, name: str) -> set[str]:
    slugs = {row["id"]: row["slug"] for row in lab.state.objects(TAGS)}
    return {slugs[tag] for row in lab.state.objects(DEVICES) if row["name"] == name for tag in row["tags"]}


def test_a_tag_is_created_once_and_found_by_its_name_or_its_slug(lab: Lab) -> None:
    (made,) = lab.create("tag", {"name": "Found by WhatsUp", "slug": "wug", "color": "00ff00", "description": "never by hand"})
    (stored,) = lab.state.objects(TAGS)
    assert (stored["name"], stored["slug"], stored["color"]) == ("Found by WhatsUp", "wug", "00ff00")
    for row in ({"name": "Found by WhatsUp"}, {"slug": "wug"}):
        assert lab.target.find(TAG, writes(row))["id"].tolist() == [made.target_id]
    with pytest.raises(Refused) as caught:
        lab.create("tag", {"name": "Other", "slug": "other"}, {"name": "Again", "slug": "wug"})
    assert list(caught.value.rows) == [1]
    observed = observe(lab.client, {"tag": TAG})["tag"]
    assert observed[["id", "key", "slug", "color"]].to_numpy().tolist() == [
        [made.target_id, "Found by WhatsUp", "wug", "00ff00"]
    ]


@pytest.mark.parametrize(
    ("given", "assigned"),
    [("wug", {"wug"}), ("wug, core", {"wug", "core"}), ("core,wug", {"wug", "core"}), (" wug , ", {"wug"}), (None, set())],
)
def test_a_device_is_created_with_its_tags(lab: Lab, body: dict[str, Any], given: str | None, assigned: set[str]) -> None:
    lab.create("device", {**body, "name": "sw1", "tags": given})
    assert tags_of(lab, "sw1") == assigned
    observed = observe(lab.client, {"device": DEVICE})["device"].set_index("name")["tags"]
    assert observed.fillna("")["sw1"] == ", ".join(sorted(assigned))
    assert observed.isna()["pc1"]


def test_a_tag_that_netbox_does_not_have_is_refused_with_its_name(lab: Lab, body: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        lab.create("device", {**body, "name": "sw1", "tags": "core, atlantis"})
    assert "atlantis" in str(caught.value)
    assert tags_of(lab, "sw1") == set()


def test_an_update_of_other_fields_leaves_peoples_tags(lab: Lab, body: dict[str, Any]) -> None:
    (made,) = lab.create("device", {**body, "name": "sw1", "tags": "wug"})
    core = next(row["id"] for row in lab.state.objects(TAGS) if row["slug"] == "core")
    stored = lab.state.patch(DEVICES, int(made.target_id), {"tags": [core]})
    assert lab.client.patch(DEVICES, [{"id": stored["id"], **write_values(DEVICE, {"serial": "X"}, {})}], "m")
    assert tags_of(lab, "sw1") == {"core"}


@pytest.mark.parametrize(("slug", "names"), [("alpha", {"alpha", "a"}), ("a", {"alpha"})])
def test_what_is_new_has_its_tag_also_after_somebody_renamed_that(lab: Lab, slug: str, names: set[str]) -> None:
    rows = {
        "tag": [{"source_key": "a", "name": "a", "slug": "a"}],
        "vrf": [{"source_key": "one", "name": "one", "tags": "a"}],
    }
    sync = Sync(lab, declared({"tag": ("name", "slug"), "vrf": ("name", "tags")}), rows)
    for kind, fields in {"tag": ("name", "slug"), "vrf": ("tags",)}.items():
        sync.policy.owners[kind].update(dict.fromkeys(fields, Ownership("initial")))  # type: ignore[attr-defined]
    sync.run()
    (renamed,) = lab.state.objects(TAGS)
    lab.state.patch(TAGS, renamed["id"], {"name": "alpha", "slug": slug})
    sync.rows["vrf"].append({"source_key": "two", "name": "two", "tags": "a"})
    sync.run()
    assert {row["name"] for row in lab.state.objects(TAGS)} == names
    (own,) = (row["id"] for row in lab.state.objects(TAGS) if row["slug"] == "a")
    assert {row["name"]: row["tags"] for row in lab.state.objects("ipam/vrfs")} == {"one": (renamed["id"],), "two": (own,)}
    assert sync.again() == 0


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ({"tags": [{"slug": "wug", "name": "Z"}, {"slug": "core", "name": "A"}]}, "core, wug"),
        ({"tags": [{"slug": "wug"}]}, "wug"),
        ({"tags": []}, None),
        ({}, None),
    ],
)
def test_tags_are_read_as_their_slugs_in_order(row: dict[str, Any], value: str | None) -> None:
    assert read_value(DEVICE, DEVICE.field("tags"), row) == value


def test_what_is_read_is_what_is_written() -> None:
    body = write_values(DEVICE, {"tags": "core, wug"}, {})
    assert body == {"tags": [{"slug": "core"}, {"slug": "wug"}]}
    assert read_value(DEVICE, DEVICE.field("tags"), body) == "core, wug"


def test_tags_of_devices_are_asked_for_where_they_are_mapped_alone() -> None:
    references = {"manufacturer": [], "device_type": ["manufacturer"], "device_role": [], "site": []}
    fields = {
        mapped: json_fields(declared({**references, "device": ["device_type", "role", *mapped]})["device"])
        for mapped in ((), ("tags",))
    }
    assert "tags" not in fields[()]
    assert "tags" in fields["tags",]
