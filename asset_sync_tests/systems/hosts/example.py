"""A host's document with one of everything, in the shape that the collector writes."""

import json
from typing import Any

MACHINE_ID = "4f1c2b3a4f1c2b3a4f1c2b3a4f1c2b3a"


def interface(name: str, **changed: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("permanent_mac", "speed", "parent", "master", "vlan_id"))
    told = {"name": name, "kind": "physical", "mac": "52:54:00:aa:00:01", "mtu": 1500, "enabled": True, "state": "up"}
    return {**told, **nothing, **changed}


def address(written: str, interface: str = "eth0", **changed: Any) -> dict[str, Any]:
    ip, _, length = written.partition("/")
    told = {
        "interface": interface,
        "address": ip,
        "prefix_length": int(length),
        "family": 6 if ":" in ip else 4,
        "scope": "global",
    }
    nothing = {"valid_lifetime": None, "preferred_lifetime": None, "dynamic": False, "temporary": False, "deprecated": False}
    return {**told, **nothing, **changed}


def container(name: str = "shop-web-1", **changed: Any) -> dict[str, Any]:
    told = {
        "engine": "docker",
        "id": "ab" * 32,
        "name": name,
        "image": "nginx:1.25",
        "image_id": "sha256:" + "cd" * 32,
        "digest": "sha256:" + "ef" * 32,
        "state": "running",
        "compose": {"project": "shop", "service": "web", "number": 1, "working_dir": "/srv/shop"},
        "cpus": 1.5,
        "memory": 536870912,
        "restart_policy": "unless-stopped",
        "ports": [{"host_ip": None, "host_port": 8080, "container_port": 80, "protocol": "tcp"}],
        "volumes": [{"type": "bind", "source": "/srv/shop/html", "destination": "/usr/share/nginx/html", "read_only": True}],
        "labels": {"com.docker.compose.project": "shop", "empty": ""},
        "networks": [{"name": "shop_default", "addresses": ["172.18.0.2/16"], "mac": "02:42:ac:12:00:02"}],
    }
    return {**told, **changed}


def document(**changed: Any) -> dict[str, Any]:
    told = {
        "schema": 1,
        "collected_at": "2026-11-27T02:50:30Z",
        "hostname": "web-1",
        "fqdn": "web-1.example.org",
        "machine_id": MACHINE_ID,
        "platform": {
            "system": "Linux",
            "id": "debian",
            "name": "Debian GNU/Linux",
            "version_id": "12",
            "version_codename": "bookworm",
            "pretty_name": "Debian GNU/Linux 12 (bookworm)",
            "kernel": "6.1.0-28-amd64",
            "architecture": "x86_64",
        },
        "hardware": {"manufacturer": "Dell Inc.", "model": "PowerEdge R640", "serial": "7XYZ123"},
        "cpu": {"model": "Intel(R) Xeon(R) Silver 4110", "cores": 8, "threads": 16},
        "memory": 34359738368,
        "disks": [{"name": "sda", "size": 480103981056, "model": "SSDSC2KB48", "serial": None, "removable": False}],
        "interfaces": [interface("eth0", speed=1000), interface("eth0.10", kind="vlan", parent="eth0", vlan_id=10)],
        "addresses": [address("192.0.2.10/24"), address("2001:db8::10/64", "eth0.10")],
        "default_routes": [
            {"family": 4, "gateway": "192.0.2.1", "interface": "eth0", "metric": 0, "preferred_source": None},
        ],
        "containers": [container()],
        "services": [{"protocol": "tcp", "address": "0.0.0.0", "port": 22, "process": "sshd"}],
        "unread": [{"path": "/disks/0/serial", "reason": "the disk tells none"}],
    }
    return {**told, **changed}


def written(document: Any) -> bytes:
    return json.dumps(document).encode()
