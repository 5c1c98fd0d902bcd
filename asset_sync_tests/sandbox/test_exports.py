"""The files that the sandbox writes are what they say, seen with other readers than the project's own."""

import csv
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from asset_sync.sandbox.company import Company
from asset_sync.sandbox.exports import BROKEN, Encoding, write_broken, write_export

COMPANY = Company(12, 3)


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b"Computer Name,"),
        ("utf-8-sig", b"\xef\xbb\xbfComputer"),
        ("utf-16-le", b"\xff\xfeC\0o\0"),
        ("utf-16-be", b"\xfe\xff\0C\0o"),
        ("cp1252", b"Computer Name,"),
    ],
)
def test_encodings(tmp_path: Path, encoding: Encoding, mark: bytes) -> None:
    path = tmp_path / "report.csv"
    write_export(COMPANY, path, encoding=encoding)
    assert path.read_bytes().startswith(mark)


def test_a_row_a_machine_or_a_row_a_disk(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    write_export(COMPANY, path, delimiter=";", headers="plain")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert [row["Name"] for row in rows] == [machine.name for machine in COMPANY]
    write_export(COMPANY, path, joined_disks=True)
    with path.open(newline="") as file:
        disks = [(row["Computer Name"], row["Logical Disk Name"]) for row in csv.DictReader(file)]
    assert len(disks) == len(set(disks)) == 24
    assert {name for name, _ in disks} == {machine.name for machine in COMPANY}


def test_some_machines_alone(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_export(COMPANY, path, format="json", machines=[COMPANY.machine(3)])
    assert [row["Computer Serial Number"] for row in json.loads(path.read_bytes())] == [COMPANY.machine(3).serial]


def test_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    write_export(COMPANY, path, format="xlsx", headers="plain")
    rows = list(load_workbook(path).worksheets[0].iter_rows(values_only=True))
    assert rows[0][:3] == ("Name", "Host Name", "Serial Number")
    assert [row[2] for row in rows[1:]] == [machine.serial for machine in COMPANY]


def test_the_same_export_twice_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        write_export(COMPANY, tmp_path / name)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_broken_files_take_little_room(tmp_path: Path) -> None:
    for kind in BROKEN:
        write_broken(tmp_path / kind, kind)
        assert (tmp_path / kind).stat().st_blocks * 512 < 1 << 18, kind
    assert (tmp_path / "huge.csv").stat().st_size == 2 << 30
