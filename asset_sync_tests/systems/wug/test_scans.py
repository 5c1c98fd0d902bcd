import orjson
import pytest

from asset_sync.reconcile.target import OutcomeUnknown, Refused
from asset_sync.sandbox.wug import Host
from asset_sync.systems.wug import SAFE_OPTIONS, ScanDevice
from asset_sync_tests.systems.scripted import Reply, scripted
from asset_sync_tests.systems.wug.conftest import Lab
from asset_sync_tests.systems.wug.test_client import TOKEN, client_of


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["10.0.0.1", "10.0.0.2"]])
def test_a_scan_adds_what_answers(lab: Lab, addresses: list[str]) -> None:
    lab.groups("Sites")
    lab.state.hosts["10.0.0.1"] = Host("10.0.0.1", "one")
    scan_id = lab.client.scans.start(lab.group_id("Sites"), addresses)
    status = lab.client.scans.status(scan_id)
    assert status
    assert (status.active, status.devices_found, status.address_total) == (False, 1, len(addresses))
    assert lab.client.scans.devices(scan_id) == [ScanDevice(lab.named("one").id, "10.0.0.1")]
    assert lab.paths(lab.named("one")) == ["Sites"]


def test_a_scan_is_active_until_it_is_no_longer_listed(lab: Lab) -> None:
    lab.state.fail_scans = 1
    scan_id = lab.client.scans.start("0", ["10.0.0.1", "10.0.0.2"])
    status = lab.client.scans.status(scan_id)
    assert status
    assert status.active
    assert list(lab.client.scans.active()) == [scan_id]


def test_a_scan_that_the_server_lost_is_none(lab: Lab) -> None:
    lab.state.lose_scans = 1
    scan_id = lab.client.scans.start("0", ["10.0.0.1"])
    assert lab.client.scans.status(scan_id) is None
    assert lab.client.scans.devices(scan_id) == []


def test_a_scan_adds_nothing_that_nobody_asked_for() -> None:
    with scripted(TOKEN, Reply({"data": {"id": "s", "success": True}})) as script:
        assert client_of(script).scans.start("7", ["a", "b"], {"forceRole": "Switch"}) == "s"
    sent = orjson.loads(script.seen[1].body)
    assert sent == {**SAFE_OPTIONS, "forceRole": "Switch", "ipOrNames": ["a", "b"]}
    assert not any(SAFE_OPTIONS.values())


def test_a_scan_that_was_not_started_is_told(lab: Lab) -> None:
    with pytest.raises(Refused, match="no such role"):
        lab.client.scans.start("0", ["10.0.0.1"], {"forceRole": "nonsense"})
    with scripted(TOKEN, Reply({"data": {"success": False}})) as script, pytest.raises(Refused):
        client_of(script).scans.start("0", ["a", "b"])
    with scripted(TOKEN, Reply({"data": {"success": True}})) as script, pytest.raises(OutcomeUnknown):
        client_of(script).scans.start("0", ["a", "b"])
