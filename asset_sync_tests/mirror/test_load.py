"""Loads: what they cost, what they keep, and what stops them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import import_module

import pytest

from asset_sync.mirror import Options, differences
from asset_sync.mirror.guards import GuardError
from asset_sync.mirror.switching import Written
from asset_sync.reconcile.errors import SourceError, SourceUnavailable, TargetUnavailable
from asset_sync.sandbox.snipeit import Token
from asset_sync.systems.snipeit import TABLES, Page, SnipeItClient
from asset_sync_tests.conftest import _execute
from asset_sync_tests.mirror.register import Register

AGAIN = 1 + len(TABLES)
COLUMNS = (
    *("id", "model", "company", "asset_name", "asset_tag", "model_no", "category", "manufacturer", "serial", "warranty"),
    *("warranty_expires", "location", "department", "status", "created_at", "assigned_user_name"),
)


def test_a_second_load_asks_little_and_writes_nothing(register: Register) -> None:
    first = register.load()
    again = register.load()
    assert first.written.inserted == sum(len(register.true(table)) for table in TABLES)
    assert again.requests <= AGAIN
    assert (again.written.inserted, again.written.updated, again.written.deleted) == (0, 0, 0)
    assert all(table.adds_up for report in (first, again) for table in report.tables.values())
    runs = register.ask("SELECT status, inserted, requests FROM snipeit.sync_runs ORDER BY id")
    assert runs == [
        {"status": "succeeded", "inserted": first.written.inserted, "requests": first.requests},
        {"status": "succeeded", "inserted": 0, "requests": again.requests},
    ]


def test_the_dashboards_view_has_its_columns_and_the_living_assets(register: Register) -> None:
    register.load()
    rows = register.ask("SELECT * FROM snipeit.asset ORDER BY id")
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len([asset for asset in register.state.truth("hardware") if asset["deleted_at"] is None])
    assert all(row["asset_name"] and row["model"] and row["status"] for row in rows)
    assert any(row["assigned_user_name"] and row["department"] for row in rows)


def test_custom_fields_are_typed(register: Register) -> None:
    register.load()
    rows = register.ask("SELECT * FROM snipeit.custom_field")
    typed = {"NUMERIC": "number", "DATE": "day", "MAC": "mac"}
    assert {row["format"] for row in rows} >= typed.keys()
    assert all(row[typed[row["format"]]] is not None for row in rows if row["format"] in typed)


@pytest.mark.slow
def test_deleted_is_not_purged_and_both_come_back_as_they_come_back(register: Register) -> None:
    state = register.state
    row_id = state.create("hardware", asset_tag="NEW", model_id=1, status_id=1)
    gone = state.create("companies", name="Gone & Co.")
    register.load()
    state.delete("hardware", row_id)
    state.delete("companies", gone)
    register.load()
    asset = "SELECT deleted_at IS NOT NULL AS deleted, purged_at IS NOT NULL AS purged FROM snipeit.hardware WHERE id = :id"
    assert register.ask(asset, id=row_id) == [{"deleted": True, "purged": False}]
    assert register.one("SELECT purged_at IS NOT NULL FROM snipeit.companies WHERE id = :id", id=gone)
    state.restore("hardware", row_id)
    register.load()
    assert register.ask(asset, id=row_id) == [{"deleted": False, "purged": False}]
    state.delete("hardware", row_id)
    state.purge("hardware", row_id)
    register.load()
    assert register.ask(asset, id=row_id) == [{"deleted": True, "purged": True}]


def test_every_version_is_kept_and_can_be_asked_for(register: Register) -> None:
    register.load()
    before = datetime.now(UTC)
    old = register.one("SELECT name FROM snipeit.hardware WHERE id = 1")
    register.state.update("hardware", 1, name="Renamed")
    register.load()
    assert register.one("SELECT name FROM snipeit.hardware_as_of(:at) WHERE id = 1", at=before) == old
    assert register.one("SELECT name FROM snipeit.hardware_as_of(now()) WHERE id = 1") == "Renamed"
    assert register.one("SELECT count(*) FROM snipeit.hardware_versions WHERE id = 1") == 2


def test_one_table_can_be_loaded_alone(register: Register) -> None:
    report = register.load(names=["suppliers"])
    assert list(report.tables) == ["suppliers"]
    assert register.one("SELECT count(*) FROM snipeit.suppliers") == len(register.true("suppliers"))
    assert register.one("SELECT count(*) FROM snipeit.hardware") == 0
    seats = register.load(names=["license_seats"])
    assert seats.tables["license_seats"].written.inserted == len(register.true("license_seats"))
    register.load()
    assert register.differences() == []


def _half_the_assets_vanish(register: Register) -> None:
    register.faults.set("shrunken_source", 0.5)


def _none_are_left(register: Register) -> None:
    register.faults.set("empty_source")


def _a_right_is_lost(register: Register) -> None:
    register.tokens["t"] = Token(denied=frozenset({"users"}))


def _the_token_is_held_to_a_company(register: Register) -> None:
    register.tokens["t"] = Token(superuser=False, company_id=1)


def _the_token_expires(register: Register) -> None:
    del register.tokens["t"]


def _a_login_page_answers(register: Register) -> None:
    register.faults.set("html_login")


def _it_is_out_of_order(register: Register) -> None:
    register.faults.set("http_500")


@pytest.mark.parametrize(
    ("harm", "error", "words"),
    [
        (_half_the_assets_vanish, GuardError, "hardware has .* fewer than the"),
        (_none_are_left, GuardError, "no hardware at all"),
        (_a_right_is_lost, SourceError, "may not see /users"),
        (_the_token_is_held_to_a_company, GuardError, "the token|held to it|SNIPEIT_TOKEN"),
        (_the_token_expires, SourceError, "SNIPEIT_TOKEN is not accepted"),
        (_a_login_page_answers, SourceError, "a web page .a login page, or a wrong address.* check SNIPEIT_API_URL"),
        (_it_is_out_of_order, SourceUnavailable, "answered 500 .*run again later"),
    ],
)
def test_what_is_no_longer_seen_stops_the_load_and_changes_nothing(
    register: Register, harm: Callable[[Register], None], error: type[Exception], words: str
) -> None:
    register.load()
    before = {table: register.mirrored(table) for table in TABLES}
    harm(register)
    with pytest.raises(error, match=words) as told:
        register.load()
    assert "\n" not in str(told.value)
    assert {table: register.mirrored(table) for table in TABLES} == before
    [run] = register.ask("SELECT status, message FROM snipeit.sync_runs WHERE status = 'failed'")
    assert run["message"] == str(told.value)


@pytest.mark.slow
def test_losses_can_be_accepted(register: Register) -> None:
    register.load()
    _the_token_is_held_to_a_company(register)
    report = register.load(accept_losses=True)
    assert report.tables["hardware"].written.deleted > 10


HIDDEN_FIELD = "6"
"""The encrypted custom field of the simulated register, in the mirror."""


def _secrets(register: Register) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    fields = register.ask(f"SELECT id, custom_fields ->> '{HIDDEN_FIELD}' AS value FROM snipeit.hardware ORDER BY id")
    return fields, register.ask("SELECT id, product_key FROM snipeit.licenses ORDER BY id")


def test_what_is_hidden_from_the_token_stays_as_it_was_known(register: Register) -> None:
    register.load()
    known = _secrets(register)
    assert any(row["value"] for row in known[0])
    assert any(row["product_key"] for row in known[1])
    register.tokens["t"] = Token(superuser=False)
    for options in ({"full": True}, {"full": True, "accept_losses": True}):
        report = register.load(**options)
        assert _secrets(register) == known
        assert report.tables["hardware"].hidden == len([row for row in known[0] if row["value"]])
        assert report.tables["licenses"].hidden > 0
        assert report.written.writes == 0
    register.tokens["t"] = Token()
    assert register.load(full=True).tables["hardware"].hidden == 0
    assert register.differences() == []


@pytest.mark.slow
def test_another_change_of_an_asset_arrives_beside_what_is_hidden(register: Register) -> None:
    register.load()
    [row, *_] = register.ask(f"SELECT id, custom_fields AS f FROM snipeit.hardware WHERE custom_fields ? '{HIDDEN_FIELD}'")
    register.tokens["t"] = Token(superuser=False)
    register.state.update("hardware", row["id"], name="Renamed", custom_fields={1: "00:11:22:33:44:55"})
    register.load()
    asset = register.ask("SELECT name, custom_fields FROM snipeit.hardware WHERE id = :id", id=row["id"])
    assert asset == [{"name": "Renamed", "custom_fields": {**row["f"], "1": "00:11:22:33:44:55"}}]


def test_a_mask_is_never_a_value(register: Register) -> None:
    register.tokens["t"] = Token(superuser=False)
    report = register.load()
    fields, keys = _secrets(register)
    assert not any(row["value"] for row in fields)
    assert not any(row["product_key"] for row in keys)
    # That there is a value can be seen.
    assert register.one(f"SELECT count(*) FROM snipeit.hardware WHERE custom_fields ? '{HIDDEN_FIELD}'") > 0
    assert report.tables["hardware"].hidden == 0
    register.tokens["t"] = Token()
    register.load(full=True)
    assert register.differences() == []


def test_what_vanishes_without_trace_is_found_at_the_rate_of_the_full_comparison(register: Register) -> None:
    register.load()
    _vanish(register, 1)
    living = "SELECT deleted_at IS NULL FROM snipeit.accessories WHERE id = 1"
    _pass_time(register, hours=23)
    register.load()
    assert register.one(living)
    _pass_time(register, hours=1)
    report = register.load()
    assert not register.one(living)
    assert report.tables["accessories"].written.deleted == 1
    assert register.load().requests <= AGAIN


def _vanish(register: Register, accessory_id: int) -> None:
    """Remove an accessory without an entry in the log; the simulator needs another one that the older entries are about."""
    del register.state.accessories.rows[accessory_id]
    for action in register.state.activity.rows.values():
        if (action.item_type, action.item_id) == ("accessory", accessory_id):
            action.item_id = accessory_id + 1
    register.state.revision += 1


def _pass_time(register: Register, hours: int) -> None:
    with register.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE snipeit.sync_state SET compared_at = compared_at - interval '{hours} hours'")


@pytest.mark.parametrize(
    "alone",
    ["activity", "fieldsets", *(pytest.param(name, marks=pytest.mark.slow) for name in ("licenses", "models", "fields"))],
)
def test_a_table_loaded_alone_takes_no_news_away_from_the_others(register: Register, alone: str) -> None:
    register.load()
    register.state.update("fieldsets", 1, field_ids=(1, 2))
    register.state.update("models", 1, fieldset_id=2)
    for day in range(3):
        register.state.day(day)
    register.load(names=[alone])
    register.load()
    assert register.differences() == []


def test_differences_are_what_a_load_would_write(register: Register) -> None:
    register.load()
    with SnipeItClient(register.url, "t") as client:
        assert differences(register.engine, client, Options()) == {}
        register.state.update("suppliers", 1, name="Renamed")
        assert differences(register.engine, client, Options()) == {
            "suppliers": Written(len(register.true("suppliers")), 0, 1, 0)
        }
    assert register.differences()[0].startswith("suppliers")


def test_postgresql_gone_in_the_middle_leaves_the_old_state(
    register: Register, server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    register.load()
    register.state.day(1)
    before = {table: register.mirrored(table) for table in TABLES}
    database = register.engine.url.database
    page = SnipeItClient.page

    def last_page(client: SnipeItClient, path: str, params: Mapping[str, str | int]) -> Page:
        if path == "users":
            _execute(server_url, f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
            _execute(server_url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
        return page(client, path, params)

    monkeypatch.setattr(SnipeItClient, "page", last_page)
    with pytest.raises(TargetUnavailable, match=r"^the database .*check DATABASE_URL") as told:
        register.load()
    assert "\n" not in str(told.value)
    monkeypatch.undo()
    _execute(server_url, f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    assert {table: register.mirrored(table) for table in TABLES} == before
    register.load()
    assert register.differences() == []


def test_assets_that_no_list_has_and_that_can_be_asked_for_are_not_gone(register: Register) -> None:
    register.load()
    _half_the_assets_vanish(register)
    report = register.load(accept_losses=True)
    assert report.tables["hardware"].written.deleted == 0
    assert register.differences() == []


@pytest.mark.parametrize(
    "fault",
    [
        "short_page",
        "cut",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("missing_page", "shuffled_pages", "html_login")),
    ],
)
def test_a_stumbling_server_is_read_again_or_refused_never_believed(register: Register, fault: str) -> None:
    register.load()
    register.state.day(1)
    register.faults.set(fault, 1.0, times=2)
    try:
        register.load(full=True)
    except SourceError:
        register.faults.clear()
        register.load()
    assert register.differences() == []


def test_more_than_a_page_of_rows_in_one_second_is_read_whole(register: Register) -> None:
    register.load()
    for number in range(600):
        register.state.create("hardware", asset_tag=f"BULK-{number}", model_id=1, status_id=1)
    register.load()
    assert register.differences() == []


def test_only_one_load_runs_at_a_time(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("asset_sync.mirror.load"), "_LOCK_WAIT", "50ms")
    with register.engine.connect() as other:
        other.exec_driver_sql("SELECT pg_advisory_lock(hashtext('snipeit load'))")
        with pytest.raises(SourceUnavailable, match="another load"):
            register.load()
        other.invalidate()


LOADER = """
import sys
from sqlalchemy import create_engine
from asset_sync.mirror import Options, load
from asset_sync.systems.snipeit import SnipeItClient
with SnipeItClient(sys.argv[1], "t") as client:
    load(create_engine(sys.argv[2]), client, Options(full=True))
"""


@pytest.mark.parametrize("requests", [5, pytest.param(21, marks=pytest.mark.slow)])
def test_a_killed_load_leaves_the_old_state_and_the_next_succeeds(register: Register, requests: int) -> None:
    """`requests` are those after which the process is killed."""
    register.load()
    register.state.day(1)
    before = {table: register.mirrored(table) for table in TABLES}
    register.faults.set("slow", 1.0, seconds=0.15)
    asked = sum(register.state.requests.values())
    url = register.engine.url.render_as_string(hide_password=False)
    process = subprocess.Popen([sys.executable, "-c", LOADER, register.url, url])
    deadline = time.monotonic() + 30
    while sum(register.state.requests.values()) < asked + requests and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    register.faults.clear()
    assert {table: register.mirrored(table) for table in TABLES} == before
    register.load()
    assert register.differences() == []
