"""What a host's own words mean in an inventory (facts/cmdb.md §2)."""

from typing import Any

import pytest

from asset_sync.systems.hosts.inference import container_role, guessed_type, interface_type, links, platform_name


@pytest.mark.parametrize(
    ("kind", "speed", "type_"),
    [
        ("physical", 1000, "1000base-t"),
        ("physical", 10_000, "10gbase-t"),
        ("physical", None, None),
        ("physical", 12_345, None),
        ("wireless", None, "ieee802.11ax"),
        ("bridge", 1000, "bridge"),
        ("bond", 2000, "lag"),
        *((kind, None, "virtual") for kind in ("vlan", "veth", "wireguard", "tun", "dummy", "vxlan", "macvlan")),
        (None, 1000, None),
    ],
)
def test_the_kernels_kind_comes_before_the_name(kind: str | None, speed: int | None, type_: str | None) -> None:
    assert interface_type({"kind": kind, "speed": speed}) == type_


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        *((name, "1000base-t") for name in ("eth0", "enp3s0", "ens18", "eno1")),
        *((name, "ieee802.11ax") for name in ("wlan0", "wlp2s0")),
        *((name, "virtual") for name in ("tailscale0", "wg0", "tun0", "veth0a1b", "vxlan7")),
        *((name, "bridge") for name in ("docker0", "br-01234567", "virbr0", "br0")),
        ("bond0", "lag"),
        ("lan7", "other"),
    ],
)
def test_a_name_is_a_guess(name: str, type_: str) -> None:
    assert guessed_type(name) == type_


KINDS = {"eth0": "physical", "bond0": "bond", "br0": "bridge", "eth0.5": "vlan", "veth1": "veth", "lan7": None}


@pytest.mark.parametrize(
    ("name", "told", "linked"),
    [
        ("eth0", {"master": "bond0"}, {"lag": "bond0"}),
        ("eth0", {"master": "br0"}, {"bridge": "br0"}),
        ("eth0.5", {"parent": "eth0", "master": "br0"}, {"parent": "eth0", "bridge": "br0"}),
        ("eth0.5", {"parent": "eth0", "master": "bond0"}, {"parent": "eth0"}),
        ("eth0", {"parent": "bond0"}, {}),
        ("lan7", {"parent": "eth0", "master": "bond0"}, {"lag": "bond0"}),
        ("veth1", {"parent": "eth0", "master": "br0"}, {"bridge": "br0"}),
        ("eth0", {"master": "vrf0", "parent": "gone0"}, {}),
        *((name, {"parent": name, "master": name}, {}) for name in ("eth0.5", "bond0", "br0")),
    ],
)
def test_links_are_those_that_netbox_takes(name: str, told: dict[str, str], linked: dict[str, str]) -> None:
    each = {"name": name, "kind": KINDS[name], "speed": None, "parent": None, "master": None, **told}
    assert {field: other for field, other in links(each, KINDS).items() if other is not None} == linked


def platform(id_: str, name: str | None, version: str | None, codename: str | None = None) -> dict[str, Any]:
    return {"id": id_, "name": name, "version_id": version, "version_codename": codename}


@pytest.mark.parametrize(
    ("told", "model", "named"),
    [
        (platform("raspbian", "Raspbian GNU/Linux", "12", "bookworm"), None, "Raspberry Pi OS (Bookworm)"),
        (platform("debian", "Debian GNU/Linux", "12", "bookworm"), "Raspberry Pi 4 Model B", "Raspberry Pi OS (Bookworm)"),
        (platform("ubuntu", "Ubuntu", "24.04"), None, "Ubuntu 24.04 LTS"),
        (platform("ubuntu", "Ubuntu", "23.04"), None, "Ubuntu 23.04"),
        (platform("ubuntu", "Ubuntu", "24.10"), None, "Ubuntu 24.10"),
        (platform("debian", "Debian GNU/Linux", "12"), None, "Debian 12"),
        (platform("debian", "Debian GNU/Linux", None), None, "Debian"),
        (platform("rocky", "Rocky Linux", "9.4"), None, "Rocky Linux 9.4"),
        (platform("arch", "Arch Linux", None), None, "Arch Linux"),
        (platform("x", None, "1"), None, None),
    ],
)
def test_platforms_are_named_with_their_version(told: dict[str, Any], model: str | None, named: str | None) -> None:
    assert platform_name(told, model) == named


@pytest.mark.parametrize(
    ("name", "image", "role"),
    [
        ("x", "nginx:1.25", "Reverse Proxy"),
        ("x", "docker.io/library/traefik:3", "Reverse Proxy"),
        ("shop-db-1", "company/thing:1", "Database"),
        ("x", "postgres:17", "Database"),
        ("influxdb-ui", "company/influx-ui:2", "Web Application"),
        ("open-webui", "ghcr.io/open-webui/open-webui", "Web Application"),
        ("x", "registry.db.example/thing:1", "Container"),
        ("worker", None, "Container"),
    ],
)
def test_containers_have_the_role_of_their_images_words_then_their_names(name: str, image: str | None, role: str) -> None:
    assert container_role(name, image) == role
