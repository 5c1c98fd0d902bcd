"""A record's page, held against the source's machine, the target's object and the ledger."""

import dataclasses
import re
from collections.abc import Callable
from html import unescape

import pytest

from asset_sync.operations.plans import header, plans
from asset_sync.operations.runs import run_sync
from asset_sync.sandbox.world import World
from asset_sync_tests.cli.lab import SYNC, assets
from asset_sync_tests.pages.lab import Visitor

pytestmark = pytest.mark.slow

Visit = Callable[[str], Visitor]
NASTY = "<script>alert(1)</script> & Söhne/1"


def leading_to(visitor: Visitor, record: str) -> list[str]:
    """Return the addresses of the record's page that the page has."""
    found = [unescape(each) for each in re.findall(r'href="/review/(records\?[^"]*)"', visitor.page)]
    return [each for each in found if each.endswith(f"key={record}")]


def test_a_record_is_explained_from_its_row_to_every_plan_that_touched_it(visit: Visit, world: World) -> None:
    first, quiet, twin, other, *_ = list(world.company)
    created = run_sync(SYNC).plan
    world.company.apply(put=[dataclasses.replace(first, name=NASTY)])
    world.company.apply(put=[dataclasses.replace(other, serial=twin.serial, asset_tag=None)])
    renamed = run_sync(SYNC).plan
    assert created is not None
    assert renamed is not None
    number, row = next(each for each in assets(world).items() if each[1]["serial"] == first.serial)
    assert row["name"] == NASTY

    sue = visit("sue")
    sue.open(f"plans/{renamed.id}?kind=asset&field=name")
    sue.open(leading_to(sue, first.id)[0])
    assert sue.status == 200
    assert "<script>alert" not in sue.page
    for told in (
        f"asset {NASTY} – asset_sync",
        f"updated asset #{number} of the target",
        f"serialNumber {first.serial}",
        f"name {NASTY} from name name {NASTY}",
        f"serial {first.serial} from serialNumber, transform serial",
        f"It is #{number} , matched by link.",
        f"name {NASTY} {first.name} {first.name} shared written: the source says otherwise",
        f"name {first.name} {NASTY}",
        "Nobody decided anything about it.",
        f"plan {created.id} of {SYNC}, normal",
    ):
        assert told in sue.words, told
    assert f'href="{world.environment()["NETBOX_URL"]}/plugins/inventory/assets/{number}/"' in sue.page
    touched = re.findall(r'<th scope="row"><a href="/review/plans/(\w+)"', sue.page)
    assert touched == [renamed.id, created.id] == [plan.id for plan in plans(SYNC, 10)]
    assert header(renamed.id).run_id[:8] in sue.words

    sue.open(f"records?sync={SYNC}&key=%23{number}")
    assert f"asset {NASTY} – asset_sync" in sue.words
    sue.open(f"records?sync={SYNC}&key={quiet.id}")
    assert "unchanged" in sue.words
    assert "None: the plan has nothing to do for it." in sue.words

    sue.open("held")
    held = leading_to(sue, other.id)
    sue.open(held[0])
    assert f"Held: serial {twin.serial!r} would stand on 2 objects: it is also on {twin.id} ({twin.name})" in sue.words
    assert f'href="/review/held?sync={SYNC}"' in sue.page


def test_a_record_is_asked_for_by_a_form_and_what_there_is_not_is_one_line(visit: Visit, world: World) -> None:
    sue = visit("sue")
    early = sue.open(f"records?sync={SYNC}&key=x")
    assert (sue.status, "has made no plan yet" in early) == (409, True)
    run_sync(SYNC, "dry_run")
    machine = next(iter(world.company))
    sue.open("records")
    assert f"<option>{SYNC}</option>" in sue.page
    assert 'action="/review/records"' in sue.page
    sue.open(f"records?sync={SYNC}&key={machine.name}&kind=&partition=")
    assert f"asset {machine.name} – asset_sync" in sue.words
    assert "to be written, and not applied" in sue.words
    for asked, word in (
        (f"sync={SYNC}&key=nobody", f": {SYNC} knows no record 'nobody'"),
        ("sync=nothing&key=x", ": there is no sync 'nothing'"),
        (f"sync={SYNC}&key={machine.id}&kind=beamer", "has no kind 'beamer'"),
        (f"sync={SYNC}&key={machine.id}&partition=x", "has no connections"),
    ):
        sue.open(f"records?{asked}")
        told = re.findall(r'<p class="warning" role="alert">(.*)</p>', sue.page)
        assert (sue.status, len(told), word in unescape(told[0])) == (404, 1, True), told
