"""The changes page, held against what was done to NetBox's simulator and to the ledger."""

import dataclasses
import re
from collections.abc import Callable
from html import unescape

import pytest

from asset_sync.operations.plans import approve
from asset_sync.operations.runs import run_sync
from asset_sync.pages.filters import PAGE
from asset_sync.sandbox.world import World
from asset_sync_tests.cli.lab import SIZE, SYNC, assets
from asset_sync_tests.pages.lab import Visitor

pytestmark = pytest.mark.slow

Visit = Callable[[str], Visitor]


def rows(visitor: Visitor) -> list[str]:
    """Return the rows of the last table of the page, each on one line."""
    table = visitor.page.rsplit("<tbody>", 1)[1].split("</tbody>")[0]
    return [" ".join(unescape(re.sub(r"<[^>]*>", " ", each)).split()) for each in table.split("</tr>")[:-1]]


def test_what_was_written_is_counted_and_read_by_pages_and_leads_on(visit: Visit, world: World) -> None:
    sue = visit("sue")
    sue.open("changes")
    assert "nothing was written, and nobody decided anything" in sue.words
    run_sync(SYNC)
    first = next(iter(world.company))
    world.company.apply(put=[dataclasses.replace(first, name="RENAMED-1")])
    plan = run_sync(SYNC, "review").plan
    assert plan is not None
    approve(plan.id, "anna")

    sue.open("changes?field=serial")
    assert f"{SYNC} asset serial create {SIZE} {SIZE}" in sue.words
    assert len(rows(sue)) == SIZE
    sue.open("changes")
    assert len(rows(sue)) == PAGE
    assert rows(sue)[0].endswith(f"decision approved anna plan {plan.id[:8]}")
    seen, pages = rows(sue), 1
    while 'rel="next"' in sue.page:
        sue.open(unescape(sue.page.split('rel="next" href="/review/')[1].split('"')[0]))
        seen += rows(sue)
        pages += 1
    counted = [int(each) for each in re.findall(r'data-of="Values">(\d+)<', sue.page)]
    assert (len(seen), pages) == (sum(counted), -(-sum(counted) // PAGE))

    number = next(number for number, row in assets(world).items() if row["serial"] == first.serial)
    sue.open(f"changes?since=1h&sync={SYNC}&kind=asset&field=serial&page=1")
    (own,) = [each for each in rows(sue) if f"asset {first.name} #{number} " in each]
    assert f"serial {first.serial} plan " in own
    assert f'href="{world.environment()["NETBOX_URL"]}/plugins/inventory/assets/{number}/"' in sue.page
    sue.open(f"records?sync={SYNC}&kind=asset&key={first.id}")
    assert sue.status == 200
    assert f"records?sync={SYNC}&amp;kind=asset&amp;key={first.id}" in sue.open("changes?field=serial")


def test_what_is_no_moment_or_is_not_there_is_one_line(visit: Visit) -> None:
    sue = visit("sue")
    for query, status, word in (
        ("since=yesterday", 422, "'yesterday' is no moment: write a date"),
        ("since=0001-01-01T00:00%2B05:00", 422, "is no moment"),
        ("sync=nothing", 404, "no sync 'nothing'"),
        ("kind=beamer", 404, "no sync has a kind 'beamer'"),
        ("field=colour", 404, "no sync has a field 'colour'"),
        ("page=0", 422, "page"),
        ("kind=%00", 422, "NUL"),
    ):
        sue.open(f"changes?{query}")
        told = [unescape(each) for each in re.findall(r'<p class="warning" role="alert">(.*)</p>', sue.page)]
        assert (sue.status, len(told), word.lower() in told[0].lower()) == (status, 1, True), told
    sue.open("changes?since=0002-01-01&sync=&kind=&field=")
    assert sue.status == 200
