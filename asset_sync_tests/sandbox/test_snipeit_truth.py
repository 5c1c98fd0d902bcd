from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from asset_sync.sandbox.company import Company
from asset_sync.sandbox.snipeit import Settings, SnipeState
from asset_sync.sandbox.snipeit.deeds import WEIGHTS
from asset_sync.sandbox.snipeit.records import HOLDERS, REFERENCES
from asset_sync_tests.sandbox.snipeit_desk import PATHS, Desk

TABLES = [*PATHS, "license_seats"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_cell_can_be_read_after_many_days(seed: int) -> None:
    desk = Desk(90, seed)
    for day in range(12):
        desk.state.day(day)
    for table in TABLES:
        assert desk.table(table) == desk.true(table), table


def test_every_cell_can_be_read_whatever_the_settings() -> None:
    settings = Settings(timezone="America/New_York", date_format="Y-m-d", digit_separator="1.234,56")
    desk = Desk(60, 5, settings)
    desk.state.day(1)
    for table in TABLES:
        assert desk.table(table) == desk.true(table), table


def test_the_same_company_and_seeds_give_the_same_register() -> None:
    one, two = (SnipeState(Company(80, 4), 9) for _ in range(2))
    for day in range(3):
        assert one.day(day) == two.day(day)
    assert {name: one.truth(name) for name in TABLES} == {name: two.truth(name) for name in TABLES}
    assert SnipeState(Company(80, 4), 8).truth("hardware") != SnipeState(Company(80, 4), 9).truth("hardware")


def test_there_is_one_asset_a_machine() -> None:
    company = Company(80, 4)
    assets = SnipeState(company, 9).truth("hardware")
    serials = {machine.serial for machine in company}
    assert len(assets) == 80
    assert {asset["serial"] for asset in assets} - {None} <= serials
    assert len({asset["asset_tag"] for asset in assets}) == 80


def test_days_do_everything_that_people_do() -> None:
    state = SnipeState(Company(150, 4), 9)
    done: Counter[str] = Counter()
    for day in range(15):
        done.update(state.day(day))
    assert {kind for kind in WEIGHTS if not done[kind]} == set()
    assert {row["action_type"] for row in state.truth("activity")} == {
        *("create", "update", "delete", "restore", "checkout", "checkin from", "audit"),
        *("add seats", "delete seats", "merged"),
    }


def test_a_day_is_a_day_and_its_share_is_kept() -> None:
    state = SnipeState(Company(3000, 4), 9)
    before = state.now
    assert sum(state.day(1, 0.1).values()) in range(200, 301)
    assert state.now == before + timedelta(days=1)
    with pytest.raises(ValueError, match="0 to 1"):
        state.day(1, 1.5)


def test_texts_have_all_that_can_go_wrong_in_them() -> None:
    state = SnipeState(Company(100, 4), 9)
    for day in range(5):
        state.day(day)
    text = "".join(str(state.truth(table)) for table in TABLES)
    assert all(mark in text for mark in ("&", '"', "'", "<", ">", "ü", "📦", "&amp;", "<strong>", "\\n"))
    assert "" not in [value for table in TABLES for row in state.truth(table) for value in row.values()]


def test_references_resolve_and_living_tags_are_unique() -> None:
    state = SnipeState(Company(120, 6), 9)
    for day in range(20):
        state.day(day)
    truth = {table: state.truth(table) for table in TABLES}
    ids = {table: {row["id"] for row in rows} for table, rows in truth.items()}
    for table, columns in REFERENCES.items():
        for column, target in columns.items():
            assert {row[column] for row in truth[table]} - {None} <= ids[target], (table, column)
    living = [row["asset_tag"] for row in truth["hardware"] if row["deleted_at"] is None]
    assert len(living) == len(set(living))
    held = {(HOLDERS[row["assigned_type"]], row["assigned_to"]) for row in truth["hardware"] if row["assigned_to"]}
    assert all(one in ids[table] for table, one in held)


def test_the_truth_is_a_copy() -> None:
    state = SnipeState(Company(10, 6), 9)
    state.truth("hardware")[0]["custom_fields"][999] = "mine"
    assert 999 not in state.truth("hardware")[0]["custom_fields"]


class Register:
    """A small register, and what is true of one row of it."""

    def __init__(self) -> None:
        self.state = SnipeState(Company(20, 6), 9)
        self.state.now += timedelta(hours=1)

    def row(self, table: str, row_id: int) -> dict[str, Any] | None:
        return next((row for row in self.state.truth(table) if row["id"] == row_id), None)

    def asset(self, row_id: int) -> dict[str, Any]:
        found = self.row("hardware", row_id)
        assert found is not None
        return found

    def free(self) -> int:
        """The id of a new asset that nobody has."""
        return self.state.create("hardware", asset_tag="NEW", model_id=1, status_id=1, rtd_location_id=1)

    def log(self, item_id: int) -> list[dict[str, Any]]:
        return [row for row in self.state.truth("activity") if (row["item_type"], row["item_id"]) == ("asset", item_id)]


@pytest.fixture
def register() -> Register:
    return Register()


def test_updated_at_moves_with_the_row_itself_only(register: Register) -> None:
    state, before = register.state, register.asset(1)
    state.update("models", before["model_id"], name="Renamed")
    state.update("fields", 1, name="Renamed")
    state.delete("fields", 2)
    assert register.asset(1)["updated_at"] == before["updated_at"]
    assert not state.update("hardware", 1, name=before["name"])
    assert register.asset(1)["updated_at"] == before["updated_at"]
    assert state.update("hardware", 1, name="New")
    assert register.asset(1)["updated_at"] == state.now > before["updated_at"]


def test_a_checkout_moves_the_asset_to_its_holder_and_back(register: Register) -> None:
    asset_id, place = register.free(), register.row("users", 5)
    assert place is not None
    register.state.checkout(asset_id, "user", 5)
    held = register.asset(asset_id)
    assert (held["assigned_to"], held["assigned_type"], held["location_id"]) == (5, "user", place["location_id"])
    assert (held["status_meta"], held["checkout_counter"]) == ("deployed", 1)
    with pytest.raises(ValueError, match="checked out"):
        register.state.delete("hardware", asset_id)
    register.state.checkin(asset_id)
    back = register.asset(asset_id)
    assert (back["assigned_to"], back["location_id"], back["status_meta"]) == (None, 1, "deployable")


def test_the_log_tells_what_was_done_from_what_to_what(register: Register) -> None:
    asset_id = register.free()
    register.state.update("hardware", asset_id, name='"A" & B', custom_fields={1: "02:00"})
    register.state.checkout(asset_id, "location", 2)
    register.state.checkin(asset_id, "thanks")
    register.state.audit(asset_id)
    register.state.delete("hardware", asset_id)
    register.state.restore("hardware", asset_id)
    log = register.log(asset_id)
    verbs = ["create", "update", "checkout", "checkin from", "audit", "delete", "restore"]
    assert [row["action_type"] for row in log] == verbs
    assert log[1]["log_meta"] == {
        "name": {"old": None, "new": '"A" & B'},
        "_snipeit_mac_address_1": {"old": None, "new": "02:00"},
    }
    assert (log[2]["target_type"], log[2]["target_id"], log[3]["note"]) == ("location", 2, "thanks")


def test_what_is_purged_leaves_no_trace(register: Register) -> None:
    asset_id = register.free()
    repair = {"title": "x", "asset_maintenance_type": "Repair", "start_date": register.state.now.date()}
    kept = register.state.create("maintenances", asset_id=1, **repair)
    gone = register.state.create("maintenances", asset_id=asset_id, **repair)
    with pytest.raises(ValueError, match="not deleted"):
        register.state.purge("hardware", asset_id)
    register.state.delete("hardware", asset_id)
    register.state.purge("hardware", asset_id)
    assert register.row("hardware", asset_id) is None
    assert register.log(asset_id) == []
    assert register.row("maintenances", gone) is None
    assert register.row("maintenances", kept) is not None
    assert register.free() > asset_id


def test_an_asset_comes_back_unless_its_tag_was_given_away(register: Register) -> None:
    asset_id = register.free()
    with pytest.raises(ValueError, match="tag"):
        register.free()
    register.state.delete("hardware", asset_id)
    other = register.free()
    with pytest.raises(ValueError, match="taken"):
        register.state.restore("hardware", asset_id)
    register.state.update("hardware", other, asset_tag="OTHER")
    register.state.restore("hardware", asset_id)
    assert register.asset(asset_id)["deleted_at"] is None
    with pytest.raises(ValueError, match="tag"):
        register.state.update("hardware", other, asset_tag="NEW")


def test_what_is_in_use_stays(register: Register) -> None:
    for table in ("models", "companies", "locations", "users", "categories", "status_labels"):
        with pytest.raises(ValueError, match="in use"):
            register.state.delete(table, 1)


def test_seats_come_and_go_with_their_licence(register: Register) -> None:
    state = register.state
    license_id = state.create("licenses", name="New", seats=3)
    seats = [row["id"] for row in state.truth("license_seats") if row["license_id"] == license_id]
    assert len(seats) == 3
    state.assign_seat(seats[0], user_id=5)
    with pytest.raises(ValueError, match="checked out"):
        state.update("licenses", license_id, seats=0)
    with pytest.raises(ValueError, match="checked out"):
        state.delete("licenses", license_id)
    state.update("licenses", license_id, seats=1)
    living = [row for row in state.truth("license_seats") if row["license_id"] == license_id and not row["deleted_at"]]
    assert [row["id"] for row in living] == seats[:1]
    state.assign_seat(seats[0])
    state.now += timedelta(seconds=1)
    state.delete("licenses", license_id)
    assert state.seats_of(license_id) == []
    state.restore("licenses", license_id)
    assert [seat.id for seat in state.seats_of(license_id)] == seats[:1]


def test_handing_out_stock_is_in_the_log_and_not_in_the_row(register: Register) -> None:
    before = register.row("accessories", 1)
    assert before is not None
    register.state.hand_out("accessories", 1, "user", 5)
    after = register.row("accessories", 1)
    assert after == {**before, "remaining": before["remaining"] - 1}
    assert register.state.truth("activity")[-1]["target_id"] == 5
    register.state.take_back("accessories", 1, "user", 5)
    with pytest.raises(ValueError, match="pieces"):
        register.state.take_back("accessories", 1, "user", 5)
