"""Export files that went wrong: each is refused in one line that names the file and the reason, and costs little."""

import csv
import io
import random
import time
import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import pytest

from asset_sync.reconcile.errors import SourceError
from asset_sync.sandbox.company import Company
from asset_sync.sandbox.exports import BROKEN, Format, write_broken, write_export
from asset_sync.systems.pdq_export import ExportRefused, Limits, read

REASONS: Final[Mapping[str, str]] = {
    "empty.csv": "is empty",
    "blank.csv": "is empty",
    "header_only.csv": "has a header and no rows",
    "no_key.csv": (
        "has no column for a machine's name, serial number or id, only 'Computer Model', 'Computer "
        "Memory'; if one of these is it, say so under aliases"
    ),
    "no_usable_row.csv": "has no row with a name, a usable serial number or an id",
    "same_header_twice.csv": "has the column 'Name' 2 times; rename or leave out all but one",
    "same_meaning_twice.csv": "has two columns for serialNumber, 'Serial Number' and 'Computer S/N'; leave one out",
    "cut_in_quotes.csv": "is cut off in a quoted value, or has a quote that is never closed; export it again",
    "cut_in_last_quotes.csv": "is cut off in a quoted value, or has a quote that is never closed; export it again",
    "cut_in_row.csv": "is cut off: its last row 4 has 2 of 3 columns; export it again",
    "cut_in_header.csv": "is cut off in a quoted value, or has a quote that is never closed; export it again",
    "ragged.csv": "is no table: row 2 has 4 of 3 columns, as separated by comma; export it again",
    "mixed_delimiters.csv": "is no table: row 2 has 1 of 3 columns, as separated by comma; export it again",
    "open_quote.csv": "is cut off in a quoted value, or has a quote that is never closed; export it again",
    "licence.csv": "is a message about a licence and no export: 'The GetComputer command requires an Enterprise license.'",
    "long_value.csv": "has 40,000 characters in row 2, column 'Computer Model'; the limit is 32,767",
    "formula.csv": "has the formula '=cmd|'/c calc'!A1' in row 4, column 'Computer Name'; export values, not formulas",
    "cut.json": "is cut off: the JSON ends before its last bracket; export it again",
    "no_json.json": "is no JSON: unexpected character, expected a string key: line 1 column 2 (char 1)",
    "no_list.json": 'is JSON, but neither a list of objects nor {"data": [...]}',
    "no_objects.json": "is a JSON list whose entry 1 is no object: 'BER-NB000001'",
    "empty_list.json": "is an empty list",
    "one_page.json": "is page 1 of 5 only; put the data of all pages into one list",
    "nul_bytes.csv": "holds NUL bytes, the first at byte 79: it is no text, or UTF-16 without its mark",
    "utf16_without_mark.csv": "holds NUL bytes, the first at byte 1: it is no text, or UTF-16 without its mark",
    "cut_utf16.csv": "is cut off in the middle of a character (UTF-16); export it again",
    "no_utf8.csv": "says that it is UTF-8 and is not, at byte 78; export it again",
    "cut_utf8.csv": "is cut off in the middle of a character (UTF-8); export it again",
    "damaged_utf8.csv": "is UTF-8 with damage at byte 269; export it again",
    "unknown_encoding.csv": "is neither UTF-8 nor Windows-1252, see byte 68; export it as UTF-8",
    "binary.csv": "is neither a text, nor a workbook, nor JSON",
    "login_page.csv": "is an HTML page, perhaps a login page saved as a file, and no export",
    "report_definition.csv": "is XML and no export, perhaps a report's definition",
    "many_columns.csv": "has 5,001 columns; the limit is 1,000",
    "header_only.xlsx": "has a header and no rows",
    "empty_sheet.xlsx": "is a workbook whose first visible sheet is empty",
    "hidden_sheet.xlsx": "is a workbook without a visible sheet",
    "no_key.xlsx": (
        "has no column for a machine's name, serial number or id, only 'Model'; if one of these is it, say so under aliases"
    ),
    "formula.xlsx": 'has the formula \'=HYPERLINK("http://example.com","BER-NB000002")\' in row 3; export values, not formulas',
    "macros.xlsx": "is a workbook with macros; save it as .xlsx without them",
    "cut.xlsx": "is a workbook that is cut off or damaged; export it again",
    "damaged.xlsx": "is a damaged workbook (ParseError: mismatched tag: line 1, column 360); export it again",
    "no_parts.xlsx": "is a damaged workbook (OSError: File contains no valid workbook part); export it again",
    "archive.xlsx": "is a ZIP archive and no workbook; unpack it",
    "binary_workbook.xlsx": "is a binary workbook (.xlsb); save it as .xlsx",
    "old_excel.xlsx": "is an old Excel file (.xls); save it as .xlsx or .csv",
    "password.xlsx": "is a workbook with a password; save it without one",
    "password_zip.xlsx": "is a workbook with a password; save it without one",
    "odd_packing.xlsx": "is a workbook with '[Content_Types].xml' packed in a way that workbooks are not",
    "far_row.xlsx": "has more than 1,048,576 rows",
    "entities.xlsx": "is a workbook with XML entities in it, which no export has",
    "bomb.xlsx": "is a workbook with 'xl/worksheets/sheet1.xml' packed more than 200 times, as ZIP bombs are",
    "bomb_claimed.xlsx": "is a workbook that unpacks to 10,240 MB; the limit is 512 MB",
    "bomb_overlapping.xlsx": "is a workbook that unpacks to 10,240 MB; the limit is 512 MB",
    "bomb_lying.xlsx": "is a workbook that is cut off or damaged; export it again",
    "many_entries.xlsx": "is a workbook of 2,005 files; the limit is 1,000",
    "deep.json": "is no JSON: depth limit exceeded: line 1 column 1026 (char 1025)",
    "huge.csv": "has 2,048 MB; the limit is 512 MB",
}


def refusal(content: str | bytes, name: str = "report.csv", limits: Limits = Limits()) -> str:  # noqa: B008
    file = io.BytesIO(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ExportRefused) as refused:
        read(file, name, limits=limits)
    return str(refused.value)


def test_every_kind_of_broken_file_has_its_message() -> None:
    assert set(REASONS) == set(BROKEN)


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_files(tmp_path: Path, kind: str) -> None:
    write_broken(tmp_path / kind, kind)
    started = time.perf_counter()
    with (tmp_path / kind).open("rb") as opened, pytest.raises(SourceError) as refused:
        read(opened, kind)
    assert str(refused.value) == f"{kind}: {REASONS[kind]}"
    assert "\n" not in str(refused.value)
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize("kind", ["huge.csv", "bomb.xlsx", "bomb_claimed.xlsx", "bomb_overlapping.xlsx", "bomb_lying.xlsx"])
def test_bombs_take_no_memory(tmp_path: Path, kind: str) -> None:
    write_broken(tmp_path / kind, kind)
    tracemalloc.start()
    try:
        with (tmp_path / kind).open("rb") as opened, pytest.raises(ExportRefused):
            read(opened, kind)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(size=20), "has 0 MB; the limit is 0 MB"),
        (Limits(rows=1), "has 2 rows; the limit is 1"),
        (Limits(columns=1), "has 2 columns; the limit is 1"),
        (Limits(cell=3), "has 4 characters in row 3, column 'Serial Number'; the limit is 3"),
    ],
)
def test_limits_of_text(limits: Limits, reason: str) -> None:
    assert refusal("Name,Serial Number\nPC1,A77\nPC2,A77C\n", limits=limits) == f"report.csv: {reason}"


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(json_size=20), "has 0 MB; the limit for JSON is 0 MB"),
        (Limits(rows=1), "has 2 objects; the limit is 1"),
        (Limits(columns=1), "has 2 different keys; the limit is 1"),
    ],
)
def test_limits_of_json(limits: Limits, reason: str) -> None:
    assert refusal('[{"name": "PC1", "model": "X"}, {"name": "PC2"}]', limits=limits) == f"report.csv: {reason}"


def test_limits_of_workbooks(tmp_path: Path) -> None:
    write_broken(tmp_path / "header_only.xlsx", "header_only.xlsx")
    content = (tmp_path / "header_only.xlsx").read_bytes()
    assert refusal(content, limits=Limits(columns=1)) == "report.csv: has 2 columns; the limit is 1"
    assert refusal(content, limits=Limits(entries=4)) == "report.csv: is a workbook of 5 files; the limit is 4"


def test_a_json_file_that_is_none_is_told_apart_by_its_name() -> None:
    assert refusal("<Name>", "report.json").startswith("report.json: is XML")
    assert refusal("Name\nPC1", "report.json").startswith("report.json: is no JSON: ")


def test_a_quote_that_swallows_megabytes() -> None:
    reason = refusal('Name,Model\nPC1,"' + "x\n" * (20 << 20) + '"\nPC2,X\n')
    assert reason == "report.csv: has a value of more than 16 MB, or a quote that is never closed"


def test_a_header_without_an_end() -> None:
    assert refusal("Name" * 100_000) == "report.csv: has no header that can be read: its first line is too long"


def test_the_name_of_a_file_cannot_break_the_line() -> None:
    assert refusal("", "a\nb\x1b[31m.csv") == "a b [31m.csv: is empty"


def test_a_file_that_grows_while_it_is_read() -> None:
    class Growing(io.BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            return super().seek(offset, whence) - (5 if whence else 0)

    with pytest.raises(ExportRefused, match="was written to while it was read"):
        read(cast("BinaryIO", Growing(b"Name,Model\nPC1,X\n")), "report.csv")


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_a_file_cut_anywhere_is_whole_rows_or_refused(quoting: Any) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting).writerows([("Name", "Model", "Notes"), ("PC1", "a, b", "-"), ("PC2", 'x "y"\nz', "-")])
    whole = text.getvalue()
    for cut in range(len(whole) + 1):
        assert outcome(whole[:cut]) == whole_rows(whole[:cut]), whole[:cut]


def whole_rows(text: str) -> int | None:
    """How many rows of three are below the header, None where a row or a quote is cut; what Python's own reader says."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        return None
    return len(rows) - 1 if len(rows) > 1 and all(len(row) == 3 for row in rows) else None


def outcome(content: str | bytes) -> int | None:
    """How many devices a file gave, None where it was refused; any other error is a bug."""
    try:
        return len(read(io.BytesIO(content.encode() if isinstance(content, str) else content), "report").devices)
    except ExportRefused:
        return None


@pytest.mark.parametrize("name", ["report.csv", "report.xlsx", "report.json"])
def test_damage_is_refused_and_never_an_error_of_another_kind(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_export(Company(10, 1), path, format=cast("Format", path.suffix[1:]))
    whole, dice = path.read_bytes(), random.Random(5)
    for _ in range(40):
        damaged = bytearray(whole)
        for _ in range(dice.choice((1, 3, 30))):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        outcome(bytes(damaged[: dice.choice((len(damaged), dice.randrange(len(damaged))))]))
