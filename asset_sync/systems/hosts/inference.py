"""What a host's own words mean in an inventory: the type of an interface, the name of a platform, what a container is for.

Source: facts/cmdb.md §2, with its gaps closed: the kernel's kind of an interface comes before its name.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

TYPES_BY_KIND: Final[Mapping[str, str]] = MappingProxyType({"bridge": "bridge", "bond": "lag", "team": "lag"})
"""NetBox's types of what others are put into, by the kernel's kind."""
_PHYSICAL: Final = "physical"
_VIRTUAL: Final = "virtual"
_WIRELESS: Final = "wireless"
_BY_SPEED: Final[Mapping[int, str]] = MappingProxyType(
    {
        100: "100base-tx",
        1_000: "1000base-t",
        2_500: "2.5gbase-t",
        5_000: "5gbase-t",
        10_000: "10gbase-t",
        25_000: "25gbase-x-sfp28",
        40_000: "40gbase-x-qsfpp",
        50_000: "50gbase-x-sfp56",
        100_000: "100gbase-x-qsfp28",
        200_000: "200gbase-x-qsfp56",
        400_000: "400gbase-x-qsfpdd",
    }
)
"""NetBox's types by speed in Mbit/s: of the media that there are for one, the commonest in a host."""
_BY_NAME: Final = (
    (re.compile(r"(eth|en[opsx])\d"), "1000base-t"),
    (re.compile(r"wl(an|[opsx])\d"), "ieee802.11ax"),
    (re.compile(r"br-|br\d|virbr|docker|podman|cni"), "bridge"),
    (re.compile(r"bond|team"), "lag"),
    (re.compile(r"tailscale|wg|tun|tap|veth|vnet|dummy|ppp|ib\d+\.|vxlan"), "virtual"),
)
_OTHER: Final = "other"
_RASPBERRY: Final = "raspberry"
_ROLES: Final = (
    ("Reverse Proxy", frozenset({"caddy", "nginx", "traefik", "haproxy", "proxy"})),
    ("Web Application", frozenset({"webui", "frontend", "ui", "web", "app"})),
    ("Database", frozenset({"db", "postgres", "postgresql", "mysql", "mariadb", "redis", "mongo", "mongodb", "influxdb"})),
)
_CONTAINER: Final = "Container"
_WORDS: Final = re.compile(r"[a-z]+")
ACTIVE: Final = "active"
_STATUSES: Final[Mapping[str, str]] = MappingProxyType(
    {"running": ACTIVE, "restarting": ACTIVE, "paused": "paused", "created": "offline", "exited": "offline"}
    | {"removing": "offline", "dead": "offline"}
)


def interface_type(interface: Mapping[str, Any]) -> str | None:
    """Return NetBox's type of an interface as far as the kernel tells it, by its kind and speed; None where it does not."""
    kind, speed = interface["kind"], interface["speed"]
    if kind in TYPES_BY_KIND:
        return TYPES_BY_KIND[kind]
    if kind == _WIRELESS:
        return "ieee802.11ax"
    if kind == _PHYSICAL:
        return _BY_SPEED.get(speed or 0)
    return _VIRTUAL if kind else None


def guessed_type(name: str) -> str:
    """Return what an interface of that name most often is."""
    return next((type_ for pattern, type_ in _BY_NAME if pattern.match(name)), _OTHER)


def links(interface: Mapping[str, Any], kinds: Mapping[str, str | None]) -> Mapping[str, str | None]:
    """Return the names of an interface's `parent`, `lag` and `bridge`, as NetBox takes them; `kinds` are those of all, by name.

    Nothing is linked to itself, only what is virtual has a parent, and what is virtual is in no LAG (facts/netbox-more.md).
    """
    name, kind, parent, master = (interface[field] for field in ("name", "kind", "parent", "master"))
    is_virtual = (interface_type(interface) or guessed_type(name)) == _VIRTUAL
    over = TYPES_BY_KIND.get(kinds.get(master) or "") if master != name else None
    return {
        "parent": parent if is_virtual and kind != "veth" and parent in kinds and parent != name else None,
        "lag": master if over == "lag" and not is_virtual else None,
        "bridge": master if over == "bridge" else None,
    }


def platform_name(platform: Mapping[str, Any], model: str | None) -> str | None:
    """Return the name of a platform with its version, as inventories have them; None where the host does not tell."""
    name, version, codename = platform["name"], platform["version_id"], platform["version_codename"]
    if _is_raspberry(platform, model):
        return f"Raspberry Pi OS ({codename.capitalize()})" if codename else "Raspberry Pi OS"
    if platform["id"] == "ubuntu" and version:
        return f"Ubuntu {version} LTS" if _is_lts(version) else f"Ubuntu {version}"
    if platform["id"] == "debian":
        return f"Debian {version}" if version else "Debian"
    return f"{name} {version}" if name and version and version not in name else name


def _is_raspberry(platform: Mapping[str, Any], model: str | None) -> bool:
    return platform["id"] == "raspbian" or (platform["id"] == "debian" and _RASPBERRY in (model or "").casefold())


def _is_lts(version: str) -> bool:
    """Tell whether an Ubuntu is one of the long-supported: those of April in even years."""
    year, _, month = version.partition(".")
    return month.startswith("04") and year.isdecimal() and int(year) % 2 == 0


def container_role(name: str, image: str | None) -> str:
    """Return what a container is for, by the words of its image, then of its name: the first role that has one of them."""
    for text in ((image or "").rpartition("/")[2].partition(":")[0], name):
        words = frozenset(_WORDS.findall(text.casefold()))
        for role, known in _ROLES:
            if words & known:
                return role
    return _CONTAINER


def container_status(state: str | None) -> str | None:
    """Return the status that a virtual machine has for a container's state; None where that could not be read."""
    return _STATUSES.get(state or "")
