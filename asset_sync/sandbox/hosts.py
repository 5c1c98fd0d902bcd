"""A generated fleet of servers that tell their own state, as the collector writes it, and what a day does to them."""

import random
from collections.abc import Iterator
from copy import deepcopy
from hashlib import blake2b
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

import orjson

from asset_sync.sandbox.netbox import NetBoxState

Document = dict[str, Any]

_NETWORK: Final = int(IPv4Address("100.64.0.0"))
_PLATFORMS: Final = (
    ("debian", "Debian GNU/Linux", "12", "bookworm"),
    ("debian", "Debian GNU/Linux", "13", "trixie"),
    ("ubuntu", "Ubuntu", "24.04", "noble"),
    ("rocky", "Rocky Linux", "9.4", None),
)
_MODELS: Final = (("Dell Inc.", "PowerEdge R640"), ("HPE", "ProLiant DL360 Gen10"), ("Supermicro", "SYS-1029P"))
_STACKS: Final = {
    "web": (("proxy", "traefik:3.1", 443), ("frontend", "shop-frontend:2.4", None), ("db", "postgres:17", None)),
    "monitoring": (("grafana", "grafana/grafana:11.2", 3000), ("loki", "grafana/loki:3.1", 3100)),
    "queue": (("redis", "redis:7", None), ("worker", "shop-worker:2.4", None)),
}
_START: Final = "2026-11-27T06:00:00Z"


class Fleet:
    """Servers by number from 0. Which server has what is worked out from the seed; a `day` changes one in twenty."""

    def __init__(self, size: int, seed: int) -> None:
        self.documents: list[Document] = [_server(number, random.Random(f"{seed}/{number}")) for number in range(size)]  # noqa: S311
        self._seed = seed
        self._days = 0

    def write(self, folder: Path) -> None:
        """Write the document of each server into a folder, in the place of the one before."""
        folder.mkdir(parents=True, exist_ok=True)
        for document in self.documents:
            content = orjson.dumps(document)
            file = folder / f"{document['hostname']}.json"
            if not file.exists() or file.read_bytes() != content:
                file.write_bytes(content)

    def register(self, netbox: NetBoxState) -> None:
        """Enter all servers into a NetBox as a person would, by name and serial, and nothing more."""
        site = netbox.create("dcim/sites", {"name": "Data centre", "slug": "data-centre", "status": "active"})
        role = netbox.create("dcim/device-roles", {"name": "Hypervisor", "slug": "hypervisor", "color": "795548"})
        maker = netbox.create("dcim/manufacturers", {"name": "Generic", "slug": "generic"})
        kind = netbox.create("dcim/device-types", {"manufacturer": maker["id"], "model": "Server", "slug": "server"})
        for document in self.documents:
            told = {"name": document["hostname"], "serial": document["hardware"]["serial"], "status": "active"}
            netbox.create("dcim/devices", {**told, "device_type": kind["id"], "role": role["id"], "site": site["id"]})

    def day(self) -> list[int]:
        """Change one server in twenty, at least one; return their numbers."""
        self._days += 1
        dice = random.Random(f"{self._seed}/day {self._days}")  # noqa: S311
        chosen = sorted(dice.sample(range(len(self.documents)), max(1, len(self.documents) // 20)))
        for number in chosen:
            changed = self.documents[number]
            for change in dice.sample(_CHANGES, len(_CHANGES)):
                # Not every server has what a change is about.
                if changed == self.documents[number]:
                    changed = deepcopy(changed)
                    change(changed, dice)
            changed["collected_at"] = f"2026-11-{27 + self._days % 3:02}T07:00:00Z"
            self.documents[number] = changed
        return chosen


def _server(number: int, dice: random.Random) -> Document:
    id_, name, version, codename = dice.choice(_PLATFORMS)
    maker, model = dice.choice(_MODELS)
    memory = dice.choice((32, 64, 128))
    interfaces, addresses = _network(number, dice)
    stacks = dice.sample(sorted(_STACKS), dice.choice((0, 0, 1, 2)))
    containers = [container for stack in stacks for container in _stack(number, stack)]
    if containers:
        interfaces += [_interface("docker0", "bridge", None), _interface("veth1a2b3c4", "veth", None, master="docker0")]
        addresses.append(_address("docker0", "172.17.0.1", 16))
    return {
        "schema": 1,
        "collected_at": _START,
        "hostname": f"srv-{number:04}",
        "fqdn": f"srv-{number:04}.example.com",
        "machine_id": blake2b(f"server {number}".encode(), digest_size=16).hexdigest(),
        "platform": {
            "system": "Linux",
            "id": id_,
            "name": name,
            "version_id": version,
            "version_codename": codename,
            "pretty_name": f"{name} {version}",
            "kernel": "6.1.0-28-amd64",
            "architecture": "x86_64",
        },
        "hardware": {"manufacturer": maker, "model": model, "serial": f"SRV{number:05}X"},
        "cpu": {"model": "Xeon Silver 4314", "cores": 16, "threads": 32},
        "memory": memory << 30,
        "disks": [{"name": "sda", "size": 480_103_981_056, "model": "MZ7L3480", "serial": f"D{number:06}", "removable": False}],
        "interfaces": interfaces,
        "addresses": addresses,
        "default_routes": [
            {"family": 4, "gateway": "100.64.0.1", "interface": _MAIN[number % 3], "metric": 0, "preferred_source": None}
        ],
        "containers": containers,
        "services": None,
        "unread": [],
    }


_MAIN: Final = ("eno1", "bond0", "eno1.10")
"""What a server reaches the world by: a port, two of them bonded, or a VLAN."""


def _network(number: int, dice: random.Random) -> tuple[list[Document], list[Document]]:
    main = _MAIN[number % 3]
    bonded = main == "bond0"
    ports = [
        _interface(name, "physical", _mac(number, at), speed=10_000, master="bond0" if bonded else None)
        for at, name in enumerate(("eno1", "eno2"))
    ]
    interfaces = [_interface("lo", "loopback", None), *ports]
    if bonded:
        interfaces.append(_interface("bond0", "bond", _mac(number, 0)))
    if main == "eno1.10":
        interfaces.append(_interface("eno1.10", "vlan", _mac(number, 0), parent="eno1", vlan_id=10))
    own = str(IPv4Address(_NETWORK + 256 + number * 4))
    addresses = [_address("lo", "127.0.0.1", 8, scope="host"), _address(main, own, 16)]
    addresses.append(_address(main, f"2001:db8:{number:x}::10", 64))
    addresses.append(
        _address(main, f"2001:db8:{number:x}:0:{dice.randrange(1, 65536):x}::99", 64, temporary=True, dynamic=True)
    )
    addresses.append(_address(main, f"fe80::{number + 1:x}", 64, scope="link"))
    return interfaces, addresses


def _mac(number: int, port: int) -> str:
    return ":".join(f"{byte:02x}" for byte in (0x02, 0x10, port, *number.to_bytes(3, "big")))


def _interface(name: str, kind: str, mac: str | None, **told: Any) -> Document:
    nothing = dict.fromkeys(("speed", "parent", "master", "vlan_id"))
    own = {"name": name, "kind": kind, "mac": mac, "permanent_mac": mac if kind == "physical" else None}
    return {**own, "mtu": 65536 if name == "lo" else 1500, "enabled": True, "state": "up", **nothing, **told}


def _address(interface: str, address: str, length: int, **told: Any) -> Document:
    own = {"interface": interface, "address": address, "prefix_length": length, "family": 6 if ":" in address else 4}
    lasting = {"scope": "global", "valid_lifetime": None, "preferred_lifetime": None}
    return {**own, **lasting, "dynamic": False, "temporary": False, "deprecated": False, **told}


def _stack(number: int, project: str) -> Iterator[Document]:
    for service, image, port in _STACKS[project]:
        yield _container(number, project, service, image, port)


def _container(number: int, project: str, service: str, image: str, port: int | None) -> Document:
    name = f"{project}-{service}-1"
    id_ = blake2b(f"{number}/{name}/{image}".encode(), digest_size=32).hexdigest()
    published = [{"host_ip": None, "host_port": port, "container_port": port, "protocol": "tcp"}] if port else []
    return {
        "engine": "docker",
        "id": id_,
        "name": name,
        "image": image,
        "image_id": f"sha256:{id_}",
        "digest": None,
        "state": "running",
        "compose": {"project": project, "service": service, "number": 1, "working_dir": f"/srv/{project}"},
        "cpus": 1.5,
        "memory": 512 << 20,
        "restart_policy": "unless-stopped",
        "ports": published,
        "volumes": [],
        "labels": {"com.docker.compose.project": project},
        "networks": [],
    }


# What a day does.


def _another_address(server: Document, dice: random.Random) -> None:
    main = server["default_routes"][0]["interface"]
    server["addresses"].append(_address(main, f"100.127.{dice.randrange(256)}.{dice.randrange(1, 255)}", 16))


def _renumbered(server: Document, dice: random.Random) -> None:
    for address in server["addresses"]:
        if address["address"].startswith("100.64.") or address["address"].startswith("100.65."):
            address["address"] = f"100.126.{dice.randrange(256)}.{dice.randrange(1, 255)}"


def _lost_port(server: Document, _dice: random.Random) -> None:
    server["interfaces"] = [each for each in server["interfaces"] if each["name"] != "eno2"]


def _upgraded(server: Document, _dice: random.Random) -> None:
    server["platform"] |= {"version_id": "26.04", "pretty_name": f"{server['platform']['name']} 26.04"}


def _new_card(server: Document, _dice: random.Random) -> None:
    for interface in server["interfaces"]:
        if interface["name"] == "eno2":
            interface["mac"] = interface["permanent_mac"] = interface["mac"][:-2] + "fe"


def _stopped(server: Document, _dice: random.Random) -> None:
    for container in server["containers"][:1]:
        container["state"] = "exited"


def _removed(server: Document, _dice: random.Random) -> None:
    server["containers"] = server["containers"][1:]


def _more_memory(server: Document, _dice: random.Random) -> None:
    for container in server["containers"]:
        container["memory"] *= 2


_CHANGES: Final = (_another_address, _renumbered, _lost_port, _upgraded, _new_card, _stopped, _removed, _more_memory)
