import logging
from concurrent.futures import ThreadPoolExecutor

import orjson
import pandas as pd
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text

from asset_sync.ledger import Ledger, Records, migrate
from asset_sync.ledger.schema import SCHEMA, metadata
from asset_sync.ledger.written import Asked
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Outcome
from asset_sync_tests.ledger.conftest import CLEARING, KINDS, REMEMBERED, START, at, changes, make, row
from asset_sync_tests.ledger.revisions import insert, migrate_to


def test_from_empty_and_again(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    migrate(engine)
    migrate(engine)
    tables = set(inspect(engine).get_table_names(SCHEMA))
    assert tables == {table.name for table in metadata.tables.values()} | {"alembic_version"}
    assert inspect(engine).get_table_names("public") == []
    engine.dispose()


def test_by_several_at_once(empty_database_url: str) -> None:
    engines = [create_engine(empty_database_url) for _ in range(4)]
    with ThreadPoolExecutor(len(engines)) as pool:
        list(pool.map(migrate, engines))
    with engines[0].connect() as connection:
        assert connection.scalar(text("select count(*) from asset_sync.alembic_version")) == 1
    for engine in engines:
        engine.dispose()


def test_tables_are_those_of_the_schema(database_url: str) -> None:
    engine = create_engine(database_url)
    ours = {"include_schemas": True, "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA}
    with engine.connect() as connection:
        options = ours | {"version_table_schema": SCHEMA, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
    engine.dispose()


_CONSTRAINTS = text(
    "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
    # What may not be null compare_metadata compares, and only some versions of PostgreSQL name it.
    " where connamespace = 'asset_sync'::regnamespace and contype <> 'n'"
)
_INDEXES = text("select tablename, indexname, indexdef from pg_indexes where schemaname = 'asset_sync'")


def test_constraints_and_indexes_are_those_of_the_schema_by_name(database_url: str) -> None:
    engine = create_engine(database_url)

    def found() -> list[set[tuple[str, ...]]]:
        with engine.connect() as connection:
            # Alembic's own table is no part of the schema.
            all_rows = ([tuple(row) for row in connection.execute(query)] for query in (_CONSTRAINTS, _INDEXES))
            return [{row for row in rows if "alembic_version" not in row[0]} for rows in all_rows]

    migrated = found()
    metadata.drop_all(engine)
    metadata.create_all(engine)
    assert migrated == found()
    assert "plan_state_check" in {name for _, name, _ in migrated[0]}
    engine.dispose()


def test_what_0002_left_goes_on(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    migrate_to(engine, "0002")
    plan = make(row("update", "a", "1", changes=changes(name="new")), row("retire", "b", "2"))
    _insert_as_0002(engine, plan, "approved")
    link = {"sync": plan.sync, "kind": "asset", "source_key": "a", "target_id": "1", "told_by": plan.sync}
    insert(engine, "link", **link, claimed="name", base='{"name": "old", "memory": null}', first_seen=START)
    migrate(engine)
    ledger = Ledger(engine)
    assert ledger.plan(plan.id).id == plan.id
    header = ledger.header(plan.id)
    assert (header.state, header.run_id, header.made_at, header.stale_because) == ("approved", "r2", at(2), None)
    assert [decision.by for decision in header.approvals] == ["anna"]
    (known,) = ledger.links(plan.sync, KINDS, REMEMBERED, clearing=CLEARING)["asset"].to_dict("records")
    assert (known["base:name"], known["emptied:memory"], known["emptied:maker"]) == ("old", True, False)
    assert pd.isna([known[name] for name in ("version", "created", "identity:serial", "identity:name")]).all()
    ledger.start(plan.id, "r3", at(3))
    ledger.intend(plan.id, [0, 1], "r3", at(3))
    ledger.record(plan, [Outcome(0, "applied", None, "1", "v2", "2025")], "r3", at(4))
    assert ledger.outcomes(plan.id) == {0: Outcome(0, "applied", None, "1", "v2", "2025")}
    assert ledger.intended(plan.id) == {1}
    engine.dispose()


def test_a_plan_that_0002_left_behind_is_stale_by_what_is_seen_now(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    migrate_to(engine, "0002")
    plan = make(row("retire", "b", "2"))
    _insert_as_0002(engine, plan, "approved")
    migrate(engine)
    ledger = Ledger(engine)
    ledger.save(make(), "r3", at(3))
    assert ledger.header(plan.id).state == "stale"
    engine.dispose()


def test_what_was_written_before_0016_is_told_as_it_was(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    migrate_to(engine, "0014")
    plan = make(
        row("update", "a", "1", changes=changes(serial="s", name="new", bought="never")),
        row("create", "c", changes=changes(name="gamma", serial="x")),
        row("update", "b", "2", changes=changes(name="failed")),
        row("retire", "d", "4"),
    )
    own = {"sync": plan.sync, "link_set": plan.sync, "mode": plan.mode, "complete": plan.complete, "source_rows": "{}"}
    insert(
        engine, "plan", id=plan.id, **own, counts="{}", writes=4, held=0, created_at=at(1), started_at=at(1), state="applied"
    )
    for seq, operation in enumerate(p.records(plan.operations)):
        insert(
            engine, "operation", plan_id=plan.id, seq=seq, **{name: told for name, told in operation.items() if name != "seq"}
        )
    ended = (
        ("applied", "1", '{"bought": null}'),
        ("already", "3", '{"serial": "y"}'),
        ("failed", "2", "{}"),
        ("applied", "4", "{}"),
    )
    for seq, (outcome, target_id, instead) in enumerate(ended):
        more = {"target_id": target_id, "instead": instead, "at": at(2), "run_id": "r1"}
        insert(engine, "outcome", plan_id=plan.id, seq=seq, outcome=outcome, **more)
    migrate(engine)
    rows = Records(engine).written(Asked(at(1))).rows
    assert [(each.what, each.source_key, each.field, each.new) for each in rows] == [
        ("create", "c", "name", "gamma"),
        ("create", "c", "serial", "y"),
        ("update", "a", "name", "new"),
        ("update", "a", "serial", "s"),
    ]
    engine.dispose()


def test_what_was_made_before_0020_is_known_by_what_plans_created(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    migrate_to(engine, "0019")
    plan = make(row("create", "a"), row("create", "b"), row("create", "c"), row("create", "d"))
    own = {"sync": plan.sync, "link_set": plan.sync, "mode": plan.mode, "complete": plan.complete, "source_rows": "{}"}
    insert(
        engine, "plan", id=plan.id, **own, counts="{}", writes=4, held=0, created_at=at(1), started_at=at(1), state="applied"
    )
    for operation in p.records(plan.operations):
        insert(engine, "operation", plan_id=plan.id, **operation)
    for seq, outcome in enumerate(("applied", "applied", "already", "applied")):
        more = {"target_id": str(seq), "created": "2025", "at": at(2), "run_id": "r1"}
        insert(engine, "outcome", plan_id=plan.id, seq=seq, outcome=outcome, **more)
    decided = {"claimed": "decision: decided by anna", "base": "{}", "first_seen": START, "told_by": plan.sync, "kind": "asset"}
    for key, target_id, created in (("a", "0", "2025"), ("b", "1", "2026"), ("c", "2", "2025")):
        insert(engine, "link", sync=plan.sync, source_key=key, target_id=target_id, created=created, **decided)
    insert(engine, "link", sync="another", source_key="d", target_id="3", created="2025", **decided)
    migrate(engine)
    with engine.connect() as connection:
        made = connection.scalars(text("select source_key from asset_sync.link where made"))
        assert list(made) == ["a"]
    engine.dispose()


def test_what_was_left_before_0021_is_told_by_how_its_link_came_about(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    migrate_to(engine, "0020")
    known = {"sync": "s", "kind": "asset", "base": "{}", "first_seen": START, "told_by": "s"}
    decided = "decision: decided by anna"
    keys = (("a (left #0)", decided), ("b (left #8)", decided), ("c (left #2)", "serial"), ("d", decided))
    for number, (key, claimed) in enumerate(keys):
        insert(engine, "link", source_key=key, claimed=claimed, target_id=str(number), **known)
    migrate(engine)
    with engine.connect() as connection:
        left = connection.scalars(text("select source_key from asset_sync.link where claimed like 'written by this sync%'"))
        assert list(left) == ["a (left #0)"]
    engine.dispose()


def _insert_as_0002(engine: Engine, plan: Plan, state: str) -> None:
    """Keep a plan that two runs made and a person approved, as it was kept then."""
    told = {"sync": plan.sync, "links": plan.sync, "mode": plan.mode, "complete": plan.complete, "source_rows": "{}"}
    counted = {"counts": orjson.dumps(plan.counts).decode(), "writes": len(plan.writes), "held": 0}
    insert(engine, "plan", id=plan.id, **told, **counted, created_at=at(1), run_id="r1", state=state)
    for hours, run in enumerate(("r1", "r2"), start=1):
        insert(engine, "making", plan_id=plan.id, run_id=run, at=at(hours))
    insert(engine, "decision", plan_id=plan.id, by="anna", at=at(2), approved=True, guards=[])
    for operation in p.records(plan.operations):
        then = {name: value for name, value in operation.items() if name not in {"identity", "step", "candidates", "about"}}
        insert(engine, "operation", plan_id=plan.id, **then)


def test_says_nothing(empty_database_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    engine = create_engine(empty_database_url)
    migrate(engine)
    engine.dispose()
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("alembic").level == logging.NOTSET
