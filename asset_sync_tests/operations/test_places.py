"""Where people look at things, by the syncs that the project has: of several servers, at the one that is meant."""

import pytest

from asset_sync.operations.places import object_page, row_page

_STATUS = "NmConsole/#v=Wug_view_dashboard_DeviceStatus/p=%7B%22deviceId%22%3A17%7D"


@pytest.fixture(autouse=True)
def systems(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, address in (("NETBOX_URL", "https://n.test"), ("WUG_MAIN_URL", "https://w.test:9644")):
        monkeypatch.setenv(variable, address)


def test_an_object_is_looked_at_in_the_target() -> None:
    assert object_page("netbox_to_wug", "netbox_to_wug/main", "device", "17") == f"https://w.test/{_STATUS}"
    assert object_page("netbox_to_wug", "netbox_to_wug/nobody", "device", "17") is None
    assert object_page("wug_to_netbox", "wug_to_netbox/main", "device", "17") == "https://n.test/dcim/devices/17/"
    assert object_page("gone", "gone", "device", "17") is None


def test_a_row_is_looked_at_in_the_source() -> None:
    assert row_page("netbox_to_wug", "netbox_to_wug/main", "devices", {"id": "17"}) == "https://n.test/dcim/devices/17/"
    assert row_page("wug_to_netbox", "wug_to_netbox/main", "devices", {"id": "17"}) == f"https://w.test/{_STATUS}"
    assert row_page("wug_to_netbox", "wug_to_netbox/main", "interfaces", {"id": "17/mgmt0"}) is None
    assert row_page("wug_to_netbox", "wug_to_netbox/main", "devices", {"name": "a"}) is None
    assert row_page("pdq_to_netbox", "pdq_to_netbox", "devices", {"id": "dvc_1"}) is None
    assert row_page("gone", "gone", "devices", {"id": "17"}) is None
