"""What network gear there is to buy, and the parts of a simulated NetBox that devices refer to.

No manufacturer here makes machines of the company, so that nothing of the gear is mistaken for one of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asset_sync.sandbox.company import Company, Site
from asset_sync.sandbox.netbox import NetBoxState

ROOM = "Server Room"


@dataclass(frozen=True, slots=True)
class GearRole:
    """What a device is for: its name in NetBox, the part of a device's name that says it, and WhatsUp Gold's word for it."""

    name: str
    code: str
    color: str
    monitored_as: str


@dataclass(frozen=True, slots=True)
class GearModel:
    """A device type. `serials` is what its serials begin with; `interface` is the one that it is managed by.

    `platform` is empty for gear without an operating system that anybody tells of; `u_height` is in rack units.
    """

    manufacturer: str
    model: str
    role: GearRole
    platform: str
    interface: str
    serials: str
    u_height: int
    weight: int


ROUTER = GearRole("Router", "rt", "2196f3", "Router")
SWITCH = GearRole("Switch", "sw", "4caf50", "Switch")
FIREWALL = GearRole("Firewall", "fw", "f44336", "Firewall")
ACCESS_POINT = GearRole("Access Point", "ap", "ff9800", "Wireless Access Point")
UPS = GearRole("UPS", "ups", "9e9e9e", "UPS")
ROLES = (ROUTER, SWITCH, FIREWALL, ACCESS_POINT, UPS)

MODELS = (
    GearModel("Cisco", "Catalyst 9300-48P", SWITCH, "IOS-XE", "vlan1", "FCW", 1, 6),
    GearModel("Cisco", "Catalyst 9200L-24T", SWITCH, "IOS-XE", "vlan1", "JAE", 1, 5),
    GearModel("Cisco", "ISR 4331", ROUTER, "IOS-XE", "mgmt0", "FDO", 1, 2),
    GearModel("Juniper", "EX3400-24P", SWITCH, "Junos", "vme", "NV", 1, 3),
    GearModel("Juniper", "MX204", ROUTER, "Junos", "fxp0", "CH", 1, 1),
    GearModel("Juniper", "SRX345", FIREWALL, "Junos", "fxp0", "CX", 1, 1),
    GearModel("Aruba", "AP-515", ACCESS_POINT, "ArubaOS", "bond0", "CNJ", 0, 6),
    GearModel("Aruba", "CX 6300M", SWITCH, "AOS-CX", "mgmt0", "SG", 1, 2),
    GearModel("Fortinet", "FortiGate 100F", FIREWALL, "FortiOS", "mgmt", "FG100F", 1, 2),
    GearModel("APC", "Smart-UPS SRT 3000", UPS, "", "eth0", "AS", 2, 2),
)
MANUFACTURERS = tuple(dict.fromkeys(model.manufacturer for model in MODELS))
TAGS = ("Core", "Guest Network", "Out of Hours")

_REGIONS = ("Worldwide", "Europe", "DACH")
"""Each is below the one before it."""
_DACH = {"BER", "HAM", "MUC", "CGN", "VIE", "ZRH"}
_OVERSEAS = {"BOS", "AUS", "DEN", "YYZ", "SAO", "OSA"}


@dataclass(frozen=True, slots=True)
class Catalog:
    """NetBox ids: sites and their server rooms by the site's slug, roles, device types and platforms by name, tags."""

    sites: Mapping[str, int]
    rooms: Mapping[str, int]
    roles: Mapping[str, int]
    types: Mapping[str, int]
    platforms: Mapping[str, int]
    tags: Sequence[int]


def fill_catalog(netbox: NetBoxState, company: Company) -> Catalog:
    """Put all that gear refers to into NetBox, and the company's sites, which are there already, into regions.

    Raises KeyError where a site of the company is not in NetBox.
    """
    present = {row["slug"]: row["id"] for row in netbox.objects("dcim/sites")}
    sites = {site.slug: present[site.slug] for site in company.sites}
    _assign_regions(netbox, company.sites, sites)
    makers = {name: _create(netbox, "dcim/manufacturers", name) for name in MANUFACTURERS}
    platforms = _create_platforms(netbox, makers)
    return Catalog(
        sites=sites,
        rooms={slug: _create(netbox, "dcim/locations", ROOM, site=site_id) for slug, site_id in sites.items()},
        roles={role.name: _create(netbox, "dcim/device-roles", role.name, color=role.color) for role in ROLES},
        types={model.model: _create_type(netbox, model, makers[model.manufacturer], platforms) for model in MODELS},
        platforms=platforms,
        tags=[_create(netbox, "extras/tags", name) for name in TAGS],
    )


def _assign_regions(netbox: NetBoxState, sites: Sequence[Site], ids: Mapping[str, int]) -> None:
    regions: dict[str, int] = {}
    parent = None
    for name in _REGIONS:
        parent = regions[name] = _create(netbox, "dcim/regions", name, parent=parent)
    for site in sites:
        netbox.patch("dcim/sites", ids[site.slug], {"region": regions[_region_of(site)]})


def _region_of(site: Site) -> str:
    city = site.code[:3]
    if city in _DACH:
        return "DACH"
    return "Worldwide" if city in _OVERSEAS else "Europe"


def _create_platforms(netbox: NetBoxState, makers: Mapping[str, int]) -> dict[str, int]:
    owners = {model.platform: makers[model.manufacturer] for model in MODELS if model.platform}
    return {name: _create(netbox, "dcim/platforms", name, manufacturer=owner) for name, owner in owners.items()}


def _create_type(netbox: NetBoxState, model: GearModel, maker: int, platforms: Mapping[str, int]) -> int:
    body = {
        "manufacturer": maker,
        "model": model.model,
        "slug": _slug(model.model),
        "default_platform": platforms.get(model.platform),
        "u_height": model.u_height,
    }
    return int(netbox.create("dcim/device-types", body)["id"])


def _create(netbox: NetBoxState, endpoint: str, name: str, **more: object) -> int:
    return int(netbox.create(endpoint, {"name": name, "slug": _slug(name), **more})["id"])


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")
