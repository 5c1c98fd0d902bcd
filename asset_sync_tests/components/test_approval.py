"""Whose leave a plan needs, and how it is given in the UI: by name and plan id, by a run that repeats none."""

from typing import Any

import pytest
import yaml
from sqlalchemy import text

from asset_sync import database
from asset_sync.components import permission
from asset_sync_tests.pipeline import SYNC, Pipeline, Run
from asset_sync_tests.reconcile.test_authority import PERSON


def decisions(pipeline: Pipeline, plan_id: str) -> list[tuple[str, bool]]:
    return [(decision.by, decision.approved) for decision in pipeline.ledger.header(plan_id).decisions]


def remembered() -> dict[str, int]:
    """How many rows the ledger has of what a plan says, beside the plans themselves."""
    tables = ("link", "sighting", "source_count", "outcome", "applying")
    with database.engine().connect() as connection:
        return {name: connection.scalar(text(f"SELECT count(*) FROM asset_sync.{name}")) or 0 for name in tables}


def there_before(pipeline: Pipeline) -> None:
    """An asset that a plan will recognise by its serial."""
    serial = "".join(next(iter(pipeline.world.company)).serial.upper().split())
    maker = pipeline.world.netbox.create("dcim/manufacturers", {"name": "Somebody", "slug": "somebody"})
    item_type = pipeline.world.netbox.create(
        "plugins/inventory/inventory-item-types", {"manufacturer": maker["id"], "model": "Thing", "slug": "thing"}
    )
    asset = {"serial": serial, "status": "stored", "inventoryitem_type": item_type["id"]}
    pipeline.world.netbox.create("plugins/inventory/assets", asset)


@pytest.fixture
def hiccup(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the pipeline in a mode, its last step failing before it could decide anything."""

    def fail(*args: Any) -> Any:
        raise RuntimeError("the database hiccuped")

    def failed(mode: str) -> Run:
        with monkeypatch.context() as patched:
            patched.setattr(permission, "authorise", fail)
            run = pipeline.run(mode)
        assert not run.success
        assert f"{SYNC}/plan" in run.materialized()
        return run

    return failed


def test_a_failed_review_that_is_executed_again_writes_nothing(pipeline: Pipeline, hiccup: Any) -> None:
    review = hiccup("review")
    again = pipeline.apply(repeats=review.run_id)
    assert again.success
    assert f"{SYNC}/applied" not in again.materialized()
    assert pipeline.assets() == {}
    # Nor where the one that is repeated was itself a repetition.
    assert pipeline.apply(repeats=again.run_id).success
    assert pipeline.assets() == {}
    assert decisions(pipeline, review.plan_id) == []
    assert pipeline.ledger.header(review.plan_id).state == "waiting"


def test_a_run_that_repeats_another_approves_nothing_whatever_its_config_and_user_say(pipeline: Pipeline, hiccup: Any) -> None:
    review = hiccup("review")
    again = pipeline.apply(review.plan_id, "anna", repeats=review.run_id, tags={"user": PERSON})
    assert not again.success
    assert "a run that repeats another approves nothing" in again.errors()[0]
    assert pipeline.assets() == {}
    assert decisions(pipeline, review.plan_id) == []


@pytest.mark.slow
def test_a_failed_dry_run_that_is_executed_again_does_not_apply_the_plan_before_it(pipeline: Pipeline, hiccup: Any) -> None:
    pipeline.run("review")
    dry = hiccup("dry_run")
    assert pipeline.apply(repeats=dry.run_id).success
    assert pipeline.assets() == {}


def test_a_failed_run_that_needs_nobody_goes_on_when_it_is_executed_again(pipeline: Pipeline, hiccup: Any) -> None:
    run = hiccup("normal")
    assert pipeline.assets() == {}
    assert pipeline.apply(repeats=run.run_id).success
    assert len(pipeline.assets()) == len(pipeline.world.company)


def test_a_plan_that_waits_is_refused_with_the_config_that_approves_it(pipeline: Pipeline) -> None:
    review = pipeline.run("review")
    for asked in (
        pipeline.apply(),
        pipeline.apply(review.plan_id),
        pipeline.apply("", "anna"),
        pipeline.apply(tags={"user": PERSON}),
    ):
        (refused,) = asked.errors()
        assert f"plan {review.plan_id} of {SYNC} waits for approval" in refused
    assert pipeline.assets() == {}
    assert decisions(pipeline, review.plan_id) == []
    pasted = refused.partition(" with the config ")[2].replace("YOUR NAME", "anna")
    assert pipeline.materialize_applied(yaml.safe_load(pasted)).success
    assert len(pipeline.assets()) == len(pipeline.world.company)
    assert decisions(pipeline, review.plan_id) == [("anna", True)]


def test_the_user_who_launched_the_run_is_the_one_who_approves(pipeline: Pipeline) -> None:
    review = pipeline.run("review")
    assert pipeline.apply(review.plan_id, "somebody else", tags={"user": PERSON}).success
    assert decisions(pipeline, review.plan_id) == [(PERSON, True)]


def test_what_the_guards_stop_takes_a_person_by_name(pipeline: Pipeline) -> None:
    pipeline.run()
    pipeline.world.company.apply(remove=list(pipeline.world.company)[:20])
    stopped = pipeline.run()
    assert not stopped.success
    (refused,) = pipeline.apply().errors()
    assert "is stopped by its guards (source_rows: " in refused
    assert not pipeline.apply(repeats=stopped.run_id).success
    assert decisions(pipeline, stopped.plan_id) == []
    assert pipeline.apply(stopped.plan_id, "anna").success
    assert decisions(pipeline, stopped.plan_id) == [("anna", True)]


def test_nothing_is_remembered_of_a_plan_before_it_is_approved_nor_after_it_is_rejected(pipeline: Pipeline) -> None:
    there_before(pipeline)
    review = pipeline.run("review")
    assert "claim" in set(pipeline.ledger.plan(review.plan_id).operations["op"])
    nothing = dict.fromkeys(remembered(), 0)
    assert remembered() == nothing
    pipeline.ledger.reject(review.plan_id, "anna", pipeline.ledger.header(review.plan_id).created_at)
    (refused,) = pipeline.apply(review.plan_id, "bob").errors()
    assert "was rejected by anna" in refused
    assert remembered() == nothing
    assert pipeline.run("dry_run").success
    assert remembered() == nothing


@pytest.mark.slow
def test_a_plan_of_another_sync_is_not_applied(pipeline: Pipeline) -> None:
    review = pipeline.run("review")
    with database.engine().begin() as connection:
        connection.execute(text("UPDATE asset_sync.plan SET sync = 'another'"))
    (refused,) = pipeline.apply(review.plan_id, "anna").errors()
    assert refused == f"plan {review.plan_id} is of another, not of {SYNC}"


@pytest.mark.slow
def test_a_review_that_waits_is_seen(pipeline: Pipeline) -> None:
    review = pipeline.run("review")
    waits = review.checks()["approved"]
    assert (review.success, waits.passed, waits.severity.value) == (True, False, "WARN")
    plan = review.plan_id
    assert f"plan {plan} of {SYNC} waits for approval" in str(waits.description)
    assert f"asset-sync approve {plan} && asset-sync apply {plan}" in str(waits.description)
    applied = pipeline.apply(plan, PERSON)
    assert applied.checks()["approved"].passed
