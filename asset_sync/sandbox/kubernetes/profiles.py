"""The profiles of the generated switches and servers: which ports they have, and what those can be."""

from typing import Final

from asset_sync.sandbox.kubernetes.kinds import Json, named

LEAF: Final = "sandbox-leaf-48"
SPINE: Final = "sandbox-spine-64"
SERVER: Final = "sandbox-server"
UPLINK_PORTS: Final = 8
"""A leaf's ports after the 48 for servers."""
_LANES: Final = 4


def profiles() -> list[Json]:
    """A leaf with 48 ports in groups of four and 8 of 100G, a spine with 64 of 100G, and a server with two."""
    return [_profile("SwitchProfile", LEAF, _leaf()), _profile("SwitchProfile", SPINE, _spine()), _server()]


def _profile(kind: str, name: str, spec: Json) -> Json:
    return {"apiVersion": named(kind).api_version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _leaf() -> Json:
    ports = {f"E1/{n}": {"group": str((n - 1) // 4 + 1), "label": str(n), "nos": f"Ethernet{n - 1}"} for n in range(1, 49)}
    ports |= {f"E1/{n}": _breakable(n, 48 + (n - 49) * _LANES) for n in range(49, 49 + UPLINK_PORTS)}
    groups = {str(n): {"nos": str(n), "profile": "SFP28-25G"} for n in range(1, 13)}
    slow = {"SFP28-25G": {"speed": {"default": "25G", "supported": ["10G", "25G"]}}}
    return {**_common("Sandbox Leaf 48", ports, slow), "portGroups": groups}


def _spine() -> Json:
    return _common("Sandbox Spine 64", {f"E1/{n}": _breakable(n, (n - 1) * _LANES) for n in range(1, 65)}, {})


def _breakable(number: int, first: int) -> Json:
    return {"baseNOSName": f"1/{number}", "label": str(number), "nos": f"Ethernet{first}", "profile": "QSFP28-100G"}


def _common(shown: str, ports: Json, slow: Json) -> Json:
    modes = {
        "1x100G": {"offsets": ["0"]},
        "1x40G": {"offsets": ["0"]},
        "4x10G": {"offsets": ["0", "1", "2", "3"]},
        "4x25G": {"offsets": ["0", "1", "2", "3"]},
    }
    return {
        "displayName": shown,
        "config": {"maxPathsEBGP": 64},
        "features": {"eslag": True, "l2vni": True, "l3vni": True, "mclag": True, "subinterfaces": True},
        "nosType": "sonic-bcm-vs",
        "platform": "x86_64-kvm_x86_64-r0",
        "switchSilicon": "vs",
        "portProfiles": {"QSFP28-100G": {"breakout": {"default": "1x100G", "supported": modes}}, **slow},
        "ports": {**ports, "M1": {"management": True, "nos": "Management0", "oniePortName": "eth0"}},
    }


def _server() -> Json:
    nics = [{"name": f"enp2s{n}", "ports": [{"name": f"enp2s{n}"}]} for n in (1, 2)]
    return _profile("ServerProfile", SERVER, {"nics": nics})
