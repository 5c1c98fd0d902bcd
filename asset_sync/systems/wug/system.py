"""WhatsUp Gold, declared: the tables that it tells, what can be written to it, and the steps that it brings into syncs."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.mapping import FieldMapping
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.tables import observed_schema
from asset_sync.systems.steps import Following, Sieve
from asset_sync.systems.system import Constants, Kept, Observed, OpenFields, Options, Read, System, TargetSide
from asset_sync.systems.wug.checkup import checkup
from asset_sync.systems.wug.extract import discovered, known_roles, observe
from asset_sync.systems.wug.found import Finding
from asset_sync.systems.wug.kinds import ATTRIBUTE, DEVICE, GROUP, MAPPABLE, NETBOX_ID, declared
from asset_sync.systems.wug.monitoring.shaping import ROLES
from asset_sync.systems.wug.monitoring.steps import KNOWN_ROLES, Monitoring
from asset_sync.systems.wug.options import EACH, FindingOptions, MonitoringOptions
from asset_sync.systems.wug.pages import page
from asset_sync.systems.wug.resource import VARIABLES, WhatsUpGold
from asset_sync.systems.wug.tables import TABLES

_GROUPS: Final = {GROUP.name: {"path": FieldMapping(Ownership("source"))}}
_NEEDED: Final = {DEVICE.name: ("name", "address", "group", ATTRIBUTE + NETBOX_ID)}


def _told_by(options: FindingOptions) -> System:
    def read(wug: WhatsUpGold, _table: str, _open_columns: tuple[str, ...]) -> Read:
        with wug.client() as client:
            return Read(discovered(client, root=options.root_group), client.tally.read, client.tally.waited)

    words = "The devices that WhatsUp Gold found and the target did not have, and those that came from here before."
    return replace(_PLAIN, read=read, sieve=Sieve("found", words, Finding(options).sift))


def _written_by(options: MonitoringOptions) -> System:
    own = Monitoring(options)

    def kinds_of(mapped: Mapping[str, Mapping[str, Any]]) -> Kinds:
        return declared({**_GROUPS, **mapped}, options.retirement)

    def held(wug: WhatsUpGold, kinds: Kinds, _fields: Any, _constants: Constants, _kept: Iterable[Kept]) -> Observed:
        with wug.client() as client:
            tables = observe(client, kinds, root=options.root_group)
            checked = {name: observed_schema(kinds[name]).validate(table) for name, table in tables.items()}
            return Observed({**checked, KNOWN_ROLES: known_roles(client)}, client.tally.read, client.tally.waited)

    side = TargetSide(
        MAPPABLE,
        kinds_of,
        held,
        OpenFields(ATTRIBUTE, "attributes"),
        _check,
        needed=_NEEDED,
        derived=_GROUPS,
        sieve=Sieve("addresses", "Devices with their addresses judged: refused with a reason, or taken.", own.sift),
        shape=own.shape,
        seen=own.seen,
        decided=own.decided,
        open=own.open,
        applied=own.applied,
        page=page,
        following=Following(
            "scans",
            "A look at the scans that are under way, and how the connection's exports stand.",
            "Follows scans until they end, then has the metadata of what they found written; tries failures again.",
            own.look,
            own.due,
            own.again,
        ),
    )
    return replace(_PLAIN, target=side)


def _check(wug: WhatsUpGold, _kinds: Kinds, constants: Constants) -> None:
    """Raise `ConfigurationError` for a role, brand or system that a mapping names and the server does not know."""
    with wug.client() as client:
        known = known_roles(client)
    for field, values in constants.get(DEVICE.name, {}).items():
        names = known.loc[known["kind"] == field, "name"]
        unknown = sorted({value for value in values if value.casefold() not in set(names.str.casefold())})
        if field in ROLES and unknown:
            raise ConfigurationError(f"WhatsUp Gold has no {field} {unknown[0]!r}; it has {', '.join(sorted(names))}")


_PLAIN: Final = System(
    "wug",
    "WhatsUp Gold",
    "wug",
    WhatsUpGold,
    TABLES,
    named=True,
    variables=tuple(VARIABLES),
    as_source=Options(FindingOptions, _told_by, syncs=("exported_by",)),
    as_target=Options(MonitoringOptions, _written_by, EACH),
    checkup=checkup,
    page=page,
)
WUG: Final = replace(_told_by(FindingOptions()), target=_written_by(MonitoringOptions()).target)
