"""The company's network gear in a simulated NetBox, and the scripted days that change it.

The same company, count and days give the same gear, in a NetBox that has the company's sites and nothing else.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from ipaddress import IPv4Address, IPv6Address, ip_interface
from typing import Literal, TypeVar

from asset_sync.sandbox.company import Company, Site
from asset_sync.sandbox.netbox import NetBoxState
from asset_sync.sandbox.network_catalog import MODELS, ROLES, Catalog, GearModel, GearRole, fill_catalog

T = TypeVar("T")
AddressKind = Literal["ipv4", "ipv6", "link-local", "none"]
Status = Literal["active", "planned", "offline", "decommissioning"]

_DEVICES = "dcim/devices"
_ADDRESSES = "ipam/ip-addresses"
_LAST_HOST = 254
_DESCRIPTIONS = ("", "", "2nd floor, east wing", "Uplink to the core", "Küche & Empfang", "On loan from the provider")
_COMMENTS = ("", "", "", "Replaced under warranty.\n\nAsk the **network team** before a restart.", "Schlüssel beim Hausmeister")


@dataclass(frozen=True, slots=True)
class NetworkDevice:
    """A device as it is in NetBox; ids are NetBox's, `site` is a slug.

    `address` is the primary address with its prefix length, such as `172.20.10.2/24`; without one it and `address_id` are
    None. `role` is what NetBox says that the device is for, and need not be what its model was made for.
    """

    id: int
    name: str
    site: str
    model: GearModel
    role: GearRole
    status: Status
    serial: str
    asset_tag: str | None
    description: str
    comments: str
    interface_id: int
    address_id: int | None
    address: str | None

    @property
    def ip(self) -> IPv4Address | IPv6Address | None:
        """The primary address without its prefix length."""
        return ip_interface(self.address).ip if self.address else None

    @property
    def is_link_local(self) -> bool:
        """Whether the primary address is one that nobody outside of its own network reaches."""
        return self.ip is not None and self.ip.is_link_local


@dataclass(frozen=True, slots=True)
class NetworkUpdate:
    """One device before and after, and what happened to it (one of `UPDATES`)."""

    kind: str
    before: NetworkDevice
    after: NetworkDevice

    @property
    def fields(self) -> dict[str, tuple[object, object]]:
        """What differs: the device's field, with its old and its new value."""
        pairs = ((one.name, getattr(self.before, one.name), getattr(self.after, one.name)) for one in fields(NetworkDevice))
        return {name: (old, new) for name, old, new in pairs if old != new}


@dataclass(frozen=True, slots=True)
class NetworkChanges:
    """What a day did, each device in one of the two at most. A decommissioned device is an updated one."""

    updated: tuple[NetworkUpdate, ...]
    created: tuple[NetworkDevice, ...]

    def __len__(self) -> int:
        """How many devices were touched."""
        return len(self.updated) + len(self.created)


Edit = Callable[["Network", NetworkDevice, random.Random], NetworkDevice]


class Network:
    """The gear of a company; `build_network` makes it."""

    def __init__(self, netbox: NetBoxState, company: Company, catalog: Catalog) -> None:
        self._netbox = netbox
        self._company = company
        self._catalog = catalog
        self._devices: dict[int, NetworkDevice] = {}
        self._hosts: Counter[str] = Counter()
        self._numbers = 0

    def __len__(self) -> int:
        """How many devices there are, decommissioned ones among them."""
        return len(self._devices)

    @property
    def devices(self) -> tuple[NetworkDevice, ...]:
        """All devices as they are now, oldest first."""
        return tuple(self._devices.values())

    def day(self, seed: int) -> NetworkChanges:
        """Change a tenth of the devices that are not decommissioned, at least 5 where there are 20 or more, else at least 1.

        It all happens in one step for who asks NetBox over HTTP. The device with a link-local address is left as it is, and
        a kind of change that no device is left for is left out.
        """
        rng = random.Random(f"network day {seed}")  # noqa: S311 - data that comes out the same again is the point
        with self._netbox.lock:
            living = [device for device in self.devices if device.status != "decommissioning"]
            untouched = [device for device in living if not device.is_link_local]
            rng.shuffle(untouched)
            kinds = _kinds(len(living), rng)
            updated = [self._update(kind, untouched, rng) for kind in kinds if kind in UPDATES]
            created = [self.add(_new_address_kind(rng), "active", rng) for kind in kinds if kind == CREATED]
        return NetworkChanges(tuple(one for one in updated if one), tuple(created))

    def add(self, kind: AddressKind, status: Status, rng: random.Random) -> NetworkDevice:
        """Put one more device into NetBox: with its interface and, unless `kind` is "none", its primary address.

        Devices go to the sites in turn. "link-local" is for one device a site. A site has 253 IPv4 addresses; from then on
        its devices get IPv6 ones.
        """
        self._numbers += 1
        number = self._numbers
        site = self._company.sites[number % len(self._company.sites)]
        model = rng.choices(MODELS, weights=[one.weight for one in MODELS])[0]
        draft = NetworkDevice(
            id=0,
            name=_name(site, model.role, number),
            site=site.slug,
            model=model,
            role=model.role,
            status=status,
            serial=f"{model.serials}{(number * 7919 + self._company.seed) % 1_000_000:06d}",
            asset_tag=f"NET{number:05d}" if rng.random() < 0.8 else None,
            description=rng.choice(_DESCRIPTIONS),
            comments=rng.choice(_COMMENTS),
            interface_id=0,
            address_id=None,
            address=None,
        )
        return self._keep(self._connect(self._create(draft, rng), site, kind))

    def _create(self, draft: NetworkDevice, rng: random.Random) -> NetworkDevice:
        catalog = self._catalog
        body = {
            **{name: getattr(draft, name) for name in ("name", "status", "serial", "asset_tag", "description", "comments")},
            "site": catalog.sites[draft.site],
            "location": catalog.rooms[draft.site] if rng.random() < 0.4 else None,
            "device_type": catalog.types[draft.model.model],
            "role": catalog.roles[draft.role.name],
            "platform": catalog.platforms.get(draft.model.platform),
            "tags": [tag for tag in catalog.tags if rng.random() < 0.15],
        }
        return replace(draft, id=self._netbox.create(_DEVICES, body)["id"])

    def _connect(self, device: NetworkDevice, site: Site, kind: AddressKind) -> NetworkDevice:
        name = device.model.interface
        interface_type = "virtual" if name.startswith("vlan") else "1000base-t"
        body = {"device": device.id, "name": name, "type": interface_type, "mgmt_only": interface_type != "virtual"}
        connected = replace(device, interface_id=self._netbox.create("dcim/interfaces", body)["id"])
        return connected if kind == "none" else self._address(connected, self._free_address(site, kind))

    def _address(self, device: NetworkDevice, address: str) -> NetworkDevice:
        """The device with a new primary address."""
        body = {"address": address, "assigned_object_type": "dcim.interface", "assigned_object_id": device.interface_id}
        address_id = self._netbox.create(_ADDRESSES, body)["id"]
        self._netbox.patch(_DEVICES, device.id, {f"primary_ip{ip_interface(address).version}": address_id})
        return replace(device, address_id=address_id, address=address)

    def _free_address(self, site: Site, kind: AddressKind) -> str:
        if kind == "link-local":
            return f"169.254.{site.octet}.2/16"
        self._hosts[site.slug] += 1
        host = self._hosts[site.slug] + 1
        if kind == "ipv6" or host > _LAST_HOST:
            return f"2001:db8:{site.octet:x}:20::{host:x}/64"
        return f"172.20.{site.octet}.{host}/24"

    def _keep(self, device: NetworkDevice) -> NetworkDevice:
        self._devices[device.id] = device
        return device

    def _update(self, kind: str, untouched: list[NetworkDevice], rng: random.Random) -> NetworkUpdate | None:
        before = next((device for device in untouched if _suits(kind, device)), None)
        if before is None:
            return None
        untouched.remove(before)
        return NetworkUpdate(kind, before, self._keep(_EDITS[kind](self, before, rng)))

    def _rename(self, device: NetworkDevice, _rng: random.Random) -> NetworkDevice:
        self._numbers += 1
        name = _name(self._company.site_named(device.site), device.role, self._numbers)
        self._netbox.patch(_DEVICES, device.id, {"name": name})
        return replace(device, name=name)

    def _readdress(self, device: NetworkDevice, _rng: random.Random) -> NetworkDevice:
        kind: AddressKind = "ipv6" if isinstance(device.ip, IPv6Address) else "ipv4"
        changed = self._address(device, self._free_address(self._company.site_named(device.site), kind))
        if device.address_id is not None:
            self._netbox.delete(_ADDRESSES, device.address_id)
        return changed

    def _describe(self, device: NetworkDevice, rng: random.Random) -> NetworkDevice:
        description = rng.choice([text for text in _DESCRIPTIONS if text != device.description])
        comments = rng.choice(_COMMENTS)
        self._netbox.patch(_DEVICES, device.id, {"description": description, "comments": comments})
        return replace(device, description=description, comments=comments)

    def _change_role(self, device: NetworkDevice, rng: random.Random) -> NetworkDevice:
        role = rng.choice([one for one in ROLES if one != device.role])
        self._netbox.patch(_DEVICES, device.id, {"role": self._catalog.roles[role.name]})
        return replace(device, role=role)

    def _decommission(self, device: NetworkDevice, _rng: random.Random) -> NetworkDevice:
        self._netbox.patch(_DEVICES, device.id, {"status": "decommissioning"})
        return replace(device, status="decommissioning")


_EDITS: dict[str, Edit] = {
    "renamed": Network._rename,
    "readdressed": Network._readdress,
    "described": Network._describe,
    "role_changed": Network._change_role,
    "decommissioned": Network._decommission,
}
CREATED = "created"
UPDATES = tuple(_EDITS)


def build_network(netbox: NetBoxState, company: Company, count: int) -> Network:
    """Put `count` devices into NetBox, and the regions, locations and all else that they refer to.

    Exactly one has a link-local address. Of the others about 1 in 12 has an IPv6 address and no other, 1 in 20 none at all;
    1 in 25 is planned, 1 in 25 offline. Raises ValueError for a count below 1, KeyError where NetBox lacks a site of the
    company, and ApiError where it has some of the gear already.
    """
    if count < 1:
        raise ValueError(f"a network has at least 1 device, not {count}")
    rng = random.Random(f"network {company.seed} {company.size} {count}")  # noqa: S311 - see above
    with netbox.lock:
        network = Network(netbox, company, fill_catalog(netbox, company))
        for kind, status in _mix(count, rng):
            network.add(kind, status, rng)
    return network


def _mix(count: int, rng: random.Random) -> list[tuple[AddressKind, Status]]:
    """The sort of address and the status of each device."""
    others = count - 1
    kinds: list[AddressKind] = _deal({"ipv6": 12, "none": 20}, "ipv4", others, rng)
    statuses: list[Status] = _deal({"planned": 25, "offline": 25}, "active", others, rng)
    mix = list(zip(kinds, statuses, strict=True))
    mix.insert(rng.randrange(count), ("link-local", "active"))
    return mix


def _deal(one_in: Mapping[T, int], rest: T, total: int, rng: random.Random) -> list[T]:
    """`total` things in any order: at least one, and 1 in so many, of each of the rare ones, the rest of the usual one."""
    rare = [what for what, every in one_in.items() for _ in range(max(1, round(total / every)))]
    dealt = [*rare, *[rest] * total][:total]
    rng.shuffle(dealt)
    return dealt


def _kinds(living: int, rng: random.Random) -> list[str]:
    total = max(round(living / 10), 5 if living >= 20 else 1)
    kinds = rng.sample((*UPDATES, CREATED), len(UPDATES) + 1)
    return [kinds[number % len(kinds)] for number in range(total)]


def _suits(kind: str, device: NetworkDevice) -> bool:
    if kind == "readdressed":
        return device.address is not None
    return kind != "decommissioned" or device.status == "active"


def _new_address_kind(rng: random.Random) -> AddressKind:
    return "ipv6" if rng.random() < 1 / 12 else "ipv4"


def _name(site: Site, role: GearRole, number: int) -> str:
    return f"{site.code.lower()}-{role.code}-{number:04d}"
