"""A fabric as a source: read by what was read the last time, whole or not at all, its renamed servers known again."""

from pathlib import Path

import pandas as pd
import pytest

from asset_sync.reconcile.errors import SourceError
from asset_sync.sandbox.kubernetes import READ, Account, Cluster, FabricDays, Shape, named
from asset_sync.systems.hedgehog import KINDS, HedgehogFabric
from asset_sync.systems.hedgehog.identity import read_marks
from asset_sync.systems.hedgehog.system import HEDGEHOG, FabricOptions
from asset_sync_tests.sandbox.kubernetes_desk import READER
from asset_sync_tests.systems.hedgehog.conftest import Lab, real_agents

LISTS = {f"list {kind.resource}": 1 for kind in KINDS}
WATCHES = {f"watch {kind.resource}": 1 for kind in KINDS}


@pytest.fixture(autouse=True)
def environment(lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEDGEHOG_LAB_SERVER", lab.url)
    monkeypatch.setenv("HEDGEHOG_LAB_TOKEN", READER)
    monkeypatch.setenv("ASSET_SYNC_HOME", str(tmp_path))


def objects() -> pd.DataFrame:
    return HEDGEHOG.reader(HEDGEHOG.make(connection="lab"), "objects", ()).table


def kept(tmp_path: Path) -> Path:
    return tmp_path / "fabrics_kept" / "lab.json"


def test_the_second_time_only_what_changed_is_asked_for(lab: Lab, tmp_path: Path) -> None:
    first = objects()
    assert lab.asked() == LISTS
    assert set(first["fabric"]) == {"lab"}
    assert objects().equals(first)
    assert lab.asked() == WATCHES
    kept(tmp_path).unlink()
    assert objects().equals(first)
    assert lab.asked() == LISTS


def test_how_many_requests_it_took_is_told(lab: Lab) -> None:
    assert HEDGEHOG.reader(HEDGEHOG.make(connection="lab"), "objects", ()).requests == len(KINDS)
    assert lab.asked().total() == len(KINDS)


def test_a_cluster_has_its_marks_whatever_leads_to_it_and_another_one_of_the_same_fabric_has_others(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def marks() -> frozenset[str]:
        return HEDGEHOG.reader(HEDGEHOG.make(connection="lab"), "objects", ()).marks

    whole = marks()
    lab.days.next()
    assert whole & marks()
    monkeypatch.setenv("HEDGEHOG_LAB_SERVER", lab.url.replace("127.0.0.1", "localhost"))
    assert whole & marks()
    with lab.connect() as client:
        assert whole & read_marks(client)
    lab.accounts[READER] = Account("reader", {"*": READ, named("Switch").resource: frozenset()})
    with lab.connect() as client:
        assert whole & read_marks(client)
    with Lab(FabricDays(Shape(), Cluster())) as other, other.connect() as client:
        assert other.cluster.objects(named("Switch")).keys() == lab.cluster.objects(named("Switch")).keys()
        assert not whole & read_marks(client)


def test_what_could_not_be_read_is_read_whole_the_next_time(lab: Lab) -> None:
    """A cluster that was away may be one of a backup, whose numbers come again."""
    first = objects()
    lab.faults.set("http_500", path="/servers")
    for _ in range(2):
        with pytest.raises(SourceError):
            objects()
    lab.faults.clear()
    lab.asked()
    assert objects().equals(first)
    assert lab.asked() == LISTS
    assert objects().equals(first)
    assert lab.asked() == WATCHES


def test_a_server_that_was_renamed_while_its_cluster_was_away_keeps_its_id(lab: Lab) -> None:
    before = objects()
    lab.faults.set("http_500", path="/servers")
    with pytest.raises(SourceError):
        objects()
    lab.faults.clear()
    lab.days.next()
    after = objects()
    assert set(after.loc[after["kind"] == "Server", "id"]) == set(before.loc[before["kind"] == "Server", "id"])


def test_a_renamed_server_keeps_its_id(lab: Lab) -> None:
    before = objects()
    lab.days.next()
    after = objects()
    (renamed,) = after.loc[after["name"] == "renamed-01", "id"]
    assert renamed in set(before["id"])
    assert set(after.loc[after["kind"] == "Server", "id"]) == set(before.loc[before["kind"] == "Server", "id"])


def test_a_kind_that_is_not_installed_any_more_is_no_empty_one(lab: Lab, tmp_path: Path) -> None:
    objects()
    lab.cluster.installed -= {named("VPC").resource}
    with pytest.raises(SourceError, match=r"VPC \(4 of it were known\) is not installed any more; nothing was taken") as told:
        objects()
    assert str(kept(tmp_path)) in str(told.value)
    kept(tmp_path).unlink()
    assert "VPC" not in set(objects()["kind"])


def test_agents_that_must_not_be_read_any_more_are_no_agents(lab: Lab) -> None:
    objects()
    lab.accounts[READER] = Account("reader", {"*": READ, named("Agent").resource: frozenset()})
    with pytest.raises(SourceError, match=r"Agent \(6 of it were known\) must not be read any more"):
        objects()


def test_no_secret_is_in_the_file(lab: Lab, tmp_path: Path) -> None:
    _, agent = real_agents()[0]
    lab.cluster.delete(named("Agent"), "leaf-01")
    lab.cluster.load([{**agent, "metadata": {"name": "leaf-01"}}])
    objects()
    written = kept(tmp_path).read_text()
    assert "leaf-01" in written
    users = agent["spec"]["users"]
    secrets = [agent["spec"]["version"]["password"], *(user["password"] for user in users)]
    assert secrets
    assert not [secret for secret in (*secrets, READER) if secret in written]


def test_options_say_how_a_fabric_is_reached_and_equal_ones_are_one_resource() -> None:
    options = HEDGEHOG.as_source
    assert options is not None
    one, other = (options.made(FabricOptions(kubeconfig="/no/such", context="lab")) for _ in range(2))
    assert one.make == other.make
    assert one.make(connection="lab") == HedgehogFabric(connection="lab", kubeconfig="/no/such", context="lab")
    assert one.make != HEDGEHOG.make
