"""Review rules of a sync, and plans that a person approves in part: what goes through, what waits, and how that goes on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from asset_sync.ledger import PlanHeader
from asset_sync.operations import plans as operations
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.review import Choice, Selection
from asset_sync.sandbox.company import Machine
from asset_sync_tests.components.probe import YAML, load_whole
from asset_sync_tests.pipeline import SYNC, Pipeline, running

BEFORE = "  # How long the prefixes"
Reviewing = Callable[[str], Pipeline]


@pytest.fixture
def reviewing(monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> Iterator[Reviewing]:
    """A pipeline of ten machines by whose YAML rules are what is given; given again, the same with other rules."""
    with running(monkeypatch, database_url, tmp_path, size=10) as made:

        def with_rules(rules: str) -> Pipeline:
            assert BEFORE in YAML
            yaml = YAML.replace(BEFORE, f"  review:\n{rules}\n{BEFORE}")
            return Pipeline(made.world, made.instance, load_whole(tmp_path, yaml, monkeypatch))

        yield with_rules


CREATES = "    - {kind: [asset], op: [create], then: wait}"
DESCRIPTIONS = "    - {kind: [asset], op: [update], fields: [description], then: wait}"


def rests(pipeline: Pipeline) -> list[PlanHeader]:
    return [header for header in pipeline.ledger.plans(SYNC) if header.mode == "rest"]


def waiting(pipeline: Pipeline) -> PlanHeader:
    """The one plan that waits for a person."""
    (found,) = [header for header in rests(pipeline) if header.state == "waiting"]
    return found


def machines(pipeline: Pipeline) -> list[Machine]:
    return list(pipeline.world.company)


def serial(machine: Machine) -> str:
    return "".join(machine.serial.upper().split())


def change(pipeline: Pipeline, machine: Machine, **fields: Any) -> None:
    pipeline.world.company.apply(put=[replace(machine, **fields)])


def told(pipeline: Pipeline, machine: Machine, field: str) -> Any:
    return pipeline.assets()[serial(machine)][field]


@pytest.mark.slow
def test_what_waits_is_approved_two_runs_later_and_applied_exactly(reviewing: Reviewing) -> None:
    pipeline = reviewing(CREATES)
    first = pipeline.run()
    assert first.success
    assert pipeline.assets() == {}
    # What new assets refer to is of no use without them.
    assert pipeline.world.netbox.objects("dcim/manufacturers") == []
    rest = waiting(pipeline)
    assert first.metadata(f"{SYNC}/applied")["waits"] == rest.id
    check = first.checks()["approved"]
    assert not check.passed
    assert f"asset-sync approve {rest.id}" in str(check.description)
    seen = {row["key"]: row["changes"] for row in p.records(pipeline.ledger.plan(rest.id).writes)}
    for _ in range(2):
        assert pipeline.run().success
        assert [header.id for header in rests(pipeline)] == [rest.id]
    with pytest.raises(PlanError, match=f"plan {rest.id} of {SYNC} waits for approval"):
        pipeline.ledger.start(rest.id, "run", datetime.now(UTC))
    applied = pipeline.apply(rest.id, approved_by="anna@example.com")
    assert applied.success, applied.errors()
    assert set(pipeline.assets()) == {serial(machine) for machine in machines(pipeline)}
    outcomes = pipeline.ledger.outcomes(rest.id)
    assert {outcome.outcome for outcome in outcomes.values()} == {"applied"}
    assert {row["key"]: row["changes"] for row in p.records(pipeline.ledger.plan(rest.id).writes)} == seen
    assert pipeline.writes_of(pipeline.run) == 0
    assert [header.state for header in rests(pipeline)] == ["applied"]


@pytest.mark.slow
def test_fields_of_one_machine_go_two_ways(reviewing: Reviewing) -> None:
    pipeline = reviewing(DESCRIPTIONS)
    pipeline.run()
    assert rests(pipeline) == []
    one = machines(pipeline)[0]
    before = told(pipeline, one, "description")
    change(pipeline, one, os_name="Windows 12", name="RENAMED-1")
    run = pipeline.run()
    assert run.success, run.errors()
    assert (told(pipeline, one, "name"), told(pipeline, one, "description")) == ("RENAMED-1", before)
    rest = waiting(pipeline)
    (row,) = p.records(pipeline.ledger.plan(rest.id).writes)
    assert set(p.decode(row["changes"])) == {"description"}
    # Another machine's change goes through meanwhile, and the approval still counts.
    operations.approve(rest.id, "anna@example.com")
    change(pipeline, machines(pipeline)[1], name="RENAMED-2")
    assert pipeline.run().success
    assert told(pipeline, machines(pipeline)[1], "name") == "RENAMED-2"
    assert pipeline.ledger.header(rest.id).state == "approved"
    assert pipeline.apply(rest.id).success
    assert told(pipeline, one, "description").startswith("Windows 12")
    assert pipeline.writes_of(pipeline.run) == 0


@pytest.mark.slow
def test_what_waits_is_stale_where_the_source_says_otherwise_since(reviewing: Reviewing) -> None:
    pipeline = reviewing(DESCRIPTIONS)
    pipeline.run()
    one = machines(pipeline)[0]
    change(pipeline, one, os_name="Windows 12")
    pipeline.run()
    rest = waiting(pipeline)
    operations.approve(rest.id, "anna@example.com")
    change(pipeline, machines(pipeline)[0], os_name="Windows 13")
    pipeline.run()
    stale = pipeline.ledger.header(rest.id)
    assert stale.state == "stale"
    assert f"would set description of asset '{machines(pipeline)[0].name}' otherwise" in str(stale.stale_because)
    refused = pipeline.apply(rest.id, approved_by="anna@example.com")
    assert not refused.success
    assert waiting(pipeline).id != rest.id
    # What the source takes back waits no more.
    change(pipeline, machines(pipeline)[0], os_name=one.os_name)
    pipeline.run()
    assert [header.state for header in rests(pipeline)] == ["stale", "stale"]


@pytest.mark.slow
def test_what_another_rule_lets_through_is_not_applied_twice(reviewing: Reviewing) -> None:
    pipeline = reviewing(CREATES)
    pipeline.run()
    rest = waiting(pipeline)
    operations.approve(rest.id, "anna@example.com")
    pipeline = reviewing("    - {kind: [asset], op: [retire], then: wait}")
    run = pipeline.run()
    assert run.success, run.errors()
    assert len(pipeline.assets()) == 10
    header = pipeline.ledger.header(rest.id)
    assert (header.state, header.stale_because) == ("stale", f"plan {run.plan_id} does it without approval")
    assert not pipeline.apply(rest.id).success
    assert len(pipeline.world.netbox.objects("plugins/inventory/assets")) == 10


@pytest.mark.slow
def test_a_rule_may_speak_of_a_share(reviewing: Reviewing) -> None:
    pipeline = reviewing("    - {kind: [asset], op: [update], above: 0.15, then: wait}")
    pipeline.run()
    change(pipeline, machines(pipeline)[0], name="RENAMED-1")
    pipeline.run()
    assert told(pipeline, machines(pipeline)[0], "name") == "RENAMED-1"
    for number, machine in enumerate(machines(pipeline)[1:3]):
        change(pipeline, machine, name=f"MANY-{number}")
    pipeline.run()
    assert waiting(pipeline).counts["update"] == 2


@pytest.mark.slow
def test_a_dry_run_shows_what_would_wait_and_a_review_is_a_person_s_as_a_whole(reviewing: Reviewing) -> None:
    pipeline = reviewing(CREATES)
    dry = pipeline.run("dry_run")
    plan = pipeline.ledger.plan(dry.plan_id)
    assert len(plan.left) == len(plan.held)
    assert {row["hold"] for row in p.records(plan.left) if row["kind"] == "asset"} == {"waits for approval by review rule 1"}
    assert rests(pipeline) == []
    review = pipeline.run("review")
    assert pipeline.ledger.plan(review.plan_id).left.empty
    assert pipeline.apply(review.plan_id, approved_by="anna@example.com").success
    assert len(pipeline.assets()) == 10
    assert rests(pipeline) == []


# Approving in part.


@pytest.mark.slow
def test_a_person_leaves_two_records_out_and_the_next_plan_knows_it(pipeline: Pipeline) -> None:
    review = pipeline.run("review")
    written = p.records(pipeline.ledger.plan(review.plan_id).writes)
    two = [row for row in written if row["kind"] == "asset"][:2]
    selection = Selection(without=[Choice(rows=frozenset(row["seq"] for row in two))])
    part = operations.approve(review.plan_id, "anna@example.com", selection)
    assert part.state == "approved"
    assert pipeline.ledger.header(review.plan_id).state == "superseded"
    assert pipeline.apply(part.id).success
    left = {p.decode(row["changes"])["serial"]["new"] for row in two}
    assert set(pipeline.assets()) == {serial(machine) for machine in machines(pipeline)} - left
    decided = pipeline.ledger.every_resolution()
    assert {(r.resolution.verb, r.resolution.source_key, r.resolution.by) for r in decided} == {
        ("ignore", row["source_key"], "anna@example.com") for row in two
    }
    assert pipeline.writes_of(pipeline.run) == 0
    assert not left & set(pipeline.assets())


@pytest.mark.slow
def test_a_field_that_is_left_out_stays_as_it_is(pipeline: Pipeline) -> None:
    pipeline.run()
    one = machines(pipeline)[0]
    before = told(pipeline, one, "description")
    change(pipeline, one, os_name="Windows 12", name="RENAMED-1")
    review = pipeline.run("review")
    part = operations.approve(review.plan_id, "anna@example.com", Selection(only=[Choice(fields=frozenset({"name"}))]))
    assert pipeline.apply(part.id).success
    assert (told(pipeline, one, "name"), told(pipeline, one, "description")) == ("RENAMED-1", before)
    assert pipeline.run().success
    assert told(pipeline, one, "description") == before
    (kept,) = pipeline.ledger.every_resolution()
    assert (kept.resolution.verb, kept.resolution.field) == ("keep_target", "description")


def test_nothing_and_nonsense_are_not_approved(pipeline: Pipeline) -> None:
    review = pipeline.run("review")
    everything = Selection(without=[Choice(ops=frozenset({"create"}))])
    for selection, words in (
        (everything, "nothing of it is approved"),
        (Selection(only=[Choice(rows=frozenset({99_999}))]), "writes nothing in row 99999"),
        (Selection(only=[Choice(kinds=frozenset({"rack"}))]), "has nothing that is kind=rack"),
    ):
        with pytest.raises(PlanError, match=words):
            operations.approve(review.plan_id, "anna@example.com", selection)
    assert pipeline.ledger.header(review.plan_id).state == "waiting"
    assert pipeline.ledger.every_resolution() == []
    whole = operations.approve(review.plan_id, "anna@example.com", Selection(only=[Choice(ops=frozenset({"create"}))]))
    assert whole.id == review.plan_id
