"""What was read of a fabric is kept from run to run: a help that may be lost, damaged, or of another cluster."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from asset_sync.systems.hedgehog.kept import FabricFile, KeptFabric
from asset_sync.systems.hedgehog.reading import Listing

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
KEPT = KeptFabric(
    {
        "VPC": Listing("read", "17", {"vpc-1": {"metadata": {"name": "vpc-1"}, "spec": {"mode": "l3vni"}}}),
        "Agent": Listing("not_allowed", "", {}),
    },
    NOW,
    {"Server/z": "Server/a"},
)


def test_comes_back_as_it_was(tmp_path: Path) -> None:
    file = FabricFile(tmp_path / "fabrics" / "main.json", "https://one default")
    assert file.load() == KeptFabric()
    file.save(KEPT)
    assert file.load() == KEPT
    assert [path.name for path in (tmp_path / "fabrics").iterdir()] == ["main.json"]


def test_of_another_cluster_nothing_is_known(tmp_path: Path) -> None:
    FabricFile(tmp_path / "main.json", "https://one default").save(KEPT)
    assert FabricFile(tmp_path / "main.json", "https://other default").load() == KeptFabric()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b'{"format": 1}', b'{"format": 2, "place": "x"}', b"\xff\xfe"])
def test_of_a_damaged_file_nothing_is_known(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "main.json"
    path.write_bytes(content)
    assert FabricFile(path, "x").load() == KeptFabric()


def test_a_file_that_was_cut_off_is_none(tmp_path: Path) -> None:
    file = FabricFile(tmp_path / "main.json", "x")
    file.save(KEPT)
    whole = (tmp_path / "main.json").read_bytes()
    for length in range(0, len(whole), 7):
        (tmp_path / "main.json").write_bytes(whole[:length])
        assert file.load() == KeptFabric()


def test_after_a_day_or_with_a_clock_that_went_back_everything_is_read() -> None:
    assert KEPT.is_fresh(NOW)
    assert KEPT.is_fresh(NOW + timedelta(hours=23))
    assert not KEPT.is_fresh(NOW + timedelta(hours=24))
    assert not KEPT.is_fresh(NOW - timedelta(seconds=1))
    assert not KeptFabric().is_fresh(NOW)


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OSError, match="taken"):
        FabricFile(tmp_path / "taken" / "main.json", "x").save(KEPT)
