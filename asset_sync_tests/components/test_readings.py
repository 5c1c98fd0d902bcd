"""Syncs that read one NetBox as the same account share an extract, and none of them plans from what is not so any more."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import dagster as dg
import pytest

from asset_sync.sandbox.netbox import Token
from asset_sync.systems.netbox import client, since
from asset_sync_tests.components.probe import YAML, load_whole
from asset_sync_tests.pipeline import SYNC, Pipeline, Run, running

KEYS = "keys: {source: pdq, inventory: netbox/inventory}"
NAME = "      name: {from: name, owner: shared}\n"
OTHER, LESS = "other_to_netbox", "less_to_netbox"
MACHINES, PAGE = 16, 2


class Site:
    """A NetBox with some machines in it, and syncs into it, one of which maps less than the others."""

    def __init__(self, pipeline: Pipeline, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pipeline = pipeline
        self.jobs = {SYNC: pipeline.job}
        self._load = partial(load_whole, monkeypatch=monkeypatch)
        self._folder = folder

    def add(self, name: str, yaml: str) -> None:
        """Add a sync with a YAML like that of the first one."""
        assert KEYS in yaml
        definitions = self._load(self._folder / name, yaml.replace(KEYS, f"keys: {{source: {name}}}"), sync=name)
        self.jobs[name] = definitions.resolve_job_def(name)

    def run(self, sync: str) -> Run:
        """Run one of the syncs."""
        return Run(self.jobs[sync].execute_in_process(instance=self.pipeline.instance, raise_on_error=False), sync)

    def read(self, sync: str) -> tuple[int, str]:
        """Have a sync read NetBox; return how many requests NetBox counted meanwhile, and how it was read."""
        key = "netbox/inventory" if sync == SYNC else f"{sync}/inventory"
        before = self.pipeline.world.netbox.requests.reads
        result = self.jobs[sync].execute_in_process(
            instance=self.pipeline.instance, asset_selection=[dg.AssetKey(key.split("/"))]
        )
        return self.pipeline.world.netbox.requests.reads - before, str(Run(result, sync).metadata(key)["read"])


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> Iterator[Site]:
    monkeypatch.setattr(client, "PAGE_SIZE", PAGE)
    with running(monkeypatch, database_url, tmp_path, size=MACHINES) as pipeline:
        made = Site(pipeline, tmp_path, monkeypatch)
        made.add(OTHER, YAML)
        assert made.run(SYNC).planned["create"] > MACHINES
        # Here nothing comes late: so what the first sync wrote is not looked at for five minutes.
        monkeypatch.setattr(since, "_LATE", timedelta())
        yield made


def test_of_several_syncs_one_reads_and_the_others_of_that_account_ask_what_changed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert NAME in YAML
    site.add(LESS, YAML.replace(NAME, ""))
    whole, how = site.read(OTHER)
    assert how == "whole: nothing was read before"
    for sync, before in ((LESS, OTHER), (SYNC, LESS)):
        requests, how = site.read(sync)
        assert how.startswith("what changed since ")
        assert how.endswith("/inventory was read: 0 objects looked at")
        assert before in how
        assert requests <= 10
        assert whole >= requests + MACHINES / PAGE
    site.pipeline.world.netbox.add_token(Token("0" * 40))
    monkeypatch.setenv("NETBOX_TOKEN", "0" * 40)
    assert site.read(SYNC)[1].startswith("whole: another token, ")


@pytest.mark.slow
def test_what_one_sync_wrote_the_plan_of_the_next_sees(site: Site) -> None:
    site.read(OTHER)
    company = site.pipeline.world.company
    machine, newer = list(company)[:2]
    company.apply(put=[replace(machine, name="RENAMED"), replace(newer, id="new", serial="NEW1", name="NEW")])
    assert site.run(SYNC).planned == {"create": 1, "update": 1, "retire": 0, "restore": 0}
    seen = site.run(OTHER)
    assert " was read: " in seen.metadata(f"{OTHER}/inventory")["read"]
    assert not any(seen.planned.values())


@pytest.mark.slow
def test_tables_that_are_lost_or_damaged_stop_no_sync(site: Site, tmp_path: Path) -> None:
    site.read(OTHER)
    for key in (OTHER, "netbox"):
        for table in (tmp_path / "snapshots" / key / "inventory").glob("*/*.parquet"):
            table.unlink() if key == OTHER else table.write_bytes(b"PAR1")
    for sync in (SYNC, OTHER):
        assert site.run(sync).success
    assert site.read(OTHER)[1].startswith("what changed since ")
