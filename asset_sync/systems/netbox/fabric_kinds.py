"""What is synced into NetBox of networks: groups of VLANs, VLANs, VRFs, prefixes and IP ranges."""

import operator
from dataclasses import replace
from ipaddress import ip_interface
from typing import Final

from asset_sync.reconcile.kinds import Field, IdentityRule, Kind, Retirement, Suiting, Unique
from asset_sync.systems.netbox.kind_parts import COLOR, COMMENTS, DESCRIPTION, NAME, NAMED, SLUG, STATUS, TAGGED

VID_RANGES: Final = "vid_ranges"
"""The VLAN ids of a group, as ranges in order, parted by commas: "1000-2999, 3100"."""
LEAST_VID: Final = 1
HIGHEST_VID: Final = 4_094
IN_ONE_SITE: Final = "both are in one site"
_OUT_OF_USE: Final = Retirement("status", "deprecated")


def vid_ranges(given: str) -> list[tuple[int, int]]:
    """Return the ranges that a value of `VID_RANGES` names, in order, those that touch as one.

    Raises `ValueError` for what is no range.
    """
    return merged([_range(part.strip()) for part in given.split(",")])


def _range(part: str) -> tuple[int, int]:
    low, dash, high = (text.strip() for text in part.partition("-"))
    ends = (low, high) if dash else (low, low)
    if not all(text.isascii() and text.isdigit() for text in ends):
        raise ValueError(f"{part!r} is no range of VLAN ids: say 1000-2999, or several parted by commas")
    least, most = map(int, ends)
    if not LEAST_VID <= least <= most <= HIGHEST_VID:
        raise ValueError(f"{part!r} is no range of VLAN ids: they are {LEAST_VID} to {HIGHEST_VID}, the lesser one first")
    return least, most


def merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges in order, those that overlap or touch as one: NetBox takes none that overlap."""
    whole: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if whole and low <= whole[-1][1] + 1:
            whole[-1] = (whole[-1][0], max(high, whole[-1][1]))
        else:
            whole.append((low, high))
    return whole


def shown_ranges(ranges: list[tuple[int, int]]) -> str:
    """Return ranges as a value of `VID_RANGES` names them."""
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def read_ranges(listed: list[list[int]]) -> str:
    """Return ranges as NetBox lists them as a value of `VID_RANGES`."""
    return shown_ranges(merged([(low, high) for low, high in listed]))


def canonical_ranges(given: str) -> str | None:
    """Return the value of `VID_RANGES` as it is read back; what names no ranges stays, to be refused by what it says."""
    try:
        return shown_ranges(vid_ranges(given))
    except ValueError:
        return given


def _has_id(ranges: str, vid: str) -> bool:
    return any(low <= int(vid) <= high for low, high in vid_ranges(ranges))


def canonical_address(given: str) -> str | None:
    """Return an address, or a prefix, as NetBox writes it, with the longest mask where it says none; else what was given."""
    try:
        return str(ip_interface(given.strip()))
    except ValueError:
        return given


_TENANT: Final = Field("tenant", "reference", to="tenant", nullable=True)
_SITE: Final = Field("site", "reference", to="site", nullable=True)
VRF_OF: Final = Field("vrf", "reference", to="vrf")
"""Where a sync maps it, what it writes is in VRFs: each record names one, and the global table is left alone."""

VRF: Final = Kind(
    "vrf",
    (
        NAME,
        Field("rd", max_length=21, nullable=True),
        Field("enforce_unique", "boolean"),
        _TENANT,
        DESCRIPTION,
        COMMENTS,
        TAGGED,
    ),
    (
        IdentityRule("route distinguisher", ("rd",), decisive=False),
        IdentityRule("name", ("name",), decisive=False, sole=True),
    ),
    (Unique(("rd",)), Unique(("name",), enforced=False)),
)
"""NetBox keeps several VRFs of one name (measured): of those none is known by it."""

VLAN_GROUP: Final = Kind(
    "vlan_group",
    (NAME, SLUG, _SITE, Field(VID_RANGES, canonical=canonical_ranges, judged=True), _TENANT, DESCRIPTION, COMMENTS, TAGGED),
    (
        IdentityRule("name in the site", ("site", "name"), decisive=False),
        IdentityRule("similar name in the site", ("site", "name"), "label", decisive=False),
        IdentityRule("slug in the site", ("site", "slug"), decisive=False),
    ),
    (Unique(("site", "name")), Unique(("site", "slug"))),
)
"""Groups of a site, which is their scope. Where a sync maps none, see `UNSITED_GROUP`: its names are to tell groups apart."""
UNSITED_GROUP: Final = replace(
    VLAN_GROUP,
    identity=tuple(replace(rule, sole=True) for rule in NAMED),
    unique=(Unique(("name",), enforced=False), Unique(("slug",), enforced=False)),
)
VLAN: Final = Kind(
    "vlan",
    (
        Field("group", "reference", to="vlan_group", required=True),
        Field("vid", "integer", required=True, within=(LEAST_VID, HIGHEST_VID)),
        Field("name", max_length=64, required=True),
        STATUS,
        replace(_SITE, judged=True),
        _TENANT,
        DESCRIPTION,
        COMMENTS,
        TAGGED,
    ),
    (
        IdentityRule("VLAN id in the group", ("group", "vid"), decisive=False),
        IdentityRule("name in the group", ("group", "name"), decisive=False),
    ),
    (Unique(("group", "vid")), Unique(("group", "name"))),
    _OUT_OF_USE,
    suitings=(
        Suiting("group", VID_RANGES, ("vid",), _has_id, "the VLAN id is in the group's ranges"),
        Suiting("group", "site", ("site",), operator.eq, IN_ONE_SITE),
    ),
)
"""VLANs of groups alone: without one NetBox keeps any number of equal ones (measured). The site of a VLAN is that of its group,
where both have one; interfaces take those of their device's site, or of none."""

PREFIX: Final = Kind(
    "prefix",
    (
        Field("prefix", required=True, canonical=canonical_address),
        VRF_OF,
        STATUS,
        Field("vlan", "reference", to="vlan", nullable=True),
        _SITE,
        _TENANT,
        Field("is_pool", "boolean"),
        DESCRIPTION,
        COMMENTS,
        TAGGED,
    ),
    (IdentityRule("prefix", ("prefix",)),),
    (Unique(("prefix",)),),
    _OUT_OF_USE,
    natural=True,
)
"""Prefixes of the global table, or of VRFs where a sync maps `vrf` (see `in_vrfs`)."""
IP_RANGE: Final = Kind(
    "ip_range",
    (
        *(Field(name, required=True, canonical=canonical_address) for name in ("start_address", "end_address")),
        VRF_OF,
        STATUS,
        _TENANT,
        DESCRIPTION,
        COMMENTS,
        TAGGED,
    ),
    (IdentityRule("start and end", ("start_address", "end_address"), "host"),),
    (Unique(("start_address", "end_address"), "host"),),
    _OUT_OF_USE,
)
"""Ranges of the global table, or of VRFs as prefixes are. A range that grows is the same range: as another one it would overlap
with what it was, which NetBox refuses (measured)."""

ANYCAST_ADDRESS: Final = Kind(
    "anycast_address",
    (
        Field("address", required=True, canonical=canonical_address),
        VRF_OF,
        Field("role"),
        STATUS,
        _TENANT,
        Field("dns_name", max_length=255),
        DESCRIPTION,
        COMMENTS,
        TAGGED,
    ),
    (IdentityRule("address", ("address",), "host"),),
    (Unique(("address",), "host"),),
    _OUT_OF_USE,
    natural=True,
)
"""Addresses that are on several devices at once, or on none, as gateways of subnets: where they are assigned is people's."""

CABLE: Final = Kind(
    "cable",
    (
        *(Field(name, "reference", to="interface", required=True) for name in ("a_interface", "b_interface")),
        Field("type"),
        STATUS,
        Field("label", max_length=100),
        COLOR,
        _TENANT,
        DESCRIPTION,
        COMMENTS,
        TAGGED,
    ),
    (IdentityRule("both ends", ("a_interface", "b_interface")),),
    retirement=Retirement("status", "decommissioning"),
    ends=("a_interface", "b_interface"),
)
"""A cable between two interfaces. One that somebody drew is known by both of its ends; one of ours is moved, an end at a time.

NetBox takes no end that another cable has, nor an empty one, and does not take two cables in one request that change ends
(measured): what takes what another leaves is moved after it, and cables that change ends in a ring wait until a person frees an
end, for to delete one and draw it again would lose what people wrote to it.
"""


def in_vrfs(kind: Kind) -> Kind:
    """Return a kind of what is told apart by its VRF, too: equal addresses of two VRFs are two."""
    return replace(
        kind,
        fields=tuple(replace(field, required=field.required or field == VRF_OF) for field in kind.fields),
        identity=tuple(replace(rule, name=f"{rule.name} in the VRF", fields=("vrf", *rule.fields)) for rule in kind.identity),
        unique=tuple(replace(unique, fields=("vrf", *unique.fields)) for unique in kind.unique),
    )


OF_VRFS: Final = frozenset({PREFIX.name, IP_RANGE.name, ANYCAST_ADDRESS.name, "ip_address"})
"""The kinds of what is in the global table, or in a VRF."""
