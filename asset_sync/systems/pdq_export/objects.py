"""JSON: a list of objects, or an object whose `data` is one, as the API answers."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import orjson

from asset_sync.systems.pdq_export import paging
from asset_sync.systems.pdq_export.columns import Columns
from asset_sync.systems.pdq_export.encoding import Text
from asset_sync.systems.pdq_export.limits import Limits
from asset_sync.systems.pdq_export.refusal import Refusal
from asset_sync.systems.pdq_export.sheet import Sheet, column
from asset_sync.systems.shown import megabytes, shown

_ATTRIBUTES: Final = "attributes"


def read(text: Text, columns: Columns, limits: Limits) -> Sheet:
    """Return the objects as rows, their keys as headers; refuses what is cut off, and one page of many."""
    document = _document(text.utf8, limits)
    rows = _objects(document, limits)
    beside = {key: value for key, value in document.items() if key != "data"} if isinstance(document, dict) else {}
    paging.refuse_one_page(beside, len(rows))
    header = list(dict.fromkeys(key for row in rows for key in row))
    if len(header) > limits.columns:
        raise Refusal(f"has {len(header):,} different keys; the limit is {limits.columns:,}")
    found = columns.find(header)
    keys = {field: header[position] for field, position in found.positions.items()}
    values = {field: column(field, [row.get(key) for row in rows]) for field, key in keys.items()}
    _refuse_repeated(text.utf8, rows, keys.values())
    doubted = tuple(paging.doubts(beside, len(rows)))
    return Sheet(f"JSON ({text.encoding})", found, values, len(rows), first=1, unit="object", notes=doubted, doubts=doubted)


def _document(data: bytes, limits: Limits) -> Any:
    if len(data) > limits.json_size:
        raise Refusal(f"has {megabytes(len(data))}; the limit for JSON is {megabytes(limits.json_size)}")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if error.pos >= len(error.doc.rstrip()) - 1 and "end of data" in error.msg:
            raise Refusal("is cut off: the JSON ends before its last bracket; export it again") from None
        raise Refusal(f"is no JSON: {shown(error)}") from None


def _objects(document: Any, limits: Limits) -> list[Mapping[str, Any]]:
    if isinstance(document, dict):
        document = document.get("data")
    if not isinstance(document, list):
        raise Refusal('is JSON, but neither a list of objects nor {"data": [...]}')
    if not document:
        raise Refusal("is an empty list")
    if len(document) > limits.rows:
        raise Refusal(f"has {len(document):,} objects; the limit is {limits.rows:,}")
    for number, row in enumerate(document, start=1):
        if not isinstance(row, dict):
            raise Refusal(f"is a JSON list whose entry {number} is no object: '{shown(row)}'")
    return [_flat(row) for row in document]


def _flat(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an object of a JSON:API answer with its attributes as keys of its own."""
    attributes = row.get(_ATTRIBUTES)
    if not isinstance(attributes, dict):
        return row
    return attributes | {key: value for key, value in row.items() if key != _ATTRIBUTES}


def _refuse_repeated(data: bytes, rows: Sequence[Mapping[str, Any]], keys: Collection[str]) -> None:
    """Raise `Refusal` where an object says a key that is read twice: a reader takes the last one, silently."""
    # Python's own reader is slow: it looks only where a key is written more often than it was read.
    if all(data.count(orjson.dumps(key)) <= sum(key in row for row in rows) for key in keys):
        return

    def once(pairs: list[tuple[str, Any]]) -> None:
        counted = Counter(key for key, _ in pairs)
        repeated = next((key for key in keys if counted[key] > 1), None)
        if repeated is not None:
            raise Refusal(f"has an object with the key '{shown(repeated)}' {counted[repeated]} times; leave out all but one")

    json.loads(data, object_pairs_hook=once)
