"""What is held and what people decide about it, by the command line, on a simulated NetBox and a real PostgreSQL."""

import dataclasses
import json
import os
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from asset_sync.cli.main import main
from asset_sync.components.resources import open_ledger
from asset_sync.ledger.holds import Held
from asset_sync.operations import holds
from asset_sync.operations.definitions import declared
from asset_sync.reconcile.resolutions import Resolutions
from asset_sync.sandbox.world import World
from asset_sync_tests.cli.lab import SYNC
from asset_sync_tests.pipeline import ASSETS
from asset_sync_tests.reconcile.worlds import KINDS, NOW, link, links


def asked(*words: str, status: int = 0) -> str:
    done = CliRunner().invoke(main, words)
    assert done.exit_code == status, done.output
    return done.output


def held() -> list[dict[str, Any]]:
    return list(json.loads(asked("held", SYNC, "--json")))


@pytest.mark.parametrize(
    ("link_set", "record", "candidates", "commands"),
    [
        (SYNC, "7", ("17",), [f"asset-sync resolve link {SYNC} asset 7 17"]),
        (f"{SYNC}/main", "a b", ("17",), [f"asset-sync resolve link {SYNC} asset 'a b' 17 --partition main"]),
        (f"{SYNC}/main", "-a", ("17",), [f"asset-sync resolve link --partition main -- {SYNC} asset -a 17"]),
        (SYNC, "7", ("17", "18"), [f"asset-sync resolve link {SYNC} asset 7 {each}" for each in (17, 18)]),
        (SYNC, "7", (), []),
    ],
)
def test_each_object_that_a_record_may_be_comes_with_the_command_that_says_so(
    link_set: str, record: str, candidates: tuple[str, ...], commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Held(SYNC, link_set, "plan", "asset", record, None, None, (), candidates, "why", NOW, waits=False, ignored=False)
    others = [replace(one, waits=True), replace(one, ignored=True)]
    monkeypatch.setattr(holds, "held", lambda _: [one, *others])
    monkeypatch.setattr(holds, "gone_of", lambda _: ())
    said = asked("held")
    assert [line.strip() for line in said.splitlines() if "resolve link" in line] == commands
    assert ("If it is none of them" in said) == bool(commands)


@pytest.mark.parametrize("record", ["it's \x1b[2J \\n", "a\rb\x850", "\u202e1 $HOME", "plain `x`", "*", ""])
def test_a_command_that_is_printed_names_the_record_to_a_shell(record: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Held(SYNC, SYNC, "plan", "asset", record, None, None, (), ("17",), "why", NOW, waits=False, ignored=False)
    monkeypatch.setattr(holds, "held", lambda _: [one])
    monkeypatch.setattr(holds, "gone_of", lambda _: ())
    (command,) = [line.strip() for line in asked("held").splitlines() if "resolve link" in line]
    told = command.replace("asset-sync", "printf '%s|'", 1)
    words = {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
    shell = subprocess.run(["bash", "-c", told], capture_output=True, check=True, env=words)
    assert shell.stdout.decode().split("|")[:-1] == ["resolve", "link", SYNC, "asset", record, "17"]


@pytest.mark.slow
def test_a_held_record_is_listed_decided_about_and_the_decision_taken_back(world: World) -> None:
    first, other, *_ = list(world.company)
    world.company.apply(put=[dataclasses.replace(other, serial=first.serial, asset_tag=None)])
    world.company.apply(put=[dataclasses.replace(first, asset_tag=None)])
    asked("run", SYNC)
    both = held()
    assert {each["source_key"] for each in both} == {first.id, other.id}
    assert all("is also on" in each["why"] and not each["waits"] and not each["ignored"] for each in both)
    asked("run", SYNC)
    assert [each["since"] for each in held()] == [each["since"] for each in both], "since when it is held does not move"

    assert "Decision 1 of anna" in asked("resolve", "create", SYNC, "asset", first.id, "--by", "anna")
    asked("resolve", "ignore", SYNC, "asset", other.id, "--by", "anna", "--until-changed")
    asked("run", SYNC)
    assert len(world.netbox.objects("plugins/inventory/assets")) == len(list(world.company)) - 1
    assert [(each["ignored"], each["why"].split(" on ")[0]) for each in held()] == [(True, "ignored: decided by anna")]
    assert held()[0]["why"].endswith(", until it changes")
    told = asked("held", SYNC)
    assert (
        told.index("Nothing is held that asks for a decision.")
        < told.index("Left alone, as somebody decided:")
        < told.index(other.id)
    )
    assert told.rstrip().endswith("To ask about it again:\n  asset-sync resolve take-back 2")

    assert "Taken back by bob" in asked("resolve", "take-back", "2", "2", "--by", "bob")
    asked("run", SYNC)
    assert "is also on" in held()[0]["why"]
    assert [line["taken_back_by"] for line in json.loads(asked("resolve", "list", "--json"))] == ["bob", None]
    assert f"{other.id} ({other.name})" in asked("resolve", "list"), "a person knows a machine by its name"


@pytest.mark.slow
def test_a_plan_tells_the_decisions_that_it_goes_by_also_where_it_has_no_row_of_them(world: World) -> None:
    asked("run", SYNC)
    record = next(iter(world.company))
    before = json.loads(asked("plans", "--json", "--limit", "1"))[0]["id"]
    asked("resolve", "keep-target", SYNC, "asset", record.id, "name", "--by", "anna")
    asked("resolve", "keep-target", SYNC, "asset", record.id, "serial", "--by", "bob")
    asked("resolve", "take-back", "2")
    asked("run", SYNC)
    told = asked("show", json.loads(asked("plans", "--json", "--limit", "1"))[0]["id"])
    assert "It goes by these decisions:" in told
    assert f"1: keep-target name of asset '{record.id}' ({record.name}), decided by anna on " in told
    assert "bob" not in told
    assert "decisions" not in asked("show", before), "those that came later are not what it went by"

    asked("resolve", "ignore", SYNC, "asset", record.id, "--until-changed", "--by", "anna")
    asked("run", SYNC)
    world.company.apply(put=[dataclasses.replace(record, serial="SN-NEW-1")])
    asked("run", SYNC)
    told = asked("show", json.loads(asked("plans", "--json", "--limit", "1"))[0]["id"])
    assert "keep-target name" in told
    assert "until it changes" not in told, "it did"


@pytest.mark.slow
def test_the_history_of_a_decision_says_nothing_where_there_is_nothing(world: World) -> None:
    asked("run", SYNC)
    (stored, *_) = world.netbox.objects(ASSETS)
    write = json.loads(asked("history", "asset", str(stored["id"]), "--json"))["writes"][0]
    asked("resolve", "ignore", SYNC, "asset", write["source_key"], "--by", "anna")
    decided = asked("history", "asset", str(stored["id"])).splitlines()[1]
    assert decided.split()[2:] == [SYNC, "ignore", "by", "anna", write["source_key"]]


def test_a_decision_says_in_the_place_of_what_it_comes(world: World) -> None:
    asked("run", SYNC)
    machine = next(iter(world.company)).id
    asked("resolve", "keep-target", SYNC, "asset", machine, "name", "--by", "anna")
    told = asked("resolve", "take-source", SYNC, "asset", machine, "name", "--by", "bob")
    assert "It comes in the place of decision 1 (keep-target name of asset " in told
    assert ", decided by anna on " in told
    assert "place" not in asked("resolve", "keep-target", SYNC, "asset", machine, "serial")
    assert "replaced by decision 2 of bob, " in asked("resolve", "list")
    asked("resolve", "take-back", "2", "--by", "eve")
    assert [each["replaced_by"] for each in json.loads(asked("resolve", "list", "--json"))] == [None, None, 2]
    assert "1: keep-target name, by anna" in (told := asked("explain", SYNC, machine))
    assert ", replaced by decision 2 of bob, " in told
    assert ", taken back by eve, " in told


@pytest.mark.slow
def test_what_cannot_be_decided_is_said_in_a_line(world: World) -> None:
    asked("run", SYNC)
    assert "knows no asset 'nobody'" in asked("resolve", "create", SYNC, "asset", "nobody", status=1)
    assert "has no kind 'beamer'" in asked("resolve", "create", SYNC, "beamer", "x", status=1)
    machine = next(iter(world.company)).id
    told = asked("resolve", "create", SYNC, "asset", machine, status=1)
    assert f"by its link: say first that it is not: asset-sync resolve never-link {SYNC} asset {machine} " in told
    assert "writes no field 'rom'" in asked("resolve", "keep-target", SYNC, "asset", machine, "rom", status=1)
    assert "no decision 7" in asked("resolve", "take-back", "7", status=1)
    assert "so nothing is held" in asked("held", "snipeit_to_postgres", status=1)
    assert "takes an object" in asked("resolve", "link", SYNC, "asset", machine, " #", status=1)
    assert "names nobody" in asked("resolve", "create", SYNC, "asset", machine, "--by", " ", status=2)
    assert "names nobody" in asked("resolve", "create", SYNC, "asset", machine, "--by", "\udcff", status=2)
    assert "not in the range" in asked("resolve", "take-back", str(10**20), status=2)
    assert "'abc' is no number of a decision" in asked("resolve", "take-back", "abc", status=2)
    assert "'\\udcff' is no text" in asked("show", "\udcff", status=2)
    assert not json.loads(asked("resolve", "list", "--json")), "nothing of it is kept"
    told = asked("resolve", "ignore", SYNC, "asset", machine, "--until-changed")
    assert f"ignore asset {machine!r} ({next(iter(world.company)).name}) until it changes. " in told


@pytest.mark.slow
def test_an_object_that_a_person_deleted_is_held_until_it_is_decided(world: World) -> None:
    asked("run", SYNC)
    gone, left, *_ = sorted(world.netbox.objects(ASSETS), key=lambda row: row["id"])
    world.netbox.delete(ASSETS, gone["id"])
    world.netbox.delete(ASSETS, left["id"])
    count = len(world.netbox.objects(ASSETS))
    asked("run", SYNC)
    assert len(world.netbox.objects(ASSETS)) == count, "nothing is made again without a word"
    both = {each["candidates"][0]: each for each in held()}
    assert both.keys() == {str(gone["id"]), str(left["id"])}
    told = [line.strip() for line in asked("held", SYNC).splitlines() if "asset-sync resolve " in line and "--help" not in line]
    ways = {
        f"asset-sync resolve {verb} {SYNC} asset {each['source_key']}"
        for each in both.values()
        for verb in ("create", "ignore")
    }
    assert set(told) == ways, "it cannot be an object that is gone"
    why = both[str(gone["id"])]["why"]
    assert f"asset #{gone['id']} (" in why
    assert "was deleted in NetBox by pat on " in why

    asked("resolve", "create", SYNC, "asset", both[str(gone["id"])]["source_key"], "--by", "anna")
    asked("resolve", "ignore", SYNC, "asset", both[str(left["id"])]["source_key"], "--by", "anna")
    asked("run", SYNC)
    serials = {row["serial"]: row["id"] for row in world.netbox.objects(ASSETS)}
    assert gone["serial"] in serials
    assert left["serial"] not in serials
    assert [each["ignored"] for each in held()] == [True]

    world.netbox.delete(ASSETS, serials[gone["serial"]])
    asked("run", SYNC)
    assert len(world.netbox.objects(ASSETS)) == count, "the decision was about the one before"


@pytest.mark.slow
def test_what_a_person_linked_and_another_deleted_is_made_again_where_that_is_decided(world: World) -> None:
    asked("run", SYNC)
    machine = next(iter(world.company))
    linked = next(row["id"] for row in world.netbox.objects(ASSETS) if row["serial"] == machine.serial)
    asked("resolve", "link", SYNC, "asset", machine.id, str(linked))
    asked("run", SYNC)
    world.netbox.delete(ASSETS, linked)
    asked("run", SYNC)
    assert "decide whether it is made again (create) or left alone (ignore)" in held()[0]["why"]
    asked("resolve", "create", SYNC, "asset", machine.id)
    asked("run", SYNC)
    assert held() == []
    assert [row["serial"] for row in world.netbox.objects(ASSETS)].count(machine.serial) == 1


@pytest.mark.slow
def test_an_undo_tells_the_decisions_that_the_next_run_goes_by_all_the_same(world: World) -> None:
    asked("run", SYNC)
    machine, other, *_ = list(world.company)
    for each in (machine, other):
        asked("resolve", "keep-target", SYNC, "asset", each.id, "serial", "--by", "anna")
    world.company.apply(put=[dataclasses.replace(machine, name="RENAMED-1")])
    asked("run", SYNC)
    told = asked("undo", json.loads(asked("plans", "--json", "--limit", "1"))[0]["id"])
    assert "An undo takes no decision back. The next run goes by these all the same:" in told
    assert f"  1: keep-target serial of asset {machine.id!r} ({machine.name}), decided by anna on " in told
    assert other.id not in told
    assert told.index("To take one back: asset-sync resolve take-back NUMBER") < told.index("came back")


@pytest.mark.slow
def test_an_object_is_named_as_it_is_shown(world: World) -> None:
    asked("run", SYNC)
    machine, linked = next(iter(world.company)), {row["serial"]: row for row in world.netbox.objects(ASSETS)}
    asked("resolve", "link", SYNC, "asset", machine.id, f"#{linked[machine.serial]['id']}")
    asked("run", SYNC)
    assert machine.id not in {each["source_key"] for each in held()}


def test_an_object_that_another_record_is_is_no_candidate(world: World) -> None:
    asked("run", SYNC)
    machine, other, *_ = list(world.company)
    theirs = next(row["id"] for row in world.netbox.objects(ASSETS) if row["serial"] == other.serial)
    link = ("resolve", "link", SYNC, "asset", machine.id, str(theirs))
    told = asked(*link, status=1)
    never = ("resolve", "never-link", SYNC, "asset", other.id, str(theirs))
    assert f"asset #{theirs} is {other.id!r} by its link: say first that it is not: asset-sync {' '.join(never)}" in told
    asked(*never)
    assert "link" in asked(*link)
    told = asked("resolve", "link", SYNC, "asset", other.id, str(theirs), status=1)
    assert f"asset #{theirs} is {machine.id!r} by a decision: say first that it is not: " in told


def test_a_planned_record_may_be_decided_about_whatever_was_decided_since(world: World) -> None:
    asked("plan", SYNC)
    machine, other, *_ = list(world.company)
    asked("resolve", "ignore", SYNC, "asset", machine.id)
    asked("resolve", "ignore", SYNC, "asset", other.name)
    assert "stale" in asked("plans")
    asked("resolve", "take-back", "1")
    asked("resolve", "ignore", SYNC, "asset", machine.id, "--until-changed")


@pytest.mark.slow
def test_what_cannot_be_made_until_the_source_is_mended_may_be_left_alone_as_long(world: World) -> None:
    machine = next(each for each in world.company if each.manufacturer and "dell" in each.manufacturer.lower())
    world.company.apply(put=[dataclasses.replace(machine, model=f"Elite {'Notebook ' * 20}")])
    asked("run", SYNC)
    told = asked("held", SYNC)
    (way,) = [shlex.split(line)[1:] for line in told.splitlines() if "--until-changed" in line]
    for kind, record, why in (
        ("inventory_item_type", way[4], "is to be made as it is, but for this: "),
        ("asset", machine.id, "waits"),
    ):
        assert why in asked("resolve", "create", SYNC, kind, record, status=1)
    asked(*way)
    asked("run", SYNC)
    assert "Nothing is held that asks for a decision." in asked("held", SYNC)


@pytest.mark.slow
def test_an_object_that_is_not_there_is_refused_with_what_to_do_about_it(world: World) -> None:
    machine = next(iter(world.company)).id
    asked("run", SYNC)
    deleted = next(row["id"] for row in world.netbox.objects(ASSETS) if row["serial"] != next(iter(world.company)).serial)
    world.netbox.delete(ASSETS, deleted)
    asked("run", SYNC)
    for absent in ("abc", "99999", f"#{deleted}"):
        for verb in ("link", "never-link"):
            told = asked("resolve", verb, SYNC, "asset", machine, absent, status=1)
            assert f"there is no asset #{absent.lstrip('#')} in NetBox as it was read last, " in told
            assert f"if it was made since, read it (asset-sync run {SYNC} --mode dry-run), then decide" in told
    maker = open_ledger().links(SYNC, declared(SYNC).kinds, {})["manufacturer"].iloc[0]
    told = asked("resolve", "never-link", SYNC, "manufacturer", maker["source_key"], "99999", status=1)
    assert "there is no manufacturer #99999 in NetBox" in told
    assert not json.loads(asked("resolve", "list", "--json")), "nothing of it is kept"

    like = next(iter(world.netbox.objects(ASSETS)))
    pats = {"name": "of pat", "status": "used", "inventoryitem_type": like["inventoryitem_type"]}
    made = world.netbox.create(ASSETS, pats)["id"]
    assert f"no asset #{made} in NetBox" in asked("resolve", "never-link", SYNC, "asset", machine, str(made), status=1)
    asked("run", SYNC, "--mode", "dry-run")
    asked("resolve", "never-link", SYNC, "asset", machine, str(made))


@pytest.mark.slow
def test_a_conflict_tells_its_values_and_what_was_decided_about_it_since(world: World) -> None:
    asked("run", SYNC)
    machine = next(iter(world.company))
    number = next(row["id"] for row in world.netbox.objects(ASSETS) if row["serial"] == machine.serial)
    world.netbox.patch(ASSETS, number, {"name": f"PATS-{'X' * 70}"})
    world.company.apply(put=[dataclasses.replace(machine, name="RENAMED-1")])
    asked("run", SYNC)
    (found,) = held()
    sides = {
        "field": "name",
        "target": f"PATS-{'X' * 70}",
        "source": "RENAMED-1",
        "applied_last": machine.name,
        "is_applied": True,
    }
    assert (found["values"], found["decided"]) == ([sides], [])
    told = asked("held", SYNC)
    assert all(
        words in told
        for words in ("name:", f"target 'PATS-{'X' * 33}…", "source 'RENAMED-1'", f"applied last {machine.name!r}")
    )

    ways = [shlex.split(line)[1:] for line in told.splitlines() if line.startswith("  asset-sync resolve ")]
    assert ways == [["resolve", verb, SYNC, "asset", machine.id, "name"] for verb in ("keep-target", "take-source")]
    asked(*ways[0], "--by", "anna")
    (decision,) = held()[0]["decided"]
    assert (decision["number"], decision["verb"], decision["field"], decision["by"]) == (1, "keep_target", "name", "anna")
    told = " ".join(asked("held", SYNC).split())
    assert told.startswith("Nothing is held that asks for a decision. Decided since the plan that holds them:")
    assert "decided by anna" in told
    assert "resolve --help" not in told
    asked("run", SYNC)
    assert held() == []


@pytest.mark.slow
def test_a_value_that_two_records_say_is_not_taken_from_either_and_the_field_may_stay(world: World) -> None:
    asked("run", SYNC)
    first, other, *_ = (machine for machine in world.company if machine.asset_tag)
    world.company.apply(put=[dataclasses.replace(other, asset_tag=first.asset_tag)])
    asked("run", SYNC)
    (found,) = held()
    assert "would stand on 2 objects" in found["why"]
    told = asked("held", SYNC)
    ways = [shlex.split(line)[1:] for line in told.splitlines() if line.startswith("  asset-sync resolve ")]
    assert ways == [["resolve", "keep-target", SYNC, "asset", other.id, "asset_tag"]]
    told = asked("resolve", "take-source", *ways[0][2:], status=1)
    assert f"asset_tag of asset {other.id!r} cannot be what the source says: asset tag " in told
    assert told.rstrip().endswith(f"asset-sync {shlex.join(ways[0])}")
    asked(*ways[0])
    asked("run", SYNC)
    assert held() == []
    assert {row["asset_tag"] for row in world.netbox.objects(ASSETS)} >= {first.asset_tag, other.asset_tag}


@pytest.mark.slow
def test_a_record_is_named_as_runs_print_it_where_it_alone_is_called_so(world: World) -> None:
    first, other, *_ = list(world.company)
    asked("run", SYNC)
    assert f"keep-target name of asset {first.id!r} ({first.name})." in asked(
        "resolve", "keep-target", SYNC, "asset", first.name, "name"
    )
    world.company.apply(put=[dataclasses.replace(first, name="RENAMED-1"), dataclasses.replace(other, name=first.name)])
    asked("run", SYNC)
    told = asked("resolve", "keep-target", SYNC, "asset", first.name, "name", status=1)
    keys = ", ".join(map(repr, sorted([first.id, other.id])))
    assert f"{first.name!r} may be asset {keys}: name one by its key" in told


@pytest.mark.slow
def test_a_record_is_named_so_also_where_what_it_left_is_called_so_and_waits_to_leave_service(world: World) -> None:
    machine = next(iter(world.company))
    asked("run", SYNC)
    own = next(row["id"] for row in world.netbox.objects(ASSETS) if row["serial"] == machine.serial)
    asked("resolve", "never-link", SYNC, "asset", machine.id, str(own))
    for _ in range(2):
        asked("run", SYNC)
    assert f"{machine.id} (left #{own})" in {each["source_key"] for each in held()}
    assert f"asset {machine.id!r} ({machine.name})." in asked("resolve", "ignore", SYNC, "asset", machine.name)


def test_the_ways_to_decide_are_told_whole_in_a_narrow_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert "..." not in asked("resolve", "--help").partition("Commands:")[2]


def test_where_no_table_of_the_target_is_kept_an_object_is_taken_as_it_is_given(world: World, home: Path) -> None:
    asked("run", SYNC)
    machine = next(iter(world.company)).id
    shutil.rmtree(home / "snapshots")
    assert "Decision 1 of anna" in asked("resolve", "never-link", SYNC, "asset", machine, "99999", "--by", "anna")


@pytest.mark.slow
def test_a_reviewer_decides_about_what_the_plan_would_create(world: World) -> None:
    asked("run", SYNC, "--mode", "review")
    machine = next(iter(world.company))
    assert f"ignore asset {machine.id!r} ({machine.name}). " in asked(
        "resolve", "ignore", SYNC, "asset", machine.id, "--by", "anna"
    )
    asked("run", SYNC)
    assert machine.serial not in {row["serial"] for row in world.netbox.objects(ASSETS)}


def test_what_only_waits_for_something_else_names_that(monkeypatch: pytest.MonkeyPatch) -> None:
    why = "waits for device 'PC-1': device #7 (PC-1) was deleted in NetBox by pat"
    held = Held(SYNC, SYNC, "plan", "asset", "x", None, None, (), (), why, NOW, waits=False, ignored=False)
    known = {"asset": links(link("x", "17"))}
    ledger = SimpleNamespace(links=lambda *_: known, held=lambda _: [held], last_resolution=int)
    monkeypatch.setattr(holds, "open_ledger", lambda: ledger)
    told = asked("resolve", "create", SYNC, "asset", "x", "--by", "anna", status=1)
    assert f"asset 'x' {why}; what it waits for is what there is to decide about" in told
    assert "never-link" not in told


def test_what_to_say_first_is_told_as_it_is_typed_of_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"asset": links(link("a b", "17"))}
    ledger = SimpleNamespace(
        links=lambda *_: known, held=lambda _: [], resolutions=lambda _: Resolutions(), last_resolution=int
    )
    monkeypatch.setattr(holds, "open_ledger", lambda: ledger)
    monkeypatch.setattr(holds, "link_set_of", lambda *_: f"{SYNC}/main")
    monkeypatch.setattr(holds, "lacking", lambda *_: None)
    told = asked("resolve", "create", SYNC, "asset", "a b", status=1)
    assert f"say first that it is not: asset-sync resolve never-link {SYNC} asset 'a b' 17 --partition main" in told


def test_what_is_a_part_of_an_object_is_decided_about_with_that(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = replace(declared(SYNC), kinds=KINDS)
    monkeypatch.setattr(holds, "declared", lambda _: made)
    told = "primary is a part of asset: never-link is decided about that"
    assert told in asked("resolve", "never-link", SYNC, "primary", "x", "17", status=1)
