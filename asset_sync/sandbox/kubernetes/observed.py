"""What the switches of a fabric tell of themselves: an Agent each, with its ports' states and LLDP neighbours."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from asset_sync.sandbox.kubernetes.kinds import Json, named

SOFTWARE: Final = "4.5.0-Enterprise_Base"
_PROFILE_SPEEDS: Final = {"SFP28-25G": "25G", "QSFP28-100G": "100G"}

Links = dict[str, tuple[str, str]]
"""By a port, such as `leaf-01/E1/1`: the device and the port at the other end of its cable."""


def cables(connections: Iterable[Json]) -> Links:
    """Both ends of each cable that the connections describe; what lies outside the fabric has no other end."""
    found: Links = {}
    for connection in connections:
        for link in _links(connection["spec"]):
            ports = [link[side]["port"] for side in sorted(link) if isinstance(link[side], dict)]
            for one, other in pairwise(ports):
                found[one], found[other] = _split(other), _split(one)
    return found


def agents(objects: Iterable[Json], now: datetime) -> list[Json]:
    """The Agent of each switch among these objects, as of a moment."""
    given = list(objects)
    profiles = {one["metadata"]["name"]: one["spec"] for one in given if one["kind"] == "SwitchProfile"}
    links = cables(one for one in given if one["kind"] == "Connection")
    switches = [one for one in given if one["kind"] == "Switch"]
    return [_agent(one, profiles[one["spec"]["profile"]], links, now) for one in switches]


def _links(value: Any) -> Iterator[Json]:
    """Yield each object whose members have ports: the ends of a cable."""
    if isinstance(value, list):
        for one in value:
            yield from _links(one)
    elif isinstance(value, dict):
        if any(isinstance(end, dict) and "port" in end for end in value.values()):
            yield value
        else:
            for one in value.values():
                yield from _links(one)


def _split(port: str) -> tuple[str, str]:
    device, _, name = port.partition("/")
    return device, name


def _agent(switch: Json, profile: Json, links: Links, now: datetime) -> Json:
    name, spec = switch["metadata"]["name"], switch["spec"]
    moment = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    status = {
        "version": "v0.100.0",
        "lastHeartbeat": moment,
        "lastAppliedTime": moment,
        "lastAppliedGen": 1,
        "conditions": [
            {"type": "Applied", "status": "True", "reason": "ApplySucceeded", "message": "", "lastTransitionTime": moment}
        ],
        "state": {"nos": _nos(spec, profile), "interfaces": dict(_interfaces(name, spec, profile, links))},
    }
    return {
        "apiVersion": named("Agent").api_version,
        "kind": "Agent",
        "metadata": {"name": name},
        "spec": {"role": spec["role"], "description": spec["description"], "switch": spec},
        "status": status,
    }


def _nos(spec: Json, profile: Json) -> Json:
    return {
        "serialNumber": spec["boot"]["serial"],
        "softwareVersion": SOFTWARE,
        "platformName": profile["platform"],
        "hwskuVersion": profile["displayName"].replace(" ", "-"),
        "mfgName": "Sandbox",
        "productDescription": "Enterprise SONiC Distribution by Broadcom - Enterprise Base package",
    }


def _interfaces(switch: str, spec: Json, profile: Json, links: Links) -> Iterator[tuple[str, Json]]:
    base = int(spec["boot"]["mac"].replace(":", ""), 16)
    for at, (port, speed) in enumerate(_ports(spec, profile)):
        linked = links.get(f"{switch}/{port}")
        up = port == "M1" or linked is not None
        state: Json = {
            "enabled": up,
            "admin": "up" if up else "down",
            "oper": "up" if up else "down",
            "mac": (base + at).to_bytes(6).hex(":"),
            "speed": speed,
        }
        if linked is not None:
            state["lldpNeighbors"] = [{"name": linked[0], "sysName": linked[0], "portID": linked[1], "portDescr": linked[1]}]
        yield port, state


def _ports(spec: Json, profile: Json) -> Iterator[tuple[str, str]]:
    """Yield each port as it is after breakouts, and its speed."""
    for port, said in profile["ports"].items():
        if said.get("management"):
            yield port, "1G"
            continue
        mode = spec.get("portBreakouts", {}).get(port)
        if mode is None:
            kind = said.get("profile") or profile["portGroups"][said["group"]]["profile"]
            yield port, _PROFILE_SPEEDS[kind]
        else:
            count, _, speed = mode.partition("x")
            yield from ((f"{port}/{lane}", speed) for lane in range(1, int(count) + 1))
