"""Files in a drop folder, seen from outside: which of them can be exports, and whether two are the same."""

import hashlib
from pathlib import PurePath
from typing import BinaryIO, Final

# Old and macro workbooks too: whoever drops one is to be told why it is not read.
_SUFFIXES: Final = (".csv", ".tsv", ".txt", ".json", ".xlsx", ".xls", ".xlsm", ".xlsb")
_BLOCK = 1 << 20


def is_candidate(name: str, size: int) -> bool:
    """Return whether a file of that name and size in bytes can be an export.

    Not: empty files, hidden ones, the lock files of Office (`~$…`), the files that browsers and copies write into until they
    are done (`.tmp`, `.part`, `.crdownload`), the `.error.txt` beside a refused file, and any other kind of file.
    """
    plain = name.lower()
    if size <= 0 or plain.startswith((".", "~$")) or plain.endswith(".error.txt"):
        return False
    return PurePath(plain).suffix in _SUFFIXES


def fingerprint(opened: BinaryIO) -> str:
    """Return the SHA-256 of the file's content from its beginning, as 64 hexadecimal digits; reads a megabyte at a time."""
    opened.seek(0)
    digest = hashlib.sha256()
    while block := opened.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()
