"""Keys of kept files: what people know comes first, and the order is that of acceptance."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from upath import UPath

from asset_sync.components.pdq_exports.kept import KeptExports, Origin, accepted, new_key

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
EARLIER = "20261126T120000500Z-0123456789ab-devices"
"""A key as earlier versions made them."""


def origin(name: str) -> Origin:
    return Origin(name, 1, "1", "f" * 64, kept=True)


def test_a_key_begins_with_the_name_of_the_file() -> None:
    assert new_key([], origin("Büro 3 Devices.CSV"), NOON) == "b-ro-3-devices-20261126T120000000Z-ffffffffffff"


def test_a_key_tells_when_its_file_was_accepted_whatever_the_file_is_called() -> None:
    for name in ("devices.csv", "20200101T000000000Z-abc.csv", "z-20990101t000000000z-.csv", "....csv"):
        assert accepted(new_key([], origin(name), NOON)) == NOON


def test_a_file_is_accepted_after_all_others_also_those_of_earlier_versions_and_though_the_clock_went_back() -> None:
    key = new_key(["zzz-20261126T110000000Z-ffffffffffff", EARLIER], origin("a.csv"), NOON)
    assert accepted(key) == accepted(EARLIER) + timedelta(milliseconds=1)


def test_a_partition_that_somebody_made_up_counts_as_the_oldest() -> None:
    assert accepted(new_key(["by hand"], origin("a.csv"), NOON)) == NOON
    assert accepted("by hand") < accepted(EARLIER)
    assert accepted("x-20261301T000000000Z-abc") == accepted("by hand")


def test_what_an_accident_left_behind_is_removed_and_what_somebody_else_put_there_is_not(tmp_path: Path) -> None:
    kept = KeptExports(UPath(tmp_path))
    keys = [new_key([], origin(f"{name}.csv"), NOON + timedelta(hours=at)) for at, name in enumerate("cba")]
    for name in (*keys, "notes"):
        (tmp_path / name).mkdir()
    kept.prune([], [keys[1]])
    assert {folder.name for folder in tmp_path.iterdir()} == {keys[1], keys[2], "notes"}
