"""How a process gets at what Dagster has: an instance is opened once, and for a run one sync is loaded, not all."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest

from asset_sync.definitions import defs
from asset_sync.operations import definitions
from asset_sync.operations.definitions import DEFS, instance, job_of, make_dagster_home, sync_names, variables_of
from asset_sync.reconcile.errors import ConfigurationError


def test_the_instance_of_a_home_is_opened_once(home: Path) -> None:
    with instance() as one, instance() as other:
        assert one is other


def test_threads_that_ask_at_once_have_one_instance(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[dg.DagsterInstance] = []
    get = dg.DagsterInstance.get

    def counted() -> dg.DagsterInstance:
        opened.append(get())
        return opened[-1]

    monkeypatch.setattr(dg.DagsterInstance, "get", counted)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: _asked(), range(8)))
    assert len(opened) == 1
    assert all(each is opened[0] for each in found)


def _asked() -> dg.DagsterInstance:
    with instance() as dagster:
        return dagster


def test_another_home_another_configuration_and_another_folder_have_instances_of_their_own(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dagster_home(tmp_path / "other")
    with instance() as first:
        assert first.root_directory == str(home)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "other"))
    with instance() as other:
        assert other.root_directory == str(tmp_path / "other")
    file = tmp_path / "other" / "dagster.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("max_concurrent_runs: 4", "max_concurrent_runs: 3"), encoding="utf-8"
    )
    with instance() as changed:
        queue = changed.get_concurrency_config().run_queue_config
        assert queue is not None
        assert queue.max_concurrent_runs == 3
    monkeypatch.chdir(tmp_path / "other")
    with instance() as elsewhere:
        assert elsewhere is not changed


@pytest.fixture
def nothing_loaded() -> None:
    definitions._definitions.cache_clear()
    definitions._definitions_alone.cache_clear()


@pytest.mark.usefixtures("nothing_loaded")
def test_a_sync_is_the_same_alone_as_among_all() -> None:
    names = sorted(file.parent.name for file in DEFS.glob("*/defs.yaml") if file.parent.name != "alerts")
    alone = {name: _told(job_of(name)) for name in names}
    assert not definitions._definitions.cache_info().currsize
    assert names == sync_names()
    assert definitions._definitions.cache_info().currsize
    assert {name: _told(job_of(name)) for name in names} == alone


def _told(job: dg.JobDefinition) -> dict[str, object]:
    keys = {key: sorted(deps) for key, deps in job.asset_layer.asset_graph.asset_dep_graph["upstream"].items()}
    partitions = job.partitions_def
    return {
        "steps": sorted(node.name for node in job.nodes),
        "resources": sorted(job.required_resource_keys),
        "tags": dict(job.tags),
        "partitions": partitions and (type(partitions), getattr(partitions, "name", None) or partitions.get_partition_keys()),
        "variables": variables_of(job.name, None),
        "assets": {key: deps for key, deps in keys.items() if key.path[0] == job.name},
    }


def test_of_a_sync_alone_no_client_of_another_system_is_loaded() -> None:
    told = f"import sys; from {definitions.__name__} import job_of; job_of('pdq_to_netbox'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, timeout=60, check=True)
    modules = done.stdout.split()
    assert {"pynetbox", "asset_sync.systems.pdq.system"} <= set(modules)
    assert {"kubernetes", "asset_sync.systems.hedgehog.system"} & set(modules) == set()
    assert len(modules) < 2500


def test_once_a_sync_is_loaded_the_collector_looks_as_often_as_by_itself_and_passes_over_what_stays() -> None:
    load = f"import gc; usual = gc.get_threshold(); from {definitions.__name__} import job_of; job_of('pdq_to_netbox')"
    told = f"{load}; print(usual == gc.get_threshold(), gc.get_freeze_count() > 100_000)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["True", "True"]


def test_all_are_made_once_a_process_however_often_dagster_asks() -> None:
    assert defs() is defs()


@pytest.mark.usefixtures("nothing_loaded")
@pytest.mark.parametrize("name", ["nosuch", "./pdq_to_netbox", "../defs/pdq_to_netbox", "pdq_to_netbox/", ""])
def test_of_a_sync_that_there_is_not_all_that_there_are_are_told(name: str) -> None:
    told = f"there is no sync {name!r}; there are hedgehog_to_netbox, hosts_to_netbox, "
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        job_of(name)


def test_the_alerts_are_no_sync() -> None:
    with pytest.raises(ConfigurationError, match="there is no sync 'alerts'"):
        job_of("alerts")
