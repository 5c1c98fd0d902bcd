"""Containers as rows: the clusters that they are in, the containers themselves, and the ports that they publish."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from asset_sync.systems.hosts.inference import ACTIVE, container_role, container_status
from asset_sync.systems.hosts.kept import project_of

Told = Mapping[str, Any]
"""What a host's document says, by its keys, and the compose project that is the host's own."""
Row = dict[str, Any]

PROJECT: Final = "project"
MEGA: Final = 2**20
GIGA: Final = 10**9
_LIST: Final = ", "


def clusters(host: str, told: Told) -> Iterator[Row]:
    """Yield the project of each container: a compose project, or that of the engine for those without."""
    for each in told["containers"] or ():
        project, short = project_of(each), (told["hostname"] or host).partition(".")[0]
        yield {
            "id": f"{host}/{project}",
            "host": host,
            "project": project,
            "engine": each["engine"],
            "name": f"{short}-{project}",
            "description": f"{'Compose project' if each['compose'] else 'Containers'} on {short}",
        }


def containers(host: str, told: Told) -> Iterator[Row]:
    """Yield the containers of a host."""
    for id_, each in _placed(host, told):
        compose = each["compose"] or {}
        yield {
            "id": id_,
            "host": host,
            "cluster": f"{host}/{project_of(each)}",
            "device": host if project_of(each) == told[PROJECT] else None,
            **{name: each[name] for name in ("engine", "name", "image", "digest", "state", "cpus")},
            "container_id": each["id"],
            "project": compose.get("project"),
            "service": compose.get("service"),
            "status": container_status(each["state"]),
            "role": container_role(each["name"], each["image"]),
            "memory_mb": whole(each["memory"], MEGA),
            "ports": _LIST.join(map(_port, each["ports"] or ())) or None,
            "volumes": _LIST.join(map(_volume, each["volumes"] or ())) or None,
            "networks": _LIST.join(network["name"] for network in each["networks"] or ()) or None,
            "comments": _comments(each),
        }


def _placed(host: str, told: Told) -> Iterator[tuple[str, Told]]:
    """Yield the containers, each with what stays of one that is made anew or renamed: its place in its project, else its name.

    A container that was left behind when it was made anew is stamped with the place of its successor. The place is that of the
    one that runs, else of the shorter name (compose puts a mark in front of the old one's); the others have their names.
    """
    taken: set[str] = set()
    for each in sorted(told["containers"] or (), key=_stands_back):
        place = _place(host, each)
        if place is None or place in taken:
            place = f"{host}/{project_of(each)}//{each['name']}"
        taken.add(place)
        yield place, each


def _stands_back(container: Told) -> tuple[bool, int, str]:
    return container_status(container["state"]) != ACTIVE, len(container["name"]), container["name"]


def _place(host: str, container: Told) -> str | None:
    compose = container["compose"]
    if not compose or not compose["service"]:
        return None
    return f"{host}/{compose['project']}/{compose['service']}/{compose['number'] or 1}"


def _port(port: Told) -> str:
    inside = f"{port['container_port']}/{port['protocol']}"
    outside = f"{port['host_ip']}:" if port["host_ip"] else ""
    return f"{outside}{port['host_port']} → {inside}" if port["host_port"] else inside


def _volume(volume: Told) -> str:
    told = f"{volume['source']} → {volume['destination']}" if volume["source"] else volume["destination"]
    return f"{told} (read-only)" if volume["read_only"] else str(told)


def _comments(container: Told) -> str:
    lines = {
        "Image": container["image"],
        "Digest": container["digest"],
        "Ports": _LIST.join(map(_port, container["ports"] or ())),
        "Volumes": _LIST.join(map(_volume, container["volumes"] or ())),
    }
    return "\n".join(f"{name}: {told}" for name, told in lines.items() if told)


def container_services(host: str, told: Told) -> Iterator[Row]:
    """Yield the ports that containers publish, a row a container and protocol."""
    for id_, each in _placed(host, told):
        for protocol, ports in by_protocol((p["protocol"], p["host_port"]) for p in each["ports"] or () if p["host_port"]):
            own = {"container": id_, "host": host, "name": each["name"]}
            yield {"id": f"{id_}/{protocol}", **own, "protocol": protocol, "ports": ports}


def by_protocol(ports: Iterable[tuple[str, int]]) -> Iterator[tuple[str, str]]:
    """Yield protocols with their ports, in order and parted by commas."""
    found: dict[str, set[int]] = {}
    for protocol, port in ports:
        found.setdefault(protocol, set()).add(port)
    yield from ((protocol, _LIST.join(map(str, sorted(found[protocol])))) for protocol in sorted(found))


def whole(value: int | None, unit: int) -> int | None:
    """Return how many whole units a value has."""
    return None if value is None else value // unit
