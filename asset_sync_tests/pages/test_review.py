"""What a person reads and does on the pages, without a browser."""

import dataclasses
from collections.abc import Callable

import httpx
import pytest

from asset_sync.operations.holds import resolutions
from asset_sync.operations.plans import header
from asset_sync.operations.runs import run_sync
from asset_sync.sandbox.company import Machine
from asset_sync.sandbox.world import World
from asset_sync_tests.cli.lab import SIZE, SYNC, assets
from asset_sync_tests.pages.lab import Visitor, ended
from asset_sync_tests.pipeline import ASSETS

pytestmark = pytest.mark.slow

Visit = Callable[[str], Visitor]


def planned() -> str:
    """Make a plan that waits."""
    made = run_sync(SYNC, "review").plan
    assert made is not None
    return made.id


def test_a_plan_that_waits_is_read_approved_and_applied_each_by_whoever_may(visit: Visit, world: World) -> None:
    plan = planned()
    sue, anna, otto = visit("sue"), visit("anna"), visit("otto")
    for each in (sue, anna, otto):
        each.open("")
        assert f"{SYNC} waiting" in each.words
        assert f"Plan {plan}" in each.words
        each.open(f"plans/{plan}")
        assert f"Plan {plan} {SYNC} waiting" in each.words
    may = {
        name: [act for act in ("approve", "reject", "apply", "undo") if v.offers(act)]
        for name, v in (("sue", sue), ("anna", anna))
    }
    assert may == {"sue": [], "anna": ["approve", "reject"]}
    for who, act, role in (
        (sue, "approve", "approve"),
        (sue, "reject", "approve"),
        (otto, "approve", "approve"),
        (anna, "apply", "operate"),
        (anna, "undo", "operate"),
    ):
        token = who.page.split('name="csrf" value="')[1].split('"')[0]
        refused = who.client.post(f"plans/{plan}/{act}", data={"csrf": token})
        assert (refused.status_code, f"this needs the role &#39;{role}&#39;" in refused.text) == (403, True), act
    assert header(plan).decisions == ()

    anna.send("/reject")
    assert f"Plan {plan} is rejected by anna." in anna.words
    anna.send("/approve")
    assert f"Plan {plan} is approved by anna." in anna.words
    assert assets(world) == {}
    otto.open("")
    assert "Approved, to be applied" in otto.words
    otto.open(f"plans/{plan}")
    otto.send("/apply")
    ended(otto)
    assert "succeeded" in otto.words
    assert len(assets(world)) == SIZE
    assert [(each.by, each.approved) for each in header(plan).decisions] == [("anna", False), ("anna", True)]
    otto.open("syncs")
    assert f"{SYNC} Last run succeeded" in otto.words
    assert "mode apply" in otto.words
    otto.open("")
    assert "No plan waits for anybody." in otto.words

    otto.open(f"plans/{plan}")
    otto.send("/undo")
    assert (otto.status, "is stopped by its guards" in otto.words) == (409, True)


def test_a_plans_operations_are_found_by_what_they_say_and_lead_to_netbox(visit: Visit, world: World) -> None:
    run_sync(SYNC)
    first, *others = list(world.company)
    world.company.apply(
        put=[dataclasses.replace(first, name="RENAMED-1"), dataclasses.replace(others[0], name="<script>alert(1)</script>")]
    )
    plan = planned()
    sue = visit("sue")
    sue.open(f"plans/{plan}?kind=asset&op=update&field=name")
    assert "1 to 2 of 2" in sue.words
    assert f"name {first.name} RENAMED-1" in sue.words
    number = next(row["id"] for row in assets(world).values() if row["serial"] == first.serial)
    assert f'href="{world.environment()["NETBOX_URL"]}/plugins/inventory/assets/{number}/"' in sue.page
    assert "<script>alert" not in sue.page
    assert "<script>alert(1)</script>" in sue.words or "&lt;script&gt;alert(1)&lt;/script&gt;" in sue.page
    sue.open(f"plans/{plan}?text=renamed-1")
    assert "1 to 1 of 1" in sue.words
    sue.open(f"plans/{plan}?text=%25")
    assert "Nothing is found." in sue.words
    sue.open(f"plans/{plan}?page=99999")
    assert sue.status == 200
    rows = sue.client.get(f"plans/{plan}", headers={"HX-Request": "true", "HX-Target": "rows"})
    assert "<html" not in rows.text
    assert "RENAMED-1" in rows.text


def test_what_is_not_there_or_not_to_be_had_is_said_in_a_page(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    sue = visit("sue")
    absent = (
        "plans/nonsense",
        "plans?sync=nonsense",
        "held?sync=nonsense",
        "runs/nonsense",
        "nonsense",
        "plans/a?page=0",
        "oidc",
    )
    for path in (*absent, "held?page=0", "plans/%00"):
        sue.open(path)
        assert sue.status == (404 if path in absent else 422), path
        assert "This did not work" in sue.words
    monkeypatch.setenv("DATABASE_URL", "postgresql://pat:hunter2@127.0.0.1:9/db")
    sue.open("")
    assert (sue.status, "the database" in sue.words, "hunter2" in sue.page) == (503, True, False)
    assert httpx.get(str(sue.client.base_url).removesuffix("review/")).headers["location"] == "/review/"


def twins(world: World) -> Machine:
    """Let a run hold two machines that have one serial; return the first."""
    first, other, *_ = list(world.company)
    world.company.apply(put=[dataclasses.replace(other, serial=first.serial, asset_tag=None)])
    world.company.apply(put=[dataclasses.replace(first, asset_tag=None)])
    run_sync(SYNC)
    return first


def test_a_twin_is_decided_about_by_its_form_and_the_decision_taken_back(visit: Visit, world: World) -> None:
    first = twins(world)
    sue, anna = visit("sue"), visit("anna")
    sue.open("held")
    assert first.id in sue.words
    assert not sue.offers("/held")
    anna.open(f"held?sync={SYNC}")
    anna.send(f"/held?sync={SYNC}", source_key=first.id, verb="create")
    assert f"Held records of {SYNC}" in anna.page
    assert f"Decision 1 of anna: create asset {first.id!r} ({first.name}). The next plan of {SYNC} goes by it." in anna.words
    anna.open("decisions")
    assert first.name in anna.words
    anna.send("/decisions/1/take-back")
    assert f"Taken back by anna: create asset {first.id!r} ({first.name}). The next plan asks again." in anna.words
    assert [(each.resolution.by, each.taken_back_by) for each in resolutions()] == [("anna", "anna")]


def test_who_decides_on_a_page_that_another_decided_on_since_is_told_first(visit: Visit, world: World) -> None:
    first = twins(world)
    anna, bob = visit("anna"), visit("anna")
    anna.open("held")
    bob.open("held")
    anna.send("/held", source_key=first.id, verb="create")
    bob.send("/held", source_key=first.id, verb="ignore")
    assert (bob.status, "decision 1 came since you looked: create asset" in bob.words) == (409, True)
    assert [(each.resolution.verb, each.end) for each in resolutions()] == [("create", None)]


def test_what_is_held_tells_both_values_and_offers_nothing_that_is_decided_or_gone(visit: Visit, world: World) -> None:
    run_sync(SYNC)
    both, gone, *_ = list(world.company)
    ids = {row["serial"]: number for number, row in assets(world).items()}
    world.netbox.patch(ASSETS, ids[both.serial], {"name": "OF-PAT"})
    world.netbox.delete(ASSETS, ids[gone.serial])
    world.company.apply(put=[dataclasses.replace(both, name="RENAMED-1")])
    run_sync(SYNC)
    anna = visit("anna")
    anna.open("held")
    assert f"name OF-PAT RENAMED-1 {both.name}" in anna.words
    assert "Make it again" in anna.words
    assert "It is #" not in anna.words, "nothing is that object any more"
    anna.send("/held", source_key=both.id, verb="keep_target", field="name")
    assert f"Decision 1 of anna: keep-target name of asset {both.id!r}" in anna.words
    assert f"keep-target name of asset {both.id!r} (RENAMED-1), decided by anna on " in anna.words
    assert "Keep what the target has" not in anna.words
    anna.send("/decisions/1/take-back")
    assert "Taken back by anna: keep-target name" in anna.words
    assert "Keep what the target has" in anna.words
