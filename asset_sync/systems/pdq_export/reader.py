"""Reads an export file: which format it is, what its columns mean, which machines are in it."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType
from typing import BinaryIO, Final

import pandas as pd

from asset_sync.systems.pdq_export import delimited, objects
from asset_sync.systems.pdq_export.columns import Columns
from asset_sync.systems.pdq_export.devices import devices
from asset_sync.systems.pdq_export.encoding import Text, text
from asset_sync.systems.pdq_export.limits import Limits
from asset_sync.systems.pdq_export.refusal import ExportRefused, Refusal
from asset_sync.systems.pdq_export.sheet import Sheet, cleaned
from asset_sync.systems.shown import megabytes, shown

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_JSON_START = re.compile(rb"\s*[\[{]\s*[\[{\"\]}]")
_NO_ALIASES: Final[Mapping[str, Sequence[str]]] = MappingProxyType({})
_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Export:
    """What a file holds.

    `devices` has the form of `pdq.DEVICES`, a row a machine, sorted by id. `format` tells how the file was written, `rows` how
    many rows it has. `columns` is the header that was read for each field, `ignored` the headers that mean nothing here.
    `notes` tells, a line each, what was left out or left empty, and why; `doubts`, why the file may not name every machine.
    """

    devices: pd.DataFrame
    format: str
    rows: int
    columns: Mapping[str, str]
    ignored: tuple[str, ...]
    notes: tuple[str, ...]
    doubts: tuple[str, ...]


def read(
    opened: BinaryIO, name: str, *, aliases: Mapping[str, Sequence[str]] = _NO_ALIASES, limits: Limits = _LIMITS
) -> Export:
    """Return what an export file holds; `name` is for messages and tells JSON by its ending.

    `opened` must be seekable; its size is looked at before anything is read. `aliases` are further headers by field.
    Raises `ExportRefused` for a file that may not be whole or is not understood, `ConfigurationError` for wrong aliases.
    """
    columns = Columns(aliases)
    try:
        sheet = _sheet(_content(opened, limits), name, columns, limits)
        clean = cleaned(sheet, columns, limits)
        found = devices(clean.columns, clean.rows)
    except Refusal as refusal:
        raise ExportRefused(f"{shown(name)}: {refusal}") from None
    return Export(
        found.table,
        sheet.format,
        sheet.rows,
        sheet.found.headers,
        sheet.found.ignored,
        (*clean.notes, *found.notes),
        clean.doubts,
    )


def _content(opened: BinaryIO, limits: Limits) -> bytes:
    size = opened.seek(0, os.SEEK_END)
    if size > limits.size:
        raise Refusal(f"has {megabytes(size)}; the limit is {megabytes(limits.size)}")
    if not size:
        raise Refusal("is empty")
    opened.seek(0)
    data = opened.read(size + 1)
    if len(data) != size:
        raise Refusal("was written to while it was read; it is read again when it rests")
    return data


def _sheet(data: bytes, name: str, columns: Columns, limits: Limits) -> Sheet:
    """The content tells the format; the file's name only whether broken JSON was meant to be JSON."""
    if data.startswith(_ZIP):
        from asset_sync.systems.pdq_export import workbook  # noqa: PLC0415 - openpyxl is a fifth of what it takes to start

        return workbook.read(data, columns, limits)
    if data.startswith(_OLE):
        _refuse_old_workbook(data)
    decoded = text(data)
    if not decoded.utf8 or decoded.utf8.isspace():
        raise Refusal("is empty")
    _refuse_markup(decoded)
    if _JSON_START.match(decoded.utf8) or PurePath(name.lower()).suffix == ".json":
        return objects.read(decoded, columns, limits)
    return delimited.read(decoded, columns, limits)


def _refuse_old_workbook(data: bytes) -> None:
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Refusal("is a workbook with a password; save it without one")
    raise Refusal("is an old Excel file (.xls); save it as .xlsx or .csv")


def _refuse_markup(decoded: Text) -> None:
    start = decoded.utf8[:4096].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise Refusal("is an HTML page, perhaps a login page saved as a file, and no export")
    if start.startswith(b"<"):
        raise Refusal("is XML and no export, perhaps a report's definition")
