import pytest

from asset_sync.systems.snipeit import TABLES, values


@pytest.mark.parametrize(
    ("read", "given", "expected"),
    [
        (values.text, "T14 &quot;Gen 2&quot;", 'T14 "Gen 2"'),
        (values.text, "R&amp;amp;D &amp;copy; O&#039;Neil", "R&amp;D &copy; O'Neil"),
        (values.text, "", None),
        (values.text, None, None),
        (values.text, "a\x00b", "ab"),
        (values.money, "1,234.56", "1234.56"),
        (values.money, "1.234,56", "1234.56"),
        (values.money, "1,234,567.8", "1234567.8"),
        (values.money, "1,234", "1234.0"),
        (values.money, "0.99", "0.99"),
        (values.money, "", None),
        (values.months, "36 months", 36),
        (values.months, "36 Monate", 36),
        (values.months, "None", None),
        (values.flag, 0, False),
        (values.flag, True, True),
        (values.day, {"date": "2026-01-05", "formatted": "05.01.2026"}, "2026-01-05"),
        (values.moment, {"datetime": "2026-01-05 09:00:00", "formatted": ""}, "2026-01-05 09:00:00"),
        (values.moment, None, None),
        (values.identity, {"id": 3, "name": "x", "tag_color": None}, 3),
        (values.identity, None, None),
        (values.identities, {"total": 2, "rows": [{"id": 3}, {"id": 1}]}, "{3,1}"),
        (values.custom_fields, {}, "{}"),
        (values.custom_fields, {"A": {"field": "_snipeit_a_b_12", "value": "x &amp; y"}}, '{"12":"x & y"}'),
        (values.custom_fields, {"A": {"field": "_snipeit_a_1", "value": ""}}, "{}"),
        (values.custom_fields, {"A": {"field": "_snipeit_a_1", "value": "ENCRYPTED"}}, '{"1":null}'),
        (values.custom_fields, {"A": {"field": "_snipeit_a_1", "value": "Encrypted"}}, '{"1":"Encrypted"}'),
    ],
)
def test_a_value_is_read_as_it_is_meant(read, given, expected):  # type: ignore[no-untyped-def]
    assert read(given) == expected


@pytest.mark.parametrize(
    ("read", "given"),
    [
        (values.day, "2026-13-45 (Invalid date value.)"),
        (values.day, {"date": "0000-00-00"}),
        (values.money, "free"),
        (values.months, {"date": "2026-01-01"}),
        (values.integer, "many"),
        (values.custom_fields, {"A": "x"}),
    ],
)
def test_a_value_of_an_unknown_form_is_refused(read, given):  # type: ignore[no-untyped-def]
    with pytest.raises(values.Unreadable):
        read(given)


def test_what_is_unreadable_or_unknown_is_kept_beside_the_row() -> None:
    table = TABLES["suppliers"]
    row = {
        "id": 7,
        "name": "A &amp; B",
        "url": {},
        "created_at": "x (Invalid date value.)",
        "shiny": "n&amp;w",
        "assets_count": 3,
    }
    parsed = table.parser()(row)
    assert parsed[:2] == [7, "A & B"]
    assert parsed[-1] == '{"created_at":"x (Invalid date value.)","shiny":"n&w","url":{}}'


def test_references_are_those_of_the_register() -> None:
    from asset_sync.sandbox.snipeit.records import REFERENCES

    declared = {
        name: {column.name: column.references for column in table.columns if column.references}
        for name, table in TABLES.items()
    }
    for name, columns in REFERENCES.items():
        assert columns.items() <= declared[name].items()
