"""What comes from other systems does nothing to the terminal or the page that shows it."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from asset_sync.cli.console import row, table
from asset_sync.pages.rendering import _ENVIRONMENT
from asset_sync.reconcile.report import cell
from asset_sync.reconcile.visible import visible

NASTY = "PC-1\x1b]0;mine\x07\u202e1-CP\x9b2J"
SEEN = "PC-1\\x1b]0;mine\\x07\\u202e1-CP\\x9b2J"


def in_a_table(text: str) -> str:
    out, shown = io.StringIO(), table("name")
    shown.add_row(*row(text))
    Console(file=out, width=200).print(shown)
    return out.getvalue()


def on_a_page(text: str) -> str:
    parts = _ENVIRONMENT.get_template("parts.html").make_module({"root": "/review"})
    return str(parts.cell(text)) + str(parts.record("pdq_to_netbox", "pdq_to_netbox", "asset", text))  # type: ignore[attr-defined]


@pytest.mark.parametrize("show", [visible, cell, in_a_table, on_a_page])
def test_what_would_act_is_seen_as_its_code(show: Callable[[str], str]) -> None:
    shown = show(NASTY)
    assert SEEN in shown
    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & {*shown}
    assert "Größe 日本語 שלום 👩‍💻" in show("Größe 日本語 שלום 👩‍💻")
