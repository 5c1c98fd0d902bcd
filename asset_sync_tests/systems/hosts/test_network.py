"""Interfaces, addresses and default routes: what `ip` tells, and what there is without it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from asset_sync.systems.hosts import collect
from asset_sync_tests.systems.hosts.machines import command, fake_ip, recorded, tree, unread

BOND = "bond_vlan_wireguard_wireless"
BRIDGE = "bridge_veth_tap_macvlan_vxlan"


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[Any], list[Any], dict[str, str]]]:
    """Interfaces, addresses and what is unread, of a machine whose `ip` tells these links."""

    def tell(links: Any, files: dict[str, str] | None = None) -> tuple[list[Any], list[Any], dict[str, str]]:
        monkeypatch.setenv("PATH", f"{fake_ip(tmp_path / 'bin', links)}:{os.environ['PATH']}")
        missing = collect.Unread()
        interfaces, addresses = collect.network(missing, tree(tmp_path / "root", files or {}))
        return interfaces, addresses, unread(missing)

    return tell


def by_name(interfaces: list[Any]) -> dict[str, Any]:
    return {each["name"]: each for each in interfaces}


def test_bond_vlan_wireguard_and_wireless(told: Any) -> None:
    interfaces, _, _ = told(recorded(BOND), {
        "sys/class/net/wlp2s0/ifindex": "8\n", "sys/class/net/wlp2s0/address": "12:34:56:78:9a:bc\n",
        "sys/class/net/wlp2s0/phy80211/name": "phy0\n",
        "sys/class/net/enp3s0/ifindex": "2\n", "sys/class/net/enp3s0/address": "52:54:00:aa:00:01\n",
        "sys/class/net/enp3s0/device/vendor": "0x8086\n", "sys/class/net/enp3s0/speed": "10000\n",
        "sys/class/net/enp4s0/ifindex": "3\n", "sys/class/net/enp4s0/address": "52:54:00:aa:00:01\n",
        "sys/class/net/enp4s0/device/vendor": "0x8086\n", "sys/class/net/enp4s0/speed": "-1\n",
    })  # fmt: skip
    known = by_name(interfaces)
    assert {name: each["kind"] for name, each in known.items()} == {
        "enp3s0": "physical", "enp4s0": "physical", "bond0": "bond", "bond0.120": "vlan", "wg0": "wireguard", "sit0": "sit",
        "wlp2s0": "wireless", "ib0": None,
    }  # fmt: skip
    assert [known[name]["master"] for name in ("enp3s0", "enp4s0", "bond0")] == ["bond0", "bond0", None]
    assert (known["bond0.120"]["parent"], known["bond0.120"]["vlan_id"]) == ("bond0", 120)
    # The members of a bond have its MAC address, and each one of its own.
    assert [known[name]["mac"] for name in ("enp3s0", "enp4s0")] == ["52:54:00:aa:00:01"] * 2
    assert [known[name]["permanent_mac"] for name in ("enp3s0", "enp4s0")] == ["52:54:00:aa:00:01", "52:54:00:aa:00:02"]
    assert known["wlp2s0"]["permanent_mac"] == "a0:b1:c2:d3:e4:f5"
    assert (known["enp3s0"]["speed"], known["enp4s0"]["speed"]) == (10000, None)
    assert (known["enp3s0"]["mtu"], known["wg0"]["mtu"]) == (9000, 1420)
    assert [known[name]["enabled"] for name in ("enp4s0", "wlp2s0")] == [True, False]
    assert [known[name]["state"] for name in ("enp3s0", "enp4s0", "wg0")] == ["up", "down", "unknown"]


def test_what_is_no_mac_address_is_told_so(told: Any) -> None:
    interfaces, _, missing = told(recorded(BOND))
    at = [each["name"] for each in interfaces]
    assert [each["mac"] for each in interfaces if each["name"] in {"wg0", "sit0", "ib0"}] == [None] * 3
    assert missing[f"/interfaces/{at.index('sit0')}/mac"] == "'0.0.0.0' is no MAC address"
    assert "is no MAC address" in missing[f"/interfaces/{at.index('ib0')}/mac"]
    # WireGuard has none, so that nothing is unread.
    assert f"/interfaces/{at.index('wg0')}/mac" not in missing


def test_addresses_with_their_lives(told: Any) -> None:
    _, addresses, _ = told(recorded(BOND))
    known = {each["address"]: each for each in addresses}
    assert known["192.0.2.10"] == {
        "interface": "bond0.120", "address": "192.0.2.10", "prefix_length": 24, "family": 4, "scope": "global",
        "valid_lifetime": 86399, "preferred_lifetime": 86399, "dynamic": True, "temporary": False, "deprecated": False,
    }  # fmt: skip
    assert [each["address"] for each in addresses if each["temporary"]] == ["2001:db8:1::abcd", "2001:db8:1::beef"]
    assert [each["address"] for each in addresses if each["deprecated"]] == ["2001:db8:1::beef"]
    # The own end of a tunnel, not the other one; it is for ever.
    assert known["10.8.0.1"]["valid_lifetime"] is None
    assert "10.8.0.2" not in known


def test_bridge_tap_macvlan_and_a_veth_into_a_container(told: Any) -> None:
    interfaces, addresses, missing = told(recorded(BRIDGE))
    known = by_name(interfaces)
    assert {name: each["kind"] for name, each in known.items()} == {
        "lo": "loopback", "br0": "bridge", "veth0": "veth", "tap0": "tun", "mv0": "macvlan", "vx0": "vxlan",
    }  # fmt: skip
    assert (known["veth0"]["master"], known["veth0"]["parent"], known["mv0"]["parent"]) == ("br0", None, "br0")
    assert missing[f"/interfaces/{list(known).index('veth0')}/parent"] == "it is in another network namespace"
    assert known["lo"]["mac"] is None
    # A VXLAN has an id, too; it is no VLAN's.
    assert known["vx0"]["vlan_id"] is None
    assert [(each["address"], each["deprecated"]) for each in addresses if each["family"] == 6 and each["dynamic"]] == [
        ("2001:db8::5", True)
    ]


def test_what_sys_says_of_another_namespaces_interface_is_not_taken(told: Any) -> None:
    link = {"ifindex": 2, "ifname": "eth0", "flags": ["UP"], "mtu": 1500, "operstate": "UP", "address": "52:54:00:aa:00:01"}
    device = {"sys/class/net/eth0/device/vendor": "", "sys/class/net/eth0/speed": "1000"}
    files = {"sys/class/net/eth0/ifindex": "2\n", "sys/class/net/eth0/address": "52:54:00:aa:00:01\n", **device}
    (own,), _, _ = told([link], files)
    assert (own["kind"], own["speed"]) == ("physical", 1000)
    for other in ({"sys/class/net/eth0/ifindex": "7\n"}, {"sys/class/net/eth0/address": "52:54:00:aa:00:99\n"}):
        (read,), _, missing = told([link], {**files, **other})
        assert (read["kind"], read["speed"]) == (None, None)
        assert missing["/interfaces/0/kind"] == "/sys shows another network namespace"


def test_an_interface_without_a_usable_name_is_left_out_and_told(told: Any) -> None:
    interfaces, _, missing = told([{"ifname": "a\x1b[2J"}, {"ifname": 7}, "?", {}, recorded(BRIDGE)[1]])
    assert [each["name"] for each in interfaces] == ["br0"]
    assert missing["/interfaces"] == "it holds control characters"


def test_where_ip_tells_another_shape_no_half_of_it_is_told(told: Any) -> None:
    interfaces, addresses, missing = told([{"ifname": "eth0", "linkinfo": "?", "addr_info": [7]}, recorded(BRIDGE)[1]])
    assert interfaces is None
    assert missing["/interfaces"].startswith("the answer has another shape: ")
    assert "10.1.0.1" in {each["address"] for each in addresses}


def routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: dict[int, Any]) -> list[Any]:
    monkeypatch.setenv("PATH", f"{fake_ip(tmp_path / 'bin', [], told)}:{os.environ['PATH']}")
    return collect.default_routes(collect.Unread(), tmp_path)


def test_default_routes_of_both_families(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = routes(tmp_path, monkeypatch, {
        4: [
            {"dst": "default", "gateway": "10.1.0.254", "dev": "br0", "prefsrc": "10.1.0.1", "metric": 100, "flags": []},
            {"dst": "default", "nexthops": [
                {"gateway": "10.1.0.253", "dev": "br0", "weight": 1, "flags": []},
                {"dev": "wg0", "weight": 1, "flags": []},
            ]},
            {"dst": "default", "via": {"family": "inet6", "host": "fe80::2"}, "dev": "eth1", "flags": []},
        ],
        6: [
            {"dst": "default", "gateway": "fe80::1", "dev": "br0", "metric": 50, "flags": ["linkdown"], "pref": "medium"},
            {"type": "unreachable", "dst": "default", "dev": "lo", "metric": 4294967295, "flags": [], "pref": "medium"},
        ],
    })  # fmt: skip
    assert [tuple(each.values()) for each in found] == [
        (4, "10.1.0.254", "br0", 100, "10.1.0.1"),
        (4, "10.1.0.253", "br0", 0, None),
        (4, None, "wg0", 0, None),
        (4, "fe80::2", "eth1", 0, None),
        (6, "fe80::1", "br0", 50, None),
    ]


def test_without_ip_the_routes_are_those_of_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{command(tmp_path / 'bin', 'ip', 'echo no >&2; exit 1')}:{os.environ['PATH']}")
    gateway = f"{int.from_bytes(socket.inet_aton('192.0.2.1'), sys.byteorder):08X}"
    missing = collect.Unread()
    found = collect.default_routes(missing, tree(tmp_path, {
        "proc/net/route":
            "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
            f"eth0\t00000000\t{gateway}\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
            "eth0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n",
        "proc/net/ipv6_route":
            f"{'0' * 32} 00 {'0' * 32} 00 fe8000000000000000000000000000{'01'} 00000400 00000001 00000000 00000003 eth0\n"
            f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 00000001 00000000 00200200 lo\n",
    }))  # fmt: skip
    assert [tuple(each.values())[:4] for each in found] == [(4, "192.0.2.1", "eth0", 100), (6, "fe80::1", "eth0", 1024)]
    assert unread(missing) == {f"/default_routes/{at}/preferred_source": "/proc does not tell it" for at in (0, 1)}


@pytest.mark.parametrize("script", ["echo 'ip: unrecognized option: j' >&2; exit 1", "echo 1: lo: mtu 65536", "sleep 60"])
def test_where_ip_tells_no_json_psutil_tells_what_it_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr(collect, "COMMAND_SECONDS", 0.3)
    monkeypatch.setenv("PATH", f"{command(tmp_path / 'bin', 'ip', script)}:{os.environ['PATH']}")
    address = SimpleNamespace(family=socket.AF_INET, address="192.0.2.7", netmask="255.255.254.0")
    local = SimpleNamespace(family=socket.AF_INET6, address="fe80::1%eth0", netmask="ffff:ffff:ffff:ffff::")
    link = SimpleNamespace(family=socket.AF_PACKET, address="52:54:00:aa:00:01", netmask=None)
    monkeypatch.setattr("psutil.net_if_addrs", lambda: {"eth0": [address, local, link]})
    monkeypatch.setattr("psutil.net_if_stats", lambda: {"eth0": SimpleNamespace(mtu=1400, speed=2500)})
    folder = "sys/class/net/eth0"
    files = {f"{folder}/address": "52:54:00:aa:00:01\n", f"{folder}/device/x": "", f"{folder}/flags": "0x1003\n"}
    missing = collect.Unread()
    interfaces, addresses = collect.network(missing, tree(tmp_path, {**files, f"{folder}/operstate": "up\n"}))
    assert interfaces == [{
        "name": "eth0", "kind": "physical", "mac": "52:54:00:aa:00:01", "permanent_mac": interfaces[0]["permanent_mac"],
        "mtu": 1400, "speed": 2500, "enabled": True, "state": "up", "parent": None, "master": None, "vlan_id": None,
    }]  # fmt: skip
    assert [(each["address"], each["prefix_length"], each["scope"]) for each in addresses] == [
        ("192.0.2.7", 23, None), ("fe80::1", 64, None),
    ]  # fmt: skip
    assert unread(missing)["/addresses/0/scope"].startswith("ip ")
    assert unread(missing)["/interfaces/0/vlan_id"] == "only the command ip tells it"


def test_without_ip_and_psutil_nothing_is_told_and_both_reasons_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    monkeypatch.setitem(sys.modules, "psutil", None)
    missing = collect.Unread()
    assert collect.network(missing, tmp_path) == (None, None)
    reason = "there is no command ip; the Python package psutil is not installed"
    assert unread(missing) == {"/interfaces": reason, "/addresses": reason}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may make a network namespace")
def test_a_real_bridge_in_a_namespace_of_its_own() -> None:
    made = (
        "ip link add br0 type bridge; ip link set br0 up; ip addr add 192.0.2.77/25 dev br0; ip route add default via 192.0.2.1"
    )
    collected = subprocess.run(
        ["unshare", "--net", "sh", "-ec", f'{made}; exec "$@"', "sh", sys.executable, collect.__file__],
        capture_output=True, check=True,
    )  # fmt: skip
    told = json.loads(collected.stdout)
    bridge = by_name(told["interfaces"])["br0"]
    assert (bridge["kind"], bridge["enabled"], bridge["permanent_mac"]) == ("bridge", True, None)
    assert set(by_name(told["interfaces"])) == {"lo", "br0"}
    assert [each["prefix_length"] for each in told["addresses"] if each["address"] == "192.0.2.77"] == [25]
    assert [(each["gateway"], each["interface"]) for each in told["default_routes"]] == [("192.0.2.1", "br0")]
