"""Files as people had them, by the names of the cases; the files themselves are in pdq_export_cases."""

import csv
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook

from asset_sync.systems.pdq_export import Export, ExportRefused, read

FILES = Path(__file__).with_name("pdq_export_cases")


def export(name: str) -> Export:
    with (FILES / name).open("rb") as opened:
        return read(opened, name)


def written(text: str, name: str = "report.csv") -> Export:
    return read(io.BytesIO(text.encode()), name)


def values(found: Export, *fields: str) -> list[tuple[Any, ...]]:
    table = found.devices[list(fields)].astype(object)
    return list(table.where(table.notna(), None).itertuples(index=False, name=None))


def refused(text: str, name: str = "report.csv") -> str:
    with pytest.raises(ExportRefused) as caught:
        written(text, name)
    return str(caught.value)


def book(*rows: list[Any], formats: dict[str, str] | None = None) -> Export:
    made, file = Workbook(), io.BytesIO()
    for row in rows:
        made.worksheets[0].append(row)
    for cell, number_format in (formats or {}).items():
        made.worksheets[0][cell].number_format = number_format
    made.save(file)
    return read(file, "report.xlsx")


def test_csv_excel_errors() -> None:
    found = export("csv_excel_errors.report.csv")
    assert values(found, "id", "serialNumber", "model") == [
        ("name:pc1", None, None),
        ("name:pc2", None, "X"),
        ("name:pc3", None, "X"),
    ]
    assert len(found.notes) == 2


@pytest.mark.parametrize(
    "word",
    [
        "#NV",
        "#WERT!",
        "#BEZUG!",
        "#¡VALOR!",
        "#¿NOMBRE?",
        "#Н/Д",
        "#ЗНАЧ!",
        "#DEEL/0!",
        "#N/D",
        "#SPILL!",
        "########",
        "Err:502",
        "1.00E+10",
        "5,4321E+11",
        "1E+12",
        "2026-03-01",
        "01.03.2026",
        "3/1/2026",
        "1-Mar",
        "Mar-26",
        "01. Mrz",
        "TRUE",
        "FALSCH",
        '["A"]',
        "System.Object[]",
        "4711042.0",
    ],
)
def test_no_identifier_in_any_format(word: str) -> None:
    quoted = word.replace('"', '""')
    texts = written(f'Name,Serial Number,Asset Tag\nPC1,"{quoted}","{quoted}"\n"{quoted}",A77B,\n')
    cells = book(["Name", "Serial Number", "Asset Tag"], ["PC1", word, word], [word, "A77B", None])
    for found in (texts, cells):
        assert values(found, "name", "serialNumber", "biosAssetTag") == [("PC1", None, None), (None, "A77B", None)]
        assert {note.split(":")[0] for note in found.notes} == {"name", "serialNumber", "biosAssetTag"}


@pytest.mark.parametrize("word", ["12E45", "1E-04", "MAR-26", "1.5", "B1-12", "#5", "123456789012345678"])
def test_what_only_looks_damaged_is_kept(word: str) -> None:
    assert values(written(f"Name,Serial Number\nPC1,{word}\n"), "serialNumber") == [(word,)]


def test_csv_fqdn_and_short_name() -> None:
    assert values(export("csv_fqdn_and_short_name.report.csv"), "id", "name") == [("serial:A77B", "PC3")]
    apart = written("Name,Serial Number\nPC3.a.example,A77B\nPC3.b.example,A77B\nPC3,A77B\n")
    assert len(apart.devices) == 3


def test_one_host_by_its_names_alone() -> None:
    assert len(written("Name,Model\nPC1.,M\nCORP\\PC1,M\nPC1$,M\npc1.corp.example.,M\nPC1,M\n").devices) == 1
    assert len(written("Name,Model\npc1.a.example,M\npc1.b.example,M\nPC1,M\n").devices) == 3


def test_fractions_are_no_identifiers() -> None:
    cells = book(["Name", "Serial Number"], ["PC1", 0.5], ["PC2", 0.05], ["PC3", 1e-7], ["PC4", 100.0])
    assert values(cells, "serialNumber") == [(None,), (None,), (None,), ("100",)]


@pytest.mark.parametrize(
    "text",
    [
        'Name,Serial Number,Model,OS\nPC1,S1,"14 inch,W11\nPC2,S2,15",W11\nPC3,S3,M,W11\n',
        'Name,Serial Number,Model\nPC1,S1,"\nPC2,S2,"\nPC3,S3,X\n',
        'Model,OS,Name\n"14,W11,PC1\n15",W11,PC2\n',
    ],
)
def test_a_quote_at_the_start_of_two_values_is_told(text: str) -> None:
    found = written(text)
    assert any("reads as another machine" in note for note in found.notes)
    assert found.doubts


def test_a_text_of_several_lines_is_no_doubt() -> None:
    assert not written('Name,Serial Number,Model\nPC1,S1,"one, two\nthree, four"\n').doubts


def test_json_beside_the_data() -> None:
    errors = written('{"data": [{"name": "PC1"}], "errors": [{"message": "timeout"}]}')
    assert len(errors.devices) == 1
    assert "timeout" in errors.doubts[0]
    assert not written('{"data": [{"name": "PC1"}], "errors": []}').doubts
    assert "1 of 55" in refused('{"data": [{"name": "PC1"}], "from": 1, "to": 1, "of": 55}')


def test_json_keys() -> None:
    assert "'name' 2 times" in refused('[{"name": "PC1", "name": "PC2"}]')
    api = written('{"data": [{"id": "1", "type": "device", "attributes": {"name": "PC1", "serialNumber": "S1"}}]}')
    assert values(api, "name", "serialNumber") == [("PC1", "S1")]
    assert len(written('[{"name": "PC1", "user": {"name": "x"}}, {"name": "PC2"}]').devices) == 2


def test_csv_host_name_is_an_address() -> None:
    found = export("csv_host_name_is_an_address.report.csv")
    assert values(found, "name", "model") == [("10.0.0.7", "X"), ("10.9.9.9", "Y")]


def test_csv_inch_quote_swallows_machines() -> None:
    with pytest.raises(ExportRefused, match="quote"):
        export("csv_inch_quote_swallows_machines.report.csv")
    assert "quote" in refused('Name,Serial Number,Model\nPC1,A77B,"24""\nPC2,A77C,24"\nPC3,A77D,X\n')
    assert values(written('Name,Model\nPC1,View 24"\nPC2,"View 27"""\n'), "model") == [('View 24"',), ('View 27"',)]


def test_csv_leading_apostrophe() -> None:
    found = export("csv_leading_apostrophe.report.csv")
    assert values(found, "name", "serialNumber", "biosAssetTag") == [("PC1", "0012345X", "00077")]


@pytest.mark.parametrize("name", ["sep", "title", "type"])
def test_csv_lines_above_the_header(name: str) -> None:
    found = export(f"csv_lines_above_the_header.{name}.csv")
    assert values(found, "name", "serialNumber") == [("PC1", "A77B")]
    assert len(found.notes) == (name != "sep")


def test_csv_memory_overflow() -> None:
    found = export("csv_memory_overflow.report.csv")
    assert values(found, "memory") == [(None,), (None,)]
    assert len(found.notes) == 1


def test_csv_null_words() -> None:
    found = export("csv_null_words.report.csv")
    assert values(found, "model", "currentUser") == [(None, None)] * 3


def test_csv_repeated_header() -> None:
    found = export("csv_repeated_header.report.csv")
    assert values(found, "name", "model") == [("PC1", "X"), ("PC2", "Y")]
    assert found.notes == ("left out as headers that come again: 1 rows",)


TOTALS = (
    *("Total: {},", "Total,{}", "Total: {}", "Total:  {}", "Total: {} devices,", "Total - {} computers", "Total ({}),"),
    *("Total number of devices: {}", "Total devices = {},", "Total of {} devices,", "{} devices in total,", "{} rows,"),
    *("Devices: {}", "Devices found: {},", "Computers ({})", "Record count: {}", "Rows exported: {}", "Number of PCs: {}"),
    *("Total PCs: {}", "Total number of PCs: {}", "Total hosts: {},", "Total   {},", "{} of {} devices"),
    *("1 - {} of {} items", "Items 1 to {} of {}", "Rows 1-{} of {},", "1 – {} von {} Geräte", "--- Total: {} ---"),
    *("Count of computers: {}", "Number of records: {},", "Summe: {} Geräte,", "Anzahl Geräte: {}", "Gesamtanzahl: {},"),
)
"""How reports say how many rows they have."""

WHOLE = (
    *("*** End of report ***", "--- End of report ---,", "- Page 1 of 1 -", "Page: 1 of 1", "Report: 05-06/2026,"),
    *("Total: 2.0", "Total: 2.5", "Total 2 of 2,", "Records: 2 of 2", "Total RAM: 65536,", "Total memory (MB): 32768"),
    *(
        "Geräte exportiert am 12.05.2026,",
        "Devices exported at 12.05.2026",
        "Devices printed on 12.05,",
        f"Total: {'9' * 5000}",
    ),
)
"""Remarks that say nothing of rows that are not there."""


@pytest.mark.parametrize(
    "footer", [*(each.format(2, 2) for each in TOTALS), "Exported on 2026-05-01 by anna,", "Page 1 of 1,", *WHOLE]
)
def test_footers_are_told_and_no_machines(footer: str) -> None:
    found = written(f"Name,Serial Number\nPC1,A77B\nPC2,A77C\n{footer}\n")
    assert values(found, "name") == [("PC1",), ("PC2",)]
    assert len(found.notes) == 1
    assert found.doubts == ()


MORE = (
    *(
        '"Total: 1,250",',
        "Page 1 of 3,",
        "1 - 250 of 300 items",
        "251 - 300 of 300 items",
        "Items 1 to 250 of 300",
        "Page: 1 of 3",
    ),
    *("Rows 1-250 of 300", "250 of 300 devices", "--- Page 1 of 3 ---", "... and 248 more", "... und 248 weitere Geräte,"),
)
"""Remarks that say that there is more than is here."""


@pytest.mark.parametrize("footer", [*(each.format(250, 250) for each in TOTALS), *MORE])
def test_a_footer_that_tells_of_more_is_a_doubt(footer: str) -> None:
    found = written(f"Name,Serial Number\nPC1,A77B\n{footer}\n")
    cells = book(["Name", "Serial Number"], ["PC1", "A77B"], next(csv.reader([footer])))
    for each in (found, cells):
        assert values(each, "name") == [("PC1",)]
        assert each.doubts


@pytest.mark.parametrize(
    "rows",
    [
        "PC1,A77B\nTotal: 3,\nGenerated on 2026-01-01,\n",
        "PC1,A77B\nTotal,2\n",
        "PC1,A77B\nName,Serial Number\nPC2,A77C\nTotal,4\n",
        "PC1,A77B\n,\n,\nTotal: 4,\n",
        "PC1,100200\nPC2,100201\nTotal,250\n",
        "PC1,100200\nPC2,100201\nPC3,100202\nCount,2\n",
        "PC1,100200\nSUM,100201100201\n",
    ],
)
def test_neither_remarks_nor_empty_rows_are_counted_and_keys_are_no_sums(rows: str) -> None:
    assert written(f"Name,Serial Number\n{rows}").doubts


def test_a_number_before_the_word_of_a_total_is_a_machines_own() -> None:
    assert ("Count",) in values(written("ID,Name\n75,PC1\n76,PC2\n77,Count\n"), "name")


@pytest.mark.parametrize("memory", ["16384 MB", "unknown", "n/a"])
def test_the_sum_of_memory_is_no_count_whatever_one_machine_has(memory: str) -> None:
    assert written(f"Name,Serial Number,Memory\nPC1,A77B,16384\nPC2,A77C,{memory}\nTotal,,32768\n").doubts == ()


@pytest.mark.parametrize("told", ["32 GB", "32768 MB", "32.0 GB", "32\u00a0768", "32\u202f768", "32'768", "N/A"])
def test_a_sum_with_a_unit_is_no_machine(told: str) -> None:
    found = written(f"Name,Serial Number,Memory\nPC1,A77B,16 GB\nPC2,A77C,16 GB\nTotal,,{told}\n")
    assert (values(found, "name"), found.doubts) == ([("PC1",), ("PC2",)], ())


@pytest.mark.parametrize("first", ["Model", "Serial Number", "ID", "Group"])
@pytest.mark.parametrize("label", ["Total", "Total:", "Summe"])
def test_a_label_in_the_first_column_is_that_of_a_total(first: str, label: str) -> None:
    for told in (2, 250):
        found = written(f"{first},Name,OS\nX1,PC1,W\nX2,PC2,W\n{label},{told},\n")
        cells = book([first, "Name"], ["X1", "PC1"], ["X2", "PC2"], [label, told])
        for each in (found, cells):
            assert {*values(each, "name")} == {("PC1",), ("PC2",)}
            assert bool(each.doubts) == (told == 250)
    assert ("PC3",) in values(written(f"{first},Name,OS\nX1,PC1,W\n{label},PC3,\n"), "name")


def test_rows_of_one_column_are_no_titles() -> None:
    found = written("Name\nPC0\nAnnas MacBook\nBens iPad\nName\nPC3\n")
    assert {*values(found, "name")} == {("PC0",), ("Annas MacBook",), ("Bens iPad",), ("PC3",)}


@pytest.mark.parametrize(
    ("above", "rows", "is_sure"),
    [
        ("", "PC0,A1\nAnnas MacBook,\n", False),
        ("", "PC0,A1\n,\nPCs in Bern,\n,\n", True),
        ("All computers,\n", "PC0,A1\nAll computers,\n", True),
        ("", "PC0,A1\nPage 1 of 1,\n", True),
    ],
)
def test_what_may_be_a_title_or_a_machine_is_a_doubt(above: str, rows: str, is_sure: bool) -> None:
    found = written(f"{above}Name,Serial Number\n{rows}Name,Serial Number\nPC3,A9\n")
    assert values(found, "name") == [("PC0",), ("PC3",)]
    assert found.doubts == () if is_sure else found.doubts


def test_the_sum_of_a_column_is_no_count() -> None:
    found = written("Name,Serial Number,Memory,OS\nPC1,A77B,16384,Windows\nPC2,A77C,16384,Windows\nTotal,,32768,\n")
    assert values(found, "name") == [("PC1",), ("PC2",)]
    assert found.doubts == ()


LABELS = (
    *("Total", "Total:", "Totals:", "Count:", "Summe:", "Gesamt:", "Total devices", "Total Devices:", "Number of devices"),
    *("Number of devices:", "Anzahl Geräte", "Anzahl der Geräte:", "Gesamtergebnis", "Grand Count", "Devices found:"),
)
"""What stands before a figure that has a cell of its own."""
COLUMNS = "Name,Serial Number,Memory,OS\nPC1,A77B,16384,Windows\nPC2,A77C,16384,Windows\n"


@pytest.mark.parametrize(
    "label", [*LABELS, "Total RAM", "Total memory", "Ergebnis", "Teilergebnis", "Average", "Durchschnitt:"]
)
def test_a_label_and_the_sum_of_a_column_are_no_machine_and_no_doubt(label: str) -> None:
    found = written(f"{COLUMNS}{label},,32768,\n")
    assert values(found, "name") == [("PC1",), ("PC2",)]
    assert (len(found.notes), found.doubts) == (1, ())


@pytest.mark.parametrize("label", LABELS)
def test_a_label_and_a_count_in_the_cell_beside_it_are_a_doubt_where_there_are_fewer(label: str) -> None:
    assert values(written(f"{COLUMNS}{label},2,,\n"), "name") == [("PC1",), ("PC2",)]
    assert written(f"{COLUMNS}{label},2,,\n").doubts == ()
    assert len(written(f"{COLUMNS}{label},250,,\n").doubts) == 1


NUMBERED = (
    *("---", "...", "confidential-pc", "Device (3)", "1 Rechner", "2 Computer Lab", "vertraulich01", "Vertraulich-PC"),
    *("Copyright PC", "(c) pc", "Total War PC", "Note: Anna", "pc created by anna", "page 3"),
)


@pytest.mark.parametrize("name", NUMBERED)
def test_a_machine_that_is_called_like_a_remark_is_known_by_its_serial(name: str) -> None:
    found = written(f"{COLUMNS}{name},100200300,16384,\n")
    assert ("100200300",) in values(found, "serialNumber")


BESIDE = {
    "IP Address": ("10.0.0.3", "10.0.0.3/24", "10.0.0.3, 10.0.0.4", "::1"),
    "MAC Address": ("00:11:22:33:44:56", "00-11-22-33-44-56"),
    "Hostname": ("nb-77.corp.local", "nb-2"),
}
"""What no total has."""


@pytest.mark.parametrize("name", ["SUM", "Total", "Device (2)", "Sum 41", "Total:"])
@pytest.mark.parametrize(("column", "value"), [(column, value) for column, several in BESIDE.items() for value in several])
def test_a_machine_that_is_called_like_a_total_is_known_by_its_address(name: str, column: str, value: str) -> None:
    found = written(f'Name,Serial Number,Memory,{column}\nPC1,A77B,16384,\n{name},,8,"{value}"\n')
    assert {*values(found, "name")} == {("PC1",), (name,)}


@pytest.mark.parametrize("name", ["Total Recall", "Count Basie", "Sum Ting", "Total Station", "Average Joe", "Summe PC"])
@pytest.mark.parametrize("more", [",16384,", ",,", ",16384,100234", "100200300,,"])
def test_a_machine_whose_name_begins_like_a_total_is_a_machine(name: str, more: str) -> None:
    found = written(f"Name,Serial Number,Memory,Asset Tag\nPC1,A77B,16384,7\n{name},{more}\n")
    assert {*values(found, "name")} == {("PC1",), (name,)}


@pytest.mark.parametrize("name", ["Average", "Ergebnis", "Durchschnitt"])
def test_a_word_without_a_figure_is_a_name(name: str) -> None:
    assert {*values(written(f"Name\nPC1\n{name}\n"), "name")} == {("PC1",), (name,)}


@pytest.mark.parametrize("name", ["Max Mustermanns MacBook Pro (2)", "MacBook Pro von Anna Maria", "Anna B.", "Anna PC."])
def test_what_people_call_their_machines_is_no_footer(name: str) -> None:
    found = written(f"{COLUMNS}{name},,,\n")
    assert (name.removesuffix("."),) in values(found, "name")


NAMES = (
    *("TOTAL-01", "COUNT3", "pc-total", "Device 7", "records-3", "SUM2-DB", "totals-a", "rows12", "SUM-01", "COUNT-3"),
    *("Anzahl-1", "sum lab-04", "Insgesamt-1", "Number1", "computers-12", "Total War PC"),
)


@pytest.mark.parametrize("more", ["", ",A77C", ",000123456789,10.0.0.2"])
@pytest.mark.parametrize("name", NAMES)
def test_a_machine_whose_name_has_the_word_of_a_total_is_a_machine(name: str, more: str) -> None:
    header, first = ["Name", "Serial Number", "IP Address"][: more.count(",") + 1], f"PC1{more.replace('2', '1')}"
    found = written(f"{','.join(header)}\n{first}\n{name}{more}\n")
    assert {told for (told,) in values(found, "name")} == {"PC1", name}
    assert found.doubts == ()


def test_csv_scientific_serial() -> None:
    found = export("csv_scientific_serial.report.csv")
    assert values(found, "id") == [("name:pc1",), ("name:pc2",), ("name:pc3",), ("serial:ABC123",)]


def test_csv_zero_width_characters() -> None:
    found = export("csv_zero_width_characters.report.csv")
    assert values(found, "name", "serialNumber") == [("PC1", "A77B"), ("PC2", "A77C")]


def test_xlsx_escaped_characters() -> None:
    (model,) = values(export("xlsx_escaped_characters.report.xlsx"), "model")[0]
    assert model.split() == ["Elite", "Book"]


def test_xlsx_second_sheet() -> None:
    found = export("xlsx_second_sheet.report.xlsx")
    assert len(found.devices) == 1
    assert "is not read, and has machines too" in found.notes[0]
    assert found.doubts


def test_xlsx_serial_is_a_date() -> None:
    found = export("xlsx_serial_is_a_date.report.xlsx")
    assert values(found, "name", "serialNumber") == [("PC1", None), ("PC3", None), (None, "A77B")]
    assert len(found.notes) == 3


def test_xlsx_serial_over_15_digits() -> None:
    found = export("xlsx_serial_over_15_digits.report.xlsx")
    assert values(found, "name", "serialNumber") == [("PC1", None), ("PC2", None)]
    assert len(found.notes) == 1


def test_xlsx_text_begins_with_equals() -> None:
    assert values(export("xlsx_text_begins_with_equals.report.xlsx"), "name") == [("PC1",)]


def test_xlsx_two_row_header() -> None:
    with pytest.raises(ExportRefused, match="has the column 'Name' 2 times"):
        export("xlsx_two_row_header.report.xlsx")


def test_xlsx_zero_padded_serial() -> None:
    found = export("xlsx_zero_padded_serial.report.xlsx")
    assert values(found, "serialNumber", "biosAssetTag") == [("0004711042", "00077")]
    shown = book(
        ["Name", "Serial Number", "Asset Tag"], ["PC1", 42, 123456789], formats={"B2": '"SN-"0000', "C2": "000-00-0000"}
    )
    assert values(shown, "serialNumber", "biosAssetTag") == [("SN-0042", "123-45-6789")]


def test_json_lists_as_values() -> None:
    found = export("json_lists_as_values.report.json")
    assert values(found, "name", "serialNumber") == [("PC1", "A77B"), ("PC2", "A77C")]
    odd = written('[{"Name":["PC1","PC2"],"SerialNumber":"A77B"},{"Name":"PC3","SerialNumber":12.5}]', "report.json")
    assert values(odd, "name", "serialNumber") == [("PC3", None), (None, "A77B")]


def test_json_page_by_total_count() -> None:
    with pytest.raises(ExportRefused, match="has 1 of 250 objects only"):
        export("json_page_by_total_count.report.json")


@pytest.mark.parametrize(
    "beside",
    [
        '"meta":{"totalPages":"3"}',
        '"meta":{"page":2}',
        '"links":{"next":"/devices?page=2"}',
        '"pagination":{"hasMore":true}',
        '"total":9',
        '"meta":{"offset":100}',
        '"@odata.nextLink":"x"',
    ],
)
def test_one_page_is_not_the_whole(beside: str) -> None:
    assert "put the data of all pages" in refused(f'{{"data":[{{"name":"PC1"}}],{beside}}}', "report.json")


def test_the_whole_of_one_page() -> None:
    text = '{"data":[{"name":"PC1"}],"meta":{"page":1,"totalPages":"1","totalCount":1},"links":{"next":null}}'
    assert len(written(text, "report.json").devices) == 1
    assert pd.isna(written(text, "report.json").devices["serialNumber"]).all()
