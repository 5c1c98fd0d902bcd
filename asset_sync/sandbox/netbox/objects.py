"""The requests about objects of one type: what each method does on a list and on a single object."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from asset_sync.sandbox.netbox import bulk
from asset_sync.sandbox.netbox.auth import ACTIONS
from asset_sync.sandbox.netbox.errors import ApiError
from asset_sync.sandbox.netbox.http import Answer, Context, check_etag, etag, parse_body
from asset_sync.sandbox.netbox.listing import Lists, in_order, rows_of, wanted_fields
from asset_sync.sandbox.netbox.lookup import found_row
from asset_sync.sandbox.netbox.options import describe
from asset_sync.sandbox.netbox.registry import JOB, ObjectType
from asset_sync.sandbox.netbox.serialize import Serializer
from asset_sync.sandbox.netbox.table import Row
from asset_sync.sandbox.netbox.validate import EveryField
from asset_sync.sandbox.netbox.writes import Writer, message_of

LIST_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
OBJECT_METHODS = ("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
READ_METHODS = ("GET", "HEAD", "OPTIONS")


def methods(kind: ObjectType, row_id: int | None) -> tuple[str, ...]:
    """The methods a URL takes."""
    if kind.read_only:
        return READ_METHODS
    return LIST_METHODS if row_id is None else OBJECT_METHODS


def handle(context: Context, lists: Lists, kind: ObjectType, row_id: int | None) -> Answer:
    """The answer to a request for a list (row_id None) or an object."""
    method = context.call.method
    if method in ACTIONS:
        context.token.check(ACTIONS[method], kind.endpoint)
    if method not in methods(kind, row_id):
        raise ApiError(405, {"detail": f'Method "{method}" not allowed.'})
    if method == "OPTIONS":
        return Answer(200, describe(context, kind, single=row_id is not None))
    if row_id is not None:
        return _on_object(context, kind, row_id)
    if method in ("GET", "HEAD"):
        return lists.answer(context, kind)
    return _on_list(context, kind)


def _on_object(context: Context, kind: ObjectType, row_id: int) -> Answer:
    row = found_row(context.store, kind, row_id)
    method = context.call.method
    allowed = context.token.covers if method in READ_METHODS else context.token.covers_write
    if not allowed(kind.endpoint, row):
        raise ApiError(404, {"detail": f"No {kind.model} matches the given query."})
    if method in ("GET", "HEAD"):
        return _single(context, kind, row_id, 200, reading=True)
    body = parse_body(context.call, context.store)
    check_etag(context, row)
    if method == "DELETE":
        _writer(context, kind).delete(kind, row_id, message_of(body))
        return Answer(204)
    _writer(context, kind).update(kind, row_id, body, partial=method == "PATCH")
    return _single(context, kind, row_id, 200, reading=False)


def _on_list(context: Context, kind: ObjectType) -> Answer:
    body = parse_body(context.call, context.store)
    if context.call.method == "POST" and not isinstance(body, list):
        row_id = _writer(context, kind).create(kind, body)
        return _single(context, kind, row_id, 201, reading=False)
    if context.store.version != "4.6" and (context.call.param("background") or "").lower() in ("true", "1"):
        return _in_background(context, kind, lambda: _bulk(context, kind, body))
    return _bulk(context, kind, body)


def _bulk(context: Context, kind: ObjectType, body: Any) -> Answer:
    method, writer = context.call.method, _writer(context, kind)
    if method == "DELETE":
        bulk.delete_all(context, writer, kind, body)
        return Answer(204)
    if method == "POST":
        ids, status = bulk.create_all(context, writer, kind, body), 201
        rows = list(rows_of(context.store, kind, ids))
    else:
        ids, status = bulk.update_all(context, writer, kind, body, partial=method == "PATCH"), 200
        # Not in the order of the request: the answer is a query of its own.
        rows = in_order(context.store, kind, rows_of(context.store, kind, ids), kind.ordering)
    made = Serializer(context.store, context.call.base_url)
    objects = made.objects(kind, rows, wanted_fields(context, kind, reading=False))
    return Answer(status, objects, _location_of_last(context, kind, rows))


def _location_of_last(context: Context, kind: ObjectType, rows: list[Row]) -> dict[str, str]:
    """The Location that only 4.6 gives, and only for types it creates row by row."""
    if context.store.version != "4.6" or not kind.sequential or context.call.method != "POST" or not rows:
        return {}
    return {"Location": Serializer(context.store, context.call.base_url).url(kind, rows[-1]["id"])}


def _in_background(context: Context, kind: ObjectType, work: Callable[[], Answer]) -> Answer:
    """Do the work as a job. It is done at once, but the answer is given before anyone could know."""
    store = context.store
    if context.call.etags():
        raise ApiError(400, {"detail": "If-Match is not supported for background requests."})
    job_id = store.tables[JOB.endpoint].new_id()
    created = store.stamp()
    mark = store.mark()
    try:
        answer, error = work(), ""
    except ApiError as refusal:
        store.rollback(mark)
        answer, error = Answer(refusal.status, refusal.body), _reason(refusal.body)
    done = {"POST": "create", "DELETE": "delete"}.get(context.call.method, "update")
    store.put(
        JOB.endpoint,
        {
            "id": job_id,
            "name": f"Bulk {done} {kind.name}s",
            "status": "failed" if error else "completed",
            "created": created,
            "started": created,
            "completed": store.stamp(),
            "execution_time": "00:00:00.000001",
            "user": context.token.user,
            "data": {"data": answer.body, "status_code": answer.status},
            "error": error,
            "job_id": str(uuid4()),
            "queue_name": "default",
        },
    )
    url = f"{context.call.base_url}/api/{JOB.endpoint}/{job_id}/"
    return Answer(202, {"job": {"id": job_id, "url": url, "status": "pending"}}, {"Location": url})


def _reason(body: Any) -> str:
    return str(body["detail"]) if isinstance(body, dict) and "detail" in body else str(body)


def _single(context: Context, kind: ObjectType, row_id: int, status: int, *, reading: bool) -> Answer:
    row = context.store.tables[kind.endpoint].rows[row_id]
    made = Serializer(context.store, context.call.base_url)
    headers = {"ETag": etag(row)} if etag(row) else {}
    if status == 201:
        headers["Location"] = made.url(kind, row_id)
    return Answer(status, made.one(kind, row, wanted_fields(context, kind, reading=reading)), headers)


def _writer(context: Context, kind: ObjectType) -> Writer:
    limited = context.call.param("fields") or context.call.param("omit")
    # ?fields= and ?omit= take fields away from what is written, too.
    fields = frozenset(wanted_fields(context, kind, reading=False)) if limited else EveryField()
    return Writer(context.store, context.token, context.call.request_id, fields)
