"""A plan's life on the command line, on a simulated NetBox and a real PostgreSQL."""

import dataclasses
import getpass
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from asset_sync.cli.main import main
from asset_sync.components.resources import open_ledger
from asset_sync.ledger import Ledger
from asset_sync.operations.runs import Step, run_sync
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Outcome
from asset_sync.sandbox.world import World
from asset_sync_tests.cli.lab import SIZE, SYNC, assets
from asset_sync_tests.pipeline import ASSETS


def ask(*args: str, status: int = 0) -> Result:
    result = CliRunner().invoke(main, args)
    assert result.exit_code == status, result.output
    return result


def newest() -> str:
    plan: str = json.loads(ask("plans", "--json", "--limit", "1").stdout)[0]["id"]
    return plan


def test_run_show_and_history(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asset_sync.cli.plans._MOST_ROWS", SIZE)  # fewer than the plan has
    told = ask("run", SYNC).stdout
    plan = newest()
    assert f"Plan {plan}" in told
    assert "Outcome: " in told
    assert len(assets(world)) == SIZE
    assert f"{SYNC}" in ask("plans").stdout
    assert "No sync 'pdq_exports' has written to" in ask("history", "asset", "1", "--sync", "pdq_exports").stdout
    assert "rows: --all shows them" in ask("show", plan[:6]).stdout
    assert "more rows" not in ask("show", plan, "--all").stdout
    assert ask("show", plan, "--format", "markdown").stdout.startswith(f"# Plan {plan}")
    shown = orjson.loads(ask("show", plan, "--format", "json").stdout)
    assert shown["state"] == "applied"
    assert shown["total"] == len(shown["operations"])
    created = next(row for row in shown["operations"] if row["kind"] == "asset")
    assert created["outcome"] == "applied"
    (stored,) = (
        row for row in world.netbox.objects("plugins/inventory/assets") if row["name"] == created["changes"]["name"]["new"]
    )
    assert created["page"] == f"{world.environment()['NETBOX_URL']}/plugins/inventory/assets/{stored['id']}/"
    ran = ask("history", "asset", "#1", "--field", "name").stdout
    assert shown["run_id"] in ran
    assert f"Nothing that {SYNC} knows is missing" in ask("missing", SYNC).stdout


@pytest.mark.usefixtures("world")
def test_who_stops_an_apply_is_told_how_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    ask("plan", SYNC)
    plan = newest()
    monkeypatch.setattr("asset_sync.operations.plans.apply_plan", stopped)
    told = ask("apply", plan, status=130).stderr.split("\n")
    assert [line for line in told if line] == [
        f"asset-sync: what is done stays done; to go on: asset-sync apply {plan}",
        "asset-sync: stopped",
    ]


@pytest.mark.slow
def test_the_numbers_are_the_simulators(world: World) -> None:
    seen: list[Step] = []
    for day in range(3):
        if day == 2:
            world.day()
        world.netbox.requests.reset()
        report = run_sync(SYNC, watch=seen.append)
        assert report.succeeded
        assert report.requests.write == world.netbox.requests.writes
        # What is more was sent to PDQ: a page of 100 holds the whole company, and a second look makes sure.
        assert 1 <= report.requests.read - world.netbox.requests.reads <= 3
        assert (report.requests.write == 0) == (day == 1)
    assert [step.state for step in seen] == ["started", "done"] * (len(seen) // 2)
    assert {step.name for step in seen} >= {"pdq/devices", "netbox/inventory", f"{SYNC}/applied"}


def test_a_plan_of_more_rows_than_are_shown_is_summed_up_and_begins_with_what_is_held_and_shows_what_is_approved(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.pdq_faults.set("duplicate_serials", 0.1)
    ask("run", SYNC, "--mode", "dry-run")
    monkeypatch.setattr("asset_sync.cli.plans._MOST_ROWS", 2)
    plan = newest()
    operations = orjson.loads(ask("show", plan, "--format", "json").stdout)["operations"]
    held = Counter(row["kind"] for row in operations if row["hold"])
    written = Counter(row["kind"] for row in operations if not row["hold"] and row["op"] == "create")
    assert held.total() > 1, "too little is held"
    cut = ask("show", plan).stdout.splitlines()
    summed = {line.split()[0]: line.split()[1:] for line in cut if line.split()[:1] and line.split()[0] in held | written}
    assert summed == {kind: [str(n) for n in (written[kind], held[kind]) if n] for kind in held | written}
    # The first column has the row's number.
    assert [line.split()[1] for line in cut if line.split()[1:2] in (["held"], ["create"])] == ["held", "create"]
    assert "rows of each kind" not in ask("show", plan, "--all").stdout


@pytest.mark.slow
def test_a_dry_run_writes_nothing(world: World) -> None:
    assert "Dry run: nothing was written." in ask("run", SYNC, "--mode", "dry-run").stdout
    assert assets(world) == {}
    assert "is a dry run" in ask("apply", newest(), status=1).stderr


@pytest.mark.slow
def test_a_review_waits_for_approval(world: World) -> None:
    told = ask("run", SYNC, "--mode", "review").stdout
    plan = newest()
    assert f"asset-sync approve {plan} && asset-sync apply {plan}" in told
    assert "waits for approval" in ask("apply", plan, status=1).stderr
    assert assets(world) == {}
    ask("reject", plan, "--by", "pat")
    assert "was rejected by pat" in ask("apply", plan, status=1).stderr
    assert "is approved by sam" in ask("approve", plan, "--by", "sam").stdout
    applied = ask("apply", plan).stdout
    assert "Outcome: " in applied
    assert "applied before" not in applied
    assert len(assets(world)) == SIZE
    world.netbox.requests.reset()
    assert "It was applied before" in ask("apply", plan).stdout
    assert world.netbox.requests.writes == 0


def test_only_a_plan_is_approved_and_rejected_never_a_run(world: World) -> None:
    ask("run", SYNC, "--mode", "review")
    made = json.loads(ask("plans", "--json").stdout)[0]
    for command in ("approve", "reject"):
        assert f"no plan '{made['run_id']}'" in ask(command, made["run_id"], status=1).stderr
    assert json.loads(ask("plans", "--json").stdout)[0]["decisions"] == []
    ask("approve", made["id"][:8], "--by", "sam")
    assert json.loads(ask("plans", "--json").stdout)[0]["approved_by"] == ["sam"]


@pytest.mark.slow
def test_a_rejected_plan_that_is_made_again_says_so_and_not_that_it_waits(world: World) -> None:
    ask("plan", SYNC)
    plan = newest()
    ask("reject", plan, "--by", "sam")
    told = ask("plan", SYNC).stdout
    assert newest() == plan
    assert f"Nothing was written: plan {plan} of {SYNC} was rejected by sam" in told
    assert "Nothing was written yet" not in told


@pytest.mark.slow
def test_a_plan_that_went_stale_says_so_and_what_to_do(world: World) -> None:
    ask("run", SYNC, "--mode", "review")
    plan = newest()
    ask("approve", plan, "--by", "sam")
    assert standing(plan) == "approved by sam"
    ask("run", SYNC)
    assert standing(plan) == "stale"
    told = ask("show", plan).stdout
    assert "Approved by sam" in told
    assert f"is stale: plan {newest()} was applied since it was made; make a new plan: asset-sync plan {SYNC}" in told
    for command in ("apply", "approve"):
        assert "is stale" in ask(command, plan, status=1).stderr
    shown = next(each for each in json.loads(ask("plans", "--json").stdout) if each["id"] == plan)
    assert (shown["state"], shown["stale_because"]) == ("stale", f"plan {newest()} was applied since it was made")


@pytest.mark.slow
def test_a_plan_whose_apply_was_interrupted_says_so_and_how_to_go_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ask("run", SYNC, "--mode", "review")
    plan = newest()
    ask("approve", plan, "--by", "sam")
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "record", killed)
        ask("apply", plan, status=1)
    way_on = f"The apply of plan {plan} was interrupted. To go on with what is left: asset-sync apply {plan}"
    assert standing(plan) == "interrupted, approved by sam"
    assert way_on in ask("plans").stdout
    assert way_on in ask("show", plan).stdout
    refused = ask("undo", plan, status=1).stderr
    assert f"the apply of plan {plan} was interrupted over 5 writes that may stand" in refused, "the makers"
    ask("apply", plan)
    assert standing(plan) == "applied, approved by sam"
    assert len(assets(world)) == SIZE
    assert {each.outcome for each in open_ledger().outcomes(plan).values()} == {"applied"}, "its own, so that an undo takes it"
    assert "interrupted" not in ask("plans").stdout


@pytest.mark.slow
def test_what_an_interrupted_apply_has_stored_is_looked_for_before_it_is_undone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask("run", SYNC, "--mode", "review")
    plan = newest()
    ask("approve", plan)
    record = Ledger.record

    def killed_over_assets(ledger: Ledger, of: Plan, ended: Sequence[Outcome], *rest: Any) -> None:
        if assets(world):
            killed()
        record(ledger, of, ended, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "record", killed_over_assets)
        ask("apply", plan, status=1)
    assert (there := assets(world))
    told = ask("undo", plan, status=1).stderr
    assert f"asset-sync run {SYNC} --mode dry-run looks what was stored; then undo" in told
    ask("run", SYNC, "--mode", "dry-run")
    ask("undo", plan, "--approve")
    assert {asset["status"] for asset in assets(world).values()} == {"retired"}
    assert assets(world).keys() == there.keys()


def killed(*args: object, **more: object) -> None:
    raise RuntimeError("killed between NetBox's answer and the ledger")


def standing(plan: str) -> str:
    """What the list of plans says of one."""
    line = next(line for line in ask("plans").stdout.splitlines() if line.startswith(plan))
    return re.split(r"\s{2,}", line)[3]


@pytest.mark.slow
def test_undo_brings_every_field_back(world: World) -> None:
    ask("run", SYNC)
    before = assets(world)
    world.day()
    ask("run", SYNC)
    plan, changed = newest(), assets(world)
    assert changed != before
    assert "Dry run: nothing was written." in ask("undo", plan, "--dry-run").stdout
    assert assets(world) == changed
    told = ask("undo", plan, "--approve").stdout
    assert json.loads(ask("plans", "--json", "--limit", "1").stdout)[0]["approved_by"] == [getpass.getuser()]
    assert "came back" in told
    assert f"The next run of {SYNC} may plan the fields again" in told
    after = assets(world)
    assert {number: after[number] for number in before} == before
    new = after.keys() - before.keys()
    assert new
    assert all(after[number]["status"] != changed[number]["status"] for number in new)
    (again,) = re.findall(r"asset-sync undo (\w+) brings it back", told)
    told = ask("undo", plan, "--approve", status=1).stderr
    assert f"plan {plan} was taken back by plan {newest()}" in told
    ask("undo", again, "--approve")
    assert {number: row["status"] for number, row in assets(world).items()} == {
        number: row["status"] for number, row in changed.items()
    }


@pytest.mark.slow
def test_what_somebody_edited_since_the_review_is_named_and_no_success(world: World) -> None:
    ask("run", SYNC)
    first, second = list(world.company)[:2]
    world.company.apply(put=[dataclasses.replace(each, name=f"{each.name}-NEW") for each in (first, second)])
    ask("plan", SYNC)
    plan = newest()
    edited = next(row for row in assets(world).values() if row["name"] == first.name)
    world.netbox.patch(ASSETS, int(str(edited["id"])), {"name": "by hand"})
    ask("approve", plan)
    applied = ask("apply", plan, status=1)
    assert "1 applied, 1 conflict" in applied.stdout
    assert re.search(rf"not written: asset .* \(#{edited['id']}\): name is 'by hand' now", applied.stderr), applied.stderr
    told = [line for line in ask("show", plan).stdout.splitlines() if re.match(r" *\d+  update", line)]
    assert sorted(re.findall(r"  (applied|conflict: name is 'by hand' now)", "\n".join(told))) == [
        "applied",
        "conflict: name is 'by hand' now",
    ]
    undone = next(row for row in assets(world).values() if row["name"] == f"{second.name}-NEW")
    world.netbox.patch(ASSETS, int(str(undone["id"])), {"name": "by hand as well"})
    assert f"(#{undone['id']}): name is 'by hand as well' now" in ask("undo", plan, status=1).stderr


@pytest.mark.slow
def test_an_undo_of_nothing_is_refused(world: World) -> None:
    ask("run", SYNC)
    ask("run", SYNC)
    assert "applied nothing that could be taken back" in ask("undo", newest(), status=1).stderr


@pytest.mark.slow
def test_an_undo_of_everything_waits_for_approval(world: World) -> None:
    ask("run", SYNC)
    written = assets(world)
    run_id = json.loads(ask("plans", "--json").stdout)[0]["run_id"]
    result = ask("undo", run_id, status=1)
    assert "Guard retired: FAILED" in result.stdout
    assert "is stopped by its guards" in result.stderr
    assert assets(world) == written
    undo = newest()
    assert undo in result.stderr
    ask("approve", undo)
    ask("apply", undo)
    assert {row["status"] for row in assets(world).values()} != {row["status"] for row in written.values()}


def test_a_failed_run_tells_why_in_one_line(world: World, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("PDQ_TOKEN", "not-a-token\nat-all")
    result = ask("run", SYNC, status=1)
    reason, log = result.stderr.splitlines()[-2:]
    assert reason.startswith("asset-sync: pdq/devices: ")
    assert "at-all" not in result.output + (home / "asset-sync.log").read_text()
    assert str(home / "asset-sync.log") in log
    assert assets(world) == {}


@pytest.mark.slow
def test_a_source_that_shrank_stops_the_run(world: World) -> None:
    ask("run", SYNC)
    written = assets(world)
    world.company.apply(remove=list(world.company)[: SIZE // 2])
    result = ask("run", SYNC, status=1)
    assert "source_rows: pdq/devices has 15 rows" in result.stderr
    assert assets(world) == written
    told = ask("show", newest()).stdout
    assert "It may not be applied" in told


@pytest.mark.slow
def test_what_is_missing_is_listed(world: World) -> None:
    ask("run", SYNC)
    gone = next(iter(world.company))
    world.company.apply(remove=[gone])
    assert f"asset-sync held {SYNC}" in ask("run", SYNC).stdout
    told = ask("missing", SYNC).stdout
    assert gone.id in told
    assert len(told.splitlines()) == 2


@pytest.mark.slow
def test_secrets_are_never_told(world: World, home: Path, database_url: str) -> None:
    told = [ask("run", SYNC).output, ask("show", newest(), "--all").output, ask("plans", "--json").output]
    told += [file.read_text(errors="replace") for file in home.rglob("*.log")]
    secrets = [value for name, value in world.environment().items() if name.endswith("_TOKEN")]
    assert not [secret for secret in [*secrets, database_url] for text in told if secret in text]


@pytest.mark.slow
def test_a_part_is_approved_by_words_and_by_rows(world: World) -> None:
    ask("run", SYNC, "--mode", "review")
    whole = newest()
    shown = [row for row in orjson.loads(ask("show", whole, "--format", "json").stdout)["operations"] if row["kind"] == "asset"]
    told = ask(
        "approve", whole, "--by", "anna", "--without", f"row={shown[0]['seq']}", "--without", f"key={shown[1]['key']}"
    ).stdout
    part = newest()
    assert part != whole
    assert f"Plan {part} is approved by anna, as a part of {whole}" in told
    assert "left out by anna" in ask("show", part, "--all").stdout
    # That is decided: it is not listed with what is to be decided, nor are its buttons offered.
    held = orjson.loads(ask("held", SYNC, "--json").stdout)
    assert {each["source_key"] for each in held if each["why"] == "left out by anna"} == {
        row["source_key"] for row in shown[:2]
    }
    assert {each["ignored"] for each in held if each["why"] == "left out by anna"} == {True}
    assert "Left alone, as somebody decided:" in ask("held", SYNC).stdout
    way_back = "asset-sync resolve take-back 1 2"
    assert f"What is left out is decided. To take that back: {way_back}\n" in told
    assert ask("held", SYNC).stdout.rstrip().endswith(f"To ask about it again:\n  {way_back}")
    ask("apply", part)
    left = {shown[0]["changes"]["name"]["new"], shown[1]["changes"]["name"]["new"]}
    assert {row["name"] for row in assets(world).values()} == {row["changes"]["name"]["new"] for row in shown} - left
    assert ask("resolve", "list").stdout.count("ignore") == 2
    for wrong in ("colour=red", "row=x", "kind="):
        assert "is none of row=3, kind=asset" in ask("approve", whole, "--only", wrong, status=2).output
