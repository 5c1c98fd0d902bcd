"""Values that a setting, a language or a rendering changes are the same in the mirror whatever these are."""

from typing import Any

import pytest

from asset_sync.mirror.guards import GuardError
from asset_sync.reconcile.errors import TargetError
from asset_sync.sandbox.snipeit import Settings, Token
from asset_sync_tests.mirror.register import Register, served

DATE_FIELD = "4"
"""The custom field of the format DATE in the simulated register."""


@pytest.mark.slow
def test_another_language_of_the_token_changes_nothing(register: Register) -> None:
    for day in range(2):
        register.state.day(day)
    register.load()
    actions = {row["action_type"] for row in register.ask("SELECT DISTINCT action_type FROM snipeit.activity")}
    assert actions <= {*("create", "update", "delete", "restore", "checkout", "checkin from"), *_RARER}
    register.tokens["t"] = Token(locale="de-DE")
    assert register.load(full=True).written.writes == 0
    register.state.day(2)
    register.load()
    assert register.differences() == []


_RARER = ("audit", "add seats", "delete seats", "merged")


def test_a_first_load_in_another_language_has_the_codes(register: Register) -> None:
    register.state.day(1)
    register.tokens["t"] = Token(locale="de-DE")
    register.load()
    assert register.differences() == []
    assert register.one("SELECT count(*) FROM snipeit.categories WHERE category_type = 'accessory'") > 0


def test_notes_and_eulas_are_the_text_that_was_typed_without_tags(register: Register) -> None:
    register.state.update("hardware", 1, notes="**Bold** <script>alert(1)</script> [rules](https://example.com/a?b=1&c=2)")
    register.load()
    notes = register.one("SELECT notes FROM snipeit.hardware WHERE id = 1")
    assert notes == "Bold <script>alert(1)</script> rules (https://example.com/a?b=1&c=2)"
    eula = register.one("SELECT eula FROM snipeit.categories WHERE eula IS NOT NULL LIMIT 1")
    assert eula == "Take care of it & <b>bring it back</b>.\n\nSee the rules (https://example.com/rules?a=1&b=2)."


def test_suppliers_have_the_postcode_that_no_list_has(register: Register) -> None:
    register.load()
    assert register.differences() == []
    assert register.one("SELECT count(*) FROM snipeit.suppliers WHERE zip IS NULL") == 0
    register.state.update("suppliers", 2, zip="10115")
    before = register.state.requests.total()
    register.load()
    assert register.one("SELECT zip FROM snipeit.suppliers WHERE id = 2") == "10115"
    # One of the suppliers was asked for alone.
    assert register.state.requests.total() - before <= 21
    register.load(full=True)
    assert register.differences() == []


@pytest.mark.parametrize(
    "shown",
    [
        "d/m/Y",
        "M j, Y",
        *(pytest.param(form, marks=pytest.mark.slow) for form in ("D M d, Y", "n/d/y", "d M, Y", "Y.m.d", "m/d/Y")),
    ],
)
def test_a_changed_display_format_writes_no_version(empty_database_url: str, shown: Any) -> None:
    with served(empty_database_url, size=40) as register:
        register.load()
        with served(empty_database_url, size=40, settings=Settings(date_format=shown)) as changed:
            report = changed.load(full=True)
            assert report.written.writes == 0
            filled = f"custom_fields ->> '{DATE_FIELD}' ~ '^\\d{{4}}-\\d\\d-\\d\\d$'"
            assert changed.one(f"SELECT count(*) FROM snipeit.hardware WHERE {filled}") > 0
            typed = "SELECT count(*) FROM snipeit.custom_field WHERE format = 'DATE' AND day IS NULL"
            assert changed.one(typed) == 0


def test_who_made_it_is_mirrored_and_from_where_is_not(register: Register) -> None:
    register.state.day(1)
    register.load()
    for table in ("categories", "companies", "status_labels"):
        assert register.one(f"SELECT count(*) FROM snipeit.{table} WHERE created_by IS NULL") == 0
        assert register.one(f"SELECT count(*) FROM snipeit.{table} WHERE extra ? 'created_by'") == 0
    assert register.one("SELECT count(*) FROM snipeit.activity WHERE extra ?| array['remote_ip', 'user_agent']") == 0


def test_another_order_of_fields_in_a_fieldset_is_no_change(register: Register) -> None:
    register.load()
    register.state.fieldsets.rows[1].field_ids = register.state.fieldsets.rows[1].field_ids[::-1]
    register.state.revision += 1
    assert register.load().written.writes == 0


def test_a_number_out_of_range_stops_nothing_and_is_kept_beside_the_row(register: Register) -> None:
    register.state.accessories.rows[1].qty = 10**12
    register.state.hardware.rows[1].purchase_cost = None
    register.state.revision += 1
    register.load()
    assert register.ask("SELECT qty, extra ->> 'qty' AS beside FROM snipeit.accessories WHERE id = 1") == [
        {"qty": None, "beside": str(10**12)}
    ]


def test_what_postgresql_refuses_is_told_with_its_table(register: Register) -> None:
    register.state.hardware.rows[3].created_at = register.state.now.replace(year=1)
    register.state.revision += 1
    original = register.state.hardware.rows[3].id
    assert original == 3
    from asset_sync.systems.snipeit import tables

    table = tables.TABLES["hardware"]
    assert table.parser()({"id": 3, "checkout_counter": 2**31})[-1] == '{"checkout_counter":2147483648}'
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("asset_sync.systems.snipeit.values._INT_MOST", 2**62)
        register.state.hardware.rows[3].checkout_counter = 2**40
        register.state.revision += 1
        with pytest.raises(TargetError, match=r"/hardware for snipeit\.hardware, in the rows 1 to \d+") as told:
            register.load()
    assert "\n" not in str(told.value)


COMPANY = Token(superuser=False, company_id=1)


def test_a_first_load_with_a_token_of_one_company_says_what_it_is(register: Register) -> None:
    register.tokens["t"] = COMPANY
    report = register.load()
    assert not report.owner.superuser
    assert report.owner.company == "Example GmbH &amp; Co. KG"
    assert 0 < register.one("SELECT count(*) FROM snipeit.hardware") < len(register.true("hardware"))
    register.tokens["t"] = Token()
    assert register.load(full=True).owner.superuser
    assert register.differences() == []


def test_a_token_that_is_no_superusers_stops_the_load_where_that_is_asked_for(register: Register) -> None:
    register.tokens["t"] = COMPANY
    with pytest.raises(GuardError, match=r"no superuser: with Full Multiple Company Support .* nothing was changed"):
        register.load(superuser_only=True)
    assert register.one("SELECT count(*) FROM snipeit.hardware") == 0
    register.load(superuser_only=True, accept_losses=True)
    assert register.one("SELECT count(*) FROM snipeit.hardware") > 0
