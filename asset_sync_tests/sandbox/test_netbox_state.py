"""What the simulated NetBox offers to tests and demonstrations, and what only a simulator can show."""

from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from asset_sync.sandbox.netbox import DEFAULT_TOKEN, ApiError, NetBoxState, Token, User, create_app

ASSETS = "plugins/inventory/assets"
ASSETS_URL = f"/api/{ASSETS}/"


@pytest.fixture
def state() -> NetBoxState:
    return filled(NetBoxState())


def filled(state: NetBoxState) -> NetBoxState:
    state.create("dcim/manufacturers", {"name": "Maker", "slug": "maker"})
    state.create("dcim/device-types", {"manufacturer": {"slug": "maker"}, "model": "Model", "slug": "model"})
    state.create("dcim/device-roles", {"name": "Role", "slug": "role"})
    state.create("dcim/sites", {"name": "Site", "slug": "site"})
    return state


def client(state: NetBoxState, token: str = DEFAULT_TOKEN) -> TestClient:
    made = TestClient(create_app(state), follow_redirects=False)
    made.headers["Authorization"] = f"Token {token}"
    return made


def body(serial: str, **values: Any) -> dict[str, Any]:
    return {"serial": serial, "status": "stored", "device_type": 1, **values}


def test_a_person_creates_changes_and_deletes(state: NetBoxState) -> None:
    made = state.create(ASSETS, body("S1"))
    assert (made["id"], made["device_type"], made["status"]) == (1, 1, "stored")
    assert state.patch(ASSETS, 1, {"status": "retired"})["status"] == "retired"
    assert [row["serial"] for row in state.objects(ASSETS)] == ["S1"]
    state.delete(ASSETS, 1)
    assert state.objects(ASSETS) == []
    records = [row for row in state.objects("core/object-changes") if row["changed_object_type"].endswith("asset")]
    assert [(row["action"], row["user_name"]) for row in records] == [
        *(("create", "pat"), ("update", "pat"), ("delete", "pat"))
    ]


def test_a_person_is_refused_like_a_client(state: NetBoxState) -> None:
    state.create(ASSETS, body("S1"))
    with pytest.raises(ApiError) as refusal:
        state.create(ASSETS, body("S1"))
    assert refusal.value.body == {"__all__": ["Asset with this Device Type and Serial Number already exists."]}


def test_what_is_given_out_can_be_changed_without_harm(state: NetBoxState) -> None:
    state.objects("dcim/sites")[0]["name"] = "Other"
    assert state.get("dcim/sites", 1)["name"] == "Site"


def test_requests_are_counted(state: NetBoxState) -> None:
    asking = client(state)
    asking.get("/api/dcim/sites/")
    asking.options("/api/dcim/sites/")
    asking.post("/api/dcim/sites/", json={})
    assert (state.requests.reads, state.requests.writes) == (2, 1)
    assert state.requests.by_method == {"GET": 1, "OPTIONS": 1, "POST": 1}
    state.requests.reset()
    assert state.requests.reads == 0


def test_the_version_of_the_state_is_served() -> None:
    app = create_app(NetBoxState(version="4.7"))
    assert app.state.netbox.version == "4.7"
    with pytest.raises(ValueError, match="of version"):
        create_app(NetBoxState(), version="4.7")


def test_the_clock_stamps_rows_and_no_two_stamps_are_equal() -> None:
    state = filled(NetBoxState(clock=lambda: datetime(2026, 3, 1, tzinfo=UTC)))
    stamps = [state.create(ASSETS, body(f"S{number}"))["last_updated"] for number in range(3)]
    assert len(set(stamps)) == 3
    assert all(stamp.startswith("2026-03-01T00:00:00.") for stamp in stamps)


def test_a_token_limited_to_rows_sees_and_writes_only_those(state: NetBoxState) -> None:
    state.add_token(Token("limited", User(7, "limited"), only={ASSETS: {"status": "stored"}}))
    limited = client(state, "limited")
    assert limited.post(ASSETS_URL, json=body("S1")).status_code == 201
    state.create(ASSETS, body("S2", status="used"))
    assert limited.get(ASSETS_URL).json()["count"] == 1
    assert limited.get(f"{ASSETS_URL}2/").status_code == 404
    assert limited.patch(f"{ASSETS_URL}1/", json={"status": "used"}).status_code == 403
    assert state.get(ASSETS, 1)["status"] == "stored"
    assert limited.post(ASSETS_URL, json=body("S3", status="used")).status_code == 403


def test_a_status_no_longer_configured_blocks_other_changes(state: NetBoxState) -> None:
    known = state.asset_statuses
    state.asset_statuses = (*known, ("in_repair", "In repair"))
    state.create(ASSETS, body("S1", status="in_repair"))
    state.asset_statuses = known
    refused = client(state).patch(f"{ASSETS_URL}1/", json={"name": "x"})
    assert refused.json() == {"status": ["Value 'in_repair' is not a valid choice."]}
    assert client(state).patch(f"{ASSETS_URL}1/", json={"status": "used"}).status_code == 200


def test_what_only_validation_knows_is_stored_twice_by_a_batch(state: NetBoxState) -> None:
    field = {"name": "uid", "type": "text", "unique": True, "object_types": ["netbox_inventory.asset"]}
    state.create("extras/custom-fields", field)
    asking = client(state)
    twins = [body(serial, custom_fields={"uid": "k"}) for serial in ("S1", "S2")]
    assert asking.post(ASSETS_URL, json=twins).status_code == 201
    addresses = [{"address": "192.0.2.1/24"}] * 2
    assert asking.post("/api/ipam/ip-addresses/", json=addresses).status_code == 201
    assert asking.post("/api/ipam/ip-addresses/", json=addresses[0]).status_code == 400


def _device_with_a_port(state: NetBoxState, name: str) -> None:
    device = state.create("dcim/devices", {"name": name, "device_type": 1, "role": 1, "site": 1})
    state.create("dcim/interfaces", {"device": device["id"], "name": f"{name}-eth0", "type": "other"})


def test_an_interface_stays_on_its_device(state: NetBoxState) -> None:
    for name in ("a", "b"):
        _device_with_a_port(state, name)
    asking = client(state)
    answer = asking.patch("/api/dcim/interfaces/1/", json={"device": 2})
    assert (answer.status_code, answer.json()) == (400, {"device": ["Components cannot be moved to a different device."]})
    assert asking.patch("/api/dcim/interfaces/1/", json={"device": 1, "name": "eth1"}).status_code == 200


@pytest.mark.parametrize("address", ["fe80::1%7", "fe80::1%eth0/64"])
def test_an_address_with_a_zone_is_refused(state: NetBoxState, address: str) -> None:
    answer = client(state).post("/api/ipam/ip-addresses/", json={"address": address})
    assert (answer.status_code, answer.json()) == (400, {"address": [f"Invalid IP address format: {address}"]})
    assert state.objects("ipam/ip-addresses") == []


@pytest.mark.parametrize(("address", "status"), [("10.0.0.0/24", 400), ("10.0.0.255/24", 400), ("10.0.0.254/24", 201)])
def test_network_and_broadcast_addresses_are_on_no_interface(state: NetBoxState, address: str, status: int) -> None:
    _device_with_a_port(state, "a")
    on = {"assigned_object_type": "dcim.interface", "assigned_object_id": 1}
    assert client(state).post("/api/ipam/ip-addresses/", json={"address": address, **on}).status_code == status
    assert client(state).post("/api/ipam/ip-addresses/", json={"address": address}).status_code == (
        201 if status == 400 else 400
    )


def test_4_7_names_the_row_of_an_exchange_that_came_first() -> None:
    state = filled(NetBoxState(version="4.7"))
    for number in (1, 2):
        state.create(ASSETS, body(f"S{number}", asset_tag=f"T{number}"))
    swap = [{"id": 2, "asset_tag": "T1"}, {"id": 1, "asset_tag": "T2"}]
    answer = client(state).patch(ASSETS_URL, json=swap)
    assert answer.status_code == 400
    assert [error["id"] for error in answer.json()["errors"]] == [1, 2]
    assert [row["asset_tag"] for row in state.objects(ASSETS)] == ["T1", "T2"]


def test_addresses_may_repeat_where_the_server_allows_it() -> None:
    state = NetBoxState(enforce_global_unique=False)
    for _ in range(2):
        state.create("ipam/ip-addresses", {"address": "192.0.2.1/24"})
    assert len(state.objects("ipam/ip-addresses")) == 2


def test_serial_and_tag_follow_the_asset_with_the_sync_setting() -> None:
    state = filled(NetBoxState(sync_hardware=True))
    state.create("dcim/devices", {"name": "host", "device_type": 1, "role": 1, "site": 1})
    state.create(ASSETS, body("S1", asset_tag="T1", device=1))
    device = state.get("dcim/devices", 1)
    assert (device["serial"], device["asset_tag"]) == ("S1", "T1")
    with pytest.raises(ApiError, match="Cannot change device serial"):
        state.patch("dcim/devices", 1, {"serial": "X"})
    state.patch(ASSETS, 1, {"device": None})
    assert state.get("dcim/devices", 1)["serial"] == ""


def test_a_failed_batch_leaves_the_indexes_as_they_were(state: NetBoxState) -> None:
    asking = client(state)
    asking.post("/api/dcim/sites/", json={"name": "Free", "slug": "free"})
    state.create("dcim/devices", {"name": "host", "device_type": 1, "role": 1, "site": 1})
    refused = asking.request("DELETE", "/api/dcim/sites/", json=[{"id": 2}, {"id": 1}])
    assert refused.status_code == 409
    assert asking.get("/api/dcim/sites/?slug=free").json()["count"] == 1
    assert asking.get("/api/dcim/sites/?start=0&fields=id").json()["results"] == [{"id": 1}, {"id": 2}]
    assert asking.post("/api/dcim/sites/", json={"name": "Free", "slug": "free"}).status_code == 400


def test_a_deleted_tag_leaves_its_objects(state: NetBoxState) -> None:
    state.create("extras/tags", {"name": "lab", "slug": "lab"})
    state.create(ASSETS, body("S1", tags=[{"name": "lab"}]))
    assert client(state).get(f"{ASSETS_URL}?tag=lab").json()["count"] == 1
    state.delete("extras/tags", 1)
    assert client(state).get(f"{ASSETS_URL}1/").json()["tags"] == []


def test_large_bodies_break_4_7_only(state: NetBoxState) -> None:
    large = {"name": "x", "slug": "x", "comments": "x" * 2_700_000}
    assert client(state).post("/api/dcim/sites/", json=large).status_code == 201
    answer = client(NetBoxState(version="4.7")).post("/api/dcim/sites/", json=large)
    assert (answer.status_code, answer.json()["exception"]) == (500, "RequestDataTooBig")


def test_a_background_job_that_fails_stores_nothing() -> None:
    state = filled(NetBoxState(version="4.7"))
    asking = client(state)
    accepted = asking.post(f"{ASSETS_URL}?background=true", json=[body("S1"), body("S1")])
    assert (accepted.status_code, accepted.json()["job"]["status"]) == (202, "pending")
    job = asking.get(accepted.headers["Location"]).json()
    assert job["status"]["value"] == "failed"
    assert job["data"]["status_code"] == 400
    assert state.objects(ASSETS) == []


def test_large_lists_are_paged_once_each(state: NetBoxState) -> None:
    asking = client(state)
    for start in range(0, 3000, 500):
        batch = [body(f"S{start + number}") for number in range(500)]
        assert asking.post(ASSETS_URL, json=batch).status_code == 201
    serials: list[str] = []
    url = f"{ASSETS_URL}?limit=5000&fields=serial"
    while url:
        page = asking.get(url).json()
        serials += [row["serial"] for row in page["results"]]
        url = page["next"]
    assert len(serials) == len(set(serials)) == 3000
