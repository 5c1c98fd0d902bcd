"""The shipped sync as it runs for people: under daemons, killed, and with a YAML that changes meanwhile."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from asset_sync.components.abandoned import KILLED
from asset_sync.sandbox.kubernetes import Cluster, FabricDays, Shape
from asset_sync_tests.components.hedgehog.lab import SYNC, real_cluster
from asset_sync_tests.components.hedgehog.live import Live, live_of

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.xdist_group("live"), pytest.mark.timeout(1800)]

YEAR_S = 365 * 24 * 3600
OFTEN, SELDOM = "often", "seldom"


@pytest.fixture
def cluster() -> Cluster:
    return FabricDays(Shape(spines=1, leaves=2, servers=2), Cluster(kept_seconds=3600)).cluster


def runs_of(lab: Live, name: str, daemons: int = 1) -> list[dg.DagsterRun]:
    return [run for number in range(daemons) for run in lab.runs(number) if run.tags["dagster/partition"] == name]


def statuses(lab: Live) -> dict[str, dict[str, Any]]:
    return {each["fabric_name"]: each for each in json.loads(lab.told("fabrics", "status", "--json"))["job_details"]}


def test_two_daemons_on_one_database_run_no_fabric_twice(tmp_path: Path, database_url: str, cluster: Cluster) -> None:
    with live_of(tmp_path, database_url, {OFTEN: cluster, SELDOM: real_cluster("mesh")}) as lab:
        lab.configure([{"name": OFTEN, "interval_seconds": 1}, {"name": SELDOM, "interval_seconds": YEAR_S}])
        with lab.daemon(0), lab.daemon(1):
            lab.wait(lambda: lab.succeeded(OFTEN) and lab.succeeded(SELDOM), "not both ran")
            lab.wait(lambda: len(runs_of(lab, OFTEN, 2)) > 2, "one did not run again and again")
        often = runs_of(lab, OFTEN, 2)
        assert len({run.tags["asset_sync/request"] for run in often}) == len(often)
        assert len(runs_of(lab, SELDOM, 2)) == 1
        assert not lab.doubles()
        assert [each.failures for each in lab.schedules.of(SYNC).values()] == [0, 0]


def test_a_run_that_is_killed_in_the_middle_of_its_writes_leaves_no_doubles(
    tmp_path: Path, database_url: str, cluster: Cluster
) -> None:
    with live_of(tmp_path, database_url, {OFTEN: cluster}) as lab:
        lab.configure([{"name": OFTEN, "interval_seconds": 5}])
        lab.faults.set("slow", method="POST", path="/dcim/", seconds=3.0)
        with lab.daemon():
            lab.wait(lambda: lab.netbox.objects("dcim/interfaces"), "nothing was written")
            lab.kill_run_of(OFTEN)
            assert not lab.netbox.objects("dcim/cables")
            lab.wait(lambda: lab.schedules.of(SYNC)[OFTEN].last_error == KILLED, "nobody saw it")
            lab.faults.clear()
            lab.wait(lambda: lab.succeeded(OFTEN), "it did not run again")
        assert len(lab.netbox.objects("dcim/cables")) > 2
        assert not lab.doubles()


def test_a_fabric_that_is_removed_from_the_yaml_while_it_syncs_is_left_as_it_is(
    tmp_path: Path, database_url: str, cluster: Cluster
) -> None:
    with live_of(tmp_path, database_url, {OFTEN: cluster, SELDOM: real_cluster("mesh")}) as lab:
        lab.faults.set("slow", method="POST", path="/dcim/", seconds=2.0)
        run = lab.command("run", SYNC, "--partition", OFTEN)
        lab.wait(lambda: lab.netbox.objects("dcim/interfaces"), "nothing was written")
        lab.configure([{"name": SELDOM, "interval_seconds": 60}])
        _, errors = run.communicate(timeout=600)
        assert run.returncode == 0, errors
        lab.faults.clear()
        assert statuses(lab).keys() == {SELDOM}
        assert "there are seldom" in lab.told("run", SYNC, "--partition", OFTEN, status=1)
        before = lab.netbox.requests.writes
        why = lab.told("run", SYNC, "--partition", SELDOM, status=1)
        assert "say whose they are, asset-sync reconnect hedgehog_to_netbox --was often --now seldom, or drop them" in why
        assert lab.netbox.requests.writes == before
