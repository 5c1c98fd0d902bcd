"""A mistake in a YAML of the syncs with WhatsUp Gold is refused when it loads, in one line with file, line and what to do."""

from pathlib import Path

import dagster as dg
import pytest

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync_tests.components.probe import ROOT, load_of
from asset_sync_tests.components.test_yaml import causes
from asset_sync_tests.components.wug.lab import EXPORT, IMPORT

YAMLS = {sync: (ROOT / "asset_sync" / "defs" / sync / "defs.yaml").read_text(encoding="utf-8") for sync in (EXPORT, IMPORT)}


def connection(sync: str) -> str:
    """The lines of the one connection."""
    start = YAMLS[sync].index("    - name: main")
    return YAMLS[sync][start : YAMLS[sync].index("\n\n", start)]


# Of each: what is written and what instead of it, the key whose line is named, and what is said.
BOTH: dict[str, tuple[str, str, str, str]] = {
    **{
        f"the name {name!r}": (
            "- name: main",
            f"- name: {name!r}",
            "connections",
            f"connections: {name!r} is no name of a connection: lower-case letters, digits, - and _, a letter first",
        )
        for name in ("Main", "two words", "9th", "a/b", "")
    },
    "a name given twice": (
        "- name: main",
        "- name: main\n    - name: main",
        "connections",
        "connections: two connections are named 'main'",
    ),
    "names of the same variables": (
        "- name: main",
        "- name: a-b\n    - name: a_b",
        "connections",
        "connections: 'a-b' and 'a_b' would be reached by the same variables: name one otherwise",
    ),
}
EXPORTING: dict[str, tuple[str, str, str, str]] = {
    "an unknown kind": (
        "    device:",
        "    devices: {}\n    device:",
        "devices",
        "there is no kind 'devices' here; there are device",
    ),
    "groups, which follow from the devices": (
        "    device:",
        "    group: {path: {value: x}}\n    device:",
        "group",
        "mapping.group: there is no kind 'group' here; there are device",
    ),
    "no devices": (
        YAMLS[EXPORT][YAMLS[EXPORT].index("  mapping:") :],
        "  mapping: {}",
        "mapping",
        "mapping: device is not mapped; it needs at least its name",
    ),
    "devices of another table than the one that is sifted": (
        "  mapping:\n",
        "  tables: {device: sites}\n  mapping:\n",
        "tables",
        "tables.device: it can only be made from devices, whose rows the target looks at first",
    ),
    "an unknown field": (
        "      note: {",
        "      notes: {",
        "notes",
        "mapping.device.notes: there is no field 'notes'; there are name, ",
    ),
    "a field that can only be read": (
        "      note: {",
        "      other_addresses: {",
        "other_addresses",
        "mapping.device.other_addresses: there is no field 'other_addresses'; there are name, ",
    ),
    "an attribute without a name": ("attr_netbox_site:", "attr_:", "attr_", "and attr_… for attributes"),
    "a custom field where attributes are meant": ("attr_netbox_site:", "cf_site:", "cf_site", "there is no field 'cf_site'"),
    "an unknown transform": (
        "host_name: {from: name,",
        "host_name: {from: name, transform: hots,",
        "host_name",
        "mapping.device.host_name.transform: there is no transform 'hots'; there are text, upper",
    ),
    "an unknown column": (
        "{from: site_path,",
        "{from: sitepath,",
        "group",
        "mapping.device.group.from: the source has no column 'sitepath'; it has address, asset_tag, ",
    ),
    "two origins": (
        "{from: site_path,",
        "{from: site_path, value: x,",
        "group",
        "mapping.device.group: a field has either `from` or `value`, not both",
    ),
    **{
        f"no {name}": (
            f"      {name}: {{",
            "      attr_other: {",
            "device",
            f"mapping.device: {name} is not mapped; needed are name, address, group, attr_netbox_id",
        )
        for name in ("name", "address", "group", "attr_netbox_id")
    },
}
IMPORTING: dict[str, tuple[str, str, str, str]] = {
    **{
        f"tags that belong to {owner}": (
            "tags: {value: wug, owner: initial}",
            f"tags: {{value: wug, owner: {owner}}}",
            "tags",
            "mapping.device.tags: tags is set as a whole, with what people added: its owner can only be initial",
        )
        for owner in ("source", "shared")
    },
    "an unknown field": (
        "      model: {",
        "      modell: {",
        "modell",
        "mapping.device_type.modell: there is no field 'modell'",
    ),
    "an unknown column": (
        "{from: brand,",
        "{from: maker,",
        "name",
        "mapping.manufacturer.name.from: the source has no column 'maker'",
    ),
    "a column of devices for an interface": (
        "    interface:\n      device: {owner: initial}\n      name: {from: name,",
        "    interface:\n      device: {owner: initial}\n      name: {from: brand,",
        "name",
        "mapping.interface.name.from: the source's table interfaces has no column 'brand'; devices has one",
    ),
    "an unknown transform": ("{from: note,", "{from: note, transform: trim,", "description", "there is no transform 'trim'"),
    "a kind that there is not": (
        "    tag:\n",
        "    rack:\n      name: {}\n    tag:\n",
        "rack",
        "there is no kind 'rack' here",
    ),
    "a field without an origin": (
        "    tag:\n",
        "    platform:\n      name: {}\n    tag:\n",
        "name",
        "mapping.platform.name: nothing says where its value comes from",
    ),
    **{
        f"no {kind}": (
            f"    {kind}:\n",
            f"    {kind}s:\n",
            f"{kind}s",
            f"mapping.{kind}s: there is no kind '{kind}s' here; there are",
        )
        for kind in ("manufacturer", "site", "tag", "device_primary_ip")
    },
}
MISTAKES = {
    **{
        f"{sync}: no connection": (sync, connection(sync), "    []", "connections", "there is no connection: name at least one")
        for sync in YAMLS
    },
    **{f"{sync}: {what}": (sync, *mistake) for sync in YAMLS for what, mistake in BOTH.items()},
    **{f"{EXPORT}: {what}": (EXPORT, *mistake) for what, mistake in EXPORTING.items()},
    **{f"{IMPORT}: {what}": (IMPORT, *mistake) for what, mistake in IMPORTING.items()},
}


@pytest.mark.parametrize(("sync", "right", "wrong", "key", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_refused_with_file_and_line_and_what_is_possible(
    sync: str, right: str, wrong: str, key: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert right in YAMLS[sync]
    yaml = YAMLS[sync].replace(right, wrong, 1)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - Dagster wraps it in its own
        load_of(tmp_path, sync, yaml, monkeypatch)
    told = [str(error) for error in causes(raised.value) if isinstance(error, ConfigurationError)]
    assert told, raised.value
    assert said in told[0]
    assert "\n" not in told[0]
    file, line = told[0].split(": ")[0].rsplit(":", 1)
    assert Path(file).parts[-2:] == (sync, "defs.yaml")
    assert key in yaml.splitlines()[int(line) - 1].split(":")[0]


FORMS = {
    "retire: something else": (
        "retire: maintenance",
        "retire: delete",
        "{file}:{line}: target_options.retire: 'delete': input should be 'maintenance' or 'group'",
    ),
    "an unknown key": (
        "root_group: NetBox",
        "root_grup: NetBox",
        "{file}:{line}: target_options.root_grup: there is no such key here; there are root_group, retire",
    ),
    "an unknown key of a connection": (
        "enabled: true",
        "enable: true",
        "{file}:{line}: connections.0.enable: there is no such key here; there are name, ca_file",
    ),
    "an unknown filter": (
        "{sites: []",
        "{site: []",
        "{file}:{line}: connections.0.source_options.site: there is no such key here; there are sites, roles",
    ),
    "a filter that is no list": (
        "{sites: []",
        "{sites: hq",
        "{file}:{line}: connections.0.source_options.sites: 'hq': input should be a valid list",
    ),
    "no time between two exports": (
        "interval_seconds: 10800",
        "interval_seconds: 0",
        "{file}:{line}: connections.0.interval_seconds: 0: input should be greater than or equal to 1",
    ),
    "an unknown owner": (
        "{from: site_path, owner: source}",
        "{from: site_path, owner: netbox}",
        "{file}:{line}: mapping.device.group.owner: 'netbox': input should be 'source', 'shared' or 'initial'",
    ),
    "a word for a switch": (
        "auto_scan_exported_ips: true",
        "auto_scan_exported_ips: perhaps",
        "{file}:{line}: connections.0.target_options.auto_scan_exported_ips: 'perhaps': input should be a valid boolean",
    ),
    "no YAML at all": ("    device:\n", "    device: {\n", "{file}"),
}


@pytest.mark.parametrize(("right", "wrong", "said"), FORMS.values(), ids=FORMS.keys())
def test_a_value_of_the_wrong_form_is_one_line_that_names_the_sync_and_the_key(
    right: str, wrong: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert right in YAMLS[EXPORT]
    yaml = YAMLS[EXPORT].replace(right, wrong, 1)

    with pytest.raises(ConfigurationError) as raised:
        load_of(tmp_path, EXPORT, yaml, monkeypatch)
    told = str(raised.value)
    assert "\n" not in told
    assert EXPORT in told
    (file,) = tmp_path.glob("probe_*/defs/*/defs.yaml")
    line = next(number for number, text in enumerate(yaml.splitlines(), start=1) if wrong.splitlines()[0].strip() in text)
    assert said.format(file=file, line=line) in told


@pytest.mark.parametrize("sync", YAMLS)
def test_the_committed_yaml_loads_and_its_connections_are_the_partitions(
    sync: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = load_of(tmp_path, sync, YAMLS[sync], monkeypatch).assets or []
    partitions = {asset.partitions_def for asset in assets if isinstance(asset, dg.AssetsDefinition)}
    assert partitions == {dg.StaticPartitionsDefinition(["main"])}
