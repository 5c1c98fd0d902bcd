"""Machines that are known already: a file's derived ids give way to the ids that links were made with."""

from collections.abc import Iterator
from typing import Final

import pandas as pd
import pyarrow as pa

from asset_sync.reconcile import forms
from asset_sync.reconcile.kinds import Form
from asset_sync.reconcile.tables import index, text

_DERIVED: Final = ("serial:", "name:")


def with_known_ids(devices: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Return the devices of a file under the ids by which the same machines are known, so that links are shared.

    `known` has the columns id, serialNumber and name: the device table last read from the API, or those of earlier files. A
    machine is the same by serial and name together, else by serial, else by name, each where both sides have it once; a name
    tells nothing against two different serials. An id that the file holds itself, or that is known, stays; none is given twice.
    """
    ids, known_ids = devices["id"].tolist(), known["id"].tolist()
    open_rows = {row for row, own in enumerate(ids) if own.startswith(_DERIVED)} - _at(ids, set(known_ids))
    taken = set(ids)
    for row, other in _same(devices, known):
        if row in open_rows and known_ids[other] not in taken:
            open_rows.remove(row)
            taken.add(known_ids[other])
            ids[row] = known_ids[other]
    return devices.assign(id=pd.array(ids, dtype="str")).sort_values("id", ignore_index=True)


def _at(values: list[str], wanted: set[str]) -> set[int]:
    return {at for at, value in enumerate(values) if value in wanted}


def _same(devices: pd.DataFrame, known: pd.DataFrame) -> Iterator[tuple[int, int]]:
    """Yield the pairs of a row and a known row that are the same machine, the best evidence first."""
    serials, known_serials = _form(devices["serialNumber"], "serial"), _form(known["serialNumber"], "serial")
    names, known_names = _form(devices["name"], "folded"), _form(known["name"], "folded")
    yield from _pairs(forms.joined([serials, names]), forms.joined([known_serials, known_names]))
    yield from _pairs(serials, known_serials)
    for row, other in _pairs(names, known_names):
        ours, theirs = serials[row].as_py(), known_serials[other].as_py()
        if ours is None or theirs is None or ours == theirs:
            yield row, other


def _form(column: pd.Series, form: Form) -> pa.Array:
    return forms.normal(text(column), form)


def _pairs(ours: pa.Array, theirs: pa.Array) -> Iterator[tuple[int, int]]:
    found = index(_once(ours), _once(theirs))
    yield from ((row, int(other)) for row, other in enumerate(found) if other >= 0)


def _once(values: pa.Array) -> pa.Array:
    """Return the values, null where one stands more than once."""
    column = pd.Series(values.to_pandas(), dtype="str")
    return pa.array(column.mask(column.duplicated(keep=False)), type=values.type, from_pandas=True)
