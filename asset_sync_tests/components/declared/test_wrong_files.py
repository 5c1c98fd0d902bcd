"""Wrong YAML files: each is refused in one line with file, line, what is wrong, and what there is instead."""

from pathlib import Path
from typing import Final

import pytest

from asset_sync.components.forms import check_forms
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync_tests.components.probe import ROOT, YAML, load_of

SNIPEIT: Final = (ROOT / "examples" / "snipeit_to_netbox" / "defs.yaml").read_text(encoding="utf-8")
NETBOX: Final = (ROOT / "examples" / "netbox_to_netbox" / "defs.yaml").read_text(encoding="utf-8")
EXPORTS: Final = (ROOT / "asset_sync" / "defs" / "pdq_exports" / "defs.yaml").read_text(encoding="utf-8")
MONITORING: Final = (ROOT / "asset_sync" / "defs" / "netbox_to_wug" / "defs.yaml").read_text(encoding="utf-8")
FINDING: Final = (ROOT / "asset_sync" / "defs" / "wug_to_netbox" / "defs.yaml").read_text(encoding="utf-8")
HOSTS: Final = (ROOT / "asset_sync" / "defs" / "hosts_to_netbox" / "defs.yaml").read_text(encoding="utf-8")
MAKER: Final = YAML[YAML.index("      name:\n        rules:") : YAML.index("      slug: {}")]
NAME: Final = "      name: {from: name, owner: shared}\n      serial: {from: serialNumber, transform: serial, owner: source}\n"
OS: Final = "{from: osFullName, owner: shared}"
BEFORE: Final = "  # How long the prefixes"
REVIEW: Final = "  review:\n    - {{{}}}\n  # How long the prefixes"

# By what is wrong: the file, what stands there, what is written instead, and what is said.
WRONG: Final[dict[str, tuple[str, str, str, str]]] = {
    # The file.
    "no YAML": (YAML, "  mapping:\n", "  mapping: [\n", "it is no YAML"),
    "a tab": (YAML, "  source: pdq", "\tsource: pdq", "it is no YAML"),
    "an indentation": (YAML, "  source: pdq", "   source: pdq", "it is no YAML"),
    "a list": (YAML, YAML, "- a\n- b\n", "one sync a file"),
    "two documents": (YAML, "attributes:", "---\nattributes:", "one sync a file"),
    "no type": (
        YAML,
        "type: asset_sync.components.SyncComponent\n",
        "",
        "type: it is missing; there are asset_sync.components.",
    ),
    "an unknown type": (YAML, "SyncComponent", "SyncComponents", "there is no component 'SyncComponents'; there are"),
    "a type of earlier versions": (YAML, "SyncComponent", "PdqToNetbox", "write `type: asset_sync.components.SyncComponent`"),
    "no attributes": (YAML, "attributes:", "attribute:", "attributes: there are none"),
    "a key twice": (YAML, "  target: netbox\n", "  target: netbox\n  target: netbox\n", "target: it is given twice"),
    "a field twice": (YAML, NAME, NAME + "      name: {from: name}\n", "name: it is given twice"),
    # Keys and their forms.
    "an unknown key": (YAML, "  grace:\n", "  grase:\n", "grase: there is no such key here; there are source, target, mapping"),
    "an unknown key below": (
        YAML,
        "    hours: 24",
        "    days: 1",
        "grace.days: there is no such key here; there are runs, hours",
    ),
    "an unknown key of a field": (
        YAML,
        OS,
        "{form: osFullName}",
        "mapping.asset.description.form: there is no such key here; there are from, value",
    ),
    "no source": (YAML, "  source: pdq\n", "", "source: it is missing"),
    "no mapping": (YAML, YAML[YAML.index("  mapping:") :], "", "mapping: it is missing"),
    "an empty mapping": (YAML, YAML[YAML.index("  mapping:") :], "  mapping: {}\n", "mapping"),
    "a word for a number": (YAML, "runs: 3", "runs: three", "grace.runs: 'three': input should be a valid integer"),
    "a number below what may be": (YAML, "runs: 3", "runs: 0", "grace.runs: 0: input should be greater than or equal to 1"),
    "a number beyond what may be": (YAML, "runs: 3", "runs: 99999999999999999999", "grace.runs: 99999999999999999999: input"),
    "a rule for every row": (
        YAML,
        OS,
        "{rules: [{value: x}], from: osFullName}",
        "mapping.asset.description.rules.0: it holds for every row, so that nothing behind it counts",
    ),
    "a value said twice": (
        YAML,
        OS,
        "{from: osFullName, values: {Win 10: x, win-10: y}}",
        "mapping.asset.description.values.win-10: 'win-10' is the same as 'Win 10': case, blanks",
    ),
    "a value that is compared with none": (
        YAML,
        OS,
        '{from: osFullName, values: {"--": x}}',
        "mapping.asset.description.values.--: '--' has no letter or digit, by which values are compared",
    ),
    "a review rule that says nothing of what becomes": (
        YAML,
        BEFORE,
        REVIEW.format("kind: [asset]"),
        "review.0.then: it is missing",
    ),
    "a review rule of a kind that is not written": (
        YAML,
        BEFORE,
        REVIEW.format("kind: [asset, rack], then: wait"),
        "review.0.kind.1: no 'rack' is written; written are manufacturer, inventory_item_type, asset",
    ),
    "a review rule of a field that is not written": (
        YAML,
        BEFORE,
        REVIEW.format("kind: [asset], fields: [colour], then: wait"),
        "review.0.fields.0: no field 'colour' of asset is written; written are",
    ),
    "a review rule of fields of what is created": (
        YAML,
        BEFORE,
        REVIEW.format("op: [create], fields: [serial], then: wait"),
        "review.0.op: fields are of updates: write `op: [update]`, or leave it out",
    ),
    "a review rule of sites that nothing tells": (
        YAML,
        BEFORE,
        REVIEW.format("site: [berlin], then: wait"),
        "review.0.site: nothing that is written has a mapped field 'site' to tell its site by",
    ),
    "a review rule of an operation that there is not": (
        YAML,
        BEFORE,
        REVIEW.format("op: [delete], then: wait"),
        "review.0.op.0: 'delete': input should be 'create', 'update', 'retire' or 'restore'",
    ),
    "a review rule of a share above 1": (
        YAML,
        BEFORE,
        REVIEW.format("above: 5, then: wait"),
        "review.0.above: 5: input should be less than or equal to 1",
    ),
    "a share above 1": (YAML, "retire_share: 0.05", "retire_share: 5", "limits.retire_share: 5: input should be less than"),
    "a prefix length": (YAML, "ipv4: 24", "ipv4: 33", "prefix_lengths.ipv4: 33: input should be less than or equal to 32"),
    "no hours": (YAML, "fresh_hours: 25", "fresh_hours: 0", "fresh_hours: 0: input should be greater than 0"),
    "a list for a text": (YAML, "  source: pdq", "  source: [pdq]", "source: input should be a valid string"),
    "a text for a mapping": (YAML, OS, "osFullName", "mapping.asset.description"),
    "a text of any length to be cut": (
        YAML,
        OS,
        "{from: osFullName}\n      comments: {from: osFullName, truncate: true}",
        "mapping.asset.comments.truncate: nothing is known of how long a text comments takes",
    ),
    "a serial to be cut": (
        YAML,
        "serial: {from: serialNumber, transform: serial, owner: source}\n      asset_tag",
        "serial: {from: serialNumber, truncate: true}\n      asset_tag",
        "mapping.asset.serial.truncate: serial tells one asset from all others",
    ),
    "an unknown owner": (YAML, OS, "{from: osFullName, owner: me}", "mapping.asset.description.owner: 'me': input should be"),
    "a truth for a word": (YAML, OS, "{value: true}", "mapping.asset.description.value: True: input should be a valid string"),
    # Systems and connections.
    "an unknown source": (
        YAML,
        "source: pdq",
        "source: pqd",
        "source: there is no system 'pqd'; there are hedgehog, hedgehog_files, hosts",
    ),
    "an unknown target": (YAML, "target: netbox", "target: netbocks", "target: there is no system 'netbocks'"),
    "a target of earlier versions": (
        YAML,
        "target: netbox",
        "target: devices",
        "'devices' is no system: write `target: netbox`",
    ),
    "a module that there is not": (
        YAML,
        "source: pdq",
        "source: nowhere.rooms.ROOMS",
        "there is no system 'nowhere.rooms.ROOMS'",
    ),
    "what is no system": (YAML, "source: pdq", "source: asset_sync.systems.SYSTEMS", "there is no system 'asset_sync.systems"),
    "a source as target": (YAML, "target: netbox", "target: snipeit", "target: nothing can be written to Snipe-IT"),
    "a connection of a system with one": (
        YAML,
        "keys:",
        "source_connection: {name: x}\n  keys:",
        "of PDQ Connect there is but one",
    ),
    "an unknown key of a connection": (
        NETBOX,
        "{name: main}",
        "{nam: main}",
        "source_connection.nam: there is no such key here",
    ),
    # Files of the syncs with WhatsUp Gold that were written for earlier versions.
    "a type of the export": (
        MONITORING,
        "SyncComponent",
        "NetboxToWug",
        "write `type: asset_sync.components.SyncComponent`, `source: netbox`, `target: wug` and `connections_of: target`",
    ),
    "a type of the import": (
        FINDING,
        "SyncComponent",
        "WugToNetbox",
        "write `type: asset_sync.components.SyncComponent`, `source: wug` and `target: netbox`",
    ),
    "an export that is enabled": (
        MONITORING,
        "enabled: true",
        "enable_netbox_export: true",
        "connections.0.enable_netbox_export: there is no such key here; write `enabled`",
    ),
    "an interval of exports": (
        MONITORING,
        "interval_seconds: 10800",
        "export_interval_minutes: 180",
        "connections.0.export_interval_minutes: there is no such key here; write `interval_seconds`",
    ),
    "slugs as filters": (
        MONITORING,
        "source_options: {sites: []",
        "filters: {statuses: [active], sites: []",
        "connections.0.filters.statuses.0: 'active': it is no condition such as {column: …, is: […]}; what NetBox is asked for "
        "stands below `source_options`",
    ),
    "a switch of scans": (
        MONITORING,
        "      enabled: true",
        "      enabled: true\n      auto_scan_exported_ips: true",
        "connections.0.auto_scan_exported_ips: there is no such key here; write it below `target_options`",
    ),
    "a root group": (
        MONITORING,
        "  connections_of:",
        "  root_group: NetBox\n  connections_of:",
        "root_group: there is no such key here; write it below `target_options`",
    ),
    "the other direction's name": (
        FINDING,
        "source_options: {exported_by: netbox_to_wug, root_group: NetBox}",
        "exported_by: netbox_to_wug",
        "exported_by: there is no such key here; write it below `source_options`",
    ),
    "a variable of one's own": (
        FINDING,
        "interval_seconds: 10800",
        "url_variable: MY_URL",
        "connections.0.url_variable: there is no such key here; write `variables: {url: …}`",
    ),
    # What systems are told.
    "options of a system without any": (
        YAML,
        "  target: netbox\n",
        "  target: netbox\n  source_options: {sites: []}\n",
        "source_options: PDQ Connect has no options as a source",
    ),
    "an option that one connection cannot have": (
        MONITORING,
        "        auto_scan_exported_ips: true",
        "        retire: group",
        "connections.0.target_options.retire: it is one for all connections: write it below the sync's own",
    ),
    "a variable that there is not": (
        FINDING,
        "interval_seconds: 10800",
        "variables: {token: X}",
        "connections.0.variables.token: WhatsUp Gold has no such variable that could be named; there are url, username",
    ),
    "a variable of a system that names its own": (
        NETBOX,
        "{name: main}",
        "{name: main, variables: {url: X}}",
        "source_connection.variables.url: NetBox has no such variable that could be named; they have the connection's name",
    ),
    # When.
    "no cron": (YAML, 'cron: "0 * * * *"', 'cron: "hourly"', "schedule.cron: 'hourly' is no cron expression"),
    "a cron of too few": (YAML, 'cron: "0 * * * *"', 'cron: "0 *"', "schedule.cron: '0 *' is no cron expression"),
    "no time zone": (YAML, "timezone: UTC", "timezone: Berlin", "schedule.timezone: there is no time zone 'Berlin'"),
    "an unknown mode": (SNIPEIT, "mode: review", "mode: careful", "schedule.mode: 'careful': input should be 'normal'"),
    # Kinds, tables and references.
    "an unknown kind": (YAML, "    asset:\n", "    assets:\n", "mapping.assets: there is no kind 'assets' here; there are"),
    "a kind that is not mapped": (
        YAML,
        "inventory_item_type, asset]",
        "inventory_type, asset]",
        "kinds.1: inventory_type is not",
    ),
    "a table that there is not": (
        YAML,
        "interface: adapters",
        "interface: nics",
        "has no table 'nics'; it has devices, adapters",
    ),
    "a table of a kind that is not mapped": (YAML, "interface: adapters", "port: adapters", "tables.port: port is not mapped"),
    "a reference to what is not written": (
        YAML,
        "[manufacturer, inventory_item_type, asset]",
        "[manufacturer, asset]",
        "it refers to inventory_item_type, which is not written; name it below `kinds`, too",
    ),
    "a reference that leads nowhere": (
        SNIPEIT,
        "manufacturer: {from: manufacturer_id}",
        "manufacturer: {from: category_id}",
        "models.category_id does not point to manufacturers; what does is manufacturer_id",
    ),
    "a reference of which nobody knows which": (
        SNIPEIT,
        "storage_location: {from: rtd_location_id, owner: source}",
        "storage_location: {owner: source}",
        "hardware has several columns that point to locations",
    ),
    "a reference with a constant": (
        YAML,
        "inventoryitem_type: {owner: source}",
        "inventoryitem_type: {value: x}",
        "inventoryitem_type.value: a reference takes a row",
    ),
    "a lookup without a name": (YAML, MAKER, "", "name is not mapped"),
    # Fields.
    "an unknown field": (
        YAML,
        "      description: " + OS,
        "      descripton: " + OS,
        "there is no field 'descripton'; there are name",
    ),
    "a field from nowhere": (YAML, OS, "{owner: shared}", "mapping.asset.description: nothing says where its value comes from"),
    "an unknown column": (YAML, OS, "{from: osName}", "mapping.asset.description.from: the source has no column 'osName'"),
    "a column of another table": (
        YAML,
        "      name: {from: name, owner: source}\n      type:",
        "      name: {from: chassis, owner: source}\n      type:",
        "the source's table adapters has no column 'chassis'; devices has one",
    ),
    "a column beyond no key": (SNIPEIT, "status_id.name", "serial.name", "hardware.serial points to no other table"),
    "an unknown column beyond a key": (SNIPEIT, "status_id.name", "status_id.title", "status_labels has no column 'title'"),
    "an unknown column of a template": (
        SNIPEIT,
        "{asset_tag} {name}",
        "{tag} {name}",
        "template: the source has no column 'tag'",
    ),
    "an unknown column of a concat": (
        SNIPEIT,
        "[notes, order_number]",
        "[notes, order]",
        "concat: the source has no column 'order'",
    ),
    "an unknown transform": (
        YAML,
        "transform: serial",
        "transform: serail",
        "there is no transform 'serail'; there are text, upper",
    ),
    "two origins": (YAML, OS, "{from: osFullName, value: x}", "a field has either `from` or `value`, not both"),
    "a constant of another type": (SNIPEIT, "{from: purchase_date, owner: source}", "{value: soon}", "'soon' is no date"),
    "a default that is no name": (YAML, "default: Unknown\n", 'default: "---"\n', "default: '---' has no letter or digit"),
    "no regular expression": (
        YAML,
        OS,
        '{from: osFullName, regex: {pattern: "("}}',
        "regex.pattern: '(' is no regular expression",
    ),
    "one of another engine": (
        YAML,
        OS,
        '{from: osFullName, regex: {pattern: "(?=a)"}}',
        "'(?=a)' is no regular expression of RE2",
    ),
    "an unknown unit": (YAML, OS, "{from: memory, unit: {from: B, to: GO}}", "unit.to: there is no unit 'GO'; there are B, KB"),
    "an unknown gateway": (YAML, "gateway: gateway", "gateway: router", "network.gateway: the source's table addresses has no"),
    # Conditions and networks.
    "a rule of an unknown column": (
        SNIPEIT,
        "column: assigned_to",
        "column: holder",
        "where.0.column: the source has no column",
    ),
    "a condition that asks for nothing": (SNIPEIT, ", filled: true}", "}", "rules.0.where.0: it asks for nothing: `is`"),
    "a filter of an unknown table": (
        YAML,
        "  networks: []",
        "  filters: {nics: []}\n  networks: []",
        "filters.nics: PDQ Connect has no",
    ),
    "a filter that is no network": (
        YAML,
        "  networks: []",
        "  filters: {devices: [{column: ipv4Address, within: [10.0.0.1/8]}]}\n  networks: []",
        "filters.devices.0.within: '10.0.0.1/8' is no network",
    ),
    "no known network": (YAML, "networks: []", "networks: [10.1.0.0/33]", "networks.0: '10.1.0.0/33' is no network"),
    # What stands in no other line's way, and means nothing, or something else.
    "a key of assets without a name": (
        YAML,
        "inventory: netbox/inventory",
        'inventory: "///"',
        "keys.inventory: '///' is no key",
    ),
    "a key of assets with a blank": (YAML, "source: pdq, inv", "source: p dq, inv", "keys.source: 'p dq' is no key of assets"),
    "a folder that is the root": (EXPORTS, "folder: exports\n", "folder: /\n", "folder: '/' is no folder of its own"),
    "a folder that is the home": (EXPORTS, "folder: exports\n", "folder: ./\n", "folder: './' is no folder of its own"),
    "documents in the home": (HOSTS, "folder: hosts\n", 'folder: ""\n', "folder: '' is no folder of its own"),
    "kept files in the home": (EXPORTS, "kept: exports_kept", 'kept: ""', "kept: '' is no folder of its own"),
    "one folder in two spellings": (EXPORTS, "kept: exports_kept", "kept: ./exports/", "kept: it is the folder that files"),
    "a value that is no choice": (
        MONITORING,
        'maintenance: {value: "off", owner: initial}',
        "maintenance: {value: sideways, owner: initial}",
        "mapping.device.maintenance.value: 'sideways' is neither on nor off",
    ),
    "a default that is no choice": (
        MONITORING,
        'maintenance: {value: "off", owner: initial}',
        "maintenance: {from: status, default: half, owner: initial}",
        "mapping.device.maintenance.default: 'half' is neither on nor off",
    ),
    "a root group without a name": (
        MONITORING,
        "root_group: NetBox",
        'root_group: " "',
        "target_options.root_group: ' ': string should match",
    ),
    "two ways to reach one side": (
        MONITORING,
        "  connections_of: target",
        "  target_connection: {name: other}\n  connections_of: target",
        "target_connection: each of the connections says how it is reached: leave it out",
    ),
    "connections of no side": (
        YAML,
        "  target: netbox\n",
        "  target: netbox\n  connections_of: target\n",
        "connections_of: there are no connections",
    ),
    # What loads in no time, or never, and what is a slip.
    "an interval beyond all reason": (
        FINDING,
        "interval_seconds: 10800",
        "interval_seconds: 99999999999999",
        "connections.0.interval_seconds: 99999999999999: input should be less than or equal to",
    ),
    "an owner that is none": (
        YAML,
        "  target: netbox\n",
        '  target: netbox\n  owners: ["a b"]\n',
        "owners.0: 'a b' is no owner",
    ),
    "a connection of no name": (
        NETBOX,
        "{name: main}",
        '{name: "a b"}',
        "source_connection.name: 'a b' is no name of a connection",
    ),
    "an inventory called as a step": (
        SNIPEIT,
        "  tables:\n",
        "  keys: {inventory: some_sync/plan}\n  tables:\n",
        "keys.inventory: 'some_sync/plan' is another asset of this sync",
    ),
    "an inventory called as a table": (
        SNIPEIT,
        "  tables:\n",
        "  keys: {source: x, inventory: x/hardware}\n  tables:\n",
        "keys.inventory: 'x/hardware' is another asset of this sync",
    ),
    "a brace that is left open": (
        SNIPEIT,
        '"{asset_tag} {name}"',
        '"{asset_tag {name}"',
        "name.template: '{asset_tag {name}' has a brace too many, or too few",
    ),
    "a brace that is left closed": (SNIPEIT, '"{asset_tag} {name}"', '"asset_tag} {name}"', "has a brace too many, or too few"),
    "a system with itself": (
        NETBOX,
        "  source_connection: {name: main}\n  target: netbox\n  target_connection: {name: branch}\n",
        "  target: netbox\n",
        "target: netbox is the source, too: name another connection of it for one of them",
    ),
    "a connection with itself": (NETBOX, "{name: branch}", "{name: main}", "target: netbox is the source, too"),
    "a colour that is none": (FINDING, '"9e9e9e"', '"zzz"', "color.value: 'zzz' does not match [0-9a-f]{6}"),
    "a constant that is too long": (
        SNIPEIT,
        "name: {value: Stock}",
        f"name: {{value: {'x' * 101}}}",
        "name.value: 'xxx",
    ),
    # Export files.
    "an alias of an unknown field": (EXPORTS, "aliases: {}", "aliases: {serial: [Service Tag]}", "aliases: "),
    "no number of files": (EXPORTS, "keep: 50", "keep: none", "keep: 'none': input should be a valid integer"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_one_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right, there, instead, said = WRONG[name]
    assert there in right
    sync = "pdq_exports" if right is EXPORTS else "some_sync"
    with pytest.raises(ConfigurationError) as raised:
        load_of(tmp_path, sync, right.replace(there, instead, 1), monkeypatch)
    told = str(raised.value)
    assert said in told
    assert "\n" not in told
    file, line = told.split(": ", maxsplit=1)[0].rsplit(":", 1)
    assert Path(file).name == "defs.yaml"
    assert int(line) >= 1
    assert raised.value.__cause__ is None


def test_there_are_sixty_of_them() -> None:
    assert len(WRONG) >= 60


@pytest.mark.parametrize(("key", "name"), [("source", "pdq"), ("inventory", "netbox/inventory")])
def test_two_syncs_that_call_their_assets_alike(tmp_path: Path, key: str, name: str) -> None:
    other = YAML.replace("source: pdq, " if key == "inventory" else ", inventory: netbox/inventory", "")
    for sync, yaml in (("first", YAML), ("second", other)):
        (tmp_path / sync).mkdir()
        (tmp_path / sync / "defs.yaml").write_text(yaml, encoding="utf-8")
    line = next(at for at, text in enumerate(other.splitlines(), start=1) if text.startswith("  keys:"))
    with pytest.raises(ConfigurationError) as caught:
        check_forms(tmp_path)
    told = f"keys.{key}: {name!r} is what the assets of first are called: second needs another one here"
    assert str(caught.value) == f"{tmp_path / 'second' / 'defs.yaml'}:{line}: {told}"


@pytest.mark.parametrize(
    ("folder", "kept", "wrong"), [("exports", "b", "folder"), ("a", "exports_kept", "kept"), ("a", "exports", "kept")]
)
def test_two_syncs_of_files_in_one_folder(tmp_path: Path, folder: str, kept: str, wrong: str) -> None:
    """The files of the one would be taken, and those that are kept pruned, by the other."""
    other = EXPORTS.replace("  folder: exports\n", f"  folder: {folder}\n  keys: {{source: other}}\n")
    other = other.replace("  kept: exports_kept\n", f"  kept: {kept}\n")
    for sync, yaml in (("first", EXPORTS), ("second", other)):
        (tmp_path / sync).mkdir()
        (tmp_path / sync / "defs.yaml").write_text(yaml, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=rf"defs\.yaml:\d+: {wrong}: '\w+' is a folder of first: second needs another"):
        check_forms(tmp_path)


def test_a_sync_that_names_another_one_that_there_is_not(tmp_path: Path) -> None:
    for sync, yaml in (
        ("netbox_to_wug", MONITORING),
        ("wug_to_netbox", FINDING.replace("exported_by: netbox_to_wug", "exported_by: nosuch")),
    ):
        (tmp_path / sync).mkdir()
        (tmp_path / sync / "defs.yaml").write_text(yaml, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        check_forms(tmp_path)
    file, line, told = str(caught.value).split(":", maxsplit=2)
    assert file == str(tmp_path / "wug_to_netbox" / "defs.yaml")
    assert (
        "exported_by: nosuch"
        in (tmp_path / "wug_to_netbox" / "defs.yaml").read_text(encoding="utf-8").splitlines()[int(line) - 1]
    )
    assert told == " source_options.exported_by: there is no sync 'nosuch' here; there are netbox_to_wug, wug_to_netbox"


@pytest.mark.parametrize("wrong", ["fresh_hours: 2026-02-30", "fresh_hours: &a [*a]", f"fresh_hours: {'9' * 5000}"])
def test_what_yaml_itself_cannot_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    yaml = YAML.replace("  fresh_hours: 25", f"  {wrong}")
    assert yaml != YAML
    with pytest.raises(ConfigurationError, match=r"defs\.yaml:\d+: ") as caught:
        load_of(tmp_path, "pdq_to_netbox", yaml, monkeypatch)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["my-sync", "my.sync", "my sync", "class", "größe"])
def test_a_folder_whose_name_is_none_for_a_sync(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "defs.yaml").write_text(YAML, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        check_forms(tmp_path)
    told = "is no name for a sync, which is called like its folder: letters, digits and _, and no keyword of Python"
    assert str(caught.value) == f"{tmp_path / name / 'defs.yaml'}: {name!r} {told}"
