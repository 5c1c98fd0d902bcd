"""Where people find objects and records: each system's own address of them."""

from typing import Any

import pytest

from asset_sync.systems import system
from asset_sync.systems.netbox.resource import NetBox
from asset_sync.systems.snipeit.resource import SnipeIt
from asset_sync.systems.wug.resource import WhatsUpGold

_STATUS = "NmConsole/#v=Wug_view_dashboard_DeviceStatus/p=%7B%22deviceId%22%3A17%7D"


@pytest.mark.parametrize(
    ("name", "resource", "variable", "given", "what", "address"),
    [
        ("netbox", NetBox(), "NETBOX_URL", "https://n.test/api/", "devices", "https://n.test/dcim/devices/17/"),
        ("netbox", NetBox(), "NETBOX_URL", "https://n.test/nb", "sites", "https://n.test/nb/dcim/sites/17/"),
        ("snipeit", SnipeIt(), "SNIPEIT_API_URL", "https://s.test/api/v1/", "hardware", "https://s.test/hardware/17"),
        ("snipeit", SnipeIt(), "SNIPEIT_API_URL", "https://s.test/a", "status_labels", "https://s.test/a/statuslabels/17"),
        ("snipeit", SnipeIt(connection="b"), "SNIPEIT_B_API_URL", "https://b.test", "users", "https://b.test/users/17"),
        ("wug", WhatsUpGold(connection="main"), "WUG_MAIN_URL", "https://w.test", "devices", f"https://w.test/{_STATUS}"),
        (
            "wug",
            WhatsUpGold(connection="main"),
            "WUG_MAIN_URL",
            "https://w.test:9644/x",
            "devices",
            f"https://w.test/{_STATUS}",
        ),
        ("wug", WhatsUpGold(connection="main"), "WUG_MAIN_URL", "http://[::1]:9644", "devices", f"http://[::1]/{_STATUS}"),
        ("wug", WhatsUpGold(connection="main"), "WUG_MAIN_URL", "https://w.test", "interfaces", None),
        ("wug", WhatsUpGold(connection="main"), "WUG_MAIN_URL", "w.test", "devices", None),
        ("netbox", NetBox(), "NETBOX_URL", "", "devices", None),
        ("snipeit", SnipeIt(), "SNIPEIT_API_URL", "", "hardware", None),
        ("wug", WhatsUpGold(connection="main"), "WUG_MAIN_URL", "", "devices", None),
    ],
)
def test_a_row_has_a_page(
    name: str, resource: Any, variable: str, given: str, what: str, address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, given)
    page = system(name).page
    assert page is not None
    assert page(resource, what, "17") == address


def test_an_object_of_the_target_has_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_URL", "https://n.test")
    monkeypatch.setenv("WUG_MAIN_URL", "https://w.test")
    in_netbox, in_wug = system("netbox").side.page, system("wug").side.page
    assert in_netbox is not None
    assert in_netbox(NetBox(), "asset", "17") == "https://n.test/plugins/inventory/assets/17/"
    assert in_wug is not None
    wug = WhatsUpGold(connection="main")
    assert in_wug(wug, "device", "17") == f"https://w.test/{_STATUS}"
    assert in_wug(wug, "group", "17") is None
