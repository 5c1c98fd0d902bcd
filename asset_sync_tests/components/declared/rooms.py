"""A system that nobody has heard of, in one file: rooms in a CSV, as a facility management exports them."""

import csv
from pathlib import Path
from typing import Any, Final

import dagster as dg
import pandas as pd

from asset_sync.reconcile.sources import Column, SourceTable
from asset_sync.systems.system import Read, System


class Rooms(dg.ConfigurableResource[Any]):
    """Where the file is."""

    path: str = "rooms.csv"


def read(rooms: Rooms, _table: str, _open_columns: tuple[str, ...]) -> Read:
    with Path(rooms.path).open(newline="", encoding="utf-8") as file:
        return Read(pd.DataFrame(list(csv.DictReader(file)), dtype="str"), requests=1)


ROOMS: Final = System(
    "rooms",
    "the CSV of rooms",
    "rooms",
    Rooms,
    {"rooms": SourceTable("rooms", "Rooms of all buildings.", tuple(map(Column, ("id", "building", "room", "use"))))},
    read,
)
