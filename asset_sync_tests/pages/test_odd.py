"""Addresses that nobody's link leads to are answered in words, and nothing in them acts on the page."""

from collections.abc import Callable
from itertools import product
from urllib.parse import quote

from asset_sync_tests.pages.lab import Visitor

Visit = Callable[[str], Visitor]
ODD = [
    "\0",
    "\x1b[2J",
    "\u202egpj.exe",
    "<script>alert(1)</script>",
    "x" * 20_000,
    "../../etc/passwd",
    "ÿ日本👩‍💻",
    "%",
    "'\";--",
]
PAGES = (
    "records?sync=pdq_to_netbox&key={}",
    "records?sync=pdq_to_netbox&key=a&kind={}",
    "records?sync=pdq_to_netbox&key=a&partition={}",
    "records?sync={}&key=a",
    "plans?sync={}",
    "plans/{}",
    "held?sync={}",
    "held?page={}",
    "changes?since={}",
    "changes?since=3d&sync={}",
    "changes?since=3d&field={}",
    "syncs/{}",
    "runs/{}",
)


def test_odd_addresses_are_answered_in_words(visit: Visit) -> None:
    sue = visit("sue")
    for page, odd in product(PAGES, ODD):
        sue.open(page.format(quote(odd, safe="")))
        assert sue.status < 500, (page, odd[:40], sue.status, sue.words[-300:])
        assert "<script>alert" not in sue.page
        assert "Traceback" not in sue.page
