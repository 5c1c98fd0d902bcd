"""Record tables: one pandas frame a kind, a column a field, missing values missing (never "").

A desired row: `source_key` (the source's own id), `key` (natural key, for people and for references), `refused` (a value of
the source that is no value, a junk serial, in words), the fields.
An observed row: `id` (the target's), `key`, `version` (what the target changes with the object), `created` (when it was made,
where the target tells), `locked` (why no sync may write to the object, missing for most), the fields.
A reference column holds the `key` of the row it points to on the desired side, the target's id on the observed side; a column
of references holds several of them (see `asset_sync.reconcile.sets`).
A desired table may have `guess:<field>` too (boolean, never missing): the value is a default or an assumption, which fills what
is empty and replaces nothing.
A link row: `source_key`, `target_id`, `version` (of the object, since this sync last wrote to it), `created` and
`identity:<field>` (what made the object that object, when it was last confirmed), `missing_runs`, `missing_since`,
`retired_by`, `made` (whether this sync made the object), `left` (whether it is of an object that a record left, see
`asset_sync.reconcile.planning.leaving`), `parted` (whether by a decision that says so, not by the end of one), `base:<field>`,
the value last applied, for the fields that are merged against it, and `emptied:<field>` (boolean), where that value is known to
be empty.
A row of what is elsewhere, a link of another sync or connection to an object of the same target: `target_id`, `link_set`
(whose link it is), `missing_since` and `retired_by` as of a link, `status` (the value last applied there to the field by which
objects leave service).
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.kinds import Field, FieldType, Kind
from asset_sync.reconcile.views import can_hash, can_view, hashed, may_be_among, take_views

Tables = dict[str, pd.DataFrame]
"""Record tables by kind."""

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]
"""Row numbers; -1 where there is none."""
Column: TypeAlias = pd.Series | pa.Array

_WORTH_HASHING = 1_000
"""Rows; with fewer, one pass over texts is quicker than several over numbers."""

DTYPES: Mapping[FieldType, str] = {
    "text": "str",
    "date": "str",
    "reference": "str",
    "references": "str",
    "integer": "Int64",
    "number": "Float64",
    "boolean": "boolean",
}
PENDING = "+"
"""What a reference begins with whose object is yet to be made: the rest is that object's key."""
MOMENT = (
    r"^([12]\d{3}-((0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
    r"|([12]\d(0[48]|[2468][048]|[13579][26])|(12|16|20|24|28)00)-02-29)"
    r"T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-](0\d|1[0-4]):[0-5]\d)$"
)
"""A time with its zone, in a form that each database takes: of a day that there is."""
DESIRED_COLUMNS = ("source_key", "key", "refused")
OBSERVED_COLUMNS = ("id", "key", "version", "created", "locked")
LINK_COLUMNS = {
    "source_key": "str",
    "target_id": "str",
    "version": "str",
    "created": "str",
    "missing_runs": "Int64",
    "missing_since": "datetime64[us, UTC]",
    "retired_by": "str",
    "told_by": "str",
    "made": "boolean",
    "left": "boolean",
    "parted": "boolean",
}
RETIRED_BY_SYNC = "sync"
"""What `retired_by` of a link says where a run of its sync retired the object."""
RETIRED_BY_UNDO = "undo"
"""The same where an undo did: it stays so, though the source has its record, until somebody brings it back."""
ELSEWHERE_COLUMNS = {
    "target_id": "str",
    "link_set": "str",
    "missing_since": "datetime64[us, UTC]",
    "retired_by": "str",
    "status": "str",
}


def base_column(field: str) -> str:
    """Return the name of the links' column that holds the value last applied to a field."""
    return f"base:{field}"


def emptied_column(field: str) -> str:
    """Return the name of the links' column that says that the value last applied to a field is none."""
    return f"emptied:{field}"


def identity_column(field: str) -> str:
    """Return the name of the links' column that holds a value that made the object that object."""
    return f"identity:{field}"


def said_column(rule: str) -> str:
    """Return the name of the matches' column that holds what the records say of themselves by a decisive rule."""
    return f"said:{rule}"


def guess_column(field: str) -> str:
    """Return the name of the desired column that says that a field's value is but a guess."""
    return f"guess:{field}"


def desired_schema(kind: Kind, fields: Iterable[str] | None = None) -> pandera.DataFrameSchema:
    """Return the schema of a kind's desired table: `source_key` and `key` filled, then the given fields (all by default).

    What says which values are guesses may be there or not.
    """
    schema = _schema(kind, DESIRED_COLUMNS, ("source_key", "key"), fields)
    named = [name for name in schema.columns if name not in DESIRED_COLUMNS]
    return schema.add_columns({guess_column(name): pandera.Column("bool", required=False) for name in named})


def observed_schema(kind: Kind, fields: Iterable[str] | None = None) -> pandera.DataFrameSchema:
    """Return the schema of a kind's observed table: `id` filled and unique, then the given fields (all by default)."""
    return _schema(kind, OBSERVED_COLUMNS, ("id",), fields, unique=["id"])


def desired_table(kind: Kind, table: pd.DataFrame) -> pd.DataFrame:
    """Return a desired table with every column of the kind, of its type: what is missing says nothing to match or to write.

    The columns that say which values are guesses are kept where there is any.
    """
    types = dict.fromkeys(DESIRED_COLUMNS, "str") | {f.name: DTYPES[f.type] for f in kind.fields}
    given = (guess_column(field.name) for field in kind.fields if guess_column(field.name) in table)
    guesses = {name: table[name].astype("boolean").fillna(value=False).astype(bool) for name in given}
    said = {name: guess for name, guess in guesses.items() if guess.any()}
    return table.reindex(columns=list(types)).astype(types).assign(**said)


def empty(columns: Iterable[str], kind: Kind | None = None) -> pd.DataFrame:
    """Return a frame without rows, its columns typed as the kind's fields are (text where the kind has none such)."""
    types = {f.name: DTYPES[f.type] for f in kind.fields} if kind else {}
    return pd.DataFrame({c: pd.Series(dtype=types.get(c, "str")) for c in columns})


def no_links(fields: Iterable[str] = ()) -> pd.DataFrame:
    """Return a links table without rows, with a base column for each of the fields."""
    types = LINK_COLUMNS | {base_column(f): "str" for f in fields}
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in types.items()})


def text(column: pd.Series) -> pa.Array:
    """Return a column as Arrow text, as identity and references read it."""
    if isinstance(column.dtype, pd.StringDtype):
        array = arrow(column)
        return array if array.type == pa.large_string() else array.cast(pa.large_string())
    return arrow(column.astype("str")).cast(pa.large_string())


def in_one_piece(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with every column of text in one piece: what is read in pieces would be copied whenever it is used."""
    texts = [name for name, dtype in table.dtypes.items() if isinstance(dtype, pd.StringDtype)]
    return table.assign(**{str(name): pd.array(arrow(table[name]), dtype="str") for name in texts})


def arrow(column: Column) -> pa.Array:
    """Return a column as Arrow, of whatever type it is, without a copy where that can be."""
    if isinstance(column, pa.Array):
        return column
    array = pa.array(column.array, from_pandas=True)
    if not isinstance(array, pa.ChunkedArray):
        return array
    # To combine a single chunk would be to copy it.
    return array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()


def differs(left: Column, right: Column) -> Mask:
    """Return where two columns of one type and order differ; two missing values do not."""
    one, other = _of_one_type(arrow(left), arrow(right))
    unequal = pc.not_equal(one, other)
    if unequal.null_count:
        unequal = pc.coalesce(unequal, pc.xor(pc.is_null(one), pc.is_null(other)))
    return mask(unequal)


def equal(left: Column, right: Column) -> Mask:
    """Return where two columns of one type and order have one value; two missing values are none."""
    return mask(pc.equal(*_of_one_type(arrow(left), arrow(right))))


def known_to_differ(left: Column, right: Column) -> Mask:
    """Return where two columns of one type and order have two values; what is missing is none."""
    return mask(pc.not_equal(*_of_one_type(arrow(left), arrow(right))))


def made_apart(left: Column, right: Column) -> Mask:
    """Return where two columns tell two times at which something was made; one time may be told in two zones (`MOMENT`)."""
    apart = known_to_differ(left, right)
    rows = np.flatnonzero(apart)
    if rows.size:
        one, other = (_moments(arrow(each).cast(pa.large_string()).take(pa.array(rows))) for each in (left, right))
        apart[rows] = np.asarray(one != other)
    return apart


def _moments(told: pa.Array) -> pd.DatetimeIndex:
    """Return times; what is none is one by itself."""
    known = pc.if_else(pc.match_substring_regex(told, MOMENT), told, None)
    moments: pd.DatetimeIndex = pd.to_datetime(known.to_pylist(), utc=True, errors="coerce", format="ISO8601")
    return moments


def filled(column: Column) -> Mask:
    """Return where a column has a value."""
    values = arrow(column)
    known = values.buffers()[0]
    return np.full(len(values), values.null_count == 0) if known is None else _bits(values, known)


def mask(values: pa.Array) -> Mask:
    """Return Arrow's truth values as a mask, unknown counting as false."""
    known, true = values.buffers()
    if true is None:
        return np.zeros(len(values), dtype=bool)
    return _bits(values, true) & _bits(values, known) if values.null_count else _bits(values, true)


def out_of_service(kind: Kind, observed: pd.DataFrame, objects: Positions) -> Mask:
    """Return which objects (rows of the observed table, -1 for none) are as retiring leaves them."""
    retirement = kind.retirement
    if retirement is None:
        return np.zeros(len(objects), dtype=bool)
    status = take(observed[retirement.field], objects)
    if retirement.value is None:
        return ~filled(status) & (objects >= 0)
    return mask(pc.equal(status, retirement.value))


def index(values: pa.Array, among: pa.Array) -> Positions:
    """Return where each value stands first in the other column, -1 where nowhere or where the value is missing."""
    if values.null_count == len(values):
        return np.full(len(values), -1, dtype=np.int64)
    if len(values) * 8 < len(among):
        # A small table of what is sought is cheaper than a large one of where it may be.
        near = rows_in(among, values)
        return composed(_index(values, take(among, near)), near)
    return _index(values, among)


def index_from(rows: Positions, values: pa.Array, among: pa.Array) -> Positions:
    """Return what `index` does, where it is known in which row each value most likely stands (-1: in none).

    What stands there as thought is looked for nowhere else, which is a tenth of the work.
    """
    likely = np.where(rows < len(among), rows, -1)
    found = np.where(equal(values, glance(among, likely)), likely, -1)
    others = np.flatnonzero((found < 0) & filled(values))
    found[others] = index(take(values, others), among) if others.size else -1
    return found


def rows_in(values: pa.Array, among: pa.Array) -> Positions:
    """Return the rows whose value is in the other, much shorter column."""
    if not _worth_hashing(values, among):
        return np.flatnonzero(mask(pc.is_in(values, value_set=among, skip_nulls=True)))
    rows = may_be_among(values, among)
    return rows[mask(pc.is_in(values.take(pa.array(rows)), value_set=among, skip_nulls=True))]


def composed(first: Positions, then: Positions) -> Positions:
    """Return `then` at the positions of `first`; -1 where that is -1."""
    return np.where(first >= 0, then[first], -1) if len(then) else np.full(len(first), -1, dtype=np.int64)


def take(values: Column, positions: Positions) -> pa.Array:
    """Return the values at those rows as Arrow, missing where the position is -1."""
    return arrow(values).take(_rows(positions))


def glance(values: Column, positions: Positions) -> pa.Array:
    """Return what `take` does, to be compared and for nothing else (see `asset_sync.reconcile.views`)."""
    column, rows = arrow(values), _rows(positions)
    # Of few rows the texts themselves are sooner at hand than views of all of them.
    views = pa.types.is_string_view(column.type) or (len(rows) * 4 > len(column) and can_view(column))
    return take_views(column, rows) if views else column.take(rows)


def as_views(values: Column) -> pa.Array:
    """Return a column as `glance` has it: what is compared several times is seen so once."""
    column = arrow(values)
    return column.cast(pa.string_view()) if can_view(column) else column


def cell(column: pd.Series, row: int | np.integer[Any]) -> Any:
    """Return one value; what it is, the kind's field says and the type checker cannot."""
    return column.iat[int(row)]


def called(source_key: str, key: str | None) -> str:
    """Return a record's source key, and in brackets what people call it, where that is something else."""
    return source_key if key in (None, source_key) else f"{source_key} ({key})"


def called_at(desired: pd.DataFrame, row: int) -> str:
    """Return the same of a row of the desired table."""
    return called(cell(desired["source_key"], row), cell(desired["key"], row))


def told_by_this_sync(links: pd.DataFrame) -> Mask:
    """Return the links whose records this sync tells of: of a record that another sync tells of, that alone says it is gone."""
    if "told_by" not in links:
        return np.ones(len(links), dtype=bool)
    return links["told_by"].isna().to_numpy(dtype=bool)


def by_id(observed: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the rows of an observed table by id, each as plain values by column, None where one is missing."""
    plain = observed.astype(object).where(observed.notna(), None)
    return {str(row["id"]): {str(name): value for name, value in row.items()} for row in plain.to_dict("records")}


def take_series(column: pd.Series, positions: Positions) -> pd.Series:
    """Return the column's values at those rows, missing where the position is -1."""
    return pd.Series(column.array.take(positions, allow_fill=True), copy=False)


def _index(values: pa.Array, among: pa.Array) -> Positions:
    if not _worth_hashing(values, among):
        return _index_in(values, among)
    found = _index_in(hashed(values), hashed(among))
    strange = np.flatnonzero((found >= 0) & ~equal(values, glance(among, found)))
    found[strange] = _index_in(values.take(pa.array(strange)), among) if strange.size else -1
    return found


def _worth_hashing(values: pa.Array, among: pa.Array) -> bool:
    return len(values) >= _WORTH_HASHING and can_hash(values) and can_hash(among)


def _index_in(values: pa.Array, among: pa.Array) -> Positions:
    found = pc.index_in(values, value_set=among, skip_nulls=True)
    return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _bits(values: pa.Array, buffer: pa.Buffer) -> Mask:
    """Return one of a column's bitmaps as a mask, in a tenth of the time that Arrow takes for it."""
    end = values.offset + len(values)
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8), count=end, bitorder="little")
    return bits[values.offset :].view(bool)


def _rows(positions: Positions) -> pa.Array:
    absent = positions < 0
    return pa.array(positions, mask=absent if absent.any() else None)


def _of_one_type(one: pa.Array, other: pa.Array) -> tuple[pa.Array, pa.Array]:
    if one.type == other.type:
        return one, other
    return one.cast(pa.string_view()), other.cast(pa.string_view())


def _schema(
    kind: Kind,
    own: tuple[str, ...],
    filled: tuple[str, ...],
    fields: Iterable[str] | None,
    unique: list[str] | None = None,
) -> pandera.DataFrameSchema:
    wanted = [kind.field(name) for name in fields] if fields is not None else kind.fields
    columns = {name: pandera.Column("str", nullable=name not in filled) for name in own}
    columns |= {field.name: _column(field) for field in wanted}
    return pandera.DataFrameSchema(columns, strict=True, unique=unique, name=kind.name)


def _column(field: Field) -> pandera.Column:
    return pandera.Column(DTYPES[field.type], nullable=True)
