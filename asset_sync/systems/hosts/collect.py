"""What this machine is, as one JSON document on standard output: `python3 collect.py`.

This file runs alone, with Python 3.9 or later: copy it to a machine, or send it there (`ssh HOST python3 - < collect.py`).
psutil makes the document fuller, as does root; neither is needed. What could not be read is null, and `unread` says why:
nothing in here guesses. No secret is told: no environment variables, no command lines, no label whose name speaks of a secret.

Order: bounds; reading with reasons; the machine; its disks; its network (by `ip`, else by psutil and /proc); its containers (by
the socket of Docker or Podman); what listens; the document; its JSON Schema; the command line.
"""

from __future__ import annotations

import argparse
import array
import contextlib
import errno
import http.client
import importlib
import ipaddress
import json
import os
import platform
import re
import shlex
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from urllib.parse import quote

# Bounds: they are the schema's, so that no document of this file is refused.

SCHEMA = 1
"""The version of the document's shape; any change of the shape has another one."""
CLEAN = r"^[^\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]*$"
"""Text on one line that shows itself as it is: no control characters, and none that change the direction of writing."""
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
HOSTNAME = rf"^{_LABEL}(\.{_LABEL})*$"
"""A host name as RFC 1123 has it, and the underscore, which people use all the same."""
MACHINE_ID = "^[0-9a-f]{32}$"
MOST = {
    "name": 255,
    "text": 4096,
    "disks": 4096,
    "interfaces": 8192,
    "addresses": 16384,
    "default_routes": 1024,
    "containers": 4096,
    "ports": 32768,
    "volumes": 1024,
    "labels": 1024,
    "networks": 256,
    "network_addresses": 64,
    "services": 16384,
    "unread": 32768,
}
"""How many characters a text has at the most, and a list entries."""

COMMAND_SECONDS = 10.0
"""So long a command, and each answer of a container engine, may take."""
NAME_SECONDS = 5.0
"""So long the resolver may take to tell this machine's full name."""
ENGINE_SECONDS = 60.0
"""So long all answers of a container engine together may take."""
ENGINE_BYTES = 16 * 2**20
"""An answer of a container engine may be so large."""

_FOREVER = 2**32 - 1
_MAC_ADDRESS = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_STATES = ("created", "running", "paused", "restarting", "removing", "exited", "dead")
_PROTOCOLS = ("tcp", "udp", "sctp")
_SECRET = re.compile(
    r"(?i)passw|secret|token|credential|api[._-]?key|private[._-]?key|access[._-]?key|basic-?auth|digest-?auth"
)
"""Names of labels whose value is left out; the basicauth labels of traefik hold hashes of passwords."""


# Reading with reasons.


class Unreadable(Exception):
    """Why a value could not be read, in words for people."""


_ODD = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What an answer of another shape than expected raises."""
_FAILURES = (Unreadable, OSError, subprocess.SubprocessError, http.client.HTTPException, *_ODD)
"""What reading a value may raise."""


class Unread:
    """The values that could not be read: where in the document, by JSON pointer, and why."""

    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []

    def add(self, path: str, reason: str) -> None:
        """Tell of a value that could not be read."""
        if len(self.told) < MOST["unread"]:
            self.told.append({"path": _shown(path, MOST["text"]), "reason": _shown(" ".join(reason.split()), 500)})

    def read(self, path: str, reader: Callable[[], Any]) -> Any:
        """Return what the reader returns, None where it cannot; a text is told only if it is clean, and not empty."""
        try:
            value = reader()
            return clean(value) if isinstance(value, str) else value
        except _FAILURES as error:
            self.add(path, reason(error))
            return None

    def read_list(self, path: str, reader: Callable[[], list[Any]]) -> Any:
        """Return the list that the reader returns; None where it cannot, or where it is longer than may be told."""
        return self.read(path, lambda: _bounded(reader(), MOST[path.rpartition("/")[2]]))


def _shown(text: str, most: int) -> str:
    """Return the beginning of a text with a question mark for all that does not show itself."""
    return "".join(each if each.isprintable() else "?" for each in text[:most])


def reason(error: BaseException) -> str:
    """Return in a line why something failed."""
    if isinstance(error, subprocess.TimeoutExpired):
        return f"{Path(error.cmd[0]).name} did not answer within {error.timeout:g} s"
    if isinstance(error, UnicodeError):
        return "it is no UTF-8"
    # Another class than TimeoutError before Python 3.10.
    if isinstance(error, socket.timeout):
        return f"it did not answer within {COMMAND_SECONDS:g} s"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error) if isinstance(error, Unreadable) else f"the answer has another shape: {type(error).__name__}: {error}"


def clean(text: str, most: int = MOST["name"], *, empty: bool = False) -> str:
    """Return a text without blanks around it; raises Unreadable where the document cannot tell it."""
    told = text.strip()
    if not told and not empty:
        raise Unreadable("it is empty")
    if len(told) > most:
        raise Unreadable(f"it has {len(told)} characters; the limit is {most}")
    # A lone surrogate is a byte that was no UTF-8.
    if not re.match(CLEAN, told) or any("\ud800" <= each <= "\udfff" for each in told):
        raise Unreadable("it holds control characters")
    return told


def within(seconds: float, what: str, reader: Callable[[], Any]) -> Any:
    """Return what the reader returns; raises Unreadable where that takes longer. What hangs is left behind."""
    result: list[Any] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            result.append(reader())
        except BaseException as error:  # noqa: BLE001 - raised again, by who waits
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not result:
        raise Unreadable(f"{what} did not answer within {seconds:g} s")
    return result[0]


def run(*command: str) -> str:
    """Return what a command prints; raises Unreadable where it is not there or fails."""
    # The system's own commands are not on everybody's path.
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    program = shutil.which(command[0], path=places)
    if program is None:
        raise Unreadable(f"there is no command {command[0]}")
    done = subprocess.run(  # noqa: S603 - no shell, and fixed words
        [program, *command[1:]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=COMMAND_SECONDS,
        env={"PATH": places, "LANG": "C", "LC_ALL": "C"},
        check=False,
    )
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").split("\n")
        raise Unreadable(f"{command[0]} failed with status {done.returncode}: {lines[0][:200]}")
    return done.stdout.decode("utf-8", "surrogateescape")


def _file(*files: Path) -> str:
    """Return the text of the first of the files that is there; the firmware's end with NUL."""
    for file in files[:-1]:
        with contextlib.suppress(FileNotFoundError):
            return file.read_text(encoding="utf-8").rstrip("\0")
    return files[-1].read_text(encoding="utf-8").rstrip("\0")


def _optional(value: Any) -> str | None:
    """Return a text that need not be there: one that is empty or odd is none."""
    with contextlib.suppress(Unreadable):
        return clean(value) if isinstance(value, str) else None
    return None


def _bounded(values: list[Any], most: int) -> list[Any]:
    if len(values) > most:
        raise Unreadable(f"there are {len(values)}; the limit is {most}")
    return values


def _psutil() -> ModuleType:
    try:
        return importlib.import_module("psutil")
    except ImportError:
        raise Unreadable("the Python package psutil is not installed") from None


def _on_linux() -> None:
    if platform.system() != "Linux":
        raise Unreadable(f"it is not read on {platform.system()}")


# The machine.


def hostname() -> str:
    """Return the machine's own name for itself."""
    return host_name(platform.node())


def host_name(name: str) -> str:
    """Return a name that can be a host's; raises Unreadable where it cannot."""
    told = clean(name, 253)
    if not re.match(HOSTNAME, told):
        raise Unreadable(f"'{told}' is no host name")
    return told


def fqdn() -> str:
    """Return the full name that the resolver has for the machine's own name."""
    name = platform.node()
    if "." in name:
        return host_name(name)
    told = within(NAME_SECONDS, "the resolver", socket.getfqdn)
    if not told.lower().startswith(f"{name.lower()}."):
        raise Unreadable(f"the resolver knows no full name, only '{told[:100]}'")
    return host_name(told)


def machine_id(root: Path) -> str:
    """Return the id that systemd or D-Bus gave this installation; 32 hexadecimal digits."""
    _on_linux()
    told = _file(root / "etc/machine-id", root / "var/lib/dbus/machine-id").strip().lower()
    if not re.match(MACHINE_ID, told) or not told.strip("0"):
        raise Unreadable(f"'{told[:40]}' is no machine id")
    return told


_OS_RELEASE = ("id", "name", "version_id", "version_codename", "pretty_name")


def system(unread: Unread, root: Path) -> dict[str, Any]:
    """Return the platform: what os-release says, on Linux, and the kernel."""
    name = platform.system()
    found: dict[str, Any] = {"system": name or "unknown", **dict.fromkeys(_OS_RELEASE)}
    if name == "Linux":
        found.update(_os_release(unread, root))
    else:
        version = platform.mac_ver()[0] if name == "Darwin" else platform.version()
        found.update({"name": "macOS" if name == "Darwin" else name, "version_id": _optional(version)})
        for key in ("id", "version_codename", "pretty_name"):
            unread.add(f"/platform/{key}", f"it is not read on {name}")
    found["kernel"] = unread.read("/platform/kernel", platform.release)
    found["architecture"] = unread.read("/platform/architecture", platform.machine)
    return found


def _os_release(unread: Unread, root: Path) -> dict[str, Any]:
    """Return what os-release tells; not every system has all of it."""
    try:
        lines = _file(root / "etc/os-release", root / "usr/lib/os-release").splitlines()
    except _FAILURES as error:
        for key in _OS_RELEASE:
            unread.add(f"/platform/{key}", reason(error))
        return {}
    told = {key.strip().lower(): value for key, is_set, value in (line.partition("=") for line in lines) if is_set}
    known = [key for key in _OS_RELEASE if key in told]
    return {key: unread.read(f"/platform/{key}", partial(_unquoted, told[key])) for key in known}


def _unquoted(value: str) -> str:
    return "".join(shlex.split(value))


def hardware(unread: Unread, root: Path) -> dict[str, Any]:
    """Return what the firmware says of the machine, raw: DMI on PCs, the device tree on a Raspberry Pi and the like."""
    dmi = root / "sys/class/dmi/id"
    readers = {
        "manufacturer": lambda: _firmware(dmi / "sys_vendor"),
        "model": lambda: _firmware(dmi / "product_name", root / "proc/device-tree/model"),
        "serial": lambda: _serial(dmi / "product_serial", root),
    }
    return {name: unread.read(f"/hardware/{name}", reader) for name, reader in readers.items()}


def _firmware(*files: Path) -> str:
    _on_linux()
    try:
        return _file(*files)
    except FileNotFoundError:
        raise Unreadable("the firmware tells none") from None


def _serial(dmi: Path, root: Path) -> str:
    with contextlib.suppress(Unreadable):
        return _firmware(dmi, root / "proc/device-tree/serial-number")
    # Old kernels of the Raspberry Pi.
    told = re.search(r"^Serial\s*:\s*(\S+)", _firmware(root / "proc/cpuinfo"), re.MULTILINE)
    if told is None:
        raise Unreadable("the firmware tells none")
    return told.group(1)


def processors(unread: Unread, root: Path) -> dict[str, Any]:
    """Return the processors' model, and how many cores and threads they have together."""
    return {
        "model": unread.read("/cpu/model", lambda: _cpu_model(root)),
        "cores": unread.read("/cpu/cores", lambda: _counted(_psutil().cpu_count(logical=False))),
        "threads": unread.read("/cpu/threads", lambda: _counted(os.cpu_count())),
    }


def _cpu_model(root: Path) -> str:
    if platform.system() != "Linux":
        return platform.processor()
    told = re.search(r"^model name\s*:\s*(.+)$", _file(root / "proc/cpuinfo"), re.MULTILINE)
    if told is None:
        raise Unreadable("/proc/cpuinfo has no model name, as on most ARM machines")
    return told.group(1)


def _counted(count: int | None) -> int:
    if count is None:
        raise Unreadable("the system does not tell")
    return count


def memory(root: Path) -> int:
    """Return the bytes of memory that the system has for use."""
    if platform.system() != "Linux":
        return int(_psutil().virtual_memory().total)
    told = re.search(r"^MemTotal:\s*(\d+) kB", _file(root / "proc/meminfo"), re.MULTILINE)
    if told is None:
        raise Unreadable("/proc/meminfo has no MemTotal")
    return int(told.group(1)) * 1024


# Disks.


def disks(unread: Unread, root: Path) -> list[dict[str, Any]]:
    """Return the disks that are devices: no loop, RAM or mapped ones, no optical drives, no boot areas of memory cards."""
    _on_linux()
    block = root / "sys/block"
    names = sorted(each.name for each in block.iterdir() if (each / "device").exists())
    told = [name for name in names if not re.match(r"sr\d|fd\d|loop|ram|mmcblk\d+(boot|rpmb|gp)", name)]
    return [_disk(unread, f"/disks/{at}", block / name) for at, name in enumerate(told)]


def _disk(unread: Unread, path: str, folder: Path) -> dict[str, Any]:
    device = folder / "device"
    return {
        # A slash in the name of a device is an exclamation mark in /sys.
        "name": clean(folder.name.replace("!", "/")),
        "size": unread.read(f"{path}/size", lambda: int(_file(folder / "size")) * 512),
        "model": unread.read(f"{path}/model", lambda: _of_disk(device / "model", device / "name")),
        "serial": unread.read(f"{path}/serial", lambda: _of_disk(folder / "serial", device / "serial")),
        "removable": unread.read(f"{path}/removable", lambda: _file(folder / "removable").strip() == "1"),
    }


def _of_disk(*files: Path) -> str:
    try:
        return _file(*files)
    except FileNotFoundError:
        raise Unreadable("the disk tells none") from None


# The network.


def network(unread: Unread, root: Path) -> tuple[Any, Any]:
    """Return the interfaces and their addresses, from one look at both."""
    try:
        links = _ip("-d", "address", "show")
    except _FAILURES as error:
        return _network_elsewhere(unread, root, reason(error))
    named = [each for each in links if isinstance(each.get("ifname"), str) and _is_told(unread, each["ifname"])]
    interfaces = unread.read_list(
        "/interfaces", lambda: [_interface(unread, f"/interfaces/{at}", each, root) for at, each in enumerate(named)]
    )
    return interfaces, unread.read_list("/addresses", lambda: list(_addresses(unread, named)))


def _ip(*words: str) -> list[dict[str, Any]]:
    """Return what `ip` tells; old ones without JSON fail, as that of BusyBox does."""
    _on_linux()
    try:
        told = json.loads(run("ip", "-j", *words) or "[]")
    except ValueError:
        raise Unreadable("ip tells no JSON: it is too old, or BusyBox's") from None
    # Old ones have empty objects in between.
    return [each for each in told if isinstance(each, dict) and each]


def _is_told(unread: Unread, name: str) -> bool:
    """Tell whether the document can tell an interface's name; the kernel takes almost any bytes."""
    return unread.read("/interfaces", lambda: clean(name)) is not None


def _interface(unread: Unread, path: str, link: dict[str, Any], root: Path) -> dict[str, Any]:
    name, info, flags = link["ifname"], link.get("linkinfo") or {}, link.get("flags") or ()
    folder = root / "sys/class/net" / name
    data, member = info.get("info_data") or {}, info.get("info_slave_data") or {}
    permanent = link.get("permaddr") or member.get("perm_hwaddr")
    vlan = data.get("id") if info.get("info_kind") == "vlan" else None
    return {
        "name": name,
        "kind": unread.read(f"{path}/kind", lambda: _kind(link, info, folder)),
        "mac": unread.read(f"{path}/mac", lambda: _mac(link.get("address"))),
        "permanent_mac": unread.read(f"{path}/permanent_mac", lambda: _mac(permanent or permanent_mac(name))),
        "mtu": unread.read(f"{path}/mtu", partial(_int, link, "mtu")),
        "speed": unread.read(f"{path}/speed", lambda: _speed(_same(folder, link))),
        "enabled": "UP" in flags,
        "state": unread.read(f"{path}/state", lambda: str(link["operstate"]).lower()),
        "parent": unread.read(f"{path}/parent", lambda: _parent(link)),
        "master": _optional(link.get("master")),
        "vlan_id": vlan if isinstance(vlan, int) and 0 <= vlan <= 4095 else None,
    }


def _kind(link: dict[str, Any], info: dict[str, Any], folder: Path) -> str:
    if info.get("info_kind"):
        return str(info["info_kind"])
    if "LOOPBACK" in (link.get("flags") or ()):
        return "loopback"
    return _kind_of(_same(folder, link))


def _kind_of(folder: Path) -> str:
    """Return the kind of interface that /sys tells."""
    _on_linux()
    if (folder / "wireless").exists() or (folder / "phy80211").exists():
        return "wireless"
    if (folder / "device").exists():
        return "physical"
    told = re.search(r"^DEVTYPE=(\S+)", _file(folder / "uevent"), re.MULTILINE)
    if told:
        return told.group(1)
    # ARPHRD_LOOPBACK
    if _file(folder / "type").strip() == "772":
        return "loopback"
    if (folder / "tun_flags").exists():
        return "tun"
    raise Unreadable("neither the kernel nor /sys tells")


def _same(folder: Path, link: dict[str, Any]) -> Path:
    """Return the folder of an interface in /sys; that may show another network namespace, where the name is another's."""
    if _file(folder / "ifindex").strip() != str(link.get("ifindex")):
        raise Unreadable(_ANOTHER)
    return _with_address(folder, link.get("address", ""))


_ANOTHER = "/sys shows another network namespace"


def _with_address(folder: Path, address: str) -> Path:
    if _file(folder / "address").strip() != address:
        raise Unreadable(_ANOTHER)
    return folder


def _mac(address: Any) -> str | None:
    if not address or address == "00:00:00:00:00:00":
        return None
    told = str(address).lower()
    if not _MAC_ADDRESS.fullmatch(told):
        raise Unreadable(f"'{told[:60]}' is no MAC address")
    return told


def permanent_mac(name: str) -> str | None:
    """Return the MAC address that the hardware has, as the kernel tells anybody (ETHTOOL_GPERMADDR); None where it has none."""
    _on_linux()
    # Not there on Windows.
    import fcntl  # noqa: PLC0415

    answer = array.array("B", struct.pack("=II32s", 0x20, 32, b""))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        fcntl.ioctl(asked, 0x8946, struct.pack("16sP16x", os.fsencode(name)[:15], answer.buffer_info()[0]))
    _, size, told = struct.unpack("=II32s", answer.tobytes())
    digits = told[:size]
    return ":".join(f"{each:02x}" for each in digits) if any(digits) else None


_NO_SPEEDS = {2**16 - 1, 2**32 - 1}
"""How old kernels write -1."""


def _speed(folder: Path) -> int:
    try:
        told = int(_file(folder / "speed"))
    except OSError:
        told = -1
    if told < 0 or told in _NO_SPEEDS:
        raise Unreadable("it has none, or none while it is down")
    return told


def _parent(link: dict[str, Any]) -> str | None:
    if isinstance(link.get("link"), str):
        return str(link["link"])
    if link.get("link_netnsid") is not None:
        raise Unreadable("it is in another network namespace")
    return None


def _addresses(unread: Unread, links: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    told = [(link["ifname"], each) for link in links for each in link.get("addr_info") or () if isinstance(each, dict)]
    families = {"inet": 4, "inet6": 6}
    known = [(name, each) for name, each in told if each.get("family") in families and isinstance(each.get("local"), str)]
    for at, (name, each) in enumerate(known):
        path = f"/addresses/{at}"
        yield {
            "interface": name,
            "address": each["local"],
            "prefix_length": unread.read(f"{path}/prefix_length", partial(_int, each, "prefixlen")),
            "family": families[each["family"]],
            "scope": unread.read(f"{path}/scope", partial(_str, each, "scope")),
            "valid_lifetime": _lifetime(each.get("valid_life_time")),
            "preferred_lifetime": _lifetime(each.get("preferred_life_time")),
            "dynamic": bool(each.get("dynamic")),
            "temporary": bool(each.get("temporary")),
            "deprecated": bool(each.get("deprecated")),
        }


def _int(told: dict[str, Any], name: str) -> int:
    return int(told[name])


def _str(told: dict[str, Any], name: str) -> str:
    return str(told[name])


def _lifetime(seconds: Any) -> int | None:
    return seconds if isinstance(seconds, int) and 0 <= seconds < _FOREVER else None


def default_routes(unread: Unread, root: Path) -> list[dict[str, Any]]:
    """Return the default routes of IPv4 and IPv6."""
    _on_linux()
    try:
        told = [(family, each) for family in (4, 6) for each in _ip(f"-{family}", "route", "show", "default")]
    except Unreadable:
        return list(_routes_of_proc(unread, root))
    return [route for family, each in told if each.get("type", "unicast") == "unicast" for route in _routes(family, each)]


def _routes(family: int, route: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a route, or each way of one that has several."""
    for way in route.get("nexthops") or [route]:
        other = way.get("via") or {}
        if isinstance(way.get("dev"), str):
            yield {
                "family": family,
                "gateway": _optional(way.get("gateway") or other.get("host")),
                "interface": clean(way["dev"]),
                # `ip` leaves out the metric that wins over all others.
                "metric": int(route.get("metric", 0)),
                "preferred_source": _optional(route.get("prefsrc")),
            }


_UP, _REJECT = 0x1, 0x200
"""Flags of routes; the first is also one of interfaces."""


class _Route(NamedTuple):
    family: int
    gateway: ipaddress.IPv4Address | ipaddress.IPv6Address
    interface: str
    metric: int


def _routes_of_proc(unread: Unread, root: Path) -> Iterator[dict[str, Any]]:
    found = [*_routes_of_ipv4(root / "proc/net/route"), *_routes_of_ipv6(root / "proc/net/ipv6_route")]
    for at, route in enumerate(found):
        unread.add(f"/default_routes/{at}/preferred_source", "/proc does not tell it")
        gateway = None if route.gateway.is_unspecified else str(route.gateway)
        yield {**route._asdict(), "gateway": gateway, "preferred_source": None}


def _routes_of_ipv4(file: Path) -> Iterator[_Route]:
    for line in _file(file).splitlines()[1:]:
        name, target, gateway, flags, _, _, metric, mask, *_ = line.split()
        if int(target, 16) == int(mask, 16) == 0 and int(flags, 16) & (_UP | _REJECT) == _UP:
            yield _Route(4, ipaddress.IPv4Address(struct.pack("=I", int(gateway, 16))), name, int(metric))


def _routes_of_ipv6(file: Path) -> Iterator[_Route]:
    # Not there where IPv6 is switched off.
    for line in _file(file).splitlines() if file.exists() else ():
        target, length, _, _, gateway, metric, _, _, flags, name = line.split()
        if int(target, 16) == int(length, 16) == 0 and int(flags, 16) & (_UP | _REJECT) == _UP:
            yield _Route(6, ipaddress.IPv6Address(bytes.fromhex(gateway)), name, int(metric, 16))


def _network_elsewhere(unread: Unread, root: Path, why: str) -> tuple[Any, Any]:
    """Return interfaces and addresses as psutil knows them, where `ip` is not there to tell more."""
    try:
        known = _psutil()
        every, states = known.net_if_addrs(), known.net_if_stats()
    except (*_FAILURES, RuntimeError) as error:
        for path in ("/interfaces", "/addresses"):
            unread.add(path, f"{why}; {reason(error)}")
        return None, None
    named = [name for name in sorted({*every, *states}) if _is_told(unread, name)]
    interfaces = unread.read_list(
        "/interfaces",
        lambda: [
            _interface_elsewhere(
                unread, f"/interfaces/{at}", root / "sys/class/net" / name, every.get(name, ()), states.get(name)
            )
            for at, name in enumerate(named)
        ],
    )
    told = [(name, each) for name in named for each in every.get(name, ()) if each.family in {socket.AF_INET, socket.AF_INET6}]
    addresses = [_address_elsewhere(unread, f"/addresses/{at}", name, each, why) for at, (name, each) in enumerate(told)]
    return interfaces, unread.read_list("/addresses", lambda: addresses)


def _interface_elsewhere(unread: Unread, path: str, folder: Path, addresses: Any, state: Any) -> dict[str, Any]:
    name, linux = folder.name, platform.system() == "Linux"
    macs = [each.address.lower().replace("-", ":") for each in addresses if each.family == _psutil().AF_LINK]
    found = {
        "name": name,
        "kind": unread.read(f"{path}/kind", lambda: _kind_of(_with_address(folder, macs[0] if macs else ""))),
        "mac": unread.read(f"{path}/mac", lambda: _mac(macs[0] if macs else None)),
        "permanent_mac": unread.read(f"{path}/permanent_mac", lambda: _mac(permanent_mac(name))),
        "mtu": unread.read(f"{path}/mtu", lambda: _of_state(state, "mtu")),
        "speed": unread.read(f"{path}/speed", lambda: _of_state(state, "speed")),
        "enabled": None,
        "state": unread.read(f"{path}/state", lambda: _of_sys(folder / "operstate")),
        "parent": None,
        "master": _optional(Path(os.readlink(folder / "master")).name) if linux and (folder / "master").exists() else None,
        "vlan_id": None,
    }
    found["enabled"] = unread.read(f"{path}/enabled", lambda: bool(int(_of_sys(folder / "flags"), 16) & _UP))
    for field in ("parent", "vlan_id", *(() if linux else ("master",))):
        unread.add(f"{path}/{field}", "only the command ip tells it")
    return found


def _of_sys(file: Path) -> str:
    _on_linux()
    return _file(file)


def _of_state(state: Any, field: str) -> int:
    told = getattr(state, field, 0)
    if not told:
        raise Unreadable("the system does not tell")
    return int(told)


def _address_elsewhere(unread: Unread, path: str, name: str, told: Any, why: str) -> dict[str, Any]:
    family = 4 if told.family == socket.AF_INET else 6
    unknown = ("scope", "valid_lifetime", "preferred_lifetime", "dynamic", "temporary", "deprecated")
    for field in unknown:
        unread.add(f"{path}/{field}", why)
    return {
        "interface": name,
        "address": told.address.partition("%")[0],
        "prefix_length": unread.read(f"{path}/prefix_length", lambda: _prefix_length(told.netmask)),
        "family": family,
        **dict.fromkeys(unknown),
    }


def _prefix_length(mask: str | None) -> int:
    if not mask:
        raise Unreadable("the system tells no netmask")
    return f"{int(ipaddress.ip_address(mask)):b}".count("1")


# Containers.


class _Engine(http.client.HTTPConnection):
    """A container engine's API over its socket. Docker's own; Podman's is compatible."""

    def __init__(self, file: str) -> None:
        super().__init__("localhost", timeout=COMMAND_SECONDS)
        self._file = file

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._file)


class _Gone(Unreadable):
    """The engine has no such thing, or no more."""


def containers(unread: Unread, root: Path) -> list[dict[str, Any]]:
    """Return the containers of every engine that there is, those that do not run, too.

    Where one engine cannot be read, none is told: who reads half a list believes that the other half is gone.
    """
    found: list[dict[str, Any]] = []
    for file in _sockets(root):
        about, reader = f"the socket {file}", _Containers(file, len(found))
        try:
            found += within(ENGINE_SECONDS, about, reader.read)
        except _FAILURES as error:
            raise Unreadable(f"{about}: {reason(error)}") from None
        unread.told += reader.unread.told
    return found


def _sockets(root: Path) -> list[str]:
    """Return the sockets of the engines, each once: /var/run/docker.sock may lead to Podman's."""
    _on_linux()
    named = os.environ.get("DOCKER_HOST", "")
    if named and not named.startswith("unix://"):
        raise Unreadable("DOCKER_HOST names an engine without a socket on this machine")
    if named:
        return [named[len("unix://") :]]
    own = os.environ.get("XDG_RUNTIME_DIR")
    places = [root / "var/run/docker.sock", root / "run/podman/podman.sock"]
    places += [Path(own, "podman/podman.sock")] if own else []
    found = list(dict.fromkeys(os.path.realpath(each) for each in places if each.exists()))
    if not found:
        raise Unreadable("there is no socket of Docker or Podman")
    return found


class _Containers:
    """Reads the containers of one engine. They are numbered from `first` on, in what is unread."""

    def __init__(self, file: str, first: int) -> None:
        self.unread = Unread()
        self._file, self._first = file, first
        self._images: dict[str, list[str]] = {}

    def read(self) -> list[dict[str, Any]]:
        """Return all of them."""
        parts = self._ask("/version").get("Components") or ()
        engine = "podman" if any("podman" in str(each.get("Name")).lower() for each in parts) else "docker"
        found: list[dict[str, Any]] = []
        for listed in _bounded(self._ask("/containers/json?all=true"), MOST["containers"]):
            with contextlib.suppress(_Gone):
                found.append(self._container(f"/containers/{self._first + len(found)}", engine, listed))
        return found

    def _ask(self, question: str) -> Any:
        engine = _Engine(self._file)
        try:
            engine.request("GET", question)
            answer = engine.getresponse()
            content = answer.read(ENGINE_BYTES + 1)
        finally:
            engine.close()
        if answer.status != http.client.OK:
            raise (_Gone if answer.status == http.client.NOT_FOUND else Unreadable)(f"it answered with status {answer.status}")
        if len(content) > ENGINE_BYTES:
            raise Unreadable(f"it answered with more than {ENGINE_BYTES // 2**20} MB")
        return json.loads(content)

    def _container(self, path: str, engine: str, listed: dict[str, Any]) -> dict[str, Any]:
        details, why = self._details(listed["Id"])
        labels = listed.get("Labels") or {}
        image = (details.get("Config") or {}).get("Image") or listed.get("Image")
        read = self.unread.read
        return {
            "engine": engine,
            "id": clean(listed["Id"]),
            "name": clean(_own_name(listed["Names"])),
            "image": read(f"{path}/image", lambda: image),
            "image_id": read(f"{path}/image_id", lambda: listed["ImageID"]),
            "digest": read(f"{path}/digest", lambda: self._digest(str(image), listed["ImageID"])),
            "state": read(f"{path}/state", lambda: _state(listed["State"])),
            "compose": read(f"{path}/compose", lambda: _compose(labels)),
            **{name: read(f"{path}/{name}", partial(_detail, of, details, why)) for name, of in _DETAILS.items()},
            "labels": read(f"{path}/labels", lambda: self._labels(f"{path}/labels", labels)),
        }

    def _details(self, identity: str) -> tuple[dict[str, Any], str]:
        """Return what the engine tells of a container, and why it does not."""
        try:
            return self._ask(f"/containers/{quote(identity)}/json"), ""
        except _Gone:
            # It ended after it was listed.
            raise
        except _FAILURES as error:
            return {}, reason(error)

    def _digest(self, image: str, identity: str) -> str | None:
        """Return what the registry knows the image by; None for one that was built here."""
        if "@" in image:
            return image.partition("@")[2]
        if identity not in self._images:
            self._images[identity] = self._ask(f"/images/{quote(identity, safe=':')}/json").get("RepoDigests") or []
        known = [each.partition("@") for each in self._images[identity]]
        name = re.sub(r":[^:/]*$", "", image)
        named = {
            digest for repository, _, digest in known if repository in {name, f"docker.io/library/{name}", f"docker.io/{name}"}
        }
        found = named or {digest for _, _, digest in known}
        if len(found) > 1:
            raise Unreadable(f"its image has {len(found)} digests")
        return found.pop() if found else None

    def _labels(self, path: str, labels: dict[str, str]) -> dict[str, str]:
        """Return the labels, but for those that may hold a secret, and those that cannot be told."""
        found = {}
        for name, value in _bounded(list(labels.items()), MOST["labels"]):
            pointer = f"{path}/{name.replace('~', '~0').replace('/', '~1')}"
            told = self.unread.read(pointer, partial(_label, name, value))
            if told is not None:
                found[name] = told[0]
        return found


def _label(name: str, value: str) -> tuple[str]:
    if _SECRET.search(name):
        raise Unreadable("its name speaks of a secret")
    if clean(name) != name:
        raise Unreadable("its name has blanks around it")
    # Not as a bare text, which would have to be filled.
    return (clean(value, MOST["text"], empty=True),)


def _detail(of: Callable[[dict[str, Any]], Any], details: dict[str, Any], why: str) -> Any:
    if why:
        raise Unreadable(why)
    return of(details)


def _own_name(names: Sequence[str]) -> str:
    """Return a container's own name; it has others in the containers that link to it (/other/alias)."""
    return next((each for each in names if each.count("/") < 2), names[0]).lstrip("/")


def _state(state: str) -> str:
    if state not in _STATES:
        raise Unreadable(f"'{state}' is no state that is known")
    return state


def _compose(labels: dict[str, str]) -> dict[str, Any] | None:
    """Return what Docker Compose or podman-compose stamped on a container."""
    stamps = {**_stamped(labels, "io.podman.compose."), **_stamped(labels, "com.docker.compose.")}
    if not stamps.get("project"):
        return None
    number = stamps.get("container-number", "")
    # `docker compose run` stamps its container as the service's own one.
    alone = stamps.get("oneoff", "").lower() == "true"
    return {
        "project": clean(stamps["project"]),
        "service": None if alone else _optional(stamps.get("service")),
        "number": int(number) if re.match(r"^\d{1,9}$", number) and not alone else None,
        "working_dir": _optional(stamps.get("project.working_dir")),
    }


def _stamped(labels: dict[str, str], prefix: str) -> dict[str, str]:
    return {name[len(prefix) :]: value for name, value in labels.items() if name.startswith(prefix)}


def _cpus(details: dict[str, Any]) -> float | None:
    limits = details["HostConfig"]
    if limits.get("NanoCpus"):
        return float(limits["NanoCpus"] / 1e9)
    # Docker's own default of the period is 100 ms.
    return limits["CpuQuota"] / (limits.get("CpuPeriod") or 100_000) if limits.get("CpuQuota", 0) > 0 else None


def _memory(details: dict[str, Any]) -> int | None:
    limit = int(details["HostConfig"]["Memory"])
    return limit if 0 < limit < 2**63 else None


def _restart_policy(details: dict[str, Any]) -> str | None:
    return _optional((details["HostConfig"].get("RestartPolicy") or {}).get("Name"))


def _ports(details: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the ports: as they are bound while it runs, else as they will be; those that are not published, too."""
    bound, meant = details["NetworkSettings"].get("Ports") or {}, details["HostConfig"].get("PortBindings") or {}
    found = []
    for port in sorted({*bound, *meant, *(details["Config"].get("ExposedPorts") or {})}, key=_port):
        number, protocol = _port(port)
        told = [
            (_host_ip(each.get("HostIp")), _host_port(each.get("HostPort")))
            for each in bound.get(port) or meant.get(port) or [{}]
        ]
        # One line for IPv4 and one for IPv6 are one where both are for every address.
        found += [
            {"host_ip": ip, "host_port": host_port, "container_port": number, "protocol": protocol}
            for ip, host_port in dict.fromkeys(told)
        ]
    return _bounded(found, MOST["ports"])


def _port(written: str) -> tuple[int, str]:
    number, _, protocol = written.partition("/")
    if (protocol or "tcp") not in _PROTOCOLS:
        raise Unreadable(f"'{written}' is no port")
    return _port_number(number), protocol or "tcp"


def _port_number(written: str) -> int:
    if not 0 < int(written) < 65536:
        raise Unreadable(f"'{written}' is no port")
    return int(written)


def _host_port(written: str | None) -> int | None:
    # Where nothing is said, or 0, the engine chooses one when the container starts.
    return None if written in {None, "", "0"} else _port_number(str(written))


def _host_ip(address: str | None) -> str | None:
    return None if address in {None, "", "0.0.0.0", "::"} else clean(str(address))  # noqa: S104 - it is read, not bound


def _volumes(details: dict[str, Any]) -> list[dict[str, Any]]:
    found = [
        {
            "type": clean(each["Type"]),
            "source": _path(each.get("Name") if each["Type"] == "volume" else each.get("Source")),
            "destination": _path(each["Destination"]),
            "read_only": not each["RW"],
        }
        for each in details.get("Mounts") or ()
    ]
    return _bounded(found, MOST["volumes"])


def _path(path: str | None) -> str | None:
    return clean(path, MOST["text"]) if path else None


def _networks(details: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for name, each in sorted((details["NetworkSettings"].get("Networks") or {}).items()):
        told = (("IPAddress", "IPPrefixLen"), ("GlobalIPv6Address", "GlobalIPv6PrefixLen"))
        addresses = [f"{each[address]}/{each[length]}" for address, length in told if each.get(address)]
        found.append({"name": clean(name), "addresses": addresses, "mac": _mac(each.get("MacAddress"))})
    return _bounded(found, MOST["networks"])


_DETAILS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "cpus": _cpus,
    "memory": _memory,
    "restart_policy": _restart_policy,
    "ports": _ports,
    "volumes": _volumes,
    "networks": _networks,
}
"""What only a question about the container itself tells."""


# What listens.


def services(unread: Unread) -> list[dict[str, Any]]:
    """Return the ports that somebody listens on, of TCP and UDP, and who that is."""
    known = _psutil()
    try:
        told = known.net_connections(kind="inet")
    except known.Error as error:
        raise Unreadable(str(error)) from None
    # UDP listens nowhere: a socket without another end is as good.
    listening = [each for each in told if each.laddr and (each.status == known.CONN_LISTEN or _is_open_udp(each))]
    found = sorted(
        {("udp" if _is_open_udp(each) else "tcp", each.laddr.port, each.laddr.ip, each.pid or 0) for each in listening}
    )
    return [
        {
            "protocol": protocol,
            "address": clean(address.partition("%")[0]),
            "port": port,
            "process": unread.read(f"/services/{at}/process", partial(_process, process)),
        }
        for at, (protocol, port, address, process) in enumerate(found)
    ]


def _is_open_udp(connection: Any) -> bool:
    return connection.type == socket.SOCK_DGRAM and not connection.raddr


def _process(number: int) -> str:
    known = _psutil()
    if not number:
        raise Unreadable("it is another user's: only root may know")
    try:
        return str(known.Process(number).name())
    except known.Error as error:
        raise Unreadable(str(error)) from None


# The document.


def collect(*, with_services: bool = False, root: Path = Path("/")) -> dict[str, Any]:
    """Return the document of this machine; `root` is where its files are, for those who look at another tree."""
    unread = Unread()
    interfaces, addresses = network(unread, root)
    document = {
        "schema": SCHEMA,
        "collected_at": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        "hostname": unread.read("/hostname", hostname),
        "fqdn": unread.read("/fqdn", fqdn),
        "machine_id": unread.read("/machine_id", lambda: machine_id(root)),
        "platform": system(unread, root),
        "hardware": hardware(unread, root),
        "cpu": processors(unread, root),
        "memory": unread.read("/memory", lambda: memory(root)),
        "disks": unread.read_list("/disks", lambda: disks(unread, root)),
        "interfaces": interfaces,
        "addresses": addresses,
        "default_routes": unread.read_list("/default_routes", lambda: default_routes(unread, root)),
        "containers": unread.read_list("/containers", lambda: containers(unread, root)),
        "services": unread.read_list("/services", lambda: services(unread) if with_services else _not_asked()),
    }
    return {**document, "unread": unread.told}


def _not_asked() -> list[dict[str, Any]]:
    raise Unreadable("it was not asked for: --services")


# Its schema.


def schema() -> dict[str, Any]:
    """Return the document's JSON Schema."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A host's state", **_host()}


def _host() -> dict[str, Any]:
    return _object(
        schema={"const": SCHEMA, "type": "integer"},
        collected_at={"format": "date-time", "type": "string"},
        hostname=_or_null(_HOST_NAME),
        fqdn=_or_null(_HOST_NAME),
        machine_id=_or_null({"pattern": MACHINE_ID, "type": "string"}),
        platform=_object(system=_NAME, **_nulls(_NAME, "id name version_id version_codename pretty_name kernel architecture")),
        hardware=_object(**_nulls(_NAME, "manufacturer model serial")),
        cpu=_object(model=_or_null(_NAME), **_nulls(_COUNT, "cores threads")),
        memory=_or_null(_BYTES),
        disks=_or_null(_list("disks", _DISK)),
        interfaces=_or_null(_list("interfaces", _INTERFACE)),
        addresses=_or_null(_list("addresses", _ADDRESS)),
        default_routes=_or_null(_list("default_routes", _DEFAULT_ROUTE)),
        containers=_or_null(_list("containers", _CONTAINER)),
        services=_or_null(_list("services", _SERVICE)),
        unread=_list("unread", _object(path=_TEXT, reason=_TEXT)),
    )


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"additionalProperties": False, "properties": properties, "required": list(properties), "type": "object"}


def _list(name: str, of: dict[str, Any]) -> dict[str, Any]:
    return {"items": of, "maxItems": MOST[name], "type": "array"}


def _or_null(of: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [of, {"type": "null"}]}


def _nulls(of: dict[str, Any], names: str) -> dict[str, Any]:
    return {name: _or_null(of) for name in names.split()}


def _whole(least: int, most: int) -> dict[str, Any]:
    return {"maximum": most, "minimum": least, "type": "integer"}


def _one_of(*words: str) -> dict[str, Any]:
    return {"enum": list(words), "type": "string"}


_HOST_NAME = {"maxLength": 253, "pattern": HOSTNAME, "type": "string"}
_NAME = {"maxLength": MOST["name"], "minLength": 1, "pattern": CLEAN, "type": "string"}
_TEXT = {"maxLength": MOST["text"], "pattern": CLEAN, "type": "string"}
_COUNT, _BYTES, _PORT = _whole(0, 2**32 - 1), _whole(0, 2**63 - 1), _whole(1, 65535)
_FAMILY, _TRUTH = {"enum": [4, 6], "type": "integer"}, {"type": "boolean"}
_DISK = _object(name=_NAME, size=_or_null(_BYTES), **_nulls(_NAME, "model serial"), removable=_or_null(_TRUTH))
_INTERFACE = _object(
    name=_NAME,
    **_nulls(_NAME, "kind mac permanent_mac"),
    **_nulls(_COUNT, "mtu speed"),
    enabled=_or_null(_TRUTH),
    **_nulls(_NAME, "state parent master"),
    vlan_id=_or_null(_whole(0, 4095)),
)
_ADDRESS = _object(
    interface=_NAME,
    address=_NAME,
    prefix_length=_or_null(_whole(0, 128)),
    family=_FAMILY,
    scope=_or_null(_NAME),
    **_nulls(_COUNT, "valid_lifetime preferred_lifetime"),
    **_nulls(_TRUTH, "dynamic temporary deprecated"),
)
_DEFAULT_ROUTE = _object(
    family=_FAMILY, gateway=_or_null(_NAME), interface=_NAME, metric=_or_null(_COUNT), preferred_source=_or_null(_NAME)
)
_COMPOSE = _object(project=_NAME, service=_or_null(_NAME), number=_or_null(_COUNT), working_dir=_or_null(_TEXT))
_CONTAINER = _object(
    engine=_one_of("docker", "podman"),
    id=_NAME,
    name=_NAME,
    **_nulls(_NAME, "image image_id digest"),
    state=_or_null(_one_of(*_STATES)),
    compose=_or_null(_COMPOSE),
    cpus=_or_null({"exclusiveMinimum": 0, "maximum": 1_000_000, "type": "number"}),
    memory=_or_null(_BYTES),
    restart_policy=_or_null(_NAME),
    ports=_or_null(
        _list(
            "ports",
            _object(host_ip=_or_null(_NAME), host_port=_or_null(_PORT), container_port=_PORT, protocol=_one_of(*_PROTOCOLS)),
        )
    ),
    volumes=_or_null(
        _list("volumes", _object(type=_NAME, source=_or_null(_TEXT), destination=_TEXT, read_only=_or_null(_TRUTH)))
    ),
    labels=_or_null(
        {"additionalProperties": _TEXT, "maxProperties": MOST["labels"], "propertyNames": {**_NAME}, "type": "object"}
    ),
    networks=_or_null(_list("networks", _object(name=_NAME, addresses=_list("network_addresses", _NAME), mac=_or_null(_NAME)))),
)
_SERVICE = _object(protocol=_one_of("tcp", "udp"), address=_NAME, port=_PORT, process=_or_null(_NAME))


# The command line.


def as_json(document: dict[str, Any]) -> bytes:
    """Return a document, or its schema, as it is written: UTF-8, whatever the machine prefers, with a line's end."""
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def save(document: dict[str, Any], place: Path) -> Path:
    """Write a document as a file (.json, or one that is there), or into a folder; return the file.

    A folder that is not there is made. Raises OSError and Unreadable.
    """
    file = place
    if place.is_dir() or not (place.exists() or place.suffix == ".json"):
        place.mkdir(parents=True, exist_ok=True)
        file = place / file_name(document["hostname"], document["machine_id"])
    write(as_json(document), file)
    return file


def file_name(name: str | None, machine: str | None) -> str:
    """Return the name of the file that a document belongs into: by the host's name, else by its machine id."""
    if not (name or machine):
        raise Unreadable("the host has neither a name nor a machine id to name the file by")
    return f"{name or machine}.json"


def write(content: bytes, file: Path) -> None:
    """Write a file so that nobody ever reads half of it; raises OSError. A link is followed; what is no file is left alone."""
    file = Path(os.path.realpath(file))
    if file.exists() and not (file.is_file() or file.is_dir()):
        raise OSError(errno.EINVAL, "it is no file that could be written whole", str(file))
    if not file.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file.parent))
    # Hidden until it is whole, for a folder may be watched; with the rights that any new file has.
    part = file.with_name(f".{os.urandom(8).hex()}.part")
    try:
        with part.open("xb") as opened:
            opened.write(content)
        os.replace(part, file)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()


def main(words: Sequence[str] | None = None) -> None:
    """Print this machine's document."""
    parser = argparse.ArgumentParser(prog="collect.py", description="Print what this machine is, as JSON.")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of the document instead")
    parser.add_argument("--services", action="store_true", help="tell what listens, too")
    parser.add_argument("--output", type=Path, metavar="FILE|FOLDER", help="write it there; in a folder, named after the host")
    given = parser.parse_args(words)
    if given.schema or given.output is None:
        sys.stdout.buffer.write(as_json(schema() if given.schema else collect(with_services=given.services)))
        return
    try:
        save(collect(with_services=given.services), given.output)
    except (OSError, Unreadable) as error:
        sys.exit(f"collect.py: {reason(error)}")


if __name__ == "__main__":
    main()
