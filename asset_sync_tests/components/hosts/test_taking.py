"""Documents on their way in: dropped, looked at once they rest, kept or put aside; one run for all that say something new."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from upath import UPath

from asset_sync.components.dropped.cursor import Cursor
from asset_sync.components.dropped.folder import DropFolder
from asset_sync.components.hosts.component import HostDocuments
from asset_sync.components.hosts.sensor import hosts_sensor
from asset_sync.components.hosts.taking import HostWatch, Look, is_document
from asset_sync.components.resources import open_pauses
from asset_sync.operations.hosts import take_documents
from asset_sync.systems.hosts.document import MAX_BYTES
from asset_sync.systems.hosts.kept import KeptHosts
from asset_sync_tests.components.hosts.lab import SYNC, host
from asset_sync_tests.systems.hosts.example import MACHINE_ID, written

HARDWARE = host()["hardware"]
OTHER = host(hostname="db-1", fqdn=None, machine_id="b" * 32, hardware=HARDWARE | {"serial": "SER-2"})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASSET_SYNC_HOME", str(tmp_path))
    (tmp_path / "hosts").mkdir()
    return tmp_path / "hosts"


def look(seen: Cursor) -> Look:
    return HostDocuments(mapping={}).watch().look(seen, log=print)


def test_a_file_must_rest_and_stays_where_it_is(folder: Path) -> None:
    (folder / "web-1.json").write_bytes(written(host()))
    first = look(Cursor())
    assert not first.taken
    second = look(first.cursor)
    assert [each.kept.told["hostname"] for each in second.taken] == ["web-1"]
    assert (folder / "web-1.json").exists()
    assert not look(second.cursor).taken


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("no.json", b"nothing", "no.json is no JSON"),
        ("old.json", written(host(schema=2)), "has the schema version 2"),
        ("name.json", written(host(hostname="../../etc")), "hostname"),
        ("huge.json", b" " * (MAX_BYTES + 1), "the limit for a host's document is 8 MB"),
        ("list.json", b"[]", "is no host's document"),
        ("label.json", written(host(containers=[{}])), "containers.0"),
    ],
)
def test_what_is_no_document_is_put_aside_in_a_line_and_the_others_go_on(
    folder: Path, name: str, content: bytes, said: str
) -> None:
    (folder / name).write_bytes(content)
    (folder / "web-1.json").write_bytes(written(host()))
    found = look(look(Cursor()).cursor)
    assert [each.name for each in found.taken] == ["web-1.json"]
    (line,) = found.refused
    assert said in line
    assert "\n" not in line
    assert (folder / "quarantine" / name).read_bytes() == content
    assert (folder / "quarantine" / f"{name}.error.txt").read_text(encoding="utf-8") == f"{line}\n"


def test_other_files_are_no_documents(folder: Path) -> None:
    for name in ("devices.csv", ".web-1.json", "web-1.json.part", "empty.json"):
        (folder / name).write_bytes(b"" if name.startswith("empty") else written(host()))
    assert not look(look(Cursor()).cursor).taken


def test_a_name_that_is_no_utf8_stops_no_other_one(folder: Path) -> None:
    with open(os.fsencode(folder) + b"/\xff.json", "wb") as odd:
        odd.write(written(OTHER))
    (folder / "web-1.json").write_bytes(written(host()))
    assert "web-1.json" in {each.name for each in look(look(Cursor()).cursor).taken}


class Ticks:
    """The sensor, tick by tick."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.cursor: str | None = None
        self.sensor = hosts_sensor(SYNC, HostDocuments(mapping={}).watch, 5)

    def tick(self) -> dg.SensorResult:
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        result = self.sensor(context)
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        return result

    def requests(self) -> int:
        return len(self.tick().run_requests or [])


@pytest.fixture
def ticks(folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ticks]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert folder.is_dir()
    with dg.DagsterInstance.ephemeral() as instance:
        yield Ticks(instance)


def test_any_number_of_documents_is_one_run_and_the_same_again_is_none(folder: Path, ticks: Ticks) -> None:
    for each in (host(), OTHER):
        (folder / f"{each['hostname']}.json").write_bytes(written(each))
    assert ticks.requests() == 0
    result = ticks.tick()
    assert len(result.run_requests or []) == 1
    partitions = {event.partition for event in result.asset_events}
    assert partitions == {f"web-1-{MACHINE_ID[:8]}", "db-1-bbbbbbbb"}
    (request,) = result.dynamic_partitions_requests or []
    assert set(request.partition_keys) == partitions
    (folder / "web-1.json").write_bytes(written(host(collected_at="2026-11-27T03:00:00Z")))
    assert [ticks.requests() for _ in range(3)] == [0, 0, 0]


def test_while_a_run_waits_no_other_is_asked_for(folder: Path, ticks: Ticks) -> None:
    (folder / "web-1.json").write_bytes(written(host()))
    assert [ticks.requests(), ticks.requests()] == [0, 1]
    run = ticks.instance.create_run_for_job(_job(), status=dg.DagsterRunStatus.NOT_STARTED)
    (folder / "web-1.json").write_bytes(written(host(memory=1)))
    assert [ticks.requests(), ticks.requests()] == [0, 0], "it will read that, too"
    ticks.instance.report_run_canceled(run)
    assert ticks.requests() == 1


def test_while_the_sync_is_paused_documents_are_taken_in_and_run_once_it_goes_on(folder: Path, ticks: Ticks) -> None:
    open_pauses().begin(SYNC, "NetBox is upgraded", "anna")
    (folder / "web-1.json").write_bytes(written(host()))
    assert ticks.requests() == 0
    result = ticks.tick()
    assert not result.run_requests
    assert "is paused by anna" in str(result.skip_reason)
    assert list(result.asset_events)
    open_pauses().end(SYNC)
    assert [ticks.requests() for _ in range(3)] == [1, 0, 0]


def test_a_renamed_host_leaves_its_partition(folder: Path, ticks: Ticks) -> None:
    (folder / "a.json").write_bytes(written(host()))
    ticks.tick()
    ticks.tick()
    (folder / "a.json").write_bytes(written(host(hostname="shop-1", fqdn=None)))
    ticks.tick()
    asked = {type(each).__name__: each.partition_keys for each in ticks.tick().dynamic_partitions_requests or []}
    assert asked == {
        "AddDynamicPartitionsRequest": [f"shop-1-{MACHINE_ID[:8]}"],
        "DeleteDynamicPartitionsRequest": [f"web-1-{MACHINE_ID[:8]}"],
    }


def _job() -> dg.JobDefinition:
    @dg.op
    def nothing() -> None: ...

    @dg.job(name=SYNC)
    def job() -> None:
        nothing()

    return job


def test_by_hand_all_that_lies_there_is_taken_in_however_long_it_takes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "dagster").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    for number in range(3):
        each = host(
            hostname=f"web-{number}", fqdn=None, machine_id=f"{number}" * 32, hardware=HARDWARE | {"serial": f"SER-{number}"}
        )
        (folder / f"{number}.json").write_bytes(written(each))
    (folder / "odd.json").write_bytes(b"[]")
    slow = HostWatch(DropFolder(UPath(folder), is_document), KeptHosts(tmp_path / "hosts_kept"), seconds=0.0)
    monkeypatch.setattr(HostDocuments, "watch", lambda _: slow)
    clock = iter(range(1000))
    monkeypatch.setattr("asset_sync.components.dropped.looking.time.monotonic", lambda: next(clock) // 3)
    (line,) = take_documents(SYNC)
    assert line.startswith("odd.json is no host's document")
    assert len(slow.kept.all()) == 3
    assert take_documents(SYNC) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"hostname": None, "fqdn": None, "machine_id": None, "hardware": host()["hardware"] | {"serial": "0"}},
        {"collected_at": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_a_document_that_cannot_be_kept_is_put_aside_and_the_others_go_on(folder: Path, changed: dict[str, Any]) -> None:
    (folder / "a.json").write_bytes(written(host(**changed)))
    (folder / "web-1.json").write_bytes(written(host()))
    found = look(look(Cursor()).cursor)
    assert [each.name for each in found.taken] == ["web-1.json"]
    assert (folder / "quarantine" / "a.json").exists()


def test_a_damaged_cursor_counts_as_none(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "dagster").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    (folder / "web-1.json").write_bytes(written(host()))
    seen = tmp_path / "hosts_kept" / f".{SYNC}.seen"
    seen.parent.mkdir()
    for content in ("{", "[]", '{"settled":"abc"}', '{"settled":5}'):
        seen.write_text(content, encoding="utf-8")
        assert take_documents(SYNC) == []
        assert len(KeptHosts(tmp_path / "hosts_kept").all()) == 1


def test_where_nothing_can_be_kept_it_is_said_and_tried_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (folder / "web-1.json").write_bytes(written(host()))
    lines: list[str] = []
    watch = HostDocuments(mapping={}).watch()
    seen = watch.look(Cursor(), log=print).cursor
    with monkeypatch.context() as patched:
        patched.setattr(KeptHosts, "put", full)
        look = watch.look(seen, log=lines.append)
    assert (look.taken, lines) == ([], ["web-1.json cannot be kept (No space left on device); it is tried again"])
    assert [each.name for each in watch.look(look.cursor, log=print).taken] == ["web-1.json"]
