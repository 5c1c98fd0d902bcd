"""`asset-sync forget`: a host that is no more, and one that nobody knows."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from asset_sync.cli.main import main
from asset_sync.operations.hosts import take_documents
from asset_sync.systems.hosts import parse
from asset_sync.systems.hosts.resource import KeptDocuments
from asset_sync_tests.systems.hosts.example import MACHINE_ID, document, written

SYNC = "hosts_to_netbox"


def forget(*args: str) -> Result:
    return CliRunner().invoke(main, ["forget", *args])


@pytest.fixture
def dropped(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A document that lies in the drop folder, and was taken in."""
    (home / "dagster").mkdir(exist_ok=True)
    monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
    (home / "hosts").mkdir()
    (home / "hosts" / "web-1.json").write_bytes(written(document()))
    assert take_documents(SYNC) == []
    return home


def test_a_host_is_forgotten_with_its_partition_and_its_file_does_not_bring_it_back(dropped: Path) -> None:
    result = forget("web-1")
    assert (result.exit_code, result.stderr) == (0, "")
    (line,) = result.stdout.splitlines()
    assert line.startswith(f"web-1-{MACHINE_ID[:8]} is forgotten")
    assert KeptDocuments().kept().all() == []
    with dg.DagsterInstance.get() as instance:
        assert instance.get_dynamic_partitions("hosts") == []
    (dropped / "hosts_kept" / f".{SYNC}.seen").unlink()
    take_documents(SYNC)
    assert KeptDocuments().kept().all() == []


def test_one_that_nobody_knows_is_told_in_a_line(dropped: Path) -> None:
    result = forget("web-9")
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("asset-sync: no host is known by 'web-9'; there are web-1-")
    assert [each.id for each in KeptDocuments().kept().all()] == [MACHINE_ID]


def test_nobody_is_known_at_all(home: Path) -> None:
    assert "there are none" in forget("web-9").stderr
    content = written(document())
    KeptDocuments().kept().put(content, parse(content), datetime.now(UTC))
    assert forget(MACHINE_ID).exit_code == 0
    assert home.is_dir()
