"""Export files that are all right: whatever they are written as, the same device table comes out."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.sandbox.company import Company
from asset_sync.sandbox.exports import Encoding, Headers, write_export
from asset_sync.systems.pdq import DEVICES
from asset_sync.systems.pdq_export import Columns, Export, fingerprint, is_candidate, read

EMPTY_WORD = (
    r"(?i)^\s*(?:[(<\[{]?(?:null|nil|none|nan|nat|na|n/a|n\.a\.|undefined|empty|blank)[)>\]}]?|[-\u2010-\u2015]+|\?+)\s*$"
)
COMPANY = Company(25, 7)


def parsed(content: str | bytes, name: str = "report.csv", **options: Any) -> Export:
    return read(io.BytesIO(content.encode() if isinstance(content, str) else content), name, **options)


def read_path(path: Path) -> Export:
    with path.open("rb") as opened:
        return read(opened, path.name)


def values(export: Export, field: str) -> list[object]:
    return [None if pd.isna(value) else value for value in export.devices[field]]


def filled(text: str) -> str | None:
    """What a text says: words for nothing, and the hash signs of a column that was too narrow, say nothing."""
    if re.fullmatch("#+", text.replace("\x00", "").strip()):
        return None
    return None if re.search(EMPTY_WORD, text.replace("\x00", "")) else text.strip() or None


def truth(company: Company = COMPANY) -> pd.DataFrame:
    rows: list[dict[str, object]] = [
        {
            "id": "serial:" + re.sub("[^0-9A-Z]", "", machine.serial.upper()),
            "name": machine.name,
            "hostname": machine.hostname,
            "serialNumber": machine.serial,
            "manufacturer": machine.manufacturer,
            "model": machine.model,
            "osFullName": machine.os_name,
            "osVersion": machine.os_version,
            "memory": machine.memory,
            "ipv4Address": machine.ipv4,
            "macAddress": machine.mac,
            "biosAssetTag": machine.asset_tag,
            "currentUser": machine.user,
            "insertedAt": f"{machine.inserted_at:%Y-%m-%dT%H:%M:%S}",
        }
        for machine in company
    ]
    table = pd.DataFrame(rows).reindex(columns=list(DEVICES.columns)).sort_values("id", ignore_index=True)
    return table.astype({name: str(column.dtype) for name, column in DEVICES.columns.items()})


class TestRoundTrip:
    @pytest.mark.parametrize("joined_disks", [False, True])
    @pytest.mark.parametrize("headers", get_args(Headers))
    @pytest.mark.parametrize("encoding", get_args(Encoding))
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_csv(self, tmp_path: Path, delimiter: str, encoding: Encoding, headers: Headers, joined_disks: bool) -> None:
        path = tmp_path / "report.csv"
        write_export(COMPANY, path, delimiter=delimiter, encoding=encoding, headers=headers, joined_disks=joined_disks)
        export = read_path(path)
        pd.testing.assert_frame_equal(export.devices, truth())
        assert export.notes == ()
        assert export.ignored == (("Logical Disk Name", "Logical Disk Size") if joined_disks else ())

    @pytest.mark.parametrize("joined_disks", [False, True])
    @pytest.mark.parametrize("headers", get_args(Headers))
    @pytest.mark.parametrize("kind", ["xlsx", "json"])
    def test_other_formats(self, tmp_path: Path, kind: Any, headers: Headers, joined_disks: bool) -> None:
        path = tmp_path / f"report.{kind}"
        write_export(COMPANY, path, format=kind, headers=headers, joined_disks=joined_disks)
        pd.testing.assert_frame_equal(read_path(path).devices, truth())

    def test_the_content_tells_the_format_and_the_name_does_not(self, tmp_path: Path) -> None:
        for kind in ("csv", "xlsx", "json"):
            path = tmp_path / f"{kind}.txt"
            write_export(COMPANY, path, format=kind)
            pd.testing.assert_frame_equal(read_path(path).devices, truth())

    TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], include_characters="\n\t\"',;"), max_size=20)

    @settings(max_examples=40, deadline=None)
    @given(
        rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8),
        delimiter=st.sampled_from(",;\t"),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
        quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        newline=st.sampled_from(["\n", "\r\n"]),
        last=st.booleans(),
    )
    def test_quotes_newlines_and_letters(
        self, rows: Sequence[tuple[str, str]], delimiter: str, encoding: str, quoting: Any, newline: str, last: bool
    ) -> None:
        rows = [(model.strip().lstrip("= "), user.strip().lstrip("= ").replace("\n", newline)) for model, user in rows]
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=newline)
        writer.writerow(["Computer Name", "Computer Model", "Current User"])
        writer.writerows((f"PC{number}", *row) for number, row in enumerate(rows))
        written = text.getvalue() if last else text.getvalue().removesuffix(newline)
        export = parsed(written.encode(encoding))
        assert values(export, "model") == [filled(model) for model, _ in rows]
        assert values(export, "currentUser") == [filled(user) for _, user in rows]

    @settings(max_examples=40, deadline=None)
    @given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8), wrapped=st.booleans())
    def test_json_texts(self, rows: Sequence[tuple[str, str]], wrapped: bool) -> None:
        rows = [(model.strip().lstrip("= "), user.strip().lstrip("= ")) for model, user in rows]
        listed = [{"name": f"PC{n}", "model": model, "currentUser": user} for n, (model, user) in enumerate(rows)]
        export = parsed(json.dumps({"data": listed} if wrapped else listed))
        assert values(export, "model") == [filled(model) for model, _ in rows]


class TestForms:
    def test_what_is_told_about_a_file(self) -> None:
        export = parsed("sep=;\r\nComputer Name;Computer S/N;Wi-Fi;Notes\r\nPC1;A77B;x;y\r\nPC1;A77B;z;y\r\n")
        assert (export.format, export.rows, len(export.devices)) == ("CSV (semicolon, UTF-8)", 2, 1)
        assert export.columns == {"name": "Computer Name", "serialNumber": "Computer S/N"}
        assert export.ignored == ("Wi-Fi", "Notes")

    @pytest.mark.parametrize(
        ("header", "field"),
        [
            ("Computer Name", "name"),
            (' "NAME" ', "name"),
            ("Host Name", "hostname"),
            ("Hostname", "hostname"),
            ("Computer Serial Number", "serialNumber"),
            ("S/N", "serialNumber"),
            ("serial_number", "serialNumber"),
            ("Computer Manufacturer", "manufacturer"),
            ("Model", "model"),
            ("O/S", "osFullName"),
            ("OS", "osFullName"),
            ("os", "os"),
            ("Computer O/S Version", "osVersion"),
            ("IP Address", "ipv4Address"),
            ("MAC Address", "macAddress"),
            ("Asset Tag", "biosAssetTag"),
            ("Computer Current User Name", "currentUser"),
            ("Last Logged On User", "lastUser"),
            ("Computer ID", "id"),
            ("Logical Disk Name", None),
            ("", None),
        ],
    )
    def test_headers(self, header: str, field: str | None) -> None:
        assert Columns().field(header) == field

    def test_aliases_come_before_the_names_that_pdq_uses(self) -> None:
        aliases = {"serialNumber": ["Seriennummer"], "os": ["O/S"]}
        export = parsed("Name,Seriennummer,O/S\nPC1,A77B,windows\n", aliases=aliases)
        assert export.columns == {"name": "Name", "serialNumber": "Seriennummer", "os": "O/S"}

    @pytest.mark.parametrize(
        ("aliases", "message"),
        [
            ({"serial": ["Nr"]}, "aliases: 'serial' is no field of a PDQ device; one of id, name, hostname"),
            ({"name": ["Nr"], "model": ["NR."]}, "aliases: 'NR.' is given to both name and model"),
            ({"name": ["--"]}, "aliases: '--' for name has no letter or digit"),
        ],
    )
    def test_wrong_aliases(self, aliases: Mapping[str, Sequence[str]], message: str) -> None:
        with pytest.raises(ConfigurationError, match=re.escape(message)):
            parsed("Name\nPC1\n", aliases=aliases)

    def test_the_table_of_a_workbook_may_begin_below_a_title(self) -> None:
        book = Workbook()
        sheet = book.worksheets[0]
        for row in (["Inventory of May"], [], [None, "Name", "Serial Number", "Online"], [None, "PC1", 100200, True]):
            sheet.append(row)
        file = io.BytesIO()
        book.save(file)
        export = read(file, "report.xlsx")
        assert (values(export, "serialNumber"), values(export, "isOnline")) == (["100200"], [True])

    def test_an_answer_of_the_api_saved_as_a_file(self) -> None:
        device = {"id": "dvc_1bced782734040a581d", "name": "PC1", "os": "windows", "osFullName": "Windows 11", "memory": 16}
        device |= {"isOnline": False, "networking": [{"index": 1}], "customFields": []}
        export = parsed(json.dumps({"data": [device], "meta": {"page": 1, "totalPages": 1}}))
        row = export.devices.iloc[0]
        assert row[["id", "os", "osFullName", "memory", "networking"]].tolist() == [
            "dvc_1bced782734040a581d",
            "windows",
            "Windows 11",
            16,
            '[{"index":1}]',
        ]

    def test_excel_keeps_leading_zeros_by_a_formula_that_is_none(self) -> None:
        assert values(parsed('Name,Serial Number\nPC1,"=""00123400"""\n'), "serialNumber") == ["00123400"]

    @pytest.mark.parametrize(
        ("header", "written", "expected"),
        [
            ("Memory", "16 GB", 16 << 30),
            ("Memory", "15,9 GB", round(15.9 * 2**30)),
            ("Memory", "8192 MiB", 8 << 30),
            ("Memory", "17179869184", 16 << 30),
            ("Memory", "16,384 MB", None),
            ("Memory", "plenty", None),
            ("Free Percent", "45 %", 45),
            ("Online", "Online", True),
            ("Online", "no", False),
            ("Online", "perhaps", None),
            ("Last Seen", "2026-01-05 06:00:00", "2026-01-05T06:00:00"),
            ("Last Seen", "2026-01-05T06:00:00.000000Z", "2026-01-05T06:00:00.000000Z"),
            ("Last Seen", "03/04/2026", None),
            ("IP Address", "10.10.0.5", "10.10.0.5"),
            ("IP Address", "fe80::1", None),
            ("IPv6 Address", "fe80::1", "fe80::1"),
            ("Custom Fields", "[1", None),
        ],
    )
    def test_values(self, header: str, written: str, expected: object) -> None:
        export = parsed(f'Name,{header}\nPC1,"{written}"\n')
        field = next(field for field in export.columns if field != "name")
        assert values(export, field) == [expected]
        lost = f"{field}: left empty where the value is not understood: 1 ('{written}')"
        assert export.notes == ((lost,) if expected is None else ())


class TestMachines:
    def test_ids(self) -> None:
        rows = ["17,A77B,PC1", "dvc_0A,A77C,PC2", ",a77-d,PC3", ",Default string,PC4", ",,Pc5", ",A77E,PC6", ",A77E,PC7"]
        export = parsed("\n".join(["ID,Serial Number,Name", *rows]))
        assert dict(zip(values(export, "name"), values(export, "id"), strict=True)) == {
            "PC1": "id:17",
            "PC2": "dvc_0a",
            "PC3": "serial:A77D",
            "PC4": "name:pc4",
            "Pc5": "name:pc5",
            "PC6": "serial:A77E name:pc6",
            "PC7": "serial:A77E name:pc7",
        }

    def test_a_machine_without_a_name_is_called_by_its_host_name(self) -> None:
        export = parsed("Name,Host Name\n,pc1.example.com\nPC2,pc2.example.com\n")
        assert values(export, "name") == ["pc1", "PC2"]

    def test_rows_of_one_machine_fill_each_other_and_contradictions_are_left_empty(self) -> None:
        rows = ["PC1,A77B,,10.0.0.1", "PC2,A77C,X,10.0.0.9", "pc1,a77b,X,10.0.0.2", "PC1,A77B,x,"]
        export = parsed("\n".join(["Name,Serial Number,Model,IP Address", *rows]))
        assert values(export, "model") == ["X", "X"]
        assert values(export, "ipv4Address") == [None, "10.0.0.9"]
        assert export.notes == ("ipv4Address: left empty where the rows of a machine differ: 1 ('10.0.0.1', '10.0.0.2')",)

    def test_rows_that_identify_nothing_are_left_out_and_told(self) -> None:
        export = parsed("Name,Serial Number\nPC1,A77B\n,0\n,\n")
        assert values(export, "name") == ["PC1"]
        assert export.notes == ("left out for want of a name, a usable serial number and an id: 2 rows",)

    def test_the_order_of_rows_and_columns_changes_nothing(self) -> None:
        rows = ["PC1,A77B,X", "PC2,A77C,Y", "PC3,,Z"]
        one = parsed("\n".join(["Name,Serial Number,Model", *rows]))
        two = parsed("\n".join(["Model,Serial Number,Name", *(",".join(reversed(row.split(","))) for row in reversed(rows))]))
        pd.testing.assert_frame_equal(one.devices, two.devices)


class TestFiles:
    @pytest.mark.parametrize("name", ["Report.csv", "a b.XLSX", "x.json", "report.tsv", "report.txt", "old.xls"])
    def test_candidates(self, name: str) -> None:
        assert is_candidate(name, 1)
        assert not is_candidate(name, 0)

    @pytest.mark.parametrize(
        "name",
        [
            "~$Report.xlsx",
            "report.csv.tmp",
            "report.tmp",
            ".report.csv",
            ".~lock.report.csv#",
            "report.csv.part",
            "report.csv.crdownload",
            "report.csv.error.txt",
            "report.pdf",
            "report",
        ],
    )
    def test_others(self, name: str) -> None:
        assert not is_candidate(name, 1)

    def test_a_fingerprint_is_of_the_content_from_its_beginning(self) -> None:
        file = io.BytesIO(b"abc")
        file.seek(2)
        assert fingerprint(file) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
