"""What a file may cost to read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond these a file is refused. Reading takes about five times the memory that the file has, and 100 MB (measured)."""

    size: int = 512 * 2**20
    """Bytes of a file, and of a workbook unpacked."""
    json_size: int = 128 * 2**20
    """Bytes of a JSON file, which has to be held as objects."""
    rows: int = 2_000_000
    """Rows below the header; a machine has several where the report joins other tables."""
    columns: int = 1_000
    """Columns of a row."""
    cell: int = 32_767
    """Characters of a value; as many as Excel lets into a cell."""
    entries: int = 1_000
    """Files in a workbook, which is a ZIP archive."""
    ratio: int = 200
    """How many times its packed size a large file in a workbook may have; sheets have 5 to 50."""
