from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, text

from asset_sync.ledger import Ledger
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.ledger.conftest import Assets, at, changes, make, row


def saved(ledger: Ledger) -> Plan:
    plan = make(
        row("update", "a", "1", changes=changes(name="new")),
        row("create", "c", changes=changes(name="gamma")),
        row("retire", "b", "2", changes=changes(status="offline")),
    )
    ledger.save(plan, "r1", at(1))
    return plan


def test_outcomes_come_back(ledger: Ledger, linked: Plan) -> None:
    plan = saved(ledger)
    assert ledger.outcomes(plan.id) == {}
    ended = [Outcome(1, "applied", None, "3", "v1"), Outcome(0, "conflict", "somebody was faster", "1", None)]
    ledger.record(plan, ended, "r1", at(2))
    assert ledger.outcomes(plan.id[:8]) == {outcome.seq: outcome for outcome in ended}


def test_recorded_again_is_recorded_once(ledger: Ledger, linked: Plan, assets: Assets, engine: Engine) -> None:
    plan = saved(ledger)
    ended = [Outcome(0, "applied", None, "1", "v2"), Outcome(1, "applied", None, "3", "v1"), Outcome(2, "applied", None, "2")]
    ledger.record(plan, ended, "r1", at(2))
    once = assets()
    ledger.record(plan, ended, "r2", at(3))
    ledger.record(plan, [], "r2", at(3))
    assert assets() == once
    with engine.connect() as connection:
        runs = connection.execute(text("select distinct run_id, at from asset_sync.outcome")).all()
    assert [tuple(run) for run in runs] == [("r1", at(2))]


def test_failed_operation_may_be_done_later_and_a_done_one_never_fails(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    plan = saved(ledger)
    ledger.record(plan, [Outcome(0, "failed", "502")], "r1", at(2))
    ledger.record(plan, [Outcome(0, "applied", None, "1", "v2")], "r2", at(3))
    ledger.record(plan, [Outcome(0, "conflict", "name is 'new' now")], "r3", at(4))
    assert ledger.outcomes(plan.id) == {0: Outcome(0, "applied", None, "1", "v2")}
    assert assets()["a"]["base:name"] == "new"


def test_recorded_at_once_by_several(ledger: Ledger, linked: Plan, assets: Assets) -> None:
    rows = [row("create", f"n{number}", changes=changes(name=str(number))) for number in range(40)]
    plan = make(*rows)
    ledger.save(plan, "r1", at(1))
    batches = [[Outcome(seq, "applied", None, str(100 + seq)) for seq in range(start, 40, 4)] for start in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda batch: ledger.record(plan, batch, "r1", at(2)), batches + batches))
    assert len(ledger.outcomes(plan.id)) == 40
    assert len(assets()) == 42


def test_history_tells_who_set_a_value(ledger: Ledger, linked: Plan) -> None:
    first = saved(ledger)
    ledger.record(first, [Outcome(0, "applied", None, "1"), Outcome(1, "applied", None, "3")], "r1", at(2))
    second = make(
        row("update", "a", "1", changes=changes(name="newer", status="active")),
        row("update", "a", "1", kind="maker", changes=changes(name="of another kind")),
        row("update", "b", "2", changes=changes(name="of another object")),
        undoes=first.id,
    )
    ledger.save(second, "r2", at(3))
    ledger.record(second, [Outcome(seq, "applied") for seq in range(3)], "r2", at(4))
    history = ledger.history("asset", "1")
    assert history[["at", "run_id", "plan_id", "field", "new", "source_key", "op", "owner"]].to_numpy().tolist() == [
        [at(4), "r2", second.id, "name", "newer", "a", "update", "shared"],
        [at(4), "r2", second.id, "status", "active", "a", "update", "shared"],
        [at(2), "r1", first.id, "name", "new", "a", "update", "shared"],
    ]
    assert history["undoes"].fillna("").tolist() == [first.id, first.id, ""]
    assert ledger.history("asset", "1", "name")["new"].tolist() == ["newer", "new"]
    assert ledger.history("asset", "3")["op"].tolist() == ["create"]
    assert ledger.history("asset", "99").empty


def test_a_create_that_was_stored_in_part_is_remembered_as_it_stands(ledger: Ledger, assets: Assets) -> None:
    pending = changes(name="new", status="staged", memory=8)
    identity = {"created": None, "values": {"name": "new"}}
    plan = make(row("create", "c", changes=pending, identity=identity))
    ledger.save(plan, "r1", at(1))
    outcome = Outcome(0, "applied", "not staged: no", "3", instead={"status": "active", "memory": None})
    ledger.record(plan, [outcome], "r1", at(2))
    assert ledger.outcomes(plan.id) == {0: outcome}
    assert [assets()["c"][name] for name in ("base:name", "base:status", "base:memory")] == ["new", "active", None]
    history = ledger.history("asset", "3")
    assert dict(zip(history["field"], history["new"], strict=True)) == {"name": "new", "status": "active", "memory": None}


def test_history_leaves_out_what_an_update_went_on_without(ledger: Ledger, linked: Plan) -> None:
    plan = make(row("update", "a", "1", version="v1", changes=changes(name="new", memory=8)))
    ledger.save(plan, "r1", at(1))
    ledger.record(plan, [Outcome(0, "applied", "without memory: no", "1", "v2", instead={"memory": None})], "r1", at(2))
    assert ledger.history("asset", "1")["field"].tolist() == ["name"]


def test_history_leaves_out_what_was_not_done(ledger: Ledger, linked: Plan) -> None:
    plan = saved(ledger)
    ledger.record(plan, [Outcome(0, "conflict", "no")], "r1", at(2))
    assert ledger.history("asset", "1").empty
