"""How a process gets at Dagster's instance: it is opened once, for opening it costs more than most questions to it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest

from asset_sync.operations.definitions import instance, make_dagster_home


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
