"""NetBox as a `reconcile.target.Target`: bulk writes, compare-and-set, and answers told apart by what they say."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any
from urllib.parse import quote_plus

import orjson
import pandas as pd

from asset_sync.reconcile.ends import with_ends_in_order
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.target import Answer, Declined, OutcomeUnknown, Refused, Stale, Write, Written
from asset_sync.systems.http import Tally
from asset_sync.systems.netbox import cable_ends
from asset_sync.systems.netbox import custom_field_table as definitions
from asset_sync.systems.netbox.api import api, json_fields, read_value, write_values
from asset_sync.systems.netbox.client import NetBoxClient, Query, Row
from asset_sync.systems.netbox.custom_field_table import CustomFields
from asset_sync.systems.netbox.extract import table
from asset_sync.systems.netbox.kinds import CUSTOM, identifying
from asset_sync.systems.netbox.own_versions import OwnVersions
from asset_sync.systems.netbox.refusing import Forbidden
from asset_sync.systems.netbox.rights import Rights, unchangeable, with_forbidden, with_unseen

_QUERY_BYTES_MOST = 3_500
"""A request line over about 4,090 bytes is refused (measured); the rest is for the path, the fields and the page."""


class NetBoxTarget:
    """A NetBox that plans are applied to; see `asset_sync.reconcile.target.Target` for what each method promises."""

    def __init__(self, client: NetBoxClient) -> None:
        self.client = client
        self._rights = Rights(client)
        self._own_versions: Mapping[str, OwnVersions] = defaultdict(OwnVersions)

    @property
    def tally(self) -> Tally:
        """The requests that were sent."""
        return self.client.tally

    def check(self, kinds: Kinds) -> None:
        """Raise `ConfigurationError` for custom fields that this NetBox does not have on objects of that type."""
        mapping = [kind for kind in kinds.values() if _maps_custom(kind)]
        if mapping:
            definitions.check_mapped(self._custom_fields, mapping)

    def batch_size(self, kind: Kind) -> int:
        """Return 100 for assets and devices (about 10 s of one transaction on a small server), 200 for what is smaller."""
        return api(kind).batch

    def read(self, kind: Kind, ids: Sequence[str]) -> pd.DataFrame:
        """Return the observed table of those objects as they are now; objects that are gone are missing from it."""
        return self._table(kind, self._by_id(kind, ids, json_fields(kind)))

    def find(self, kind: Kind, writes: Sequence[Write]) -> pd.DataFrame:
        """Return the observed table of the objects that could be what those creates made, by each one's surest natural key."""
        rows: dict[int, Row] = {}
        writes = _ordered(kind, writes)
        for filters, wanted in _searches(kind, writes):
            cased = {_cased(key) for key in wanted}
            for query in _chunks(filters, wanted):
                for row in self._listed(kind, query):
                    if _cased(_values(kind, row, tuple(filters))) in cased:
                        rows[row["id"]] = row
        return self._table(kind, [rows[number] for number in sorted(rows)])

    def create(self, kind: Kind, writes: Sequence[Write], message: str) -> Mapping[int, Answer]:
        """Create objects; return what was stored by `seq`, and what the token may not create."""
        writes = _ordered(kind, writes)
        bodies = [self._created(kind, write) for write in writes]
        try:
            stored = self.client.create(api(kind).endpoint, bodies, message)
        except Forbidden as error:
            return self._rights.without("add", kind, writes, error)
        except Refused as refusal:
            raise _by_seq(with_unseen(writes, refusal, partial(self._seen, kind)), writes) from None
        return _paired(kind, writes, stored)

    def update(self, kind: Kind, writes: Sequence[Write], message: str) -> Mapping[int, Answer]:
        """Update objects that are still of their write's version (`Stale` otherwise); return what was stored by `seq`.

        What this target itself made of that version is no change of others.
        """
        if not writes:
            return {}
        own = self._own_versions[api(kind).object_type]
        writes = own.onward(writes)
        versions = [write.version for write in writes if write.version is not None]
        guarded = self.client.has_etags and len(versions) == len(writes)
        if not guarded:
            self._compare(kind, writes)
        bodies = [{"id": int(str(write.target_id)), **self._body(kind, write)} for write in writes]
        self._keep_ends(kind, writes, bodies)
        try:
            stored = self.client.patch(api(kind).endpoint, bodies, message, versions if guarded else ())
        except Forbidden as error:
            return self._rights.without("change", kind, writes, error)
        except Refused as refusal:
            there = self._still_there(kind, writes) if refusal.rows else writes
            if len(there) < len(writes):
                return self.update(kind, there, message)
            raise _by_seq(with_forbidden(kind, writes, refusal), writes) from None
        answers = self._updated(kind, writes, stored)
        own.note(writes, answers)
        return answers

    def _keep_ends(self, kind: Kind, writes: Sequence[Write], bodies: Sequence[Row]) -> None:
        """Say of cables that move the side that does: which is which, only NetBox knows."""
        moving = {str(write.target_id): write for write in writes if any(name in write.values for name in kind.ends)}
        if not moving:
            return
        rows = {str(row["id"]): row for row in self._by_id(kind, list(moving), cable_ends.SIDES)}
        for body in bodies:
            number = str(body["id"])
            if number in rows:
                for side in cable_ends.SIDES:
                    body.pop(side, None)
                body.update(cable_ends.moved(moving[number].values, kind.ends, rows[number]))

    def _updated(self, kind: Kind, writes: Sequence[Write], stored: Sequence[Row]) -> Mapping[int, Answer]:
        by_id = {str(row["id"]): row for row in stored}
        written: dict[int, Answer] = {w.seq: _written(by_id[str(w.target_id)]) for w in writes if str(w.target_id) in by_id}
        left_out = [write for write in writes if write.seq not in written]
        # 4.6 says nothing of what it leaves out: what is gone, and what may not be changed.
        forbidden = self._still_there(kind, left_out) if left_out else []
        return written | {write.seq: Declined(unchangeable(kind, write)) for write in forbidden}

    def _seen(self, kind: Kind, writes: Sequence[Write]) -> frozenset[int]:
        """Return which of those creates would make what is on an object already, by any of its natural keys."""
        seen: set[int] = set()
        for filters in api(kind).find:
            keys = {write.seq: tuple(_as_text(write.values.get(name)) for name in filters) for write in writes}
            wanted = {key for key in keys.values() if None not in key}
            rows = [row for query in _chunks(filters, wanted) for row in self._listed(kind, query)]
            there = {_cased(_values(kind, row, tuple(filters))) for row in rows}
            seen |= {seq for seq, key in keys.items() if key in wanted and _cased(key) in there}
        return frozenset(seen)

    def _listed(self, kind: Kind, query: Query) -> list[Row]:
        return self.client.rows(api(kind).endpoint, json_fields(kind), query)

    def _still_there(self, kind: Kind, writes: Sequence[Write]) -> Sequence[Write]:
        """Return the writes whose objects exist: 4.7 refuses a whole batch for one that does not, 4.6 leaves it out."""
        there = {str(row["id"]) for row in self._by_id(kind, [str(write.target_id) for write in writes], ())}
        return [write for write in writes if str(write.target_id) in there]

    def _compare(self, kind: Kind, writes: Sequence[Write]) -> None:
        """Raise `Stale` where an object is no longer of its write's version; for servers without If-Match."""
        now = self._by_id(kind, [str(write.target_id) for write in writes], ())
        versions = {str(row["id"]): row["last_updated"] for row in now}
        for write in writes:
            if write.version is not None and versions.get(str(write.target_id), write.version) != write.version:
                raise Stale(f"NetBox: {kind.name} #{write.target_id} was changed meanwhile")

    def _by_id(self, kind: Kind, ids: Sequence[str], fields: Sequence[str]) -> list[Row]:
        wanted: set[_Key] = {(number,) for number in ids}
        return [
            row
            for query in _chunks({"id": "id"}, wanted)
            for row in self.client.rows(api(kind).endpoint, fields, query)
            if (str(row["id"]),) in wanted
        ]

    def _table(self, kind: Kind, rows: Sequence[Row]) -> pd.DataFrame:
        return table(kind, rows, self._custom_fields_of(kind))

    def _created(self, kind: Kind, write: Write) -> Row:
        """NetBox fills in no defaults where any custom field is given, and then misses those that it requires (measured)."""
        body = self._body(kind, write)
        if "custom_fields" in body:
            body["custom_fields"] = self._defaults(kind) | body["custom_fields"]
        return body

    def _body(self, kind: Kind, write: Write) -> Row:
        return write_values(kind, write.values, definitions.types(kind, self._custom_fields_of(kind)))

    def _defaults(self, kind: Kind) -> Row:
        fields = definitions.of_kind(kind, self._custom_fields)
        return {name: orjson.loads(f.default) for name, f in fields.items() if f.required and f.default is not None}

    def _custom_fields_of(self, kind: Kind) -> CustomFields:
        return self._custom_fields if _maps_custom(kind) else {}

    @cached_property
    def _custom_fields(self) -> CustomFields:
        return definitions.custom_fields(self.client)


def _ordered(kind: Kind, writes: Sequence[Write]) -> Sequence[Write]:
    return [replace(write, values=with_ends_in_order(kind, write.values)) for write in writes] if kind.ends else writes


def _maps_custom(kind: Kind) -> bool:
    return any(field.name.startswith(CUSTOM) for field in kind.fields)


_Key = tuple[str | None, ...]


def _searches(kind: Kind, writes: Sequence[Write]) -> Iterator[tuple[Mapping[str, str], set[_Key]]]:
    """Yield filters with the values to look for: each write is looked for by the first key of which it has every part."""
    chosen: dict[int, set[_Key]] = defaultdict(set)
    for write in writes:
        for at, filters in enumerate(api(kind).find):
            values = tuple(_as_text(write.values.get(name)) for name in filters)
            if None not in values:
                chosen[at].add(values)
                break
    for at, wanted in chosen.items():
        yield api(kind).find[at], wanted


def _chunks(filters: Mapping[str, str], wanted: set[_Key]) -> Iterator[Query]:
    """Yield queries that are short enough, and together name every key; a query of two filters names more than that."""
    query: dict[tuple[str, str], None] = {}
    size = 0
    for key in sorted(wanted, key=str):
        added = [(name, str(value)) for name, value in zip(filters.values(), key, strict=True)]
        added = [pair for pair in added if pair not in query]
        length = sum(len(name) + len(quote_plus(value)) + 2 for name, value in added)
        if query and size + length > _QUERY_BYTES_MOST:
            yield list(query)
            query, size = {}, 0
        query.update(dict.fromkeys(added))
        size += length
    if query:
        yield list(query)


def _as_text(value: Any) -> str | None:
    return None if value is None else str(value)


def _values(kind: Kind, row: Row, names: Sequence[str]) -> _Key:
    return tuple(_as_text(read_value(kind, kind.field(name), row)) for name in names)


def _paired(kind: Kind, writes: Sequence[Write], stored: Sequence[Row]) -> dict[int, Answer]:
    """Return each write's object: the answer's order is not surely the request's (measured), so by natural key.

    Writes that differ in nothing that identifies them are interchangeable. Raises `OutcomeUnknown` where an object cannot
    be told.
    """
    own = {field.name for field in kind.fields} - api(kind).read_only
    names = [name for name in identifying(kind) if name in own]
    rows: dict[_Key, list[Row]] = defaultdict(list)
    for row in stored:
        rows[_cased(_values(kind, row, names))].append(row)
    found: dict[int, Answer] = {}
    for write in writes:
        same = rows[_cased(tuple(_as_text(write.values.get(name)) for name in names))]
        if not same:
            raise OutcomeUnknown(f"NetBox: {kind.name} {write.key!r} was accepted, but the answer does not show it")
        found[write.seq] = _written(same.pop(0))
    return found


def _cased(key: _Key) -> _Key:
    return tuple(part and part.casefold() for part in key)


def _written(row: Row) -> Written:
    return Written(str(row["id"]), row.get("last_updated"), row.get("created"))


def _by_seq(refusal: Refused, writes: Sequence[Write]) -> Refused:
    return Refused(str(refusal), {writes[at].seq: said for at, said in refusal.rows.items()})
