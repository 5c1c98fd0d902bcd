"""Writes of whole lists: all or nothing, and how each version says what was wrong."""

from typing import Any

from asset_sync.sandbox.netbox.errors import ApiError, Invalid
from asset_sync.sandbox.netbox.http import Context, check_etag
from asset_sync.sandbox.netbox.listing import in_order, rows_of
from asset_sync.sandbox.netbox.registry import ObjectType
from asset_sync.sandbox.netbox.table import Row
from asset_sync.sandbox.netbox.writes import ProtectedError, Writer, message_of

Refused = list[tuple[str, int, dict[str, Any]]]
"""Rows that were refused: ("index" or "id", its value, the errors)."""


def create_all(context: Context, writer: Writer, kind: ObjectType, bodies: list[Any]) -> list[int]:
    """Create the objects; their ids in the order of the request."""
    if context.store.version != "4.6":
        return _create_indexed(writer, kind, bodies)
    if kind.sequential:
        return [writer.create(kind, body) for body in bodies]
    # All are validated before any is stored: duplicates within the list reach the database.
    prepared = _prepare_all(writer, kind, bodies)
    return [writer.insert(kind, row, body) for row, body in zip(prepared, bodies, strict=True)]


def update_all(context: Context, writer: Writer, kind: ObjectType, bodies: Any, *, partial: bool) -> list[int]:
    """Change the objects, one by one in the order of their model, each checked as it is saved; the ids of those changed."""
    changes = _by_id(context, bodies)
    table = context.store.tables[kind.endpoint]
    # Those that it may not change are as if they were not there.
    reachable = [one for one in changes if one in table.rows and context.token.covers_write(kind.endpoint, table.rows[one])]
    if context.store.version != "4.6":
        _refuse_missing(changes, reachable)
    for one in reachable:
        check_etag(context, table.rows[one])
    refused: Refused = []
    for one in _in_order_of_model(context, kind, reachable):
        try:
            writer.update(kind, one, changes[one], partial=partial)
        except Invalid as error:
            if context.store.version == "4.6":
                raise
            refused.append(("id", one, error.errors))
    _raise_if(refused, len(changes), "could not be updated")
    return reachable


def delete_all(context: Context, writer: Writer, kind: ObjectType, bodies: Any) -> None:
    """Delete the objects."""
    wanted = _by_id(context, bodies)
    table = context.store.tables[kind.endpoint]
    reachable = [one for one in wanted if one in table.rows and context.token.covers_write(kind.endpoint, table.rows[one])]
    if context.store.version != "4.6":
        _refuse_missing(wanted, reachable)
    for one in reachable:
        check_etag(context, table.rows[one])
    refused: Refused = []
    for one in reachable:
        try:
            # An earlier one may have taken it along.
            if one in table.rows:
                writer.delete(kind, one, message_of(wanted[one]))
        except ProtectedError as error:
            if context.store.version == "4.6":
                raise
            text = f"Unable to delete: {error.count} dependent object(s) prevent deletion."
            refused.append(("id", one, {"__all__": [text]}))
    _raise_if(refused, len(wanted), "could not be deleted", status=409)


def _create_indexed(writer: Writer, kind: ObjectType, bodies: list[Any]) -> list[int]:
    refused: Refused = []
    made: list[int] = []
    for index, body in enumerate(bodies):
        try:
            made.append(writer.create(kind, body))
        except Invalid as error:
            refused.append(("index", index, error.errors))
    _raise_if(refused, len(bodies), "could not be created")
    return made


def _prepare_all(writer: Writer, kind: ObjectType, bodies: list[Any]) -> list[Row]:
    rows: list[Row] = []
    errors: list[dict[str, Any]] = []
    for body in bodies:
        try:
            rows.append(writer.prepare(kind, body))
            errors.append({})
        except Invalid as error:
            errors.append(error.errors)
    if any(errors):
        raise ApiError(400, errors)
    return rows


def _in_order_of_model(context: Context, kind: ObjectType, ids: list[int]) -> list[int]:
    """The ids as the server comes to their rows, whatever the order of the request."""
    return [row["id"] for row in in_order(context.store, kind, rows_of(context.store, kind, ids), kind.ordering)]


def _by_id(context: Context, bodies: Any) -> dict[int, dict[str, Any]]:
    """The changes by id; the last one of an id wins where it may come twice."""
    new = context.store.version != "4.6"
    if not isinstance(bodies, list):
        kind = type(bodies).__name__
        if new:
            raise ApiError(400, {"detail": f"Expected a list of objects, but got {kind}."})
        raise Invalid({"non_field_errors": [f'Expected a list of items but got type "{kind}".']})
    problems = [_id_problem(body) for body in bodies]
    if any(problems):
        if not new:
            raise ApiError(400, problems)
        refused: Refused = [("index", index, problem) for index, problem in enumerate(problems) if problem]
        _raise_if(refused, len(bodies), "failed validation")
    ids = [int(body["id"]) for body in bodies]
    if new:
        _refuse_repeated(ids)
    return dict(zip(ids, bodies, strict=True))


def _id_problem(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        text = f"Invalid data. Expected a dictionary, but got {type(body).__name__}."
        return {"non_field_errors": [text]}
    if "id" not in body:
        return {"id": ["This field is required."]}
    try:
        int(body["id"])
    except (TypeError, ValueError):
        return {"id": ["A valid integer is required."]}
    return {}


def _refuse_repeated(ids: list[int]) -> None:
    repeated = [one for one in dict.fromkeys(ids) if ids.count(one) > 1] if len(set(ids)) < len(ids) else []
    refused: Refused = [
        ("id", one, {"id": [f"Each object may be specified only once; ID {one} is listed {ids.count(one)} times"]})
        for one in repeated
    ]
    _raise_if(refused, len(ids), "are listed more than once")


def _refuse_missing(wanted: dict[int, Any], reachable: list[int]) -> None:
    found = set(reachable)
    refused: Refused = [("id", one, {"id": [f"Object with ID {one} does not exist"]}) for one in wanted if one not in found]
    _raise_if(refused, len(wanted), "could not be found")


def _raise_if(refused: Refused, total: int, words: str, status: int = 400) -> None:
    if refused:
        errors = [{name: value, "errors": problems} for name, value, problems in refused]
        raise ApiError(status, {"detail": f"{len(refused)} of {total} objects {words}.", "errors": errors})
