"""Custom fields through the whole staircase: written by their types, at rest in the second run, and told where they are not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asset_sync.reconcile import plan as p
from asset_sync_tests.components.probe import YAML, load_whole
from asset_sync_tests.pipeline import ASSETS, Pipeline, Run, running

ASSET = "netbox_inventory.asset"
FIELDS, SETS = "extras/custom-fields", "extras/custom-field-choice-sets"
MAPPED = """
      cf_reboot: {from: requireReboot, owner: source}
      cf_free: {from: freePercent, owner: shared}
      cf_os: {from: osFullName, owner: source}
      cf_since: {from: insertedAt, owner: source}
      cf_home: {value: Lisbon, owner: source}
"""


@pytest.fixture(params=[pytest.param("4.6", marks=pytest.mark.slow), "4.7"])
def pipeline(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path
) -> Iterator[Pipeline]:
    """A pipeline that maps custom fields of assets, with a NetBox that has them; the second OS by name is no choice there."""
    last = "      description: {from: osFullName, owner: shared}\n"
    assert last in YAML
    definitions = load_whole(tmp_path, YAML.replace(last, last + MAPPED), monkeypatch)
    with running(monkeypatch, database_url, tmp_path, size=30, netbox_version=request.param) as made:
        netbox = made.world.netbox
        netbox.create("dcim/sites", {"name": "Lisbon", "slug": "lisbon"})
        choices = [[f"os{n}", name] for n, name in enumerate(systems(made)) if n != 1]
        netbox.create(SETS, {"name": "Systems", "extra_choices": choices})
        define(made, "reboot", "boolean")
        define(made, "free", "decimal", validation_minimum=20)
        define(made, "os", "select", choice_set=1)
        define(made, "since", "datetime")
        define(made, "home", "object", related_object_type="dcim.site")
        yield Pipeline(made.world, made.instance, definitions)


def define(pipeline: Pipeline, name: str, custom_type: str, **more: Any) -> None:
    pipeline.world.netbox.create(FIELDS, {"name": name, "type": custom_type, "object_types": [ASSET], **more})


def systems(pipeline: Pipeline) -> list[str]:
    return sorted({machine.os_name for machine in pipeline.world.company})


def kept(pipeline: Pipeline, name: str) -> dict[str, Any]:
    """A custom field of NetBox's assets, as it is stored, by serial."""
    return {serial: asset["custom_fields"].get(name) for serial, asset in pipeline.assets().items()}


def held(pipeline: Pipeline, run: Run) -> dict[str, list[str]]:
    """The reasons of the held changes of assets, by field."""
    rows = pipeline.ledger.plan(run.plan_id).held
    found: dict[str, list[str]] = {}
    for row in p.records(rows[rows["kind"] == "asset"]):
        for name in p.decode(row["changes"]):
            found.setdefault(name, []).append(str(row["hold"]))
    return found


def test_values_are_written_by_their_types_and_rest_there(pipeline: Pipeline) -> None:
    first = pipeline.run()
    assert first.success, first.errors()
    machines = {"".join(machine.serial.upper().split()): machine for machine in pipeline.world.company}
    names = systems(pipeline)
    assert kept(pipeline, "reboot") == {serial: m.number % 9 == 0 for serial, m in machines.items()}
    assert kept(pipeline, "os") == {
        serial: None if m.os_name == names[1] else f"os{names.index(m.os_name)}" for serial, m in machines.items()
    }
    assert kept(pipeline, "free") == {
        serial: float(free) if (free := 5 + m.number * 37 % 80) >= 20 else None for serial, m in machines.items()
    }
    (lisbon,) = (site["id"] for site in pipeline.world.netbox.objects("dcim/sites") if site["name"] == "Lisbon")
    assert set(kept(pipeline, "home").values()) == {lisbon}
    runs: list[Run] = []
    assert pipeline.writes_of(lambda: runs.append(pipeline.run())) == 0
    assert not any(runs[0].planned.values())


def test_what_is_no_value_holds_its_field_alone(pipeline: Pipeline) -> None:
    run = pipeline.run()
    machines, name = list(pipeline.world.company), systems(pipeline)[1]
    reasons = held(pipeline, run)
    assert reasons.keys() == {"cf_os", "cf_free"}
    assert len(reasons["cf_os"]) == sum(machine.os_name == name for machine in machines) > 0
    assert all(told.startswith(f"cf_os: {name!r} is none of os0, ") for told in reasons["cf_os"])
    assert len(reasons["cf_free"]) == sum(5 + machine.number * 37 % 80 < 20 for machine in machines) > 0
    assert all(told.endswith("is less than 20") for told in reasons["cf_free"])
    assert len(pipeline.assets()) == len(machines)


@pytest.mark.slow
def test_a_persons_edit_of_a_shared_custom_field_survives(pipeline: Pipeline) -> None:
    pipeline.run()
    serial = next(serial for serial, value in kept(pipeline, "free").items() if value is not None)
    pipeline.edit(serial, custom_fields={"free": 99.5})
    assert not any(pipeline.run().planned.values())
    assert kept(pipeline, "free")[serial] == 99.5


def test_records_wait_while_netbox_requires_a_custom_field_that_nothing_fills(pipeline: Pipeline) -> None:
    define(pipeline, "must", "text", required=True)
    run = pipeline.run()
    assert run.success, run.errors()
    assert not pipeline.assets()
    rows = pipeline.ledger.plan(run.plan_id).held
    told = "NetBox requires the custom field must: map cf_must, or give it a default there"
    waiting = rows[(rows["kind"] == "asset") & (rows["hold"] == told)]
    assert waiting["source_key"].nunique() == len(list(pipeline.world.company))


@pytest.mark.slow
def test_values_of_a_unique_custom_field_change_places_and_what_a_person_has_holds_its_field(
    monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path
) -> None:
    last = "      description: {from: osFullName, owner: shared}\n"
    definitions = load_whole(tmp_path, YAML.replace(last, f"{last}      cf_inv: {{from: name, owner: source}}\n"), monkeypatch)
    with running(monkeypatch, database_url, tmp_path, size=10) as made:
        pipeline = Pipeline(made.world, made.instance, definitions)
        define(pipeline, "inv", "text", unique=True)
        assert pipeline.run().success
        one, other, third, *_ = made.world.company
        beamer = {"status": "used", "inventoryitem_type": next(iter(pipeline.assets().values()))["inventoryitem_type"]}
        made.world.netbox.create(ASSETS, {"name": "beamer", **beamer, "custom_fields": {"inv": "BEAMER-7"}})
        moved = [replace(one, name=other.name), replace(other, name=one.name), replace(third, name="BEAMER-7")]
        made.world.company.apply(put=moved)

        run = pipeline.run()

        assert run.success, run.errors()
        stands = {serial: (asset["name"], asset["custom_fields"]["inv"]) for serial, asset in pipeline.assets().items()}
        machines = {name.name: "".join(name.serial.upper().split()) for name in (one, other, third)}
        assert stands[machines[one.name]] == (other.name, other.name)
        assert stands[machines[other.name]] == (one.name, one.name)
        assert stands[machines[third.name]] == ("BEAMER-7", third.name), "the rest of the record goes on"
        (why,) = held(pipeline, run)["cf_inv"]
        assert why.startswith("cf_inv 'BEAMER-7' is on asset #")
