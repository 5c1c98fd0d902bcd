"""The plan: an immutable list of operations with an id made from its content.

The same inputs give the same bytes and so the same id; the order of the rows that came in does not matter. What was
reviewed is what is applied, because whoever applies asks for the id.
"""

import hashlib
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile.errors import PlanError
from asset_sync.reconcile.forms import concat
from asset_sync.reconcile.sets import one_set
from asset_sync.reconcile.tables import Positions, differs, filled, index, text

Mode = Literal["normal", "full", "review", "dry_run", "rebase", "rest"]
"""normal: plan, apply. full: write all mapped fields of all matched objects. review: wait for approval. dry_run: only plan.
rebase: write nothing, and take the target as it stands for what was applied last. rest: what review rules left of a run's plan,
which waits for approval by itself."""
REVIEWED: Final = ("review", "rest")
"""The modes of plans that wait for approval, whatever is in them."""

CREATE: Final = "create"
UPDATE: Final = "update"
RETIRE: Final = "retire"
RESTORE: Final = "restore"
WRITES: Final = (UPDATE, RESTORE, CREATE, RETIRE)
"""The operations that write, in their order within a kind: a value is given up before it is taken."""
CLAIM: Final = "claim"
SEEN: Final = "seen"
QUARANTINE: Final = "quarantine"

AWAITS_APPROVAL: Final = "waits for approval"
"""How the reason begins of what review rules hold."""

GIVEN_BACK: Final = "takes back what was given up"
"""Why an undo gives an object back what this sync wrote to it: it is what was applied last again."""
RETIRED_AGAIN: Final = "takes back an undo: it is out of service as its record is gone"
"""Why an object is retired by what takes the undo of its retirement back."""
MAY_BE_THERE: Final = "its record may be in the source"
"""Why an object of which it is asked whether it is to be retired is missing from now on: the grace begins anew."""
GIVES_UP: Final = "gives up what another takes"
"""The reason of an operation by which an object makes way for another one."""

_LATER_COLUMNS: Final = ("identity", "step", "candidates", "about")
OPERATION_COLUMNS: Final = (
    *("kind", "op", "key", "source_key", "target_id", "version", "changes", "reason", "hold"),
    *_LATER_COLUMNS,
)
"""changes: canonical JSON, field → {old, new, owner, reason}; a reference is {"kind", "key", "id"}, a set of them their list.
Where a set is to be remembered otherwise than it is written, for people's members are in it, `base` says how.
hold: why this row waits; missing where it may be carried out.
identity: what the link will remember as what makes the object that object, JSON: {"created", "values": field → value}; missing
where that does not change.
step: a number; rows of one kind, operation and step go out together, and the next step waits for their end.
candidates: the ids of the objects that a held record may be, parted by blanks.
about: what makes the object that is written to that object, as the plan saw it, JSON as in identity (with its parent's id among
the values); under its id there may be another one once the plan is applied."""

Changes = dict[str, dict[str, Any]]
NO_CHANGES: Final = "{}"
_FORMAT = 1
_TEXT: Final = pa.large_string()
_EMPTY: Final = pa.scalar("", _TEXT)
_SPECIAL: Final = r'["\\\x00-\x1f]'  # what JSON writes otherwise than it stands


@dataclass(frozen=True, eq=False)
class Plan:
    """What a sync would do, and what it holds back.

    `operations` has the columns of `OPERATION_COLUMNS` in the order of execution. `after` is the id of the plan that this
    sync applied last: it tells a plan from an equal one made before the target was changed back.
    `complete` says whether the source was, so that what it lacks counts as missing. `source_rows` by source name.
    `link_set` names the links in the ledger that it goes by: the sync's own, or those that it shares with another.
    """

    sync: str
    mode: Mode
    operations: pd.DataFrame
    after: str | None = None
    complete: bool = True
    source_rows: Mapping[str, int] = field(default_factory=dict)
    undoes: str | None = None
    link_set: str = ""

    def __post_init__(self) -> None:
        """Without another name, the links are the sync's own."""
        object.__setattr__(self, "link_set", self.link_set or self.sync)

    @cached_property
    def id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the plan's canonical bytes."""
        digest = hashlib.sha256(orjson.dumps(self._header(), option=orjson.OPT_SORT_KEYS))
        for name in OPERATION_COLUMNS:
            # Left out where they say nothing, so that the ids of plans that were made before stay as they are.
            if name not in _LATER_COLUMNS or self.operations[name].notna().any():
                digest.update(orjson.dumps(_plain(self.operations[name])))
        return digest.hexdigest()[:16]

    @property
    def writes(self) -> pd.DataFrame:
        """The operations that write to the target when the plan is applied."""
        return self.operations[self.operations["op"].isin(WRITES) & self.operations["hold"].isna()]

    @property
    def linked(self) -> pd.DataFrame:
        """The operations that write nothing to the target: records are recognised as objects, or values are remembered."""
        return self.operations[(self.operations["op"] == CLAIM) & self.operations["hold"].isna()]

    @property
    def held(self) -> pd.DataFrame:
        """The rows that wait for a person or for more evidence."""
        return self.operations[self.operations["hold"].notna()]

    @property
    def left(self) -> pd.DataFrame:
        """The operations that review rules hold: they would be written, but for that."""
        return self.operations[self.operations["hold"].str.startswith(AWAITS_APPROVAL).fillna(False).astype(bool)]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many objects would be created, updated, retired and restored: once each, however many parts of one change."""
        writes = self.writes
        counted = {**writes["op"].value_counts(), UPDATE: _object_count(writes[writes["op"] == UPDATE])}
        return {op: int(counted.get(op, 0)) for op in (CREATE, UPDATE, RETIRE, RESTORE)}

    def objects(self, seqs: Iterable[int]) -> int:
        """Return of how many objects the operations of those row numbers are."""
        return len(pc.unique(_object_names(self.operations.loc[sorted(seqs)])))

    def _header(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "sync": self.sync,
            "mode": self.mode,
            "after": self.after,
            "complete": self.complete,
            "undoes": self.undoes,
            # Left out where there is nothing to tell, so that the ids of plans that were made before stay as they are.
            **({"links": self.link_set} if self.link_set != self.sync else {}),
        }

    def verify(self, plan_id: str) -> None:
        """Raise `PlanError` unless the plan's content still gives that id."""
        if self.id != plan_id:
            raise PlanError(f"plan {plan_id} is damaged: its content gives {self.id}; make a new plan")


def _object_count(updates: pd.DataFrame) -> int:
    """Return of how many objects updates are: the parts of one stand next to each other, but for those in another step."""
    names = _object_names(updates)
    stepped = filled(updates["step"])
    plain = names.filter(pa.array(~stepped))
    count = int(differs(plain[1:], plain[:-1]).sum()) + min(len(plain), 1)
    if not stepped.any():
        return count
    others = pc.unique(names.filter(pa.array(stepped)))
    return count + int((index(others, plain) < 0).sum())


def _object_names(rows: pd.DataFrame) -> pa.Array:
    """Return what tells the objects of operations apart."""
    kind, target_id, key = (pc.fill_null(text(rows[name]), "") for name in ("kind", "target_id", "key"))
    return concat(kind, " ", target_id, " ", key, like=kind)


def encode(changes: Changes) -> str:
    """Return changes as canonical JSON."""
    return orjson.dumps(changes, option=orjson.OPT_SORT_KEYS).decode()


def decode(changes: str) -> Changes:
    """Return changes from their JSON."""
    return dict(orjson.loads(changes))


def encoded(values: pa.Array) -> pa.Array:
    """Return each value of a column as JSON, as `encode` writes it; null where it is missing."""
    if pa.types.is_integer(values.type) or pa.types.is_boolean(values.type):
        return values.cast(_TEXT)
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return _encoded_texts(values.cast(_TEXT))
    return _encoded_one_by_one(values)


def or_null(told: pa.Array) -> pa.Array:
    """Return JSON with `null` where a value is missing."""
    return pc.fill_null(told, "null")


def quoted(value: str) -> str:
    """Return a text as JSON."""
    return orjson.dumps(value).decode()


def reference(kind: str, keys: pa.Array, ids: pa.Array) -> pa.Array:
    """Return references to objects of a kind as JSON; the id is missing of an object that is still to be made."""
    told = or_null(encoded(ids)), or_null(encoded(keys))
    return concat('{"id":', told[0], ',"key":', told[1], f',"kind":{quoted(kind)}}}', like=told[0])


def references(rows: Positions, told: pa.Array, count: int) -> pa.Array:
    """Return the sets of so many rows as JSON, from that of their members in order; null where there is none."""
    ends = np.searchsorted(rows, np.arange(count + 1))
    lists = pc.binary_join(pa.ListArray.from_arrays(pa.array(ends, pa.int32()), told), pa.scalar(",", _TEXT))
    return pc.if_else(pa.array(ends[1:] > ends[:-1]), concat("[", lists, "]", like=lists), pa.scalar(None, _TEXT))


def change(
    field: str,
    old: pa.Array | str,
    new: pa.Array | str,
    owner: str,
    reason: pa.Array | str,
    *,
    base: pa.Array | None = None,
) -> pa.Array:
    """Return what operations do to a field, from the JSON of its values; null where there is no new one.

    `base` is what is to be remembered of a set, told where that is something else.
    """
    before = old if isinstance(old, str) else or_null(old)
    why = quoted(reason) if isinstance(reason, str) else encoded(reason)
    owned = f',"owner":{quoted(owner)},"reason":'
    kept = "" if base is None else pc.if_else(pc.equal(base, new), "", concat('"base":', base, ",", like=base))
    return concat(f"{quoted(field)}:{{", kept, '"new":', new, ',"old":', before, owned, why, "}", like=_EMPTY)


def remembered(field: str, value: pa.Array) -> pa.Array:
    """Return what a claim says of a field, from the JSON of its values."""
    return concat(f'{quoted(field)}:{{"new":', value, "}", like=value)


def stored(value: object, made: Callable[[str, str], str | None]) -> Any:
    """Return a value of changes as targets have it: of a reference the id, of a set the ids of those members that have one.

    `made` gives the ids of objects that were still to be made, by kind and key.
    """
    if isinstance(value, list):
        return one_set(filter(None, (stored(member, made) for member in value)))
    if not isinstance(value, dict):
        return value
    return value["id"] if value["id"] is not None else made(value["kind"], value["key"])


def refers(writes: pd.DataFrame) -> bool:
    """Return whether any operation refers to an object: within a text of its values, these quotes would be escaped."""
    return bool(pc.any(pc.match_substring(text(writes["changes"]), '"kind":')).as_py())


def changes(fields: list[pa.Array]) -> pa.Array | str:
    """Return the changes of operations as canonical JSON, from what they do to each field; the fields in order of name."""
    if not fields:
        return NO_CHANGES
    # An empty text comes first, because Arrow leaves a row of nothing but nulls out altogether.
    joined = pc.binary_join_element_wise(_EMPTY, *fields, pa.scalar(",", _TEXT), null_handling="skip")
    return concat(pc.binary_replace_slice(joined, start=0, stop=1, replacement="{"), "}", like=_EMPTY)


def _encoded_texts(values: pa.Array) -> pa.Array:
    told = concat('"', values, '"', like=values)
    special = pc.fill_null(pc.match_substring_regex(values, _SPECIAL), fill_value=False)
    if not pc.any(special).as_py():
        return told
    return pc.replace_with_mask(told, special, _encoded_one_by_one(pc.filter(values, special)))


def _encoded_one_by_one(values: pa.Array) -> pa.Array:
    return pa.array([None if value is None else orjson.dumps(value).decode() for value in values.to_pylist()], _TEXT)


def operations_table(rows: list[tuple[str | None, ...]]) -> pd.DataFrame:
    """Return operations, each a tuple in the order of `OPERATION_COLUMNS` (its end may be left out), as a plan's table."""
    columns = list(zip(*rows, strict=True))
    arrays = [pa.array(column, _TEXT) for column in columns]
    arrays += [pa.nulls(len(rows), _TEXT)] * (len(OPERATION_COLUMNS) - len(columns))
    return operations_frame([pa.RecordBatch.from_arrays(arrays, OPERATION_COLUMNS)])


def operations_frame(batches: list[pa.RecordBatch]) -> pd.DataFrame:
    """Return operations, in record batches of the columns of `OPERATION_COLUMNS`, as a plan's table."""
    operations = pa.Table.from_batches(batches, pa.schema([(name, _TEXT) for name in OPERATION_COLUMNS])).combine_chunks()
    return pd.DataFrame({name: pd.array(operations[name], dtype="str") for name in OPERATION_COLUMNS})


def records(operations: pd.DataFrame) -> list[dict[str, Any]]:
    """Return operations as dicts, with their row number in the plan as `seq` and None where a value is missing."""
    rows = zip(operations.index.tolist(), *(_plain(operations[name]) for name in OPERATION_COLUMNS), strict=True)
    return [dict(zip(("seq", *OPERATION_COLUMNS), row, strict=True)) for row in rows]


def _plain(column: pd.Series) -> list[str | None]:
    plain: list[str | None] = text(column).to_numpy(zero_copy_only=False).tolist()
    return plain


def connection_of(sync: str, link_set: str) -> str | None:
    """Return the connection, or the fabric, whose links a set is; None where the sync has one set for all."""
    name, _, connection = link_set.partition("/")
    return connection if name == sync and connection else None


def as_asked(sync: str, link_set: str) -> str:
    """Return how commands name a sync, of those with connections with the one whose links are meant."""
    connection = connection_of(sync, link_set)
    return sync if connection is None else f"{sync} --partition {shlex.quote(connection)}"
