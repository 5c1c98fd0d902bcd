"""What changed in a NetBox since it was read last: a few requests in the place of a whole listing.

Source: what `last_updated` and the change log tell and what not, as measured on real servers (facts: "Reading", "Change
records"). An object's `last_updated` is set before its transaction ends, so that rows come late; what a deletion empties in
other objects, and what a name within another one shows, does not move it. So the last tables are gone on from only as far as
NetBox can be asked for all that may have changed in them, and they are checked each time:

- It must be of the version that it was, and its custom fields those that they were.
- The newest change record that was seen must be there still: a NetBox that came back from a backup has lost it.
- Each endpoint must count as many objects as are known then.
- After a time that the YAML gives, everything is read whole all the same: what is changed past the change log and
  `last_updated`, in the database itself, is found by nothing else.

Whoever reads fewer kinds and fields as the same account may go on from them as well.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

import orjson
import pandas as pd

from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.sets import listed, one_set
from asset_sync.reconcile.tables import Tables
from asset_sync.systems.netbox import custom_field_table as definitions
from asset_sync.systems.netbox.api import api, json_fields
from asset_sync.systems.netbox.client import CHANGE_LOG, NetBoxClient, Row
from asset_sync.systems.netbox.custom_field_table import CustomFields
from asset_sync.systems.netbox.refusing import Forbidden
from asset_sync.systems.system import Kept

READING: Final = "reading"
"""The name of the table that says how the others were read; no kind has it."""
LISTED: Final = "listed"
"""The name of the table of all objects that were listed, of a kind or of none; no kind has it."""

_RECORD: Final = ("time", "request_id", "action", "changed_object_type", "changed_object_id")
_LATE: Final = timedelta(minutes=5)
"""How long after its own `last_updated` an object may come to be seen: 8.9 s were measured."""
_SET_BACK: Final = _LATE - timedelta(minutes=1)
"""By how much a server's clock may go back and have all that changed since within what is asked for once more."""
_FORMAT: Final = 3
"""Moves where tables mean something else than before: those of an older one are not gone on from."""
_UNMOVED: Final = frozenset(
    {"tags", "cable", "link_peers", "connected_endpoints", "a_terminations", "b_terminations", "display", "parent", "disk"}
)
"""JSON fields that change without a new `last_updated`, and that nothing tells which objects they changed of."""
_SHOWN: Final[Mapping[str, str]] = {
    "manufacturer": "manufacturer",
    "device": "device",
    "virtual_machine": "virtual_machine",
    "site": "site",
    "scope": "site",
    "group": "vlan_group",
}
"""The JSON fields that show another object's name, which labels are made of, with the kind of that object."""
_OBJECTS: Final = frozenset({"object", "multiobject"})
_DEFINITIONS: Final = ("extras.customfield", "extras.customfieldchoiceset")
"""What the change log calls the definitions of custom fields."""
_TO_A_SECOND: Final = timedelta(seconds=2)
"""How far off two clocks may seem that agree: a server tells its own in whole seconds."""
_GLANCE: Final = 50
"""So many of the objects that changed last are looked at, with the count of all, before it is asked for what changed since:
mostly nothing did, which one request tells in the place of two. It takes NetBox some 30 ms (of 1,760 assets a second).
"""

_AHEAD: Final = datetime.max.replace(tzinfo=UTC)

Types = Mapping[str, Mapping[str, str]]
"""The types of the custom fields that are read, by kind and field."""


@dataclass(frozen=True, slots=True)
class View:
    """What is read, and as whom: tables that were read otherwise are not gone on from."""

    kinds: Kinds
    custom: CustomFields
    seen_by: str
    types: Types

    @classmethod
    def of(cls, client: NetBoxClient, kinds: Kinds, custom: CustomFields) -> "View":
        """Return how a client sees those kinds."""
        types = {name: dict(definitions.types(kind, custom)) for name, kind in kinds.items()}
        seen_by = sha256(orjson.dumps((_FORMAT, client.viewer))).hexdigest()[:16]
        return cls(kinds, custom, seen_by, types)

    @property
    def object_types(self) -> list[str]:
        """What the change log calls the kinds that are read, and their definitions."""
        return sorted({api(kind).object_type for kind in self.kinds.values()} | {*_DEFINITIONS})

    @property
    def endpoints(self) -> Mapping[str, list[Kind]]:
        """The endpoints that are read, each with the kinds that live there."""
        found: dict[str, list[Kind]] = {}
        for kind in self.kinds.values():
            found.setdefault(api(kind).endpoint, []).append(kind)
        return found

    def can_be_followed(self, kinds: Iterable[Kind]) -> bool:
        """Return whether NetBox can be asked for all that may have changed in objects of those kinds."""
        return all(self._can_be_followed(kind) for kind in kinds)

    def _can_be_followed(self, kind: Kind) -> bool:
        types = {field.type for field in definitions.mapped_fields(kind, self.custom)}
        shown = set(self.shown(kind))
        return not (types & _OBJECTS) and _UNMOVED.isdisjoint(json_fields(kind)) and shown <= self.kinds.keys()

    def shown(self, kind: Kind) -> Iterator[str]:
        """Yield the kinds whose names the labels of a kind show."""
        yield from (_SHOWN[name] for name in api(kind).needs if name in _SHOWN)


_MOMENTS: Final = ("read_at", "whole_at", "newest", "recorded")


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where a NetBox was read: its newest change record, the newest moment that its objects told of, and when that was.

    All moments are by the server's clock. `record` is the newest of those about the `logged` types of objects. `told` are the
    definitions of its custom fields, read as `asked` tells (`asset_sync.systems.netbox.extract.Asked`).
    """

    seen_by: str
    read_at: datetime
    whole_at: datetime
    newest: datetime
    record: int
    request: str
    recorded: datetime
    # Those of before have none of these; they are told by their format.
    types: Types = field(default_factory=dict)
    logged: Sequence[str] = ()
    version: Sequence[int] = ()
    asked: str = ""
    told: Sequence[Row] = ()

    def table(self) -> pd.DataFrame:
        """Return the mark as a table of one row."""
        return pd.DataFrame({"reading": pd.array([orjson.dumps(self).decode()], dtype="str")})

    @classmethod
    def from_table(cls, table: pd.DataFrame) -> "Mark":
        """Return the mark that a table holds; what a later asset_sync noted besides is passed over."""
        known = {each.name for each in fields(cls)}
        told = {name: value for name, value in orjson.loads(str(table["reading"].iat[0])).items() if name in known}
        moments = {name: datetime.fromisoformat(told[name]) for name in _MOMENTS}
        return cls(**{**told, **moments})

    @property
    def changed_since(self) -> datetime:
        """From when on changed objects are asked for."""
        return self._with_late(self.newest)

    @property
    def recorded_since(self) -> datetime:
        """From when on change records are asked for."""
        return self._with_late(self.recorded)

    def _with_late(self, newest: datetime) -> datetime:
        """Return from when on it is asked after a newest moment: what was under way when it was read may have come late."""
        return newest if self.read_at - newest > _LATE else newest - _LATE


@dataclass(frozen=True, slots=True)
class Last:
    """The tables that were read last, and up to where; `kept_by` names whose they are, where they are another sync's."""

    mark: Mark
    tables: Tables
    kept_by: str

    @classmethod
    def of(cls, kept: Kept) -> "Last | None":
        """Return the tables of a reading; None where they could not be gone on from."""
        if not {READING, LISTED} <= kept.tables.keys():
            return None
        return cls(Mark.from_table(kept.tables[READING]), kept.tables, kept.by)

    def why_not(self, view: View) -> str | None:
        """Return why these tables cannot be gone on from; None where they can, by what is known before NetBox is asked."""
        if self.mark.seen_by != view.seen_by or self._types_differ(view):
            return "another token, another asset_sync or other custom fields than the last time"
        if any(not {f.name for f in kind.fields} <= set(self.tables.get(name, ())) for name, kind in view.kinds.items()):
            return "more is mapped than the last time"
        return None

    def why_no_more(self, version: tuple[int, int], now: datetime, whole_every: timedelta) -> str | None:
        """Return why these tables cannot be gone on from any more; None where they can, by NetBox's own version and clock."""
        if tuple(self.mark.version) != version:
            return f"it is NetBox {version[0]}.{version[1]}, and was another version the last time"
        if now < max(self.mark.read_at, self.mark.newest) - _SET_BACK:
            return "its clock was set back"
        # Its clock is known to a second: two readings in a row may seem to come in the other order.
        if not whole_every or now - self.mark.whole_at >= whole_every:
            return f"the last time was {self.mark.whole_at:%Y-%m-%d %H:%M} UTC"
        return None

    def _types_differ(self, view: View) -> bool:
        known = self.mark.types
        return any(
            known.get(name, {}).get(one, type_) != type_ for name, own in view.types.items() for one, type_ in own.items()
        )

    def listed(self, endpoint: str) -> set[int]:
        """Return the ids of all objects that were listed at an endpoint."""
        table = self.tables[LISTED]
        return set(table.loc[table["endpoint"] == endpoint, "id"].tolist())


def listed_table(ids: Mapping[str, Iterable[int]]) -> pd.DataFrame:
    """Return the ids of all objects that were listed, by endpoint, as a table."""
    parts = [pd.DataFrame({"endpoint": endpoint, "id": pd.array(sorted(own), dtype="int64")}) for endpoint, own in ids.items()]
    return pd.concat(parts, ignore_index=True).astype({"endpoint": "str"})


class ChangeLog:
    """The change records of what is read, as far as the token may see them."""

    def __init__(self, client: NetBoxClient, view: View) -> None:
        self._client = client
        self._types = view.object_types
        self._endpoints = {api(kind).object_type: api(kind).endpoint for kind in view.kinds.values()}

    def newest(self) -> Row | None:
        """Return the newest record; None where there is none to be seen."""
        try:
            return self._client.newest(CHANGE_LOG, _RECORD, _about(self._types))
        except Forbidden:
            return None

    def since(self, mark: Mark) -> list[Row] | None:
        """Return the records since a mark, by id, with the newest that was seen then; None where that is gone."""
        query = [*_about(mark.logged), ("time_after", mark.recorded_since.isoformat())]
        try:
            found = self._client.rows(CHANGE_LOG, _RECORD, query)
        except Forbidden:
            return None
        there = any(row["id"] == mark.record and row["request_id"] == mark.request for row in found)
        return found if there else None

    def deleted(self, records: Iterable[Row]) -> Mapping[str, set[int]]:
        """Return the ids of what was deleted, by endpoint."""
        found: dict[str, set[int]] = {endpoint: set() for endpoint in self._endpoints.values()}
        for row in records:
            endpoint = self._endpoints.get(row["changed_object_type"])
            if endpoint is not None and _action(row) == "delete":
                found[endpoint].add(int(row["changed_object_id"]))
        return found


def defined_otherwise(records: Iterable[Row], mark: Mark) -> bool:
    """Return whether custom fields may have been defined otherwise since a mark, by the records since; late ones count, too.

    What objects have in a field that is deleted, renamed or given a default changes without a new `last_updated`.
    """
    before = mark.read_at - _LATE - _TO_A_SECOND
    about = (row for row in records if row["changed_object_type"] in _DEFINITIONS)
    return any(row["id"] > mark.record or moment(str(row["time"])) > before for row in about)


def _about(object_types: Iterable[str]) -> list[tuple[str, str]]:
    return [("changed_object_type", name) for name in sorted(object_types)]


def _action(row: Row) -> str:
    action = row["action"]
    return str(action["value"] if isinstance(action, dict) else action)


def without(kind: Kind, table: pd.DataFrame, gone: Mapping[str, set[int]], kinds: Kinds) -> pd.DataFrame:
    """Return a kind's table without what refers to deleted objects: NetBox empties that, and says it of no object."""
    changed: dict[str, Any] = {}
    for each in (*kind.references, *kind.sets):
        ids = {str(number) for number in gone.get(api(kinds[str(each.to)]).endpoint, ())}
        if ids and each.name in table:
            changed[each.name] = _emptied(table[each.name], ids, is_set=each.type == "references")
    return table.assign(**changed) if changed else table


def _emptied(column: pd.Series, gone: set[str], *, is_set: bool) -> pd.Series:
    if not is_set:
        return column.mask(column.isin(gone))
    told = [None if pd.isna(value) else one_set(each for each in listed(value) if each not in gone) for value in column]
    return pd.Series(told, index=column.index, dtype=column.dtype)


def spliced(last: pd.DataFrame, changed: pd.DataFrame, replaced: set[int]) -> pd.DataFrame:
    """Return a table with its changed rows in their places, by id; `replaced` are the ids of what is gone or changed."""
    own = last[list(changed.columns)]
    if not replaced:
        return own
    stays = own[~own["id"].isin({str(number) for number in replaced})]
    both = pd.concat([stays, changed], ignore_index=True) if len(changed) else stays
    order = both["id"].astype("int64").argsort(kind="stable")
    return both.iloc[order].reset_index(drop=True).astype(own.dtypes.to_dict())


def newest_moment(rows: Iterable[Row], other: datetime) -> datetime:
    """Return the newest moment that objects tell, or the other one."""
    # ISO 8601 in UTC, as NetBox writes it, is in the order of time.
    told = max((str(row["last_updated"]) for row in rows if row.get("last_updated")), default=None)
    return other if told is None else max(other, moment(told))


def moment(told: str) -> datetime:
    """Return a moment as NetBox writes it."""
    return datetime.fromisoformat(told).astimezone(UTC)


def renamed(last: pd.DataFrame, changed: pd.DataFrame) -> bool:
    """Return whether any of the objects of a table that were there before is called otherwise now."""
    before = dict(zip(last["id"], last["key"], strict=True)) if len(changed) else {}
    return any(before.get(one, key) != key for one, key in zip(changed["id"], changed["key"], strict=True))


class Changes(NamedTuple):
    """The objects of an endpoint that changed since a mark, by id, and how many there are in all; None: that was not told."""

    rows: list[Row]
    total: int | None


def changes_since(client: NetBoxClient, endpoint: str, fields: Sequence[str], mark: Mark) -> Changes:
    """Return what changed at an endpoint since a mark: by a glance at what changed last, or by asking for all of it."""
    found, count = client.newest_first(endpoint, fields, _GLANCE)
    # The database has what tells of no moment before what changed last.
    moments = [moment(told) if (told := row.get("last_updated")) else _AHEAD for row in found]
    in_order = moments == sorted(moments, reverse=True)
    if len(found) >= count or (in_order and moments and moments[-1] < mark.changed_since):
        changed = [row for row, at in zip(found, moments, strict=True) if mark.changed_since <= at < _AHEAD]
        return Changes(sorted(changed, key=lambda row: int(row["id"])), count)
    return Changes(client.rows(endpoint, fields, [("last_updated__gte", mark.changed_since.isoformat())]), None)
