"""A source that is empty, short, cut or locked never costs an object of the target: no write, a failed run, one line why."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from asset_sync.sandbox.faults import Faults
from asset_sync_tests.pipeline import SYNC, Pipeline

BROKEN: dict[str, tuple[Callable[[Faults], object], str]] = {
    "empty": (lambda faults: faults.set("empty_source"), "no devices at all"),
    "no token any more": (lambda faults: faults.set("expired_token"), "PDQ_TOKEN is not accepted"),
    "lost rights": (lambda faults: faults.set("lost_rights", rate=1.0), "no devices at all"),
    "a page is missing": (lambda faults: faults.set("missing_page", path="[?&]page=2(&|$)"), "not whole"),
    "a page is short": (lambda faults: faults.set("short_page", path="[?&]page=1(&|$)"), "not whole"),
    "a login page": (lambda faults: faults.set("html_login"), "a web page"),
    "down": (lambda faults: faults.set("http_500"), "500"),
}

LONG = BROKEN.keys() - {"empty", "a page is missing", "a login page"}


@pytest.mark.parametrize("pipeline", [{"size": 150}], indirect=True)
@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in BROKEN])
def test_a_broken_source_stops_before_the_plan(pipeline: Pipeline, name: str) -> None:
    assert pipeline.run().success
    before = pipeline.assets()
    breaking, said = BROKEN[name]
    breaking(pipeline.world.pdq_faults)
    runs = []
    assert pipeline.writes_of(lambda: runs.append(pipeline.run())) == 0
    assert not runs[0].success
    assert f"{SYNC}/plan" not in runs[0].materialized()
    reasons = [error for error in runs[0].errors() if said in error]
    assert reasons, runs[0].errors()
    assert "\n" not in reasons[0]
    assert pipeline.world.environment()["PDQ_TOKEN"] not in reasons[0]
    assert pipeline.assets() == before


@pytest.mark.slow
@pytest.mark.parametrize("pipeline", [{"size": 150}], indirect=True)
def test_a_source_at_two_fifths_of_its_size_is_stopped_by_its_guard(pipeline: Pipeline) -> None:
    pipeline.run()
    before = pipeline.assets()
    pipeline.world.pdq_faults.set("shrunken_source", rate=0.4)
    runs = []
    assert pipeline.writes_of(lambda: runs.append(pipeline.run())) == 0
    assert not runs[0].success
    guard = runs[0].checks()["source_rows"]
    assert not guard.passed
    assert "fewer than the 150 of the last good run" in str(guard.description)
    assert f"asset-sync approve {runs[0].plan_id}" in str(guard.description)
    assert f"has {guard.metadata['rows/pdq/devices'].value:.0f} rows" in str(guard.description)
    assert pipeline.assets() == before


@pytest.mark.parametrize("pipeline", [{"size": 150}], indirect=True)
@pytest.mark.slow
def test_what_a_stopped_run_did_not_see_does_not_count_as_missing(pipeline: Pipeline) -> None:
    pipeline.run()
    pipeline.world.pdq_faults.set("shrunken_source", rate=0.4)
    for _ in range(4):
        pipeline.run()
    pipeline.world.pdq_faults.clear()
    run = pipeline.run()
    assert run.success
    assert not any(run.planned.values())
    assert len(pipeline.ledger.plan(run.plan_id).operations) == 0


@pytest.mark.parametrize("pipeline", [{"size": 150}], indirect=True)
@pytest.mark.slow
def test_a_shrunken_source_can_be_approved_and_is_then_the_new_measure(pipeline: Pipeline) -> None:
    pipeline.run()
    pipeline.world.pdq_faults.set("shrunken_source", rate=0.4)
    stopped = pipeline.run()
    assert not pipeline.apply(stopped.plan_id).success
    pipeline.ledger.approve(stopped.plan_id, "ann", datetime.now(UTC))
    assert pipeline.apply(stopped.plan_id).success
    assert pipeline.run().checks()["source_rows"].passed


@pytest.mark.slow
def test_more_retirements_than_the_limit_wait_for_approval(pipeline: Pipeline) -> None:
    pipeline.run()
    before = pipeline.assets()
    pipeline.world.company.apply(remove=list(pipeline.world.company)[:6])
    for _ in range(3):
        pipeline.run()
        pipeline.pass_time(25)
    runs = []
    assert pipeline.writes_of(lambda: runs.append(pipeline.run())) == 0
    assert not runs[0].success
    assert "6 of" in str(runs[0].checks()["retired"].description)
    assert {s: a["status"] for s, a in pipeline.assets().items()} == {s: a["status"] for s, a in before.items()}


def test_junk_serials_are_on_no_machine_and_merge_none(pipeline: Pipeline) -> None:
    pipeline.world.pdq_faults.set("junk_serials", rate=0.3)
    run = pipeline.run()
    assert run.success
    assert pipeline.ledger.plan(run.plan_id).held.empty
    made = pipeline.world.netbox.objects("plugins/inventory/assets")
    assert len(made) == run.metadata(f"{SYNC}/desired")["rows/asset"] == len(pipeline.world.company)
    true = {machine.name: bare(machine.serial) for machine in pipeline.world.company}
    said = {asset["name"]: asset["serial"] and bare(asset["serial"]) for asset in made}
    assert sum(serial is None for serial in said.values()) > 3
    assert {name: serial for name, serial in said.items() if serial not in (None, true[name])} == {}


def bare(serial: str) -> str:
    """A serial without what makers and firmware print now so, now so."""
    return "".join(letter for letter in serial.upper() if letter.isalnum())


def test_of_machines_that_share_a_serial_those_that_no_tag_tells_apart_are_held(pipeline: Pipeline) -> None:
    pipeline.world.pdq_faults.set("duplicate_serials", rate=1.0)
    run = pipeline.run()
    assert run.success
    held = pipeline.ledger.plan(run.plan_id).held
    machines = held[held["op"] == "quarantine"]
    assert machines["hold"].str.contains("is also on dvc_").all()
    # Of two of one type, which NetBox takes a serial of once, the serial alone is held.
    assert held.drop(machines.index)["hold"].str.contains("would stand on 2 objects").all()
    tagged = {machine.name for machine in pipeline.world.company if machine.asset_tag}
    assert len(machines) > 3
    assert not tagged & set(machines["key"])
    assert tagged <= {row["name"] for row in pipeline.world.netbox.objects("plugins/inventory/assets")}


def test_no_serial_stands_on_two_objects(pipeline: Pipeline) -> None:
    pipeline.world.pdq_faults.set("duplicate_serials", rate=0.2)
    pipeline.run()
    serials = [row["serial"] for row in pipeline.world.netbox.objects("plugins/inventory/assets") if row["serial"]]
    assert len(serials) == len(set(serials))
