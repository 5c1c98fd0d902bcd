"""Entries of the activity log as the API shows them. Source: recorded answers of Snipe-IT 8.1.4."""

from typing import Any

from asset_sync.sandbox.snipeit.records import HOLDERS, Action, Asset, Component, LogMeta, User
from asset_sync.sandbox.snipeit.settings import Json
from asset_sync.sandbox.snipeit.shapes import stamps
from asset_sync.sandbox.snipeit.text import escape, escape_or_none
from asset_sync.sandbox.snipeit.view import View, table_of
from asset_sync.sandbox.snipeit.words import action_word


def action(view: View, row: Action) -> Json:
    """A row of `/reports/activity`. What was purged is null in it, though its id still stands in the database."""
    item = view.store.tables[table_of(row)].rows.get(row.item_id)
    admin = view.store.users.rows.get(row.created_by)
    due = item.next_audit_date if isinstance(item, Asset) else None
    return {
        "id": row.id,
        "icon": "fa-solid fa-pen",
        "file": None,
        "item": {**_named(view, row.item_type, item), "serial": escape_or_none(_serial(item))} if item else None,
        "location": None,
        **stamps(view, row),
        "next_audit_date": view.formats.day(due),
        "days_to_next_audit": (due - view.store.now.date()).days if due else None,
        "action_type": action_word(row.action_type, view.token.locale),
        "admin": view.person(admin) if admin else None,
        "created_by": view.person(admin) if admin else None,
        "target": _target(view, row),
        "note": escape_or_none(row.note),
        "signature_file": None,
        "log_meta": _log_meta(row.log_meta),
        "remote_ip": row.remote_ip,
        "user_agent": row.user_agent,
        "action_source": row.action_source,
        "action_date": view.formats.moment(row.action_date),
    }


def _target(view: View, row: Action) -> Json | None:
    if row.target_type is None or row.target_id is None:
        return None
    target = view.store.tables[HOLDERS[row.target_type]].rows.get(row.target_id)
    return _named(view, row.target_type, target) if target else None


def _named(view: View, kind: str, row: Any) -> Json:
    """Assets are called by name, tag and model."""
    name = view.label(row) if isinstance(row, Asset) else row.full_name if isinstance(row, User) else row.name
    return {"id": row.id, "name": escape(name), "type": kind}


def _serial(row: Any) -> str | None:
    return row.serial if isinstance(row, Asset | Component) else None


def _log_meta(meta: LogMeta | None) -> Json | list[Json] | None:
    """What was null reads as an empty text; no differences are an empty list, as PHP writes an empty array."""
    if not meta:
        return None if meta is None else []
    return {column: {"old": escape(change["old"]), "new": escape(change["new"])} for column, change in meta.items()}
