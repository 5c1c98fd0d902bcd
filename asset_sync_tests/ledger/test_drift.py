"""Drift: what people changed in the target since it was written, told apart from what the source changed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine

from asset_sync.reconcile.drift import drift, updated
from asset_sync_tests.ledger.lab import LedgerLab

MODEL: dict[str, Any] = {"source_key": "m1", "name": "T14", "maker": "d"}
MAKERS: list[Mapping[str, Any]] = [{"source_key": "d", "name": "Dell"}, {"source_key": "l", "name": "Lenovo"}]


def machine(key: str, **values: Any) -> dict[str, Any]:
    return {
        "source_key": key,
        "name": f"pc-{key}",
        "serial": f"SN-{key}-X",
        "memory": 16,
        "room": "1.01",
        "model": "m1",
        **values,
    }


def lab(engine: Engine, *machines: dict[str, Any]) -> LedgerLab:
    made = LedgerLab(engine)
    made.source = {"maker": MAKERS, "model": [MODEL], "asset": list(machines)}
    return made


def told(made: LedgerLab) -> list[tuple[Any, ...]]:
    plan = made.plan()
    found = drift(plan, made.real.last_written(updated(plan)))
    assert found is not None
    return [(each.sort, each.kind, each.key, each.field, each.source, each.target) for each in found]


def row_of(made: LedgerLab, key: str) -> dict[str, Any]:
    (found,) = (row for row in made.target.objects["asset"].values() if row["name"] == f"pc-{key}")
    return found


def test_all_is_missing_at_first_and_nothing_has_drifted_after_an_apply(engine: Engine) -> None:
    made = lab(engine, machine("a"), machine("b"))
    assert {(sort, kind) for sort, kind, *_ in told(made)} == {("missing", kind) for kind in ("maker", "model", "asset")}
    made.run()
    assert told(made) == []


def test_what_a_person_changed_is_told_apart_from_what_the_source_changed(engine: Engine) -> None:
    made = lab(engine, machine("a"), machine("b"))
    made.run()
    row_of(made, "a").update(memory=8, version="v9")
    made.source["asset"] = [machine("a"), machine("b", memory=32), machine("c")]
    assert [each[:1] + each[3:] for each in told(made)] == [("edited", "memory", 16, 8), ("missing", None, None, None)]


def test_what_the_source_changed_and_a_person_too_is_no_edit_of_what_it_says_now(engine: Engine) -> None:
    made = lab(engine, machine("a"))
    made.run()
    row_of(made, "a").update(memory=8, version="v9")
    made.source["asset"] = [machine("a", memory=64)]
    assert told(made) == []


def test_what_was_never_written_by_the_sync_is_no_edit(engine: Engine) -> None:
    made = lab(engine, machine("a"))
    made.run()
    made.source["asset"] = [machine("a", encrypted=True)]
    assert told(made) == []


def test_an_edited_reference_is_the_record_that_it_names(engine: Engine) -> None:
    made = lab(engine, machine("a"))
    made.source["model"] = [MODEL, {"source_key": "m2", "name": "X1", "maker": "l"}]
    made.run()
    models = {row["name"]: id_ for id_, row in made.target.objects["model"].items()}
    row_of(made, "a").update(model=models["X1"], version="v9")
    ((sort, _, _, field, source, target),) = told(made)
    assert (sort, field, source["id"], target["id"]) == ("edited", "model", models["T14"], models["X1"])


def test_more_than_can_be_told_is_not_told(engine: Engine, monkeypatch: Any) -> None:
    made = lab(engine, machine("a"))
    monkeypatch.setattr("asset_sync.reconcile.drift.MOST", 1)
    plan = made.plan()
    assert updated(plan) == []
    assert drift(plan, {}) is None
