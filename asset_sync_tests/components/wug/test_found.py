"""Which devices of WhatsUp Gold are its own finds."""

import pandas as pd

from asset_sync.components.wug_to_netbox.found import adapters, judged, taken

DEVICES = pd.DataFrame(
    {
        "id": ["1", "2", "3", "4", "5", "6"],
        "name": ["new", "exported", "linked", "addressed", "nowhere", "brought"],
        "address": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", None, "2001:db8::6"],
        "netbox_id": [None, "42", None, None, None, "99"],
    },
    dtype="str",
)
NETBOX = {
    "ip_address": pd.DataFrame(
        {"address": ["10.0.0.4/24", "10.0.0.1/24", "2001:db8::6/64"], "interface": ["7", None, "8"]}, dtype="str"
    )
}


def test_what_comes_from_netbox_or_is_there_already_never_comes_back() -> None:
    judgement = judged(DEVICES, brought={"6"}, exported={"3"}, netbox=NETBOX)
    assert dict(zip(judgement["name"], judgement["why"], strict=True)) == {
        "new": "found",
        "exported": "comes from NetBox",
        "linked": "comes from NetBox",
        "addressed": "its address is on a device of NetBox",
        "nowhere": "has no address",
        "brought": "found",
    }
    assert taken(judgement)["name"].tolist() == ["new", "brought"]


def test_a_device_has_one_management_interface_with_its_address_of_either_family() -> None:
    rows = adapters(DEVICES.iloc[[0, 5]].reset_index(drop=True)).astype(object)
    plain = rows.where(rows.notna(), None).to_dict("records")
    assert [(row["device"], row["adapter"], row["name"], row["ipv4"], row["ipv6"]) for row in plain] == [
        ("1", "1/mgmt0", "mgmt0", "10.0.0.1", None),
        ("6", "6/mgmt0", "mgmt0", None, "2001:db8::6"),
    ]
