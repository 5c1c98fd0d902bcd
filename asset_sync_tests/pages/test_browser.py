"""The pages in a real browser: by keyboard, on a phone, without JavaScript, by a screen reader, with names that are code."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, expect

from asset_sync.operations.plans import header
from asset_sync.operations.runs import run_sync
from asset_sync.sandbox.world import World
from asset_sync_tests.cli.lab import SIZE, SYNC, assets
from asset_sync_tests.pages.browser import PHONE, Person, browser

__all__ = ["browser"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
NASTY = '<script>alert(1)</script><img src=x onerror="alert(2)">'
PATHS = ("", "plans", "held", "decisions", "changes", "records", "syncs", f"syncs/{SYNC}")

Come = Callable[..., Person]


@pytest.fixture
def come(browser: Browser, service: str) -> Iterator[Come]:
    """Let somebody come, signed in; what the browser complains of at them fails the test."""
    came: list[Person] = []

    def person(name: str, **how: Any) -> Person:
        found = Person(browser, service, **how)
        came.append(found)
        found.sign_in(name)
        return found

    yield person
    for each in came:
        each.context.close()
    assert [complaint for each in came for complaint in each.complaints] == []


def planned() -> str:
    """Make a plan that waits."""
    made = run_sync(SYNC, "review").plan
    assert made is not None
    return made.id


def twins(world: World) -> tuple[str, str]:
    """Give two machines one serial; return their ids."""
    first, other, *_ = list(world.company)
    world.company.apply(put=[dataclasses.replace(other, serial=first.serial, asset_tag=None)])
    world.company.apply(put=[dataclasses.replace(first, asset_tag=None)])
    return first.id, other.id


def of(person: Person, record: str) -> Locator:
    """Return what the page has about a record."""
    return person.page.get_by_role("article").filter(has=person.page.locator("code", has_text=record))


def test_each_role_does_what_it_may_and_a_run_is_followed_on_the_page(come: Come, world: World) -> None:
    plan = planned()
    offered = {}
    people = {name: come(name) for name in ("sue", "anna", "otto")}
    for name, person in people.items():
        person.page.get_by_role("link", name=SYNC).click()
        expect(person.page.get_by_role("heading", level=1)).to_have_text(f"Plan {plan}")
        offered[name] = {act for act in ("Approve all", "Reject", "Apply") if person.offers(act)}
    assert offered == {"sue": set(), "anna": {"Approve all", "Reject"}, "otto": set()}
    people["anna"].press("Approve all")
    expect(people["anna"].page.get_by_role("status").first).to_have_text(f"Plan {plan} is approved by anna.")
    assert people["anna"].offers("Apply") is False
    otto = people["otto"]
    otto.page.reload()
    otto.press("Apply")
    # No page is loaded any more: a part of this one is.
    expect(otto.page.get_by_text("succeeded")).to_be_visible(timeout=120_000)
    assert len(assets(world)) == SIZE
    assert [each.by for each in header(plan).decisions] == ["anna"]


def test_two_rows_are_left_out_the_rest_is_applied_and_the_next_plan_knows(come: Come, world: World) -> None:
    run_sync(SYNC)
    before = assets(world)
    machines = list(world.company)[:5]
    world.company.apply(put=[dataclasses.replace(each, name=f"RENAMED-{n}") for n, each in enumerate(machines)])
    plan = planned()
    anna, otto = come("anna"), come("otto")
    anna.open(f"plans/{plan}")
    left = {machines[1].serial, machines[3].serial}
    names = {str(row["serial"]): row["name"] for row in before.values()}
    for number in (1, 3):
        anna.page.locator("tbody").filter(has_text=f"RENAMED-{number}").get_by_role("checkbox").check()
    anna.press("Approve all but the ticked")
    expect(anna.page.get_by_role("status").first).to_contain_text(f"is approved by anna, in the place of plan {plan}.")
    otto.page.goto(anna.page.url)
    otto.press("Apply")
    expect(otto.page.get_by_text("succeeded")).to_be_visible(timeout=120_000)
    now = {str(row["serial"]): row["name"] for row in assets(world).values()}
    renamed = {each.serial: f"RENAMED-{n}" for n, each in enumerate(machines) if each.serial not in left}
    assert {serial: name for serial, name in now.items() if name != names[serial]} == renamed
    again = run_sync(SYNC, "review").plan
    assert again is not None
    assert not any(again.counts.values())


def test_a_twin_is_resolved_by_click_and_gone_in_the_next_plan(come: Come, world: World) -> None:
    first, other = twins(world)
    run_sync(SYNC)
    anna = come("anna")
    anna.page.get_by_role("link", name="Held").click()
    expect(anna.page.get_by_role("article")).to_have_count(2)
    of(anna, first).get_by_role("button", name="It is a new one: create").click()
    expect(anna.page.get_by_role("status").first).to_contain_text(f"Decision 1 of anna: create asset '{first}'")
    of(anna, other).get_by_role("button", name="Ignore until it changes").click()
    run_sync(SYNC)
    anna.open("held")
    expect(anna.page.get_by_role("article")).to_have_count(1)
    expect(anna.page.get_by_role("article")).to_contain_text("ignored")
    assert len(assets(world)) == SIZE - 1
    anna.page.get_by_role("link", name="Decisions").click()
    anna.press("Take back decision 2")
    run_sync(SYNC)
    anna.open("held")
    expect(anna.page.get_by_role("article")).to_contain_text("is also on")


def test_names_are_text_filters_work_and_everything_is_read_on_a_phone_and_without_javascript(come: Come, world: World) -> None:
    twins(world)
    *_, machine = list(world.company)
    world.company.apply(put=[dataclasses.replace(machine, name=NASTY)])
    plan = planned()
    sue = come("sue")
    sue.open(f"plans/{plan}")
    expect(sue.page.get_by_text(NASTY).first).to_be_visible()
    sue.page.get_by_label("Kind").select_option("manufacturer")
    expect(sue.page.get_by_text(NASTY)).to_have_count(0)
    assert "kind=manufacturer" in sue.page.url
    sue.page.go_back()
    expect(sue.page.get_by_text(NASTY).first).to_be_visible()

    phone = come("anna", viewport=PHONE, has_touch=True)
    for path in (*PATHS, f"plans/{plan}", f"records?sync={SYNC}&key={machine.id}"):
        phone.open(path)
        wide = phone.page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{path} is {wide} pixels wider than a phone"

    plain = come("anna", java_script_enabled=False)
    plain.open(f"plans/{plan}")
    plain.page.get_by_label("Operation", exact=True).select_option("create")
    plain.page.get_by_label("Text").fill("alert(1)")
    plain.press("Filter")
    expect(plain.page.get_by_text("1 to 1 of 1")).to_be_visible()
    plain.press("Reject")
    expect(plain.page.get_by_role("status").first).to_have_text(f"Plan {plan} is rejected by anna.")


def test_a_record_and_an_undo_are_reached_by_the_keyboard_and_without_javascript(come: Come, world: World) -> None:
    run_sync(SYNC)
    machine = next(iter(world.company))
    sue = come("sue")
    sue.open("records")
    sue.page.get_by_label("Sync").focus()
    sue.page.keyboard.type(SYNC)
    sue.page.keyboard.press("Tab")
    sue.page.keyboard.type(machine.id)
    sue.page.keyboard.press("Enter")
    expect(sue.page.get_by_role("heading", level=1)).to_have_text(f"asset {machine.name}")

    plain = come("otto", java_script_enabled=False)
    plain.page.get_by_role("link", name="Syncs").click()
    plain.page.get_by_role("link", name=SYNC, exact=True).click()
    plain.page.get_by_text("Undo", exact=True).last.focus()
    plain.page.keyboard.press("Enter")
    expect(plain.page.get_by_role("button", name="Take it back")).to_be_visible()
    plain.page.get_by_role("link", name="Changes", exact=True).click()
    plain.page.get_by_label("Field").fill("serial")
    plain.press("Show")
    expect(plain.page.get_by_role("link", name=machine.name, exact=True)).to_be_visible()


def test_a_screen_reader_finds_its_way_in_light_and_dark(come: Come, world: World) -> None:
    first, _other = twins(world)
    run_sync(SYNC)
    plan = planned()
    for scheme in ("light", "dark"):
        root = come("root", color_scheme=scheme)
        for path in (*PATHS, f"plans/{plan}", f"records?sync={SYNC}&key={first}", "plans/nonsense"):
            root.open(path)
            found = Axe().run(root.page)
            assert found.violations_count == 0, f"{path} in {scheme}: {found.generate_report()}"
        root.complaints = [told for told in root.complaints if "404" not in told]


def test_the_page_of_the_rest_service_shows_every_path_and_breaks_over_nothing(browser: Browser, service: str) -> None:
    person = Person(browser, service)
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.page.goto("/docs")
    expect(person.page.get_by_role("heading", name="asset_sync")).to_be_visible()
    paths = httpx.get(f"{service}/openapi.json").json()["paths"]
    expect(person.page.locator(".opblock")).to_have_count(sum(len(methods) for methods in paths.values()))
    person.page.get_by_role("button", name="POST /sync/{name}").first.click()
    expect(person.page.get_by_role("heading", name="Request body").first).to_be_visible()
    assert [url for url in asked if not url.startswith((service, "data:"))] == []
    assert person.complaints == []
    person.context.close()
