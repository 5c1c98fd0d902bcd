"""The tables of real fabrics, each row and each value against what a person read in their files (`truth`)."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from asset_sync.reconcile.sources import Source
from asset_sync_tests.systems.hedgehog.conftest import real_agents
from asset_sync_tests.systems.hedgehog.told import Records, objects_of, pointed, records, told

TRUTH = sorted((Path(__file__).parent / "truth").glob("*.yaml"))
VRF = "IPv4Namespace/default"
Truth = dict[str, Any]


@pytest.fixture(scope="module", params=TRUTH, ids=lambda path: path.stem)
def fabric(request: pytest.FixtureRequest) -> tuple[Truth, Source]:
    truth = yaml.safe_load(request.param.read_text())
    agents = dict(real_agents())
    return truth, told(each for name in truth["agents"] for each in objects_of(agents[name]))


def test_devices(fabric: tuple[Truth, Source]) -> None:
    truth, source = fabric
    common = {"kind": "switch", "profile": "vs", "model": "Virtual Switch", "vlan_namespaces": "default"}
    expected = _with_ids({f"switch/{name}": {**common, "name": name, **said} for name, said in truth["switches"].items()})
    for name in truth["servers"]:
        expected[f"server/{name}"] = {"id": f"server/{name}", "kind": "server", "name": name, "role": "server"}
    found = records(source.frame("devices"))
    comments = {id_: row.pop("comments") for id_, row in found.items() if row["kind"] == "switch"}
    assert found == expected
    for name, said in truth["switches"].items():
        redundancy = [f"Redundancy: {said['redundancy_type']} {said['redundancy_group']}"] if "redundancy_group" in said else []
        lines = [f"ASN: {said['asn']}", "Profile: vs", *redundancy, "VLAN namespaces: default"]
        assert comments[f"switch/{name}"].splitlines() == lines


def test_interfaces_port_by_port(fabric: tuple[Truth, Source]) -> None:
    truth, source = fabric
    expected: Records = {}
    for name, switch in truth["switches"].items():
        for row in _of_switch(f"switch/{name}", switch, truth["ports"][name]):
            expected[row["id"]] = row
    expected |= {row["id"]: row for row in truth["others"]}
    assert records(source.frame("interfaces")) == expected


def test_macs(fabric: tuple[Truth, Source]) -> None:
    truth, source = fabric
    expected = {
        f"switch/{name}/M1/mac": {"device": f"switch/{name}", "interface": f"switch/{name}/M1", "mac": switch["boot_mac"]}
        for name, switch in truth["switches"].items()
    }
    assert records(source.frame("macs")) == _with_ids(expected)


def test_cables_one_by_one(fabric: tuple[Truth, Source]) -> None:
    truth, source = fabric
    found = records(source.frame("cables"))
    assert {id_: [row["kind"], row["a_interface"], row["b_interface"]] for id_, row in found.items()} == truth["cables"]
    assert all(id_.startswith(row["connection"]) for id_, row in found.items())


def test_addresses(fabric: tuple[Truth, Source]) -> None:
    truth, source = fabric
    expected = {}
    for interface, (address, role, *also) in truth["addresses"].items():
        of_device = "/".join(interface.split("/")[:2])
        row = {"device": of_device, "interface": interface, "address": address, "version": "4", "role": role, "vrf": "underlay"}
        expected[f"{interface}/{address.partition('/')[0]}"] = row | ({"also_on": also[0]} if also else {})
    assert records(source.frame("addresses")) == _with_ids(expected)


def test_primary_addresses(fabric: tuple[Truth, Source]) -> None:
    truth, source = fabric
    expected = {
        f"switch/{name}": {
            "device": f"switch/{name}",
            "primary_ip4": f"switch/{name}/M1/{switch['management_ip'].partition('/')[0]}",
        }
        for name, switch in truth["switches"].items()
    }
    assert records(source.frame("primary_addresses")) == _with_ids(expected)


def test_namespaces(fabric: tuple[Truth, Source]) -> None:
    _, source = fabric
    assert records(source.frame("vlan_groups")) == _with_ids({"default": {"name": "default", "vid_ranges": "1000-2999"}})
    vrfs = {VRF: {"kind": "namespace", "name": "default"}, "underlay": {"kind": "underlay", "name": "underlay"}}
    assert records(source.frame("vrfs")) == _with_ids(vrfs)


def test_vlans_one_by_one(fabric: tuple[Truth, Source]) -> None:
    truth, source = fabric
    expected = {
        name: {"name": name, "group": "default", "vid": vid, **_place(name)} for name, (vid, *_) in truth["subnets"].items()
    }
    assert records(source.frame("vlans")) == _with_ids(expected)


def test_prefixes(fabric: tuple[Truth, Source]) -> None:
    truth, source = fabric
    container = {"kind": "namespace", "prefix": "10.0.0.0/16", "vrf": VRF, "status": "container", "is_pool": False}
    expected = {f"{VRF}/10.0.0.0/16": container}
    for name, (_, prefix, *gateway) in truth["subnets"].items():
        own = {"kind": "subnet", "prefix": prefix, "vrf": VRF, "status": "active", "is_pool": not gateway, "vlan": name}
        expected[f"VPC/{name}"] = own | _place(name)
    assert records(source.frame("prefixes")) == _with_ids(expected)


def test_gateways_and_ip_ranges(fabric: tuple[Truth, Source]) -> None:
    truth, source = fabric
    given = {name: rest for name, (_, _, *rest) in truth["subnets"].items() if rest}
    gateways = {name: {"address": gw, "version": "4", "vrf": VRF, **_place(name)} for name, (gw, _, _) in given.items()}
    assert records(source.frame("gateway_addresses")) == _with_ids(gateways)
    ranges = {
        name: {"start_address": start, "end_address": end, "vrf": VRF, "prefix": f"VPC/{name}", **_place(name)}
        for name, (_, start, end) in given.items()
    }
    assert records(source.frame("ip_ranges")) == _with_ids(ranges)


def test_vpcs_and_what_is_attached(fabric: tuple[Truth, Source]) -> None:
    truth, source = fabric
    vpcs = {name: {"name": name, "mode": mode, "vrf": VRF, "vlan_group": "default"} for name, mode in truth["vpcs"].items()}
    assert records(source.frame("vpcs")) == _with_ids(vpcs)
    attachments = records(source.frame("attachments")).values()
    columns = ("connection", "connection_kind", "vpc", "subnet", "vlan")
    assert sorted([row[name] for name in columns] for row in attachments) == sorted(truth["attachments"])
    assert not any(row["native"] for row in attachments)


def test_externals_and_peerings(fabric: tuple[Truth, Source]) -> None:
    truth, source = fabric
    externals = {name: {"name": name, "vrf": VRF, **said} for name, said in truth["externals"].items()}
    assert records(source.frame("externals")) == _with_ids(externals)
    attached = {name: {"name": name, **said} for name, said in truth["external_attachments"].items()}
    assert records(source.frame("external_attachments")) == _with_ids(attached)
    peerings = {id_: {"name": id_.partition("/")[2], **said} for id_, said in truth["peerings"].items()}
    assert records(source.frame("peerings")) == _with_ids(peerings)


def test_every_foreign_key_leads_to_a_row(fabric: tuple[Truth, Source]) -> None:
    _, source = fabric
    for table in source.declared.values():
        for column in table.columns:
            if column.to:
                found = pointed(source, table.name, column)
                assert found <= set(source.frame(column.to)["id"]), f"{table.name}.{column.name}"


def _of_switch(device: str, switch: dict[str, Any], used: dict[str, Any]) -> list[dict[str, Any]]:
    """The ports that a person named, the unused ones among the 48 of a virtual switch, its management port and loopbacks."""
    rows = []
    for number in range(1, 49):
        name = f"E1/{number}"
        common = {"kind": "physical", "type": "25gbase-x-sfp28", "guessed_type": "25gbase-x-sfp28", "speed": 25_000_000}
        rows.append(
            {
                "id": f"{device}/{name}",
                "device": device,
                "name": name,
                "panel_label": str(number),
                **common,
                "enabled": name in used,
                **used.get(name, {}),
            }
        )
    assert not used.keys() - {row["name"] for row in rows}
    mac = {"mac": switch["boot_mac"], "mac_address": f"{device}/M1/mac"}
    management = {"name": "M1", "kind": "management", "guessed_type": "1000base-t", "enabled": True, **mac}
    rows.append({"id": f"{device}/M1", "device": device, **management})
    loopbacks = [("Loopback1", "Protocol loopback"), ("Loopback2", "VTEP loopback")]
    for name, words in loopbacks[: 2 if "vtep_ip" in switch else 1]:
        own = {"kind": "loopback", "type": "virtual", "guessed_type": "virtual", "enabled": True, "description": words}
        rows.append({"id": f"{device}/{name}", "device": device, "name": name, **own})
    return rows


def _place(name: str) -> dict[str, str]:
    vpc, _, subnet = name.partition("/")
    return {"vpc": vpc, "subnet": subnet}


def _with_ids(rows: Records) -> Records:
    return {id_: {"id": id_, **row} for id_, row in rows.items()}
