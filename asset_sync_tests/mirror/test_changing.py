"""A register that changes in ways that its lists and its log do not tell of, or while it is read."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from asset_sync.reconcile.errors import SourceError
from asset_sync.sandbox.snipeit import Settings
from asset_sync.systems.snipeit import TABLES, Page, SnipeItClient
from asset_sync.systems.snipeit.reading import OVERLAP
from asset_sync_tests.mirror.register import Register

NAME = "SELECT name FROM snipeit.hardware WHERE id = :id"


def test_updates_that_an_import_shows_late_are_not_lost(register: Register) -> None:
    state = register.state
    register.load()
    file = state.start_import()
    for asset_id in range(1, 31):
        state.now += timedelta(seconds=20)
        file.update("hardware", asset_id, name=f"Imported {asset_id}")
    state.now += timedelta(minutes=5)
    state.update("hardware", 40, name="By hand, meanwhile")
    register.load()
    assert register.one(NAME, id=1) != "Imported 1"
    file.commit()
    report = register.load()
    assert register.one(NAME, id=30) == "Imported 30"
    assert register.differences() == []
    assert not report.tables["hardware"].told.complete
    # Its entries have ids in front of the last one known, and the log was not read again for them.
    assert report.tables["activity"].written.inserted == 30
    assert not report.tables["activity"].told.complete


@pytest.mark.slow
def test_rows_that_an_import_makes_are_seen_when_it_ends(register: Register) -> None:
    register.load()
    file = register.state.start_import()
    made = file.create("hardware", asset_tag="IMPORTED", model_id=1, status_id=1)
    register.state.create("hardware", asset_tag="BY HAND", model_id=1, status_id=1)
    register.load()
    assert register.differences() == []
    file.commit()
    register.load()
    assert register.one("SELECT asset_tag FROM snipeit.hardware WHERE id = :id", id=made) == "IMPORTED"
    assert register.differences() == []


@pytest.mark.slow
def test_an_import_that_outlasts_the_overlap_is_mended_by_the_comparison_which_says_so(register: Register) -> None:
    state = register.state
    register.load()
    file = state.start_import()
    file.update("hardware", 1, name="Long ago")
    state.now += OVERLAP + timedelta(minutes=30)
    state.update("hardware", 40, name="Meanwhile")
    register.load()
    file.commit()
    assert register.load().mended == 0
    assert register.one(NAME, id=1) != "Long ago"
    report = register.load(full=True)
    assert register.one(NAME, id=1) == "Long ago"
    assert (report.tables["hardware"].mended, report.mended) == (1, 1)
    assert register.one("SELECT mended FROM snipeit.sync_runs ORDER BY id DESC LIMIT 1") == 1


def test_a_row_of_the_future_silences_no_table(register: Register) -> None:
    state = register.state
    now = state.now
    state.now = now + timedelta(days=3650)
    state.update("hardware", 2, name="From the future")
    state.now = now
    register.load()
    state.now += timedelta(hours=3)
    state.update("hardware", 1, name="Today")
    report = register.load()
    assert register.one(NAME, id=1) == "Today"
    assert not report.tables["hardware"].told.complete
    assert register.differences() == []


@pytest.mark.parametrize("register", [{"settings": Settings(timezone="Europe/Berlin")}], indirect=True)
@pytest.mark.parametrize("later", [0, 2])
def test_the_hour_that_comes_twice_hides_no_update(register: Register, later: int) -> None:
    state = register.state
    register.load()
    # 02:59 in summer time; eleven minutes later it is 02:10 in winter time.
    state.now = state.now.replace(year=2026, month=10, day=25, hour=0, minute=59, second=0)
    state.update("hardware", 1, name="Before")
    register.load()
    state.now += timedelta(minutes=11)
    state.update("hardware", 2, name="After")
    state.now += timedelta(hours=later)
    report = register.load()
    assert register.one(NAME, id=2) == "After"
    assert not report.tables["hardware"].told.complete


def test_a_changed_time_zone_moves_all_of_the_mirror_at_once(register: Register) -> None:
    register.load()
    moments = "SELECT id, created_at, updated_at FROM snipeit.{} ORDER BY id"
    before = {table: register.ask(moments.format(table)) for table in ("hardware", "activity", "suppliers")}
    register.zone = "America/New_York"
    report = register.load()
    assert all(told.told.complete for name, told in report.tables.items())
    for table, rows in before.items():
        after = register.ask(moments.format(table))
        assert [row["id"] for row in after] == [row["id"] for row in rows]
        moved = [new["created_at"] - old["created_at"] for new, old in zip(after, rows, strict=True)]
        assert set(moved) <= {timedelta(hours=4), timedelta(hours=5)}
    assert register.load().written.writes == 0


def _while_reading(
    monkeypatch: pytest.MonkeyPatch, path: str, deed: Callable[[int], None], *, every: int = 1
) -> list[dict[str, Any]]:
    """Have something done before a page of a list is asked for, and note what is asked."""
    asked: list[dict[str, Any]] = []
    page = SnipeItClient.page

    def moved(client: SnipeItClient, wanted: str, params: Mapping[str, str | int]) -> Page:
        if wanted == path and int(params.get("limit", 0)) > 1:
            asked.append(dict(params))
            if len(asked) % every == 0:
                deed(len(asked))
        return page(client, wanted, params)

    monkeypatch.setattr(SnipeItClient, "page", moved)
    return asked


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("reading", "client"):
        monkeypatch.setattr(f"asset_sync.systems.snipeit.{module}.PAGE_SIZE", 10)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("from_the_end", [False, True])
def test_deletes_while_pages_are_read_cost_a_page_and_not_the_load(
    register: Register, monkeypatch: pytest.MonkeyPatch, from_the_end: bool
) -> None:
    """An asset goes before each page of the first seven."""
    register.load()
    state = register.state
    free = [row.id for row in state.hardware.living() if row.assigned_to is None]
    doomed = free[::-1] if from_the_end else free

    def delete(asked: int) -> None:
        if asked <= 7:
            state.delete("hardware", doomed[asked])

    asked = _while_reading(monkeypatch, "hardware", delete)
    report = register.load(full=True)
    monkeypatch.undo()
    assert len([one for one in asked if "status" not in one]) < 20
    assert report.tables["hardware"].adds_up
    assert register.true("hardware") == register.mirrored("hardware")
    register.load()
    assert register.differences() == []


@pytest.mark.usefixtures("small_pages")
@pytest.mark.slow
def test_deletes_while_changes_are_read_lose_no_change(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of forty assets that were changed, one goes before each of the pages that are read of them."""
    state = register.state
    for asset_id in list(state.hardware.rows):
        # No more than a page of them was updated in one second.
        state.now += timedelta(seconds=1)
        state.update("hardware", asset_id, order_number=f"PO {asset_id}")
    register.load()
    state.now += timedelta(hours=5)
    free = [row.id for row in state.hardware.living() if row.assigned_to is None]
    for asset_id in range(1, 41):
        state.now += timedelta(seconds=1)
        state.update("hardware", asset_id, name=f"Changed {asset_id}")
    doomed = [one for one in free if one <= 40][::-1]

    def delete(asked: int) -> None:
        if 1 < asked <= 4:
            state.delete("hardware", doomed[asked])

    _while_reading(monkeypatch, "hardware", delete)
    report = register.load()
    monkeypatch.undo()
    assert not report.tables["hardware"].told.complete
    assert register.true("hardware") == register.mirrored("hardware")
    register.load()
    assert register.differences() == []


@pytest.mark.usefixtures("small_pages")
def test_deletes_and_new_rows_between_two_pages_lose_none(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of rows stays the same, so that no total tells of it."""
    register.load()
    state = register.state
    free = [row.id for row in state.hardware.living() if row.assigned_to is None]

    def swap(asked: int) -> None:
        if asked == 3:
            state.delete("hardware", free[0])
            state.create("hardware", asset_tag="SWAPPED", model_id=1, status_id=1)

    _while_reading(monkeypatch, "hardware", swap)
    register.load(full=True)
    monkeypatch.undo()
    assert register.true("hardware") == register.mirrored("hardware")
    register.load()
    assert register.differences() == []


def test_merged_users_hand_on_seats_and_entries_of_the_log(register: Register) -> None:
    state = register.state
    gone, kept = 5, 6
    state.assign_seat(next(seat.id for seat in state.license_seats.rows.values() if seat.is_free), user_id=gone)
    state.checkout(state.create("hardware", asset_tag="HELD", model_id=1, status_id=1), "user", gone)
    register.load()
    state.now += timedelta(hours=5)
    state.merge_users(kept, gone)
    report = register.load()
    assert register.one("SELECT count(*) FROM snipeit.license_seats WHERE assigned_user_id = :id", id=gone) == 0
    assert register.one("SELECT count(*) FROM snipeit.activity WHERE target_type = 'user' AND target_id = :id", id=gone) == 0
    assert register.differences() == []
    assert not report.tables["activity"].told.complete


@pytest.mark.usefixtures("small_pages")
def test_a_purge_does_not_have_the_whole_log_read_again(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    state = register.state
    made = [state.create("hardware", asset_tag=f"P-{number}", model_id=1, status_id=1) for number in range(3)]
    for day in range(2):
        state.day(day)
    register.load()
    pages = len(state.activity.rows) // 10
    for asset_id in made:
        if state.hardware.rows[asset_id].assigned_to is not None:
            state.checkin(asset_id)
    doomed = next(one for one in made if not state.in_use("hardware", one))
    state.delete("hardware", doomed)
    state.purge("hardware", doomed)
    asked = _while_reading(monkeypatch, "reports/activity", lambda _asked: None)
    report = register.load()
    assert report.tables["activity"].written.deleted >= 1
    assert len(asked) < pages / 3
    assert register.differences() == []


def test_what_an_entry_was_about_stays_known_after_a_purge(register: Register) -> None:
    state = register.state
    asset_id = state.create("hardware", asset_tag="HELD", model_id=1, status_id=1)
    user_id = state.create("users", username="short", first_name="Short")
    state.checkout(asset_id, "user", user_id)
    state.checkin(asset_id)
    state.create("hardware", asset_tag="HOLDER", model_id=1, status_id=1)
    holder = state.hardware.last_id
    state.checkout(asset_id, "asset", holder)
    state.checkin(asset_id)
    register.load()
    known = "SELECT id, item_type, item_id, target_type, target_id, created_by FROM snipeit.activity ORDER BY id"
    about = [row for row in register.ask(known) if row["target_id"] == holder and row["target_type"] == "asset"]
    assert len(about) == 2
    state.delete("hardware", holder)
    state.purge("hardware", holder)
    register.load(full=True)
    assert [row for row in register.ask(known) if row["id"] in {one["id"] for one in about}] == about
    assert register.differences() == []


@pytest.mark.parametrize("register", [{"size": 140}], indirect=True)
def test_more_missed_rows_than_a_few_are_asked_for_as_well(register: Register) -> None:
    register.load()
    register.faults.set("shrunken_source", 0.4)
    report = register.load(full=True, accept_losses=True)
    assert report.tables["hardware"].written.deleted == 0
    assert register.one("SELECT count(*) FROM snipeit.hardware WHERE purged_at IS NOT NULL") == 0
    assert register.differences() == []


def test_an_asset_that_no_list_has_lives_on_in_the_mirror(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one does whose status label was purged: it can be asked for, and is listed nowhere."""
    register.load()
    page = SnipeItClient.page

    def without(client: SnipeItClient, path: str, params: Mapping[str, str | int]) -> Page:
        answer = page(client, path, params)
        rows = [row for row in answer.rows if path != "hardware" or row["id"] != 7]
        return Page(answer.total - len(answer.rows) + len(rows), rows)

    monkeypatch.setattr(SnipeItClient, "page", without)
    register.load(full=True)
    assert register.one("SELECT deleted_at IS NULL AND purged_at IS NULL FROM snipeit.hardware WHERE id = 7")


def test_snipe_row_with_another_error(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row is missing from its lists, and what is answered about it is an error that says nothing of it."""
    register.load()
    page, get = SnipeItClient.page, SnipeItClient._single

    def without(client: SnipeItClient, path: str, params: Mapping[str, str | int]) -> Page:
        answer = page(client, path, params)
        rows = [row for row in answer.rows if path != "hardware" or row["id"] != 7]
        return Page(answer.total - len(answer.rows) + len(rows), rows)

    def broken(client: SnipeItClient, path: str, row_id: int) -> Any:
        wrong = {"status": "error", "messages": "Something went wrong", "payload": None}
        return wrong if (path, row_id) == ("hardware", 7) else get(client, path, row_id)

    monkeypatch.setattr(SnipeItClient, "page", without)
    monkeypatch.setattr(SnipeItClient, "_single", broken)
    with pytest.raises(SourceError, match="/hardware/7 was refused: Something went wrong"):
        register.load(full=True)
    assert register.one("SELECT deleted_at IS NULL AND purged_at IS NULL FROM snipeit.hardware WHERE id = 7")


@pytest.mark.slow
def test_every_table_is_still_there_after_all_of_it(register: Register) -> None:
    """Merges, imports and purges among the days of work, loaded by what changed alone."""
    register.load()
    for day in range(3):
        file = register.state.start_import()
        file.update("hardware", 1 + day, name=f"File {day}")
        register.state.day(day)
        file.commit()
        register.load(full=day == 2)
    assert {name for name in TABLES if register.differences()} == set()


@pytest.mark.slow
def test_seats_of_a_user_who_was_merged_and_purged_between_two_loads_are_read_again(register: Register) -> None:
    state = register.state
    seat = next(each for each in state.license_seats.rows.values() if each.assigned_user_id not in (None, 6))
    gone = seat.assigned_user_id
    assert gone is not None
    register.load()
    state.now += timedelta(hours=5)
    state.merge_users(6, gone)
    state.purge("users", gone)
    register.load()
    assert register.one("SELECT assigned_user_id FROM snipeit.license_seats WHERE id = :id", id=seat.id) == 6
    assert register.differences() == []
