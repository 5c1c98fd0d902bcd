"""Export files of PDQ Inventory, written from a generated company, and files that went wrong on their way.

Headers are "<Table title> <Column title>" as in PDQ's own templates, or the column titles alone. Nothing is known of the
encoding and delimiter of real exports, so all that Windows programs write are offered. A report that joins another table
has several rows a machine.
"""

import csv
import io
import random
import zipfile
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import orjson
from openpyxl import Workbook

from asset_sync.sandbox.company import Company, Machine

Format = Literal["csv", "xlsx", "json"]
Encoding = Literal["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252"]
Headers = Literal["computer", "plain"]
Row = Sequence[str]

_BOMS: Final[Mapping[str, bytes]] = {"utf-16-le": BOM_UTF16_LE, "utf-16-be": BOM_UTF16_BE}
_COLUMNS: Final[Mapping[str, Callable[[Machine], object]]] = MappingProxyType(
    {
        "Name": lambda m: m.name,
        "Host Name": lambda m: m.hostname,
        "Serial Number": lambda m: m.serial,
        "Manufacturer": lambda m: m.manufacturer,
        "Model": lambda m: m.model,
        "O/S": lambda m: m.os_name,
        "O/S Version": lambda m: m.os_version,
        "Memory": lambda m: f"{m.memory >> 30} GB",
        "IP Address": lambda m: m.ipv4,
        "MAC Address": lambda m: m.mac,
        "Asset Tag": lambda m: m.asset_tag,
        "Current User": lambda m: m.user,
        "Added": lambda m: f"{m.inserted_at:%Y-%m-%d %H:%M:%S}",
    }
)
_DISKS: Final = ("Logical Disk Name", "Logical Disk Size")


def write_export(
    company: Company,
    path: Path,
    *,
    format: Format = "csv",  # noqa: A002
    delimiter: str = ",",
    encoding: Encoding = "utf-8",
    headers: Headers = "computer",
    joined_disks: bool = False,
    machines: Iterable[Machine] | None = None,
) -> None:
    """Write the company's machines, or the given ones, as an export; an existing file is overwritten in place.

    `delimiter` and `encoding` matter to CSV alone; UTF-16 is written with its mark. With `joined_disks` each machine has a row
    for each of its one to three disks.
    """
    prefix = "Computer " if headers == "computer" else ""
    header = [f"{prefix}{title}" for title in _COLUMNS] + (list(_DISKS) if joined_disks else [])
    rows = _rows(company if machines is None else machines, joined_disks=joined_disks)
    if format == "csv":
        path.write_bytes(_BOMS.get(encoding, b"") + _csv(header, rows, delimiter).encode(encoding))
    elif format == "json":
        path.write_bytes(orjson.dumps([dict(zip(header, row, strict=True)) for row in rows]))
    else:
        _write_workbook(path, header, rows)


def _rows(machines: Iterable[Machine], *, joined_disks: bool) -> Iterator[Row]:
    for machine in machines:
        row = ["" if value is None else str(value) for value in (read(machine) for read in _COLUMNS.values())]
        if not joined_disks:
            yield row
            continue
        for disk in "CDE"[: 1 + machine.number % 3]:
            yield [*row, f"{disk}:", f"{(machine.number % 4 + 1) * 256} GB"]


def _csv(header: Row, rows: Iterable[Row], delimiter: str) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _write_workbook(path: Path, header: Row, rows: Iterable[Row]) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(list(header))
    for row in rows:
        sheet.append([value or None for value in row])
    book.save(path)


# Files that went wrong. Each is as small as it can be and has one thing wrong with it.


def write_broken(path: Path, kind: str) -> None:
    """Write a file that no reader may take for an export; `kind` is one of `BROKEN`, which are good file names too."""
    if kind == "huge.csv":
        # A hole in the file: two gigabytes that take no room on the disk.
        with path.open("wb") as file:
            file.truncate(2 << 30)
        return
    path.write_bytes(_TEXTS[kind].encode() if kind in _TEXTS else _MAKERS[kind]())


_HEADER = "Computer Name,Computer Serial Number,Computer Model"
_ROWS = "BER-NB000001,5CG1234ABC,HP EliteBook 840 G9\r\nBER-NB000002,5CG1234ABD,HP EliteBook 840 G9\r\n"
_GOOD = f"{_HEADER}\r\n{_ROWS}"
_UMLAUTS = "".join(f"BER-NB{n:06d},5CG{n:07d},Müller Gerät\r\n" for n in range(1, 6))
_SHEET_ROWS: Final = (("Name", "Serial Number"), ("BER-NB000001", "5CG1234ABC"))
_SHEET = "xl/worksheets/sheet1.xml"


def _sheet_xml(body: str, declaration: str = "") -> str:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?>{declaration}<worksheet xmlns="{space}"><sheetData>{body}</sheetData></worksheet>'


def _row_xml(number: int, values: Row) -> str:
    cells = "".join(
        f'<c r="{letter}{number}" t="inlineStr"><is><t>{value}</t></is></c>'
        for letter, value in zip("ABCDEFGH", values, strict=False)
    )
    return f'<row r="{number}">{cells}</row>'


def _rows_xml(rows: Iterable[Row] = _SHEET_ROWS) -> str:
    return "".join(_row_xml(number, row) for number, row in enumerate(rows, start=1))


def _workbook(
    sheet: str = "", *, more: Mapping[str, bytes] | None = None, state: str = "visible", packing: int = zipfile.ZIP_DEFLATED
) -> io.BytesIO:
    """A workbook of one sheet with nothing in it but what the format asks for, and whatever else is given."""
    kinds = "http://schemas.openxmlformats.org/package/2006/content-types"
    links = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    of_book = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    of_sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
    parts = {
        "[Content_Types].xml": (
            f'<Types xmlns="{kinds}"><Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{of_book}"/>'
            f'<Override PartName="/{_SHEET}" ContentType="{of_sheet}"/></Types>'
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{links}"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
            "</Relationships>"
        ),
        "xl/workbook.xml": (
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
            f'<sheet name="Report" sheetId="1" state="{state}" r:id="r1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{links}"><Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
            "</Relationships>"
        ),
        _SHEET: sheet or _sheet_xml(_rows_xml()),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return file


def _claimed_bomb() -> bytes:
    """A directory that tells of ten gigabytes."""
    file = _workbook()
    with zipfile.ZipFile(file, "a") as archive:
        archive.getinfo(_SHEET).file_size = 10 << 30
        archive.writestr("docProps/app.xml", "")
    return file.getvalue()


def _overlapping_bomb() -> bytes:
    """Ten gigabytes in fifty kilobytes, and no word of it a lie: all entries of the directory are the same packed zeros."""
    file = _workbook(more={"xl/media/0.bin": bytes(40 << 20)})
    with zipfile.ZipFile(file, "a") as archive:
        zeros = archive.getinfo("xl/media/0.bin")
        archive.writestr("docProps/app.xml", "")
        for number in range(1, 256):
            entry = zipfile.ZipInfo(f"xl/media/{number}.bin")
            entry.compress_type, entry.header_offset, entry.CRC = zeros.compress_type, zeros.header_offset, zeros.CRC
            entry.compress_size, entry.file_size = zeros.compress_size, zeros.file_size
            archive.filelist.append(entry)
    return file.getvalue()


def _lying_bomb() -> bytes:
    """A hundred megabytes of sheet of which the directory tells as of a hundred kilobytes."""
    file = _workbook(_sheet_xml(_rows_xml() + " " * (100 << 20)))
    with zipfile.ZipFile(file, "a") as archive:
        archive.getinfo(_SHEET).file_size = 100 << 10
        archive.writestr("docProps/app.xml", "")
    return file.getvalue()


def _password_zip() -> bytes:
    """The bit that says that an entry is encrypted, set in the directory."""
    file = _workbook()
    with zipfile.ZipFile(file, "a") as archive:
        archive.getinfo(_SHEET).flag_bits |= 1
        archive.writestr("docProps/app.xml", "")
    return file.getvalue()


def _laughing() -> bytes:
    """Entities that name each other: a kilobyte of XML that means a gigabyte."""
    names = "abcdefghij"
    nested = "".join(f'<!ENTITY {n} "{f"&{before};" * 10}">' for before, n in pairwise(names))
    declaration = f'<!DOCTYPE worksheet [<!ENTITY a "laughing">{nested}]>'
    return _workbook(_sheet_xml(_rows_xml([("Name",), ("&j;",)]), declaration)).getvalue()


def _compound(stream: str) -> bytes:
    """The beginning of a file of old Office and the name of a stream in its directory."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le") + bytes(512)


def _archive(name: str, content: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def _far_row() -> bytes:
    body = _rows_xml() + _row_xml(2_000_000_000, ("BER-NB000002", "5CG1234ABD"))
    return _workbook(_sheet_xml(body)).getvalue()


def _formula_cell() -> bytes:
    formula = '<row r="3"><c r="A3" t="str"><f>HYPERLINK("http://example.com","BER-NB000002")</f><v>BER-NB000002</v></c></row>'
    return _workbook(_sheet_xml(_rows_xml() + formula)).getvalue()


_TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "empty.csv": "",
        "blank.csv": "\r\n  \r\n",
        "header_only.csv": f"{_HEADER}\r\n",
        "no_key.csv": "Computer Model,Computer Memory\r\nHP EliteBook 840 G9,16 GB\r\n",
        "no_usable_row.csv": f"{_HEADER}\r\n,Default string,\r\n,0,\r\n",
        "same_header_twice.csv": "Name,Model,Name\r\nBER-NB000001,HP EliteBook 840 G9,C:\r\n",
        "same_meaning_twice.csv": "Name,Serial Number,Computer S/N\r\nBER-NB000001,5CG1234ABC,5CG1234ABC\r\n",
        "cut_in_quotes.csv": f'{_GOOD}BER-NB000003,5CG1234ABE,"HP Elite',
        "cut_in_last_quotes.csv": f'{_HEADER}\r\nBER-NB000001,1,TFT 15"\r\nBER-NB000003,2,"HP El',
        "cut_in_row.csv": f"{_GOOD}BER-NB000003,5CG12",
        "cut_in_header.csv": '"Computer Name","Computer Ser',
        "ragged.csv": f"{_HEADER}\r\nBER-NB000003,5CG1234ABE,HP,EliteBook\r\n{_ROWS}",
        "mixed_delimiters.csv": f"{_HEADER}\r\n{_ROWS.replace(',', ';')}",
        "open_quote.csv": f'{_HEADER}\r\nBER-NB000003,5CG1234ABE,"15 inch\r\n{_ROWS}',
        "licence.csv": "The GetComputer command requires an Enterprise license.\r\n",
        "long_value.csv": f"{_HEADER}\r\nBER-NB000001,5CG1234ABC,{'x' * 40_000}\r\n",
        "formula.csv": f"{_GOOD}\"=cmd|'/c calc'!A1\",5CG1234ABE,HP EliteBook\r\n",
        "cut.json": '[{"Name": "BER-NB000001", "Serial Number": "5CG1234ABC"}, {"Name": "BER-NB0',
        "no_json.json": "{'Name': 'BER-NB000001'}",
        "no_list.json": '{"errors": [{"status": 401, "detail": "Unauthorized"}]}',
        "no_objects.json": '["BER-NB000001", "BER-NB000002"]',
        "empty_list.json": "[]",
        "one_page.json": '{"data": [{"name": "BER-NB000001"}], "meta": {"page": 1, "pageSize": 1, "totalPages": 5}}',
    }
)

_MAKERS: Final[Mapping[str, Callable[[], bytes]]] = MappingProxyType(
    {
        "nul_bytes.csv": lambda: _GOOD.encode().replace(b"HP EliteBook", b"HP\0EliteBook"),
        "utf16_without_mark.csv": lambda: _GOOD.encode("utf-16-le"),
        "cut_utf16.csv": lambda: BOM_UTF16_LE + _GOOD.encode("utf-16-le")[:-1],
        "no_utf8.csv": lambda: BOM_UTF8 + f"{_HEADER}\r\n{_UMLAUTS}".encode("cp1252"),
        "cut_utf8.csv": lambda: f"{_HEADER}\r\n{_UMLAUTS}BER-NB000009,1,Mü".encode()[:-1],
        "damaged_utf8.csv": lambda: f"{_HEADER}\r\n{_UMLAUTS}".encode() + b"BER-NB000009,1,M\xfcller\r\n",
        "unknown_encoding.csv": lambda: f"{_HEADER}\r\n".encode() + b"BER-NB000009,1,\x81\x8d\x9d\r\n",
        "binary.csv": lambda: bytes(b for b in random.Random(7).randbytes(4096) if b),  # noqa: S311
        "login_page.csv": lambda: b"<!DOCTYPE html>\n<html><title>Sign in</title><form method=post></form></html>",
        "report_definition.csv": lambda: BOM_UTF8 + b'<?xml version="1.0"?><AdminArsenal.Export Code="PDQInventory"/>',
        "many_columns.csv": lambda: ",".join(["Name", *(f"Column {n}" for n in range(5_000))]).encode(),
        "header_only.xlsx": lambda: _workbook(_sheet_xml(_rows_xml(_SHEET_ROWS[:1]))).getvalue(),
        "empty_sheet.xlsx": lambda: _workbook(_sheet_xml("")).getvalue(),
        "hidden_sheet.xlsx": lambda: _workbook(state="hidden").getvalue(),
        "no_key.xlsx": lambda: _workbook(_sheet_xml(_rows_xml([("Model",), ("HP EliteBook",)]))).getvalue(),
        "formula.xlsx": _formula_cell,
        "macros.xlsx": lambda: _workbook(more={"xl/vbaProject.bin": b"x"}).getvalue(),
        "cut.xlsx": lambda: _workbook().getvalue()[:-30],
        "damaged.xlsx": lambda: _workbook(_sheet_xml(_rows_xml()).replace("</sheetData>", "")).getvalue(),
        "no_parts.xlsx": lambda: _archive("[Content_Types].xml", "<Types/>"),
        "archive.xlsx": lambda: _archive("devices.csv", _GOOD),
        "binary_workbook.xlsx": lambda: _workbook(more={"xl/workbook.bin": b"x"}).getvalue(),
        "old_excel.xlsx": lambda: _compound("Workbook"),
        "password.xlsx": lambda: _compound("EncryptedPackage"),
        "password_zip.xlsx": _password_zip,
        "odd_packing.xlsx": lambda: _workbook(packing=zipfile.ZIP_BZIP2).getvalue(),
        "far_row.xlsx": _far_row,
        "entities.xlsx": _laughing,
        "bomb.xlsx": lambda: _workbook(_sheet_xml(_rows_xml() + " " * (20 << 20))).getvalue(),
        "bomb_claimed.xlsx": _claimed_bomb,
        "bomb_overlapping.xlsx": _overlapping_bomb,
        "bomb_lying.xlsx": _lying_bomb,
        "many_entries.xlsx": lambda: _workbook(more={f"xl/media/{n}.bin": b"" for n in range(2_000)}).getvalue(),
        "deep.json": lambda: b"[" * 5_000 + b"]" * 5_000,
    }
)

BROKEN: Final = (*_TEXTS, *_MAKERS, "huge.csv")
"""The kinds of broken file: what is wrong, with the ending that such a file has."""
