"""The checkup of a NetBox: the rights of its token, object type by object type, its version and that of its plugin."""

from collections.abc import Iterator, Mapping
from typing import Final

from asset_sync.reconcile.errors import AssetSyncError
from asset_sync.systems.checkup import Finding, Needs
from asset_sync.systems.http import checking
from asset_sync.systems.netbox.api import api
from asset_sync.systems.netbox.client import CHANGE_LOG, NetBoxClient, Right
from asset_sync.systems.netbox.refusing import Forbidden
from asset_sync.systems.netbox.resource import NetBox
from asset_sync.systems.netbox.source import ADDRESSED, ENDPOINTS

TESTED: Final = ("4.6", "4.7")
PLUGIN_TESTED: Final = ("2.6", "2.7")
_PLUGIN: Final = "netbox_inventory"
_OF_PLUGIN: Final = "plugins/inventory/"
_LOG: Final = (CHANGE_LOG, "core.objectchange")
_JOURNAL: Final = ("extras/journal-entries", "extras.journalentry")
_ADDRESSED: Final = (("dcim/devices", "dcim.device"), ENDPOINTS["sites"], ENDPOINTS["regions"])
"""What the table of devices with an address is made from."""
_BOTH: Final[tuple[Right, ...]] = ("add", "change")

_Wanted = dict[tuple[str, str], tuple[set[Right], set[str]]]
"""What is wanted of each endpoint, with its type of objects: rights beside that to view, and the kinds that want them."""


def checkup(netbox: NetBox, needs: Needs) -> Iterator[Finding]:
    """Yield what is found of a NetBox; see `asset_sync.systems.checkup`."""
    with netbox.client() as client:
        to_do = "make a new token in NetBox, and set the variable to it"
        if not (yield from checking.entered(client.http, lambda: _whose(client), to_do=to_do, refused=_refused)):
            return
        plugins = client.status().get("plugins")
        plugin = plugins.get(_PLUGIN) if isinstance(plugins, dict) else None
        yield _rights(client, _wanted(needs), has_plugin=plugin is not None)
        yield _versions(client, needs, plugin)
        yield from checking.paced(client.http)


def _refused(error: AssetSyncError) -> bool:
    return isinstance(error, Forbidden)


def _whose(client: NetBoxClient) -> str:
    version = ".".join(map(str, client.version))
    return f"as the user {client.user()} of NetBox {version}"


def _wanted(needs: Needs) -> _Wanted:
    wanted: _Wanted = {}

    def want(endpoint: tuple[str, str], what: tuple[Right, ...], by: str) -> None:
        rights, kinds = wanted.setdefault(endpoint, (set(), set()))
        rights.update(what)
        kinds.add(by)

    for kind in needs.kinds.values():
        where = api(kind)
        want((where.endpoint, where.object_type), ("change",) if kind.facet_of else _BOTH, kind.name)
    for table in sorted(needs.tables):
        for endpoint in _ADDRESSED if table == ADDRESSED.name else [ENDPOINTS[table]]:
            want(endpoint, (), table)
    if needs.journal:
        want(_JOURNAL, ("add",), "the journal")
    return wanted


def _rights(client: NetBoxClient, wanted: _Wanted, *, has_plugin: bool) -> Finding:
    asked = {end: told for end, told in wanted.items() if has_plugin or not end[0].startswith(_OF_PLUGIN)}
    lacking = {end: missing for end, (rights, _) in asked.items() if (missing := _lacking(client, end[0], rights))}
    if lacking:
        told = "; ".join(f"{', '.join(rights)} {end[1]} (for {_kinds(asked, end)})" for end, rights in lacking.items())
        return Finding("rights", "fail", f"the token may not {told}", _way_out(asked, lacking))
    writes = sum(bool(rights) for rights, _ in asked.values())
    told = f"may view {len(asked)} types of objects, and write {writes} of them" if writes else f"may view {len(asked)} types"
    if writes and _lacking(client, _LOG[0], set()):
        to_do = f"give the token's user the permission to view {_LOG[1]}: it says who deleted what is gone"
        return Finding("rights", "warn", f"{told}, but not view the change log", to_do)
    return Finding("rights", "ok", told)


def _lacking(client: NetBoxClient, endpoint: str, rights: set[Right]) -> list[str]:
    """Return which of these rights, and of that to view, the token does not have."""
    missing = sorted(rights - client.rights(endpoint)) if rights else []
    try:
        client.count(endpoint)
    except Forbidden:
        return ["view", *missing]
    return [*missing]


def _kinds(asked: _Wanted, end: tuple[str, str]) -> str:
    return ", ".join(sorted(asked[end][1]))


def _way_out(asked: _Wanted, lacking: Mapping[tuple[str, str], list[str]]) -> str:
    wanted = {end: rights for end, (rights, _) in asked.items() if rights}
    if wanted and all({*rights} <= {*lacking.get(end, ())} for end, rights in wanted.items()):
        return "the token is read-only, or its user is: allow the token to write, and give its user these permissions"
    return "give the token's user these permissions in NetBox (Admin, Permissions), without constraints"


def _versions(client: NetBoxClient, needs: Needs, plugin: str | None) -> Finding:
    found = checking.version(str(client.status().get("netbox-version")), TESTED, "NetBox")
    kinds = sorted(kind.name for kind in needs.kinds.values() if api(kind).endpoint.startswith(_OF_PLUGIN))
    if not kinds:
        return found
    if plugin is None:
        told = f"{found.told}, without the plugin netbox-inventory, which has {', '.join(kinds)}"
        return Finding("version", "fail", told, "install it in NetBox, or leave these kinds out of the syncs' YAML")
    own = checking.version(plugin, PLUGIN_TESTED, "netbox-inventory")
    worse = own if own.status != "ok" else found
    return Finding("version", worse.status, f"{found.told}; {own.told}", worse.to_do)
