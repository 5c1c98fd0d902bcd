"""The kinds that are synced, in two flavours, as NetBox's devices and its plugin's assets are, and who owns their fields."""

from collections.abc import Mapping
from typing import Final, Literal

from asset_sync.reconcile.kinds import Field, IdentityRule, Kind, Kinds, Retirement, Unique, in_order
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.planning import Grace, Policy
from asset_sync_tests.reconcile.memory import DAY

Flavour = Literal["devices", "assets"]
"""devices: names are unique. assets: names repeat, a serial is unique in its model."""

RETIRED: Final = "retired"
GRACE: Final = Grace(runs=2, time=DAY)

_NAMED = (IdentityRule("name", ("name",), decisive=False), IdentityRule("similar name", ("name",), "label", decisive=False))
_TYPED = (
    IdentityRule("model", ("maker", "name"), decisive=False),
    IdentityRule("similar model", ("maker", "name"), "label", decisive=False),
)
_MAKER = Kind(
    "maker", (Field("name", max_length=20, required=True),), _NAMED, (Unique(("name",)),), referred=True, versions="count"
)
_MODEL = Kind(
    "model",
    (Field("maker", "reference", to="maker"), Field("name", max_length=20, required=True)),
    _TYPED,
    (Unique(("maker", "name")),),
    referred=True,
    versions="count",
)
_PORT = Kind(
    "port",
    (Field("asset", "reference", to="asset"), Field("name", max_length=30, required=True)),
    (IdentityRule("asset and name", ("asset", "name")),),
    (Unique(("asset", "name")),),
    parent="asset",
    versions="count",
)
_ADDRESS = Kind(
    "address",
    (Field("address", required=True), Field("port", "reference", to="port")),
    (IdentityRule("address", ("address",), "host"),),
    (Unique(("address",), "host"),),
    parent="port",
    natural=True,
    versions="count",
)
_PRIMARY = Kind(
    "primary",
    (Field("asset", "reference", to="asset"), Field("address", "reference", to="address", pins=True)),
    parent="asset",
    facet_of="asset",
    versions="count",
)


def _asset(flavour: Flavour) -> Kind:
    own = Unique(("name",), "folded") if flavour == "devices" else Unique(("model", "serial"))
    return Kind(
        "asset",
        (
            Field("name", max_length=30, nullable=True),
            Field("serial", max_length=30, nullable=True),
            Field("tag", max_length=30, nullable=True),
            Field("model", "reference", to="model"),
            Field("status"),
            Field("room"),
            Field("memory", "integer"),
        ),
        (
            IdentityRule("serial", ("serial",), "serial"),
            IdentityRule("tag", ("tag",), "tag"),
            IdentityRule("name", ("name",), "folded", decisive=False),
        ),
        (own, Unique(("tag",))),
        Retirement("status", RETIRED),
        versions="count",
    )


def kinds_of(flavour: Flavour) -> Kinds:
    """Return the kinds of a flavour, each after those that it refers to."""
    return in_order([_MAKER, _MODEL, _asset(flavour), _PORT, _ADDRESS, _PRIMARY])


_SOURCE, _SHARED, _INITIAL = Ownership("source"), Ownership("shared"), Ownership("initial")
OWNERS: Final[Mapping[str, Mapping[str, Ownership]]] = {
    "maker": {"name": _INITIAL},
    "model": {"maker": _INITIAL, "name": _INITIAL},
    "asset": {
        "name": _SHARED,
        "serial": _SOURCE,
        "tag": _SHARED,
        "model": _SOURCE,
        "status": _SHARED,
        "room": _SHARED,
        "memory": _SOURCE,
    },
    "port": {"asset": _SOURCE, "name": _SOURCE},
    "address": {"address": _SOURCE, "port": _SOURCE},
    "primary": {"asset": _SOURCE, "address": _SOURCE},
}
POLICY: Final = Policy(OWNERS, GRACE)
