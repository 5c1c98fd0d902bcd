"""Which partition a run of a sync has: none, the one connection that there is, or the one that is named."""

import re

import pytest

from asset_sync.operations.definitions import instance
from asset_sync.operations.runs import partition_of
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync_tests.cli.lab import BRANCH
from asset_sync_tests.components.wug.lab import EXPORT, IMPORT, MAIN

FILES = "pdq_exports"
KEYS = [f"20261121-{number:02}" for number in range(12)]


def refused(sync: str, given: str | None) -> str:
    with pytest.raises(ConfigurationError) as raised:
        partition_of(sync, given)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("sync", ["pdq_to_netbox", "snipeit_to_postgres"])
@pytest.mark.usefixtures("home")
def test_a_sync_without_partitions_has_none_and_takes_none(sync: str) -> None:
    assert partition_of(sync, None) is None
    for given in ("main", ""):
        assert refused(sync, given) == f"{sync} has no partitions: leave {given!r} out"


@pytest.mark.parametrize("sync", [EXPORT, IMPORT])
@pytest.mark.usefixtures("home")
def test_the_one_connection_is_the_partition_whether_named_or_not(sync: str) -> None:
    assert partition_of(sync, None) == partition_of(sync, MAIN) == MAIN
    assert refused(sync, "no") == f"{sync} has no partition 'no'; there are {MAIN}"


@pytest.mark.usefixtures("branch")
def test_of_several_connections_one_must_be_named() -> None:
    assert [partition_of(EXPORT, name) for name in (MAIN, BRANCH)] == [MAIN, BRANCH]
    assert re.fullmatch(
        rf"{EXPORT} runs once for each connection: name one .*; there are {MAIN}, {BRANCH}", refused(EXPORT, None)
    )
    assert refused(EXPORT, "no") == f"{EXPORT} has no partition 'no'; there are {MAIN}, {BRANCH}"


@pytest.mark.usefixtures("home")
def test_a_file_must_always_be_named_and_the_last_ten_are_told() -> None:
    assert refused(FILES, None).endswith("there are none yet")
    for count in (1, 12):
        with instance() as dagster:
            dagster.add_dynamic_partitions(FILES, KEYS[:count])
        told = f"there are {', '.join(KEYS[:count][-10:])}"
        assert partition_of(FILES, KEYS[0]) == KEYS[0]
        assert refused(FILES, None).startswith(f"{FILES} runs once for each file that is dropped into its folder: name one")
        assert refused(FILES, None).endswith(told)
        assert refused(FILES, "no") == f"{FILES} has no partition 'no'; {told}"


@pytest.mark.usefixtures("home")
def test_a_sync_that_there_is_not_has_no_partition_either() -> None:
    assert refused("nonsense", None).startswith(
        "there is no sync 'nonsense'; there are hedgehog_to_netbox, hosts_to_netbox, netbox_to_wug, "
    )
