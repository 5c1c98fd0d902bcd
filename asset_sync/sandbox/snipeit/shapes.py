"""What the rows of several tables have in common where the API shows them."""

from asset_sync.sandbox.snipeit.markdown import inline_html, or_none
from asset_sync.sandbox.snipeit.records import Record
from asset_sync.sandbox.snipeit.settings import Json
from asset_sync.sandbox.snipeit.text import escape_or_none
from asset_sync.sandbox.snipeit.view import View


def texts(row: Record, *columns: str) -> Json:
    """Columns whose text is escaped, and null where there is none."""
    return {column: escape_or_none(getattr(row, column)) for column in columns}


def stamps(view: View, row: Record) -> Json:
    """When the row was created and updated."""
    return {"created_at": view.formats.moment(row.created_at), "updated_at": view.formats.moment(row.updated_at)}


def notes(text: str | None) -> str | None:
    """Notes: Markdown made inline HTML."""
    return or_none(inline_html, text)
