import json
from collections import Counter
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
import requests

from asset_sync.sandbox.company import Company
from asset_sync.sandbox.faults import Faults
from asset_sync.sandbox.server import Server
from asset_sync.sandbox.snipeit import DEFAULT_TOKEN, Settings, SnipeState, Token, create_app
from asset_sync.sandbox.snipeit.text import escape
from asset_sync_tests.sandbox.snipeit_desk import PATHS, SECRET, TRASH, Desk, Row

UNAUTHENTICATED: tuple[dict[str, str], ...] = ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Token {SECRET}"})
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def big() -> Desk:
    """To be read only."""
    return Desk(1200)


@pytest.fixture(scope="module")
def worked() -> Desk:
    """To be read only; people have worked in it."""
    desk = Desk(150)
    for day in range(4):
        desk.state.day(day)
    return desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


def living(desk: Desk, table: str = "hardware") -> list[Row]:
    return [row for row in desk.state.truth(table) if row.get("deleted_at") is None]


def shown(desk: Desk) -> list[Row]:
    return [row for row in living(desk) if row["status_type"] != "archived"]


@pytest.mark.parametrize("headers", UNAUTHENTICATED)
def test_who_shows_no_token_and_wants_json_is_told_so(desk: Desk, headers: dict[str, str]) -> None:
    answer = desk.ask("/api/v1/hardware", headers={**headers, **JSON})
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized or unauthenticated."})
    assert "X-RateLimit-Limit" not in answer.headers


@pytest.mark.parametrize("headers", UNAUTHENTICATED)
def test_who_shows_no_token_and_wants_anything_is_led_to_the_login(desk: Desk, headers: dict[str, str]) -> None:
    answer = desk.ask("/api/v1/hardware", headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login")


def test_a_token_may_be_taken_away_and_an_expired_one_is_not_known(desk: Desk) -> None:
    desk.faults.set("expired_token", times=1)
    assert desk.ask("/api/v1/hardware").status_code == 401
    assert desk.ask("/api/v1/hardware").status_code == 200
    del desk.tokens[SECRET]
    assert desk.ask("/api/v1/hardware").status_code == 401


def test_over_real_http_it_is_a_website_with_an_api(desk: Desk) -> None:
    app = create_app(desk.state, tokens={DEFAULT_TOKEN: Token()})
    with Server(app) as server:
        page = requests.get(f"{server.url}/api/v1/hardware", timeout=5)
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert page.url == f"{server.url}/login"
        headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
        answer = requests.get(f"{server.url}/api/v1/hardware", params={"limit": 2}, headers=headers, timeout=5)
        assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == ("120", "119")
        assert len(answer.json()["rows"]) == 2
        assert requests.get(f"{server.url}/health", timeout=5).json() == {"status": "ok"}


def test_before_it_is_set_up_every_address_leads_to_the_setup() -> None:
    desk = Desk(10, settings=Settings(set_up=False))
    for path in ("/api/v1/hardware", "/health", "/"):
        assert desk.ask(path).headers["Location"] == "/setup"
    assert desk.ask("/setup").headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    "path", ["/api/v1/", "/api/v1", "/api/v1/nothing", "/api/v1/licenses/1/nothing", "/api/v1/hardware/1/2"]
)
def test_an_unknown_path_is_a_404_with_a_message_in_the_singular(desk: Desk, path: str) -> None:
    answer = desk.ask(path)
    assert answer.status_code == 404
    assert answer.json().keys() == {"status", "message", "payload"}
    assert answer.json()["message"].startswith("404 endpoint not found")


def test_nothing_can_be_written(desk: Desk) -> None:
    answer = desk.ask("/api/v1/hardware", "POST")
    assert (answer.status_code, answer.json()["messages"]) == (405, "Method not allowed")


def test_the_version_and_oneself(desk: Desk) -> None:
    assert desk.get("version") == {"version": "v8.1.4"}
    assert desk.get("users/me")["username"] == "admin"


@pytest.mark.parametrize(
    ("path", "messages"),
    [
        ("hardware/999999", "Asset does not exist."),
        ("hardware/abc", "Asset does not exist."),
        ("hardware/bytag/none", "Asset does not exist."),
        ("hardware/byserial/none", "Asset does not exist."),
        ("users/999999", "User does not exist or you do not have permission view them."),
        ("locations/999999", "Location not found"),
        ("statuslabels/999999", "Statuslabel not found"),
        ("licenses/999999/seats", "License does not exist or you do not have permission to view it."),
        ("licenses/1/seats/999999", "Seat not found"),
    ],
)
def test_what_is_missing_is_an_error_in_a_200(desk: Desk, path: str, messages: str) -> None:
    assert desk.get(path) == {"status": "error", "messages": messages, "payload": None}


@pytest.mark.parametrize("table", [table for table in PATHS if table != "activity"])
def test_a_single_row_is_the_row_of_the_list(worked: Desk, table: str) -> None:
    row = worked.rows(PATHS[table], sort="id", order="asc")[0]
    assert worked.get(f"{PATHS[table]}/{row['id']}") == (_alone(worked, row) if table == "suppliers" else row)
    assert row.keys() >= {"id", "created_at", "updated_at"}


def _alone(desk: Desk, row: Row) -> Row:
    """A supplier alone has its postcode, which the list lacks, and counts nothing."""
    assert row["zip"] == ""
    counts = {name: 0 for name in row if name.endswith("_count")}
    return {**row, **counts, "zip": desk.state.suppliers.rows[row["id"]].zip}


def test_a_single_seat_is_the_seat_of_the_list(desk: Desk) -> None:
    seat = desk.rows("licenses/1/seats")[0]
    assert desk.get(f"licenses/1/seats/{seat['id']}") == seat
    assert desk.get(f"licenses/2/seats/{seat['id']}")["messages"] == "Seat not found"


@pytest.mark.parametrize(
    ("limit", "count"), [(None, 500), (0, 500), ("x", 500), (501, 500), (5000, 500), (500, 500), (7, 7), (-7, 7), (-600, 600)]
)
def test_the_limit_has_a_cap_and_a_hole_in_it(big: Desk, limit: object, count: int) -> None:
    page = big.get("hardware", **({} if limit is None else {"limit": limit}))
    assert len(page["rows"]) == count
    assert page["total"] == len(shown(big))


@pytest.mark.parametrize(("offset", "count"), [(0, 500), ("x", 0), (-3, 500), (10**6, 0)])
def test_an_offset_behind_the_end_is_an_empty_page_with_the_right_total(big: Desk, offset: object, count: int) -> None:
    page = big.get("hardware", offset=offset)
    assert (len(page["rows"]), page["total"]) == (count, len(shown(big)))


def test_pages_by_id_are_the_whole_list(big: Desk) -> None:
    assert [row["id"] for row in big.all_rows("hardware")] == [row["id"] for row in shown(big)]
    assert [row["id"] for row in big.all_rows("users")] == [row["id"] for row in living(big, "users")]


@pytest.mark.parametrize("sort", ["created_at", "updated_at", "unknown"])
def test_pages_by_anything_with_equals_repeat_rows_and_lose_others(big: Desk, sort: str) -> None:
    rows = big.all_rows("hardware", sort=sort, limit=50)
    assert len(rows) == len(shown(big))
    assert 0.8 * len(rows) < len({row["id"] for row in rows}) < len(rows)
    times = [row["updated_at" if sort == "updated_at" else "created_at"]["datetime"] for row in rows]
    assert times == sorted(times)


def test_a_page_is_the_same_each_time_and_equals_that_it_holds_whole_are_all_there(big: Desk) -> None:
    pages = [big.rows("hardware", sort="created_at", order="asc", offset=40, limit=100) for _ in range(2)]
    assert pages[0] == pages[1]
    held = Counter(row["created_at"]["datetime"] for row in pages[0])
    inner = sorted(held)[1:-1]
    everywhere = Counter(row["created_at"].isoformat(" ")[:19] for row in shown(big))
    assert inner
    assert all(held[time] == everywhere[time] for time in inner)


@pytest.mark.parametrize(("order", "ascends"), [("asc", True), ("ASC", False), ("desc", False), ("x", False), (None, False)])
def test_only_asc_ascends(desk: Desk, order: str | None, ascends: bool) -> None:
    ids = [row["id"] for row in desk.rows("hardware", sort="id", **({"order": order} if order else {}))]
    assert ids == sorted(ids, reverse=not ascends)


@pytest.mark.parametrize(
    ("path", "sort", "default"),
    [
        ("hardware", "nonsense", "created_at"),
        ("users", "nonsense", "first_name"),
        ("categories", "updated_at", "assets_count"),
        ("statuslabels", "updated_at", "created_at"),
        ("licenses", "updated_at", "created_at"),
        ("departments", "updated_at", "created_at"),
        ("suppliers", "updated_at", "created_at"),
        ("suppliers", "id", "created_at"),
        ("accessories", "updated_at", "created_at"),
        ("reports/activity", "updated_at", "created_at"),
    ],
)
def test_an_unknown_sort_is_silently_the_default(worked: Desk, path: str, sort: str, default: str) -> None:
    assert worked.rows(path, sort=sort, limit=20) == worked.rows(path, sort=default, limit=20)


@pytest.mark.parametrize("path", ["hardware", "users", "models", "manufacturers", "companies", "locations"])
def test_six_lists_can_be_sorted_by_update(desk: Desk, path: str) -> None:
    desk.state.update(path, 2, notes="new")
    rows = desk.rows(path, sort="updated_at")
    times = [row["updated_at"]["datetime"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert rows[0]["id"] == 2


def test_sorting_by_location_sorts_by_the_default_location(worked: Desk) -> None:
    names = [unescape(row["rtd_location"]["name"]).casefold() for row in worked.rows("hardware", sort="location", order="asc")]
    assert names == sorted(names)


@pytest.mark.parametrize("path", ["fields", "fieldsets"])
def test_fields_ignore_limit_offset_and_order(desk: Desk, path: str) -> None:
    page = desk.get(path, limit=1, offset=1, order="desc")
    assert [row["id"] for row in page["rows"]] == list(range(1, page["total"] + 1))


def test_seats_begin_again_behind_the_last_one(desk: Desk) -> None:
    page = desk.get("licenses/1/seats", limit=10)
    assert page["total"] == 25
    for offset in (25, 30, 10**6):
        assert desk.rows("licenses/1/seats", limit=10, offset=offset) == page["rows"]
    assert len(desk.rows("licenses/1/seats", limit=10, offset=20)) == 5


def test_seats_tell_who_has_them(desk: Desk) -> None:
    desk.state.assign_seat(25, asset_id=1)
    seats = {row["id"]: row for row in desk.rows("licenses/1/seats")}
    assert "created_at" not in seats[1]
    assert seats[1]["assigned_user"].keys() == {"id", "name", "email", "department", "created_at"}
    assert (seats[25]["assigned_asset"]["id"], seats[25]["user_can_checkout"]) == (1, False)


@pytest.mark.parametrize(
    ("status", "fits"),
    [
        ("", lambda row: row["status_type"] != "archived"),
        ("deleted", lambda row: row["status_type"] != "archived"),
        ("archived", lambda row: row["status_type"] != "archived"),
        ("Archived", lambda row: row["status_type"] == "archived"),
        ("Pending", lambda row: row["status_type"] == "pending"),
        ("Undeployable", lambda row: row["status_type"] == "undeployable"),
        ("Deployed", lambda row: row["assigned_to"] is not None),
        ("RTD", lambda row: row["status_type"] == "deployable" and row["assigned_to"] is None),
        ("Requestable", lambda row: row["requestable"] and row["status_type"] == "deployable"),
        ("byod", lambda row: row["byod"]),
    ],
)
def test_archived_and_deleted_assets_are_shown_to_who_asks_for_them(
    worked: Desk, status: str, fits: Callable[[Row], bool]
) -> None:
    assert worked.ids("hardware", status=status) == [row["id"] for row in living(worked) if fits(row)]


def test_deleted_assets_are_a_list_of_their_own(worked: Desk) -> None:
    gone = [row["id"] for row in worked.state.truth("hardware") if row["deleted_at"]]
    assert gone
    assert worked.ids("hardware", status="Deleted") == gone
    row = worked.get(f"hardware/{gone[0]}")
    assert row["deleted_at"]["datetime"]
    assert row["available_actions"]["restore"]


def test_the_setting_or_a_status_id_lifts_the_veil(worked: Desk) -> None:
    archived = [row for row in living(worked) if row["status_type"] == "archived"]
    status_id = archived[0]["status_id"]
    assert worked.ids("hardware", status_id=status_id) == [row["id"] for row in archived if row["status_id"] == status_id]
    open_desk = Desk(settings=Settings(show_archived_in_list=True))
    assert open_desk.ids("hardware") == [row["id"] for row in living(open_desk)]


@pytest.mark.parametrize("table", TRASH)
def test_other_trash_is_listed_where_it_can_be(worked: Desk, table: str) -> None:
    desk = Desk(30)
    columns: dict[str, dict[str, Any]] = {
        "hardware": {"asset_tag": "X", "model_id": 1, "status_id": 1},
        "users": {"username": "x", "first_name": "X"},
        "models": {"name": "X", "category_id": 1},
        "manufacturers": {"name": "X"},
        "licenses": {"name": "X", "seats": 1},
    }
    row_id = desk.state.create(table, **columns[table])
    desk.state.delete(table, row_id)
    assert desk.ids(PATHS[table], **TRASH[table]) == [row_id]
    assert row_id not in desk.ids(PATHS[table])
    assert "messages" in desk.get(f"{PATHS[table]}/{row_id}") or table == "hardware"


def test_users_can_be_listed_with_and_without_trash_together(worked: Desk) -> None:
    assert worked.ids("users", all="true") == [row["id"] for row in worked.state.truth("users")]


def test_a_tag_or_serial_finds_the_living_and_the_deleted_when_asked(desk: Desk) -> None:
    made = {"model_id": 1, "status_id": 1, "serial": "TWIN"}
    gone = desk.state.create("hardware", asset_tag="T&1", **made)
    desk.state.delete("hardware", gone)
    assert desk.get("hardware/bytag/T&1")["status"] == "error"
    now = desk.state.create("hardware", asset_tag="T&1", **made)
    assert desk.get("hardware/bytag/T&1")["id"] == now
    assert [row["id"] for row in desk.rows("hardware/bytag/T&1", deleted="true")] == [gone, now]
    assert [row["id"] for row in desk.rows("hardware/byserial/TWIN")] == [now]
    assert desk.get("hardware/byserial/TWIN", deleted="true")["total"] == 2


def test_a_purged_asset_is_one_that_does_not_exist(desk: Desk) -> None:
    gone = desk.state.create("hardware", asset_tag="X", model_id=1, status_id=1)
    desk.state.delete("hardware", gone)
    assert desk.get(f"hardware/{gone}")["id"] == gone
    desk.state.purge("hardware", gone)
    assert desk.get(f"hardware/{gone}")["messages"] == "Asset does not exist."


def test_texts_are_escaped_once_more_than_they_were_typed(desk: Desk) -> None:
    text = """<b>O'Neil & "Söhne" &amp; 📦</b>"""
    desk.state.update("hardware", 1, name=text)
    escaped = "&lt;b&gt;O&#039;Neil &amp; &quot;Söhne&quot; &amp;amp; 📦&lt;/b&gt;"
    assert desk.get("hardware/1")["name"] == escaped
    assert unescape(escaped) == text
    assert desk.state.truth("hardware")[0]["name"] == text


def test_notes_are_markdown_made_html_but_for_two_tables(desk: Desk) -> None:
    text = """**bold** & *it's* "so" <b>"""
    for table, row_id in (("hardware", 1), ("users", 1), ("status_labels", 1)):
        desk.state.update(table, row_id, notes=text)
    assert desk.get("hardware/1")["notes"] == "<strong>bold</strong> &amp; <em>it's</em> &quot;so&quot; &lt;b&gt;"
    assert desk.state.truth("users")[0]["notes"] == """bold & it's "so" <b>"""
    assert desk.get("statuslabels/1")["notes"] == "**bold** &amp; *it&#039;s* &quot;so&quot; &lt;b&gt;"


def test_names_of_children_and_labels_of_fields_are_not_escaped(desk: Desk) -> None:
    desk.state.update("locations", 2, name="R&D")
    assert {"id": 2, "name": "R&D"} in desk.get("locations/1")["children"]
    assert desk.get("locations/2")["name"] == "R&amp;D"
    assert desk.get("fields/3")["name"] == "Größe &amp; &quot;Farbe&quot;"
    labels = {label for row in desk.rows("hardware") for label in row["custom_fields"]}
    assert 'Größe & "Farbe"' in labels


def test_empty_text_is_null_in_some_columns_and_nothing_in_others(desk: Desk) -> None:
    made = desk.state.create("hardware", asset_tag="X", model_id=1, status_id=1)
    row = desk.get(f"hardware/{made}")
    assert (row["name"], row["serial"], row["notes"], row["order_number"]) == ("", "", None, None)


def test_a_location_shows_all_of_its_manager(desk: Desk) -> None:
    assert desk.get("locations/2")["manager"]["permissions"] == {"superuser": "1"}
    assert isinstance(desk.get("departments/1")["users_count"], str)


def test_newer_code_adds_keys_and_one_is_called_status() -> None:
    old, new = Desk(20), Desk(20, settings=Settings(version="8.4.1"))
    before, after = (desk.rows("hardware", sort="id") for desk in (old, new))
    assert new.get("version") == {"version": "v8.4.1"}
    for one, other in zip(before, after, strict=True):
        assert other.keys() - one.keys() == {"status", "child_asset_count", "depreciation", "qr_code_url"}
        assert other["status"] == other["status_label"] == one["status_label"]
        assert other["category"] == {**one["category"], "tag_color": None}
    assert new.table("hardware") == new.true("hardware")


def test_dates_and_money_follow_the_settings() -> None:
    desk = Desk(settings=Settings(timezone="Europe/Berlin", date_format="d.m.Y", digit_separator="1.234,56"))
    desk.state.update("hardware", 1, purchase_cost=desk.state.truth("hardware")[0]["purchase_cost"])
    row = desk.get("hardware/1")
    moment = desk.state.truth("hardware")[0]["created_at"]
    assert moment.isoformat() == "2023-04-11T06:00:00+00:00"
    assert row["created_at"] == {"datetime": "2023-04-11 08:00:00", "formatted": "11.04.2023 08:00 AM"}
    costs = [one["purchase_cost"] for one in desk.rows("hardware") if one["purchase_cost"]]
    assert all("," in cost and cost.rfind(".") < cost.rfind(",") for cost in costs)
    handed = [
        one["custom_fields"]["Handed over"]["value"] for one in desk.rows("hardware") if "Handed over" in one["custom_fields"]
    ]
    assert [value for value in handed if value]
    assert all(value[2] == value[5] == "." for value in handed if value)


def test_custom_fields_keep_their_id_when_they_are_renamed(desk: Desk) -> None:
    asset = next(row for row in desk.rows("hardware") if row["custom_fields"])
    assert asset["custom_fields"]["MAC Address"]["field"] == "_snipeit_mac_address_1"
    desk.state.update("fields", 1, name="Größe der <Hardware>, ein sehr sehr sehr langer Name")
    after = desk.get(f"hardware/{asset['id']}")
    value = after["custom_fields"]["Größe der <Hardware>, ein sehr sehr sehr langer Name"]
    assert value["field"] == "_snipeit_grosse_der_hardware_ein_sehr_sehr_sehr_la_1"
    assert value["field_format"] == "MAC"
    assert after["updated_at"] == asset["updated_at"]
    desk.state.delete("fields", 1)
    fields = desk.get(f"hardware/{asset['id']}")["custom_fields"].values()
    assert not [one for one in fields if one["field"].endswith("_1")]


def test_two_fields_may_have_one_label(desk: Desk) -> None:
    assert [row["db_column_name"] for row in desk.rows("fields") if row["name"] == "Contract"] == [
        "_snipeit_contract_5",
        "_snipeit_contract_7",
    ]
    desk.state.update("fieldsets", 1, field_ids=(5, 7))
    shown_fields = [row["custom_fields"] for row in desk.rows("hardware") if row["custom_fields"]]
    assert {one["Contract"]["field"] for one in shown_fields} == {"_snipeit_contract_7"}


def test_who_is_no_superuser_sees_no_secrets(desk: Desk) -> None:
    fields = [row["custom_fields"].get("BIOS password", {}).get("value") for row in desk.rows("hardware")]
    assert any(value and value.startswith("pw&lt;") for value in fields)
    desk.tokens[SECRET] = Token(superuser=False)
    fields = [row["custom_fields"].get("BIOS password", {}).get("value") for row in desk.rows("hardware")]
    assert {value for value in fields if value} == {"ENCRYPTED"}
    assert {row["product_key"] for row in desk.rows("licenses")} == {"------------"}


def test_a_token_of_one_company_sees_the_rest_as_gone(worked: Desk) -> None:
    mine = [row for row in shown(worked) if row["company_id"] == 2]
    other = next(row["id"] for row in shown(worked) if row["company_id"] != 2)
    worked.tokens[SECRET] = Token(superuser=False, company_id=2)
    try:
        assert worked.get("hardware")["total"] == len(mine) > 0
        assert worked.ids("hardware") == [row["id"] for row in mine]
        assert worked.get(f"hardware/{other}")["messages"] == "Asset does not exist."
        for path in ("users", "licenses", "accessories", "departments"):
            assert {row["company"]["id"] for row in worked.rows(path)} <= {2}
        assert worked.ids("companies") == [2]
        items = {row["asset"]["id"] for row in worked.rows("maintenances")}
        assert items <= {row["id"] for row in worked.state.truth("hardware") if row["company_id"] == 2}
        assert worked.get("reports/activity")["total"] < len(worked.state.truth("activity"))
        assert worked.get("locations")["total"] == len(living(worked, "locations"))
        assert worked.get("models")["total"] == len(living(worked, "models"))
    finally:
        worked.tokens[SECRET] = Token()


def test_locations_are_held_to_a_company_by_a_setting() -> None:
    desk = Desk(settings=Settings(scope_locations=True))
    desk.tokens[SECRET] = Token(superuser=False, company_id=1)
    assert {row["company"]["id"] for row in desk.rows("locations")} == {1}


def test_a_right_that_was_taken_away_is_a_403(desk: Desk) -> None:
    desk.tokens[SECRET] = Token(denied=frozenset({"hardware", "licenses"}))
    for path in ("hardware", "hardware/1", "hardware/bytag/x", "licenses/1/seats"):
        answer = desk.ask(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()) == (403, {"message": "This action is unauthorized."})
    assert desk.get("users")["total"] > 0


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_the_throttle_counts_down_and_opens_again_after_a_minute() -> None:
    clock = Clock()
    desk = Desk(10, throttle=3, clock=clock)
    left = [desk.ask("/api/v1/version").headers["X-RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    clock.now += 59
    assert desk.ask("/api/v1/version").status_code == 429
    clock.now += 1
    assert desk.ask("/api/v1/version").headers["X-RateLimit-Remaining"] == "2"


def test_the_throttle_is_shared_by_all_tokens_of_a_user() -> None:
    desk = Desk(10, throttle=2)
    desk.tokens |= {"same": Token(), "other": Token(user_id=2)}
    for secret, status in ((SECRET, 200), ("same", 200), (SECRET, 429), ("same", 429), ("other", 200)):
        headers = {"Authorization": f"Bearer {secret}", **JSON}
        assert desk.ask("/api/v1/version", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("refusal", "body"),
    [
        ("message", {"status": "error", "messages": "Too many requests", "payload": None}),
        ("number", {"status": "error", "messages": 429, "payload": None}),
        (
            "retry",
            {
                "status": "error",
                "messages": "Too many requests. Try again in 47 seconds.",
                "status_code": 429,
                "retryAfter": 47,
            },
        ),
    ],
)
def test_429_comes_in_three_shapes_and_one_of_them_says_when_to_come_again(refusal: str, body: Row) -> None:
    clock = Clock()
    desk = Desk(10, throttle=1, refusal=refusal, clock=clock)
    assert desk.ask("/api/v1/version").status_code == 200
    clock.now += 13
    answer = desk.ask("/api/v1/hardware")
    assert (answer.status_code, answer.json()) == (429, body)
    told = {
        name: answer.headers[name]
        for name in ("Retry-After", "X-RateLimit-Reset", "X-RateLimit-Limit")
        if name in answer.headers
    }
    expected = {"Retry-After": "47", "X-RateLimit-Reset": "1800000060", "X-RateLimit-Limit": "1"}
    assert told == (expected if refusal == "retry" else {})


@pytest.mark.parametrize(
    ("params", "fits"),
    [
        ({"model_id": "1"}, lambda row: row["model_id"] == 1),
        ({"model_id[]": ["1", "6"]}, lambda row: row["model_id"] in (1, 6)),
        ({"category_id": "1"}, lambda row: row["category_id"] == 1),
        ({"manufacturer_id": "3"}, lambda row: row["manufacturer_id"] == 3),
        ({"location_id": "2"}, lambda row: row["location_id"] == 2),
        ({"rtd_location_id": "1"}, lambda row: row["rtd_location_id"] == 1),
        ({"supplier_id": "2"}, lambda row: row["supplier_id"] == 2),
        ({"company_id": "3"}, lambda row: row["company_id"] == 3),
        ({"byod": "true"}, lambda row: row["byod"]),
        ({"requestable": "true"}, lambda row: row["requestable"]),
        ({"assigned_to": "5"}, lambda _row: True),
        (
            {"assigned_to": "9", "assigned_type": "App\\Models\\User"},
            lambda row: (row["assigned_to"], row["assigned_type"]) == (9, "user"),
        ),
        ({"depreciation_id": "1"}, lambda _row: False),
        ({"search": "nb00000"}, lambda row: "nb00000" in str((row["name"], row["notes"])).casefold()),
        ({"search": "R&D"}, lambda row: "r&d" in str((row["name"], row["notes"])).casefold()),
        ({"filter": json.dumps({"manufacturer": "dell", "unknown": "x"})}, lambda row: row["manufacturer_id"] == 3),
        ({"filter": "no json"}, lambda _row: True),
    ],
)
def test_assets_can_be_filtered(big: Desk, params: dict[str, Any], fits: Callable[[Row], bool]) -> None:
    wanted = [row["id"] for row in shown(big) if fits(row)]
    assert big.get("hardware", **params)["total"] == len(wanted)
    assert big.ids("hardware", **params) == wanted[:500]


def test_assets_can_be_filtered_by_what_they_have(desk: Desk) -> None:
    rows = shown(desk)
    asset = next(
        row for row in rows if row["order_number"] and row["asset_eol_date"] and row["serial"] and row["custom_fields"].get(1)
    )
    for params in (
        {"asset_tag": asset["asset_tag"]},
        {"serial": asset["serial"]},
        {"order_number": asset["order_number"]},
        {"asset_eol_date": asset["asset_eol_date"].isoformat()},
        {"_snipeit_mac_address_1": asset["custom_fields"][1]},
    ):
        assert asset["id"] in desk.ids("hardware", **params)
        assert len(desk.ids("hardware", **params)) < len(rows)


def test_the_log_can_be_filtered(worked: Desk) -> None:
    truth = worked.state.truth("activity")
    item = next(row for row in truth if row["action_type"] == "checkout")
    by_verb = [row["id"] for row in truth if row["action_type"] == "checkout"]
    assert worked.ids("reports/activity", action_type="checkout") == by_verb
    by_item = [row["id"] for row in truth if (row["item_type"], row["item_id"]) == (item["item_type"], item["item_id"])]
    assert worked.ids("reports/activity", item_type=item["item_type"], item_id=item["item_id"]) == by_item


def test_a_log_entry_tells_the_item_the_target_and_the_difference(desk: Desk) -> None:
    made = desk.state.create("hardware", asset_tag='"T"', model_id=1, status_id=1, serial="S&1")
    desk.state.update("hardware", made, name="A & B")
    desk.state.checkout(made, "user", 2)
    given, changed, _ = desk.rows("reports/activity", sort="id", limit=3)
    _label = f"A &amp; B (&quot;T&quot;) - {escape(desk.state.models.rows[1].name)}"
    assert given["item"] == {"id": made, "name": _label, "type": "asset", "serial": "S&amp;1"}
    assert (given["target"]["id"], given["target"]["type"], given["action_type"]) == (2, "user", "checkout")
    assert changed["log_meta"] == {"name": {"old": "", "new": "A &amp; B"}}


def test_categories_alone_can_be_asked_for_by_update(worked: Desk) -> None:
    stamp = worked.rows("categories")[0]["updated_at"]["datetime"]
    found = worked.ids("categories", updated_at=stamp)
    assert found == [row["id"] for row in living(worked, "categories") if row["updated_at"].isoformat(" ")[:19] == stamp]
    assert worked.get("models", updated_at="2000-01-01 00:00:00")["total"] > 0


def test_counts_are_of_what_is_there(worked: Desk) -> None:
    held = Counter(row["assigned_to"] for row in living(worked) if row["assigned_type"] == "user")
    assert all(row["assets_count"] == held[row["id"]] for row in worked.rows("users"))
    models = Counter(row["model_id"] for row in living(worked))
    assert all(row["assets_count"] == models[row["id"]] for row in worked.rows("models"))
    taken = Counter(
        row["license_id"] for row in living(worked, "license_seats") if row["assigned_user_id"] or row["assigned_asset_id"]
    )
    assert all(row["free_seats_count"] == row["seats"] - taken[row["id"]] for row in worked.rows("licenses"))


@pytest.fixture
def spoiled(big: Desk) -> Iterator[Desk]:
    yield big
    big.faults.clear()


def test_pages_can_be_short_or_missing_or_shuffled(spoiled: Desk) -> None:
    whole = spoiled.get("hardware", sort="id")
    spoiled.faults.set("short_page", times=1, rows=3)
    page = spoiled.get("hardware", sort="id")
    assert (page["rows"], page["total"]) == (whole["rows"][:-3], whole["total"])
    spoiled.faults.set("missing_page", times=1)
    assert spoiled.get("hardware", sort="id") == {"total": whole["total"], "rows": []}
    spoiled.faults.set("shuffled_pages", times=1)
    assert spoiled.get("hardware", sort="id")["rows"] != whole["rows"]
    assert spoiled.get("hardware", sort="id") == whole


def test_assets_can_vanish_and_nothing_else_does(spoiled: Desk) -> None:
    whole, users = len(shown(spoiled)), spoiled.get("users")["total"]
    spoiled.faults.set("shrunken_source", 0.5)
    assert 0.4 * whole < spoiled.get("hardware")["total"] < 0.6 * whole
    assert set(spoiled.ids("hardware")) <= {row["id"] for row in shown(spoiled)}
    spoiled.faults.set("empty_source")
    assert spoiled.get("hardware") == {"total": 0, "rows": []}
    assert spoiled.get("users")["total"] == users


def test_faults_of_the_wire_are_played_too(spoiled: Desk) -> None:
    spoiled.faults.set("http_503", times=1)
    assert spoiled.ask("/api/v1/hardware").status_code == 503


def test_requests_are_counted_by_path() -> None:
    state = SnipeState(Company(10, 1), 1)
    with Server(create_app(state, tokens={"t": Token()}, faults=Faults())) as server:
        for _ in range(2):
            requests.get(f"{server.url}/api/v1/version", params={"a": 1}, headers={"Authorization": "Bearer t"}, timeout=5)
    assert state.requests == {"GET /api/v1/version": 2}
