"""A record explained, after real runs on simulated systems: every line is held against the ledger and the source's truth."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from asset_sync import database
from asset_sync.cli.main import main
from asset_sync.components.resources import open_ledger
from asset_sync.operations.runs import run_sync
from asset_sync.reconcile import plan as p
from asset_sync.sandbox.company import Machine
from asset_sync.sandbox.world import World
from asset_sync_tests.cli.lab import SYNC, project_of
from asset_sync_tests.cli.test_processes import PROGRAM
from asset_sync_tests.components.probe import YAML, load_whole
from asset_sync_tests.pipeline import ASSETS

pytestmark = pytest.mark.slow

Json = dict[str, Any]
FILTERS = "  filters: {devices: [{column: name, is_not: [spare*]}, {column: serialNumber, filled: true}]}\n"


@pytest.fixture
def filtered(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world whose only sync leaves out what is called spare."""
    made = load_whole(tmp_path / "filtered", YAML + FILTERS, monkeypatch)
    with project_of(made, monkeypatch):
        yield world


def asked(*words: str, status: int = 0) -> str:
    done = CliRunner().invoke(main, words)
    assert done.exit_code == status, done.output
    return done.output


def ran() -> str:
    """Run the sync; return the plan that it made."""
    run_sync(SYNC, "normal")
    return open_ledger().plans(SYNC, 1)[0].id


def explained(record: str, *more: str) -> Json:
    told: Json = json.loads(asked("explain", SYNC, record, "--json", *more))
    return told


def merged(told: Json) -> dict[str, Json]:
    return {each["field"]: each for each in told["merge"]}


def sides(told: Json, field: str) -> tuple[Any, ...]:
    """What the merge of a field saw and decided: the source, the target, what was applied last, the owner, the decision."""
    each = merged(told)[field]
    return tuple(each[name] for name in ("desired", "observed", "base", "owner", "decision"))


def in_target(world: World, target_id: str) -> Json:
    return next(dict(row) for row in world.netbox.objects(ASSETS) if str(row["id"]) == target_id)


def check_against_the_ledger(told: Json) -> None:
    """Hold the operations, outcomes, link and plans that are told against what the ledger has of the record."""
    ledger = open_ledger()
    own = {"kind": told["kind"], "source_key": told["source_key"]}
    for each in told["plans"]:
        plan, outcomes = ledger.plan(each["plan_id"]), ledger.outcomes(each["plan_id"])
        rows = [row for row in p.records(plan.operations) if own.items() <= row.items()]
        known = [
            (
                row["op"],
                p.decode(row["changes"]),
                row["reason"],
                row["hold"],
                getattr(outcomes.get(row["seq"]), "outcome", None),
            )
            for row in rows
        ]
        assert known, "a plan that touched it has an operation on it"
        assert [tuple(o[n] for n in ("op", "changes", "reason", "hold", "outcome")) for o in each["operations"]] == known
        header = ledger.header(each["plan_id"])
        assert (each["state"], each["run_id"]) == (header.state, header.run_id)
    last = ledger.plans(SYNC, 1)[0]
    assert (told["look"]["plan_id"], told["look"]["run_id"]) == (last.id, last.run_id)
    assert told["operations"] == next((e["operations"] for e in told["plans"] if e["plan_id"] == last.id), [])
    with database.engine().connect() as connection:
        of_link = "FROM asset_sync.link WHERE kind = :kind AND source_key = :source_key"
        link = connection.execute(text(f"SELECT target_id, claimed, first_seen, plan_id {of_link}"), own).first()
    assert (link is None) == (told["link"] is None)
    if link is not None:
        assert tuple(told["link"][name] for name in ("target_id", "claimed", "plan_id")) == (link[0], link[1], link[3])
        assert datetime.fromisoformat(told["link"]["first_seen"]) == link[2]
    assert told["gaps"] == []


def check_against_the_source(told: Json, machine: Machine) -> None:
    """Hold the row and what is mapped of it against the machine as it is."""
    row, fields = told["source"]["values"], {field["field"]: field for field in told["fields"]}
    assert (row["id"], row["name"], row["serialNumber"]) == (machine.id, machine.name, machine.serial)
    assert told["source"]["table"] == "devices"
    told_name = {"value": machine.name, "told": "from name", "columns": {"name": machine.name}, "rule": None, "guess": False}
    assert fields["name"] == {"field": "name", **told_name}
    assert fields["serial"]["told"] == "from serialNumber, transform serial"
    assert fields["serial"]["columns"] == {"serialNumber": machine.serial}
    assert fields["status"]["told"] == "the value 'used'"


def test_a_record_of_each_sort_is_explained_truly(filtered: World, home: Path) -> None:
    company = filtered.company
    named, both, kept, ignored, gone, quiet, twin, other, spare, *_ = sorted(company, key=lambda each: each.number)
    company.apply(put=[replace(other, serial=twin.serial, asset_tag=None), replace(twin, asset_tag=None)])
    company.apply(put=[replace(spare, name="spare-1")])
    twin, other = company.get(twin.id) or twin, company.get(other.id) or other
    first = ran()

    told = explained(quiet.id)
    assert told["state"] == "created"
    assert told["identity"]["verdict"] == "new"
    assert {each["rule"]: each["record"] for each in told["identity"]["compared"]}["serial"] == {"serial": quiet.serial}
    assert told["link"]["claimed"] == "created"
    assert told["operations"][0]["changes"]["name"]["new"] == in_target(filtered, told["target_id"])["name"] == quiet.name
    assert all(each["decision"] in ("write", "silent") for each in told["merge"])
    assert [each["plan_id"] for each in told["plans"]] == [first]
    check_against_the_ledger(told)
    check_against_the_source(told, quiet)

    for each, another in ((twin, other), (other, twin)):
        told = explained(each.id)
        assert (told["state"], told["target_id"], told["link"]) == ("held", None, None)
        assert told["identity"]["why"] == f"serial {each.serial!r} is also on {another.id} ({another.name})"
        assert {field["decision"] for field in told["merge"]} == {"held"}
        check_against_the_ledger(told)
        check_against_the_source(told, each)

    told = explained(spare.id)
    assert (told["state"], told["link"], told["operations"], told["plans"]) == ("left_out", None, [], [])
    assert told["source"]["left_out"] == "left out by the YAML's filter of devices: name is not spare*; it is 'spare-1'"
    assert [each["holds"] for each in told["source"]["filters"]] == [False, True]

    ids = {machine.id: explained(machine.id)["target_id"] for machine in (named, both, kept, ignored)}
    company.apply(put=[replace(each, name=f"{each.name}-NEW") for each in (named, both, ignored)], remove=[gone])
    for machine in (both, kept):
        filtered.netbox.patch(ASSETS, int(ids[machine.id]), {"name": f"{machine.name} of pat"})
    asked("resolve", "ignore", SYNC, "asset", ignored.id, "--by", "anna")
    second = ran()

    told = explained(named.id)
    assert (told["state"], told["target_id"]) == ("updated", ids[named.id])
    assert sides(told, "name") == (f"{named.name}-NEW", named.name, named.name, "shared", "write")
    assert in_target(filtered, ids[named.id])["name"] == f"{named.name}-NEW"
    assert merged(told)["serial"]["decision"] == "equal"
    assert told["identity"]["rule"] == "link"
    assert {each["rule"]: each["answer"] for each in told["identity"]["compared"]}["serial"] == "same"
    assert [each["plan_id"] for each in told["plans"]] == [second, first]
    check_against_the_ledger(told)
    check_against_the_source(told, replace(named, name=f"{named.name}-NEW"))

    told = explained(both.id)
    assert told["state"] == "conflict"
    assert sides(told, "name") == (f"{both.name}-NEW", f"{both.name} of pat", both.name, "shared", "conflict")
    check_against_the_ledger(told)

    told = explained(kept.id)
    assert told["state"] == "unchanged"
    assert sides(told, "name") == (kept.name, f"{kept.name} of pat", kept.name, "shared", "keep")
    check_against_the_ledger(told)

    told = explained(ignored.id)
    assert (told["state"], in_target(filtered, ids[ignored.id])["name"]) == ("ignored", ignored.name)
    assert {field["decision"] for field in told["merge"]} == {"ignored"}
    assert [(each["verb"], each["by"], each["taken_back_by"]) for each in told["decisions"]] == [("ignore", "anna", None)]
    check_against_the_ledger(told)

    told = explained(gone.id)
    assert (told["state"], told["source"], told["merge"]) == ("missing", None, [])
    check_against_the_ledger(told)

    ran()
    with database.engine().begin() as connection:
        connection.execute(text("UPDATE asset_sync.link SET missing_since = missing_since - interval '30 hours'"))
    ran()
    told = explained(gone.id)
    assert (told["state"], told["link"]["retired_by"]) == ("retired", "sync")
    assert in_target(filtered, told["target_id"])["status"] == "retired"
    check_against_the_ledger(told)

    told = explained(quiet.id)
    assert (told["state"], told["operations"], [each["plan_id"] for each in told["plans"]]) == ("unchanged", [], [first])
    assert {each["decision"] for each in told["merge"]} <= {"equal", "silent"}
    check_against_the_ledger(told)

    # By its name, by its object's id, and in words.
    assert [explained(name)["source_key"] for name in (quiet.name, f"#{told['target_id']}")] == [quiet.id] * 2
    lines = asked("explain", SYNC, quiet.id)
    assert f"In the target: {told['target_page']}" in lines.splitlines()
    assert told["source_page"] is None or f"In the source: {told['source_page']}" in lines.splitlines()
    assert f"asset {quiet.id!r} ({quiet.name}) of {SYNC}, asset #{told['target_id']}: unchanged" in lines
    assert (
        f"In the target: {filtered.environment()['NETBOX_URL']}/plugins/inventory/assets/{told['target_id']}/"
        in lines.splitlines()
    )
    assert "none: the plan has nothing to do for it" in lines
    assert f"serial: from serialNumber, transform serial [serialNumber {quiet.serial!r}]" in lines.replace(
        f"{quiet.serial!r}; ", ""
    )

    # What is no longer kept.
    for folder in (home / "snapshots").rglob(told["look"]["run_id"]):
        shutil.rmtree(folder)
    told = explained(gone.id)
    assert (told["state"], told["operations"][0]["outcome"]) == ("retired", "applied")
    assert [gap.split(" is not kept any more of run ")[1] for gap in told["gaps"]] == [told["look"]["run_id"]] * len(
        told["gaps"]
    )
    lines = asked("explain", SYNC, gone.id)
    assert "Not kept any more" in lines
    assert "what the source told is not kept any more" in lines
    assert "retire (applied)" in lines or "retire status (applied)" in lines


def test_what_was_left_out_of_an_approval_is_told_as_that(world: World) -> None:
    run_sync(SYNC, "review")
    plan = open_ledger().plans(SYNC, 1)[0].id
    rows = [row for row in p.records(open_ledger().plan(plan).writes) if row["kind"] == "asset"]
    left, kept = rows[0], rows[1]
    part = json.loads(asked("approve", plan, "--by", "anna", "--without", f"row={left['seq']}", "--json"))["id"]
    for row in (left, kept):
        told = explained(row["source_key"], "--kind", "asset")
        assert (told["look"]["plan_id"], told["look"]["part_of"], told["gaps"]) == (part, plan, [])
        assert f"That plan is the part of plan {plan} that a person approved" in asked(
            "explain", SYNC, row["source_key"], "--kind", "asset"
        )
    assert explained(left["source_key"], "--kind", "asset")["state"] == "held"
    assert explained(kept["source_key"], "--kind", "asset")["state"] == "waiting"


def test_what_there_is_not_is_said_in_a_line(world: World) -> None:
    assert "has made no plan yet: asset-sync run" in asked("explain", SYNC, "x", status=1)
    run_sync(SYNC, "dry_run")
    machine, other, *_ = list(world.company)
    assert asked("explain", SYNC, "nobody", status=1).count("\n") == 1
    assert "knows no record 'nobody'" in asked("explain", SYNC, "nobody", status=1)
    assert "has no kind 'beamer'" in asked("explain", SYNC, machine.id, "--kind", "beamer", status=1)
    assert "there is no sync 'nothing'" in asked("explain", "nothing", machine.id, status=1)
    assert "is a mirror" in asked("explain", "snipeit_to_postgres", "1", status=1)
    assert "has no connections" in asked("explain", SYNC, machine.id, "--partition", "x", status=1)
    world.company.apply(put=[replace(other, name=machine.name)])
    run_sync(SYNC, "dry_run")
    told = asked("explain", SYNC, machine.name, status=1)
    first, second = sorted((machine.id, other.id))
    assert f"{machine.name!r} may be asset {first!r}, asset {second!r}: name one by its source key" in told
    assert explained(machine.id)["state"] == "waiting"
    assert "not applied: plan " in asked("explain", SYNC, machine.id)


@pytest.mark.slow
@pytest.mark.parametrize(("command", "status"), [(["explain", SYNC, "x"], 1), (["changes", "--since", "nonsense"], 2)])
def test_as_a_process_a_mistake_is_one_line(world: World, command: list[str], status: int) -> None:
    ran = subprocess.run([*PROGRAM, *command], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (status, "", 1)
    assert ran.stderr.startswith("asset-sync: ")
