"""A mistake in a sync's YAML is refused when the definitions load, in one line with file and line."""

from pathlib import Path

import dagster as dg
import pytest

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync_tests.components.probe import ASSETS, DEVICES, YAML, load

NAME_LINE = "      name: {from: name, owner: shared}"

MISTAKES = {
    "a field that there is not": (
        NAME_LINE,
        "      nam: {from: name, owner: shared}",
        "mapping.asset.nam: there is no field 'nam'; there are name, serial",
    ),
    "a transform that there is not": (
        "{from: serialNumber, transform: serial, owner: source}",
        "{from: serialNumber, transform: serail, owner: source}",
        "mapping.asset.serial.transform: there is no transform 'serail'; there are text, upper",
    ),
    "a source column that there is not": (
        NAME_LINE,
        "      name: {from: computerName, owner: shared}",
        "mapping.asset.name.from: the source has no column 'computerName'",
    ),
    "a kind that there is not": ("    asset:\n", "    assets:\n", "mapping.assets: there is no kind 'assets' here; there are"),
    "a kind that is not mapped": (ASSETS, "  kinds: [manufacturer, cluster]\n", "kinds.1: cluster is not mapped"),
    "a target of earlier versions": (
        "  target: netbox\n",
        "  target: assets\n",
        "target: 'assets' is no system: write `target: netbox` and `kinds: [manufacturer, inventory_item_type, asset]`",
    ),
    "a default that is no name": (
        "        default: Unknown\n",
        '        default: "---"\n',
        "mapping.manufacturer.name.default: '---' has no letter or digit",
    ),
    "a constant of another type": (
        NAME_LINE,
        f"{NAME_LINE}\n      warranty_end: {{value: soon, owner: initial}}",
        "mapping.asset.warranty_end.value: 'soon' is no date (YYYY-MM-DD)",
    ),
    "two origins": (
        "{value: used, owner: initial}",
        "{value: used, from: name, owner: initial}",
        "mapping.asset.status: a field has either `from` or `value`, not both",
    ),
}


def causes(error: BaseException | None) -> list[BaseException]:
    found = []
    while error is not None:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_with_file_and_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong, said = MISTAKES[name]
    assert right in YAML
    with pytest.raises(Exception) as raised:  # noqa: PT011 - Dagster wraps it in its own
        load(tmp_path, YAML.replace(right, wrong, 1), monkeypatch)
    told = [str(e) for e in causes(raised.value) if isinstance(e, ConfigurationError)]
    assert told, raised.value
    assert said in told[0]
    assert "\n" not in told[0]
    file, line = told[0].split(": ")[0].rsplit(":", 1)
    assert Path(file).name == "defs.yaml"
    key = said.split(":")[0].split(".")[-1]
    assert key in YAML.replace(right, wrong, 1).splitlines()[int(line) - 1] or "not mapped" in said


@pytest.mark.parametrize("kinds", [ASSETS, DEVICES])
def test_the_committed_yaml_loads_for_both_targets(kinds: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    defs = load(tmp_path, YAML.replace(ASSETS, kinds), monkeypatch)
    keys = {key.to_user_string() for made in defs.assets or [] if isinstance(made, dg.AssetsDefinition) for key in made.keys}
    own = {f"pdq_to_netbox/{step}" for step in ("desired", "match", "plan", "applied")}
    assert keys == {"pdq/devices", "netbox/inventory", *own}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("target: netbox", "target: netbocks"),
        ("owner: shared", "owner: everybody"),
        ("runs: 3", "runs: three"),
        ("grace:", "grase:"),
    ],
)
def test_a_value_of_the_wrong_form_is_refused(right: str, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Exception, match=r"defs\.yaml|validation") as raised:
        load(tmp_path, YAML.replace(right, wrong, 1), monkeypatch)
    assert any("defs.yaml" in str(error) for error in causes(raised.value))
