import orjson
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


def test_snipe_custom_field_without_number() -> None:
    row = {
        "id": 7,
        "custom_fields": {
            "RAM": {"field": "_snipeit_ram", "value": "8"},
            "OK": {"field": "_snipeit_ok_78", "value": "fine"},
            "List": {"field": "_snipeit_l_79", "value": ["a", "b"]},
        },
    }
    table = TABLES["hardware"]
    parsed = dict(zip(["id", *table.names, "extra"], table.parser()(row), strict=True))
    assert parsed["custom_fields"] == '{"78":"fine"}'
    odd = {"custom_fields": {label: row["custom_fields"][label] for label in ("RAM", "List")}}  # type: ignore[index]
    assert orjson.loads(str(parsed["extra"])) == odd


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("<strong>b</strong> A &amp; B", "b A & B"),
        ("&lt;script&gt;alert(1)&lt;/script&gt; <em>it</em>", "<script>alert(1)</script> it"),
        ("a&nbsp;b", "a\u00a0b"),
        ("line1\nline2<br />\nline3 x &lt; y &gt; z", "line1\nline2\nline3 x < y > z"),
        ('see <a href="https://e.com/?y=1&amp;z=2">https://e.com/?y=1&amp;z=2</a>', "see https://e.com/?y=1&z=2"),
        ('<a href="https://e.com">the <em>rules</em></a>', "the rules (https://e.com)"),
        ("<p>One</p>\n<p>Two <del>x</del></p>", "One\n\nTwo x"),
        ("**n** &lt;b&gt; O&#039;Neil &amp;amp;", "**n** <b> O'Neil &amp;"),
        ("<code>a &lt; b</code>", "a < b"),
        ("", None),
        (None, None),
    ],
)
def test_rendered_text_is_what_a_reader_sees(given: str | None, expected: str | None) -> None:
    assert values.rendered(given) == expected


@pytest.mark.parametrize(
    ("read", "given"),
    [
        (values.integer, 2**31),
        (values.integer, "-2147483649"),
        (values.months, "99999999999 months"),
        (values.identity, {"id": 2**63}),
        (values.money, "1234567890123456789.00"),
    ],
)
def test_a_number_that_no_column_can_hold_is_refused(read, given):  # type: ignore[no-untyped-def]
    with pytest.raises(values.Unreadable):
        read(given)


def test_references_are_those_of_the_register() -> None:
    from asset_sync.sandbox.snipeit.records import REFERENCES

    declared = {
        name: {column.name: column.references for column in table.columns if column.references}
        for name, table in TABLES.items()
    }
    for name, columns in REFERENCES.items():
        assert columns.items() <= declared[name].items()
