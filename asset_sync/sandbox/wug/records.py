"""What the simulated server keeps: devices with all that hangs on them, groups, roles, scans; and hosts outside of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

State = Literal["Unknown", "Up", "Down", "Maintenance"]
GroupType = Literal["static_group", "dynamic_group", "layer2"]
RoleKind = Literal["role", "brand", "os", "subRole"]
ScanModel = Literal["newDevice", "refresh"]

ROOT_ID = "0"
ALL_ID = "-1"
DEFAULT_ROLE = "Device"


@dataclass(frozen=True, slots=True)
class Host:
    """What answers at an address of the network, outside of WhatsUp Gold, when a scan asks there."""

    address: str
    name: str
    role: str = ""
    brand: str = ""
    os: str = ""


@dataclass(slots=True)
class Interface:
    """A network interface; one of a device's is the default one."""

    id: str
    address: str
    host_name: str
    default: bool = False
    poll_by_name: bool = False


@dataclass(slots=True)
class Attribute:
    """A name and a value on a device. `discovered` is the value that a scan found, empty where it found none."""

    id: str
    name: str
    value: str = ""
    discovered: str = ""


@dataclass(slots=True)
class Monitor:
    """An active monitor of a device. `id` is that of the assignment, `type_id` that of the library."""

    id: str
    type_id: str
    name: str
    changed: datetime
    down: bool = False


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Manual maintenance mode. `end` is in UTC; without one it lasts until it is switched off."""

    enabled: bool = False
    end: datetime | None = None
    reason: str = ""
    user: str = ""


@dataclass(slots=True)
class Device:
    """A monitored device. `groups` are the ids of its static groups, `credentials` are (type, name).

    `state` is what polling last found: Up, Down or Unknown. `poll_seconds` is its polling interval.
    """

    id: str
    name: str
    interfaces: list[Interface]
    groups: list[str]
    changed: datetime
    role: str = DEFAULT_ROLE
    sub_roles: list[str] = field(default_factory=list)
    brand: str = ""
    os: str = ""
    note: str = ""
    description: str = ""
    state: State = "Unknown"
    attributes: list[Attribute] = field(default_factory=list)
    monitors: list[Monitor] = field(default_factory=list)
    credentials: list[tuple[str, str]] = field(default_factory=list)
    maintenance: Maintenance = field(default_factory=Maintenance)
    poll_seconds: int = 60
    type: str = "Workstation"
    snmp_oid: str = ""
    action_policy: str = ""
    keep_current: bool = True
    is_wireless: bool = False
    collect_wireless: bool = False

    @property
    def default_interface(self) -> Interface:
        """The interface that says the device's address and host name."""
        return next(one for one in self.interfaces if one.default)

    @property
    def address(self) -> str:
        """The network address, that of the default interface."""
        return self.default_interface.address

    @property
    def host_name(self) -> str:
        """The host name, that of the default interface."""
        return self.default_interface.host_name

    def attribute(self, name: str) -> str | None:
        """The value of the first attribute of that name, or None."""
        return next((one.value for one in self.attributes if one.name == name), None)


@dataclass(slots=True)
class Group:
    """A device group. `parent` is empty for the root alone."""

    id: str
    name: str
    parent: str
    description: str = ""
    type: GroupType = "static_group"


@dataclass(frozen=True, slots=True)
class Role:
    """An entry of the role library: a primary role, a brand, an operating system or a sub-role."""

    id: str
    kind: RoleKind
    name: str
    is_network_device: bool = False
    user_defined: bool = False
