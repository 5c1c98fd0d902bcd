"""The truth about the life of an export, as a table to be read by people."""

from typing import Final

TAKEN: Final = "+"
LATE: Final = "."
REFUSED: Final = "!"

# What becomes of a row of each status (across) that is told to come to a status (down).
_TABLE = """
               pending exported scan_triggered scan_completed error superseded
pending           +       +           .              +          +        +
exported          +       .           !              .          +        .
scan_triggered    +       .           .              .          .        .
scan_completed    !       .           +              .          .        .
error             +       .           +              .          .        .
superseded        +       +           .              +          +        .
"""


def _matrix() -> dict[tuple[str, str], str]:
    head, *lines = (line.split() for line in _TABLE.strip().splitlines())
    return {(status, line[0]): cell for line in lines for status, cell in zip(head, line[1:], strict=True)}


MATRIX: Final = _matrix()
"""From status and to status: taken, late or refused."""
