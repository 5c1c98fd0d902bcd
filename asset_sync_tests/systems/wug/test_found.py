"""Which devices of WhatsUp Gold are its own finds."""

from dataclasses import replace

import pandas as pd

from asset_sync.reconcile.sources import Source
from asset_sync.systems.wug.found import Known, taken, with_verdicts
from asset_sync.systems.wug.tables import TABLES

DEVICES = pd.DataFrame(
    [
        ("1", "new", "10.0.0.1", None, None),
        ("2", "exported", "10.0.0.2", "42", None),
        ("3", "linked", "10.0.0.3", None, None),
        ("4", "addressed", "10.0.0.4", None, None),
        ("5", "nowhere", None, None, None),
        ("6", "brought", "2001:db8::6", "99", None),
        ("7", "further", "10.0.0.7", None, "10.7.7.6 10.7.7.7"),
        ("8", " Core-SW ", "10.0.0.8", None, None),
        ("9", "deleted", "10.0.0.9", "98", None),
        ("10", "sought", "10.0.0.11", None, None),
    ],
    columns=["id", "name", "address", "netbox_id", "other_addresses"],
    dtype="str",
)
KNOWN = Known(
    brought={"6": "99", "9": "98"},
    exported={"3"},
    sought={"10.0.0.11"},
    alive={"99", "42"},
    names={"core-sw"},
    addresses={"10.0.0.4", "2001:db8::6", "10.7.7.7"},
)


def test_what_comes_from_netbox_or_is_there_already_never_comes_back() -> None:
    judgement = with_verdicts(DEVICES, KNOWN)
    assert dict(zip(judgement["name"], judgement["why"], strict=True)) == {
        "new": "found",
        "exported": "comes from NetBox",
        "linked": "comes from NetBox",
        "addressed": "its address is on a device of NetBox",
        "nowhere": "has no address",
        "brought": "found",
        "further": "its address is on a device of NetBox",
        " Core-SW ": "a device of NetBox has its name",
        "deleted": "was deleted in NetBox",
        "sought": "a scan for a device of NetBox is under way there",
    }
    assert taken(judgement)["name"].tolist() == ["new", "brought"]


def test_a_host_is_known_by_its_full_name_and_by_its_short_one() -> None:
    told = ["PC1.corp.example", "pc1.", "CORP\\PC1", "PC1$", "pc2", "pc2.b.example", "pc2.a.example.", "10.0.0.50", "pc10"]
    devices = pd.DataFrame({"id": [str(n) for n in range(20, 20 + len(told))], "name": told}, dtype="str")
    devices = devices.assign(address="10.3.0." + devices["id"], netbox_id=None, other_addresses=None).astype("str")
    known = replace(KNOWN, names={"pc1", "pc2.a.example", "10.0.0.5"})
    assert taken(with_verdicts(devices, known))["name"].tolist() == ["pc2.b.example", "10.0.0.50", "pc10"]


def test_a_device_has_one_management_interface_with_its_address_of_either_family() -> None:
    source = Source(TABLES, {"devices": DEVICES.iloc[[0, 4, 5]].reset_index(drop=True)})
    interfaces, addresses, primary = (plain(source.frame(name)) for name in ("interfaces", "addresses", "primary_addresses"))
    assert interfaces == [("1/mgmt0", "1", "mgmt0"), ("5/mgmt0", "5", "mgmt0"), ("6/mgmt0", "6", "mgmt0")]
    assert addresses == [
        ("1/mgmt0/ipv4", "1", "1/mgmt0", "10.0.0.1", "4"),
        ("6/mgmt0/ipv6", "6", "6/mgmt0", "2001:db8::6", "6"),
    ]
    assert primary == [("1", "1", "1/mgmt0/ipv4", None), ("6", "6", None, "6/mgmt0/ipv6")]


def plain(table: pd.DataFrame) -> list[tuple[object, ...]]:
    rows = table.astype(object).where(table.notna(), None)
    return list(rows.itertuples(index=False, name=None))
