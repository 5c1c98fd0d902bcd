"""A mistake in a sync's YAML is refused when the definitions load, in one line with file and line."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import dagster as dg
import pytest
from pydantic import BaseModel, ValidationError

from asset_sync import components, definitions
from asset_sync.components.config import GraceConfig
from asset_sync.components.forms import check_file, loaded
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
        ("runs: 3", "runs: true"),
        ("grace:", "grase:"),
    ],
)
def test_a_value_of_the_wrong_form_is_refused(right: str, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Exception, match=r"defs\.yaml|validation") as raised:
        load(tmp_path, YAML.replace(right, wrong, 1), monkeypatch)
    assert any("defs.yaml" in str(error) for error in causes(raised.value))


MIRROR = Path(definitions.__file__).parent / "defs/snipeit_to_postgres/defs.yaml"
MIRROR_MISTAKES = {
    "no cron": ('"0 8,12,16,20 * * *"', "every day", "7: schedule.cron: 'every day' is no cron expression; write minute, hour"),
    "no cron of the deadlines": ('"0 2,14,20 * * *"', '"60 2 * * *"', "19: freshness.cron: '60 2 * * *' is no cron expression"),
    "a folder of time zones": ('timezone: ""', "timezone: Europe", "8: schedule.timezone: there is no time zone 'Europe'"),
    "another type": ("hours: 6", "hours: six", "20: freshness.hours: 'six': input should be a valid number"),
    "no end of hours": ("compare_hours: 24", "compare_hours: .inf", "11: compare_hours: inf: input should be less than"),
    "a type that is none": (
        "asset_sync.components.SnipeitToPostgres",
        "[mirror]",
        "2: type: ['mirror'] is no name of a component",
    ),
}


@pytest.mark.parametrize("name", MIRROR_MISTAKES)
def test_a_mistake_in_the_mirrors_yaml_is_refused_with_file_and_line(name: str, tmp_path: Path) -> None:
    right, wrong, said = MIRROR_MISTAKES[name]
    file = tmp_path / "defs.yaml"
    file.write_text(MIRROR.read_text().replace(right, wrong, 1))
    with pytest.raises(ConfigurationError) as raised:
        check_file(file)
    assert str(raised.value).startswith(f"{file}:{said}")
    assert "\n" not in str(raised.value)


def _refused_by_dagster() -> dg.Definitions:
    asset = dg.AssetSpec("devices", owners=["nobody at all"])
    return dg.Definitions(assets=[asset])


def _wrong_itself() -> dg.Definitions:
    raise KeyError("a mistake in the code")


def test_what_dagster_refuses_is_one_line_and_a_mistake_in_the_code_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^/[^\n]*: Invalid owner 'nobody at all'[^\n]*$"):
        loaded(tmp_path, _refused_by_dagster)
    with pytest.raises(KeyError):
        loaded(tmp_path, _wrong_itself)


TEMPLATED = YAML.replace("    hours: 24\n", '    hours: "{{ env.GRACE_HOURS }}"\n', 1).replace(
    "    source_shrink: 0.20\n", "    source_shrink: \"{{ env('SHRINK', 0.1) }}\"\n", 1
)


@pytest.mark.parametrize(
    ("hours", "said"),
    [("-1", "-1: input should be greater"), ("day", "'day': input should be a valid number"), (None, "it gives nothing")],
)
def test_a_number_may_come_from_the_environment_and_is_looked_at_then(
    hours: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert TEMPLATED.count("{{") == 2
    for name in ("right", "wrong"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("GRACE_HOURS", "12")
    assert load(tmp_path / "right", TEMPLATED, monkeypatch).assets
    monkeypatch.delenv("GRACE_HOURS")
    if hours is not None:
        monkeypatch.setenv("GRACE_HOURS", hours)
    line = next(at for at, told in enumerate(TEMPLATED.splitlines(), 1) if "GRACE_HOURS" in told)
    where = rf"/pdq_to_netbox/defs\.yaml:{line}: hours: \{{\{{ env\.GRACE_HOURS \}}\}}"
    with pytest.raises(ConfigurationError, match=rf"^[^\n]*{where}: {said}[^\n]*$"):
        load(tmp_path / "wrong", TEMPLATED, monkeypatch)


def test_what_is_wrong_in_a_sync_that_is_loaded_alone_names_its_file(tmp_path: Path) -> None:
    file = tmp_path / "pdq_to_netbox" / "defs.yaml"
    file.parent.mkdir()
    file.write_text(TEMPLATED)

    def load() -> dg.Definitions:
        try:
            return dg.Definitions(assets=[GraceConfig(hours="day")])  # type: ignore[list-item]
        except ValidationError as error:
            raise RuntimeError("Error while loading component .[0]") from error

    with pytest.raises(ConfigurationError, match=rf"^{file}:\d+: hours: \{{\{{ env.GRACE_HOURS \}}\}}: 'day': "):
        loaded(tmp_path, load, root=file.parent)


def _forms(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from _forms(field.annotation)
    for each in get_args(annotation):
        yield from _forms(each)


FORMS = {form.__name__: form for name in components.__all__ for form in _forms(getattr(components, name))}


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_template_may_stand_in_the_place_of_every_value(name: str) -> None:
    form = FORMS[name]
    assert issubclass(form, dg.Resolvable)
    as_dagster_reads_it = form.model()
    for key, field in as_dagster_reads_it.model_fields.items():
        with suppress(ValidationError):  # of what is missing beside it
            as_dagster_reads_it.model_validate({field.alias or key: "{{ env.VALUE }}"})
