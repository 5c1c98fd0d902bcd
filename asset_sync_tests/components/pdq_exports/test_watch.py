"""The sensor on a real folder and a real instance: what it takes, what it leaves, and what a look costs."""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from upath import UPath

from asset_sync.components.dropped.cursor import Cursor
from asset_sync.components.dropped.folder import DropFolder, Dropped
from asset_sync.components.pdq_exports.kept import KeptExports, accepted
from asset_sync.components.pdq_exports.reading import read_export
from asset_sync.components.pdq_exports.sensor import export_sensor
from asset_sync.components.pdq_exports.watch import Watch
from asset_sync.components.resources import open_pauses
from asset_sync.systems.pdq_export import ExportRefused, Limits
from asset_sync_tests.components.test_failures import GONE

SYNC = "pdq_exports"
A, B = b"Name,Serial Number\r\nPC-1,A1\r\n", b"Name,Serial Number\r\nPC-1,A1\r\nPC-2,A2\r\n"


class Desk:
    """A drop folder, a store and a sensor that was asked before; adds the partitions as the daemon does."""

    def __init__(self, folder: UPath, kept: UPath, instance: dg.DagsterInstance) -> None:
        self.folder = folder
        self.kept = KeptExports(kept)
        self.watched = DropFolder(folder)
        self.limits = Limits()
        self.instance = instance
        self.cursor: str | None = None
        self.skipped: str | None = None
        self.sensor = export_sensor(SYNC, lambda: Watch(self.watched, self.kept, self.limits), 5)

    def tick(self) -> list[str]:
        """One tick; the keys of the runs that it asks for."""
        with dg.build_sensor_context(instance=self.instance, cursor=self.cursor) as context:
            result: Any = self.sensor(context)
        if isinstance(result, dg.SkipReason):
            self.skipped = result.skip_message
            return []
        assert isinstance(result, dg.SensorResult)
        self.cursor, self.skipped = result.cursor, result.skip_reason and result.skip_reason.skip_message
        runs = list(result.run_requests or [])
        added = [key for request in result.dynamic_partitions_requests or [] for key in request.partition_keys]
        assert [run.partition_key for run in runs] == [run.run_key for run in runs] == added
        self.instance.add_dynamic_partitions(SYNC, added)
        return added

    def ticks(self, count: int = 3) -> list[str]:
        """Several ticks; the keys of all runs."""
        return [key for _ in range(count) for key in self.tick()]

    def drop(self, name: str, content: bytes, at: int = 0) -> None:
        """Write a file, with a time of change of its own."""
        path = Path(str(self.folder)) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if at:
            os.utime(path, ns=(at * 10**9, at * 10**9))

    def content(self, key: str) -> bytes:
        return b"".join(self.kept.blocks(key))


@pytest.fixture(scope="module")
def dagster() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


@pytest.fixture
def desk(tmp_path: Path, dagster: dg.DagsterInstance, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    yield Desk(UPath(tmp_path / "exports"), UPath(tmp_path / "kept"), dagster)
    for key in dagster.get_dynamic_partitions(SYNC):
        dagster.delete_dynamic_partition(SYNC, key)


def test_a_file_is_taken_once_it_rests_and_its_bytes_are_kept(desk: Desk) -> None:
    assert desk.tick() == []
    desk.drop("Devices Q1.csv", A)
    assert desk.tick() == []
    assert "1 new or changed" in str(desk.skipped)
    (key,) = desk.tick()
    assert key.startswith("devices-q1-")
    assert desk.content(key) == A
    assert desk.kept.origin(key).name == "Devices Q1.csv"
    assert desk.ticks() == []


def test_what_is_dropped_while_the_sync_is_paused_is_taken_once_it_goes_on(desk: Desk) -> None:
    desk.drop("before.csv", A)
    desk.tick()
    open_pauses().begin(None, "NetBox is upgraded", "anna")
    desk.drop("meanwhile.csv", B)
    assert desk.ticks() == []
    assert "everything is paused by anna" in str(desk.skipped)
    open_pauses().end(None)
    assert [key.partition("-")[0] for key in desk.ticks()] == ["before", "meanwhile"]


def test_a_ledger_that_is_away_takes_nothing_and_loses_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.drop("a.csv", A)
    with monkeypatch.context() as patched:
        patched.setenv("DATABASE_URL", GONE)
        assert desk.ticks() == []
        assert "the database does not answer" in str(desk.skipped)
    assert len(desk.ticks()) == 1


def test_a_growing_file_is_not_taken(desk: Desk) -> None:
    for length in range(5, len(A)):
        desk.drop("a.csv", A[:length])
        assert desk.tick() == []
    desk.drop("a.csv", A)
    assert desk.tick() == []
    (key,) = desk.tick()
    assert desk.content(key) == A


def test_a_file_that_changes_while_it_is_read_is_not_taken(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.drop("a.csv", A)
    desk.tick()
    add = desk.kept.add

    def add_late(*args: Any) -> bool:
        added = add(*args)
        desk.drop("a.csv", B)
        return added

    with monkeypatch.context() as patched:
        patched.setattr(desk.kept, "add", add_late)
        assert desk.tick() == []
    assert list(Path(str(desk.kept.path)).iterdir()) == []
    (key,) = desk.ticks(2)
    assert desk.content(key) == B


def test_an_overwrite_in_place_is_a_new_export_even_with_the_same_size_and_back_again(desk: Desk) -> None:
    other = A.replace(b"A1", b"A9")
    keys = []
    for at, content in enumerate((A, other, A), start=1):
        desk.drop("a.csv", content, at)
        keys += desk.ticks()
    assert [desk.content(key) for key in keys] == [A, other, A]
    assert keys == sorted(keys, key=accepted)


@pytest.mark.parametrize("name", ["a.csv", "b.csv"])
def test_the_same_content_twice_is_one_run(desk: Desk, name: str) -> None:
    desk.drop("a.csv", A, at=1)
    assert len(desk.ticks()) == 1
    desk.drop(name, A, at=2)
    assert desk.ticks() == []


def test_the_same_content_at_once_under_two_names_is_one_run(desk: Desk) -> None:
    desk.drop("a.csv", A)
    desk.drop("b.csv", A)
    assert len(desk.ticks()) == 1


def test_what_was_refused_may_be_dropped_again(desk: Desk) -> None:
    desk.drop("a.csv", A, at=1)
    (key,) = desk.ticks()
    desk.kept.refuse(key, "a.csv: is not liked")
    desk.drop("a.csv", A, at=2)
    assert len(desk.ticks()) == 1


def test_several_files_are_taken_in_the_order_of_their_change(desk: Desk) -> None:
    for at, name in enumerate("dbcae", start=1_000):
        desk.drop(f"{name}.csv", A + name.encode(), at)
    keys = desk.ticks()
    assert [key[0] for key in keys] == list("dbcae")
    assert keys == sorted(keys, key=accepted)


@pytest.mark.parametrize("name", ["~$a.xlsx", "a.tmp", "a.csv.tmp", ".a.csv", "a.csv.error.txt", "a.pdf", "quarantine/a.csv"])
def test_what_is_no_export_is_left_alone(desk: Desk, name: str) -> None:
    desk.drop(name, A)
    desk.drop("empty.csv", b"")
    assert desk.ticks() == []


def test_a_link_is_not_followed(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_bytes(A)
    desk.tick()
    Path(str(desk.folder), "a.csv").symlink_to(tmp_path / "secret.csv")
    assert desk.ticks() == []


def test_an_unreadable_file_is_told_of_and_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.drop("a.csv", A)
    desk.drop("b.csv", B)
    desk.tick()
    opened = DropFolder.open

    def locked(self: DropFolder, file: Dropped) -> Any:
        if file.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        return opened(self, file)

    with monkeypatch.context() as patched:
        patched.setattr(DropFolder, "open", locked)
        (key,) = desk.tick()
        assert desk.content(key) == B
        said: list[str] = []
        watch = Watch(desk.watched, desk.kept, desk.limits)
        watch.look(Cursor.of(desk.cursor), list, log=said.append)
        assert said == ["'a.csv' cannot be read (Permission denied); it is tried again"]
        assert desk.ticks() == []
    (key,) = desk.tick()
    assert desk.content(key) == A


def test_a_folder_that_cannot_be_listed_is_a_skip(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_self: DropFolder) -> list[Dropped]:
        raise OSError(112, "Host is down")

    monkeypatch.setattr(DropFolder, "files", gone)
    with dg.build_sensor_context(instance=desk.instance) as context:
        result: Any = desk.sensor(context)
    assert "Host is down" in result.skip_message


@pytest.mark.parametrize("cursor_is_kept", [True, False])
def test_a_restart_takes_nothing_twice(desk: Desk, cursor_is_kept: bool) -> None:
    desk.drop("a.csv", A)
    desk.drop("b.csv", B)
    assert len(desk.ticks()) == 2
    again = Desk(desk.folder, desk.kept.path, desk.instance)
    again.cursor = desk.cursor if cursor_is_kept else None
    assert again.ticks() == []


def test_a_file_over_the_limit_is_taken_without_being_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.limits = Limits(size=10)
    desk.drop("a.csv", A)
    desk.tick()
    monkeypatch.setattr(DropFolder, "open", None)
    (key,) = desk.tick()
    assert not desk.kept.origin(key).kept


def test_a_look_ends_in_time_and_goes_on_with_the_next(desk: Desk) -> None:
    for number in range(3):
        desk.drop(f"{number}.csv", A + str(number).encode())
    watch = Watch(desk.watched, desk.kept, desk.limits, seconds=-1)
    look = watch.look(watch.look(Cursor(), list, log=print).cursor, list, log=print)
    assert not look.accepted
    assert len(look.cursor.seen) == 3


def test_any_file_system_will_do(tmp_path: Path, dagster: dg.DagsterInstance) -> None:
    desk = Desk(UPath("memory://exports-of-a-test"), UPath("memory://kept-of-a-test"), dagster)
    desk.tick()
    (desk.folder / "a.csv").write_bytes(A)
    (key,) = desk.ticks()
    with desk.kept.open(key) as opened:
        assert opened.read() == A
    there = desk.watched.quarantine(desk.kept.origin(key).file, "a.csv: no", None)
    assert there.read_bytes() == A
    assert desk.watched.files() == []
    dagster.delete_dynamic_partition(SYNC, key)


def test_a_name_is_no_way_out_of_the_folder(desk: Desk) -> None:
    with pytest.raises(Exception, match="is no name of a file"):
        desk.watched.quarantine(Dropped("../a.csv", 1, "1"), "a.csv: no", [A])


def test_nothing_in_quarantine_is_overwritten(desk: Desk) -> None:
    for number in range(3):
        desk.drop("a.csv", A + str(number).encode())
        (file,) = desk.watched.files()
        desk.watched.quarantine(file, f"a.csv: no {number}", None)
    aside = Path(str(desk.folder), "quarantine")
    assert {path.name: path.read_bytes()[-1:] for path in aside.glob("*.csv")} == {
        "a.csv": b"0",
        "a-2.csv": b"1",
        "a-3.csv": b"2",
    }
    assert (aside / "a-3.csv.error.txt").read_text() == "a.csv: no 2\n"


def test_unchanged_files_are_settled_at_twelve_bytes_of_cursor_each(desk: Desk) -> None:
    folder = Path(str(desk.folder))
    folder.mkdir()
    for number in range(1_000):
        (folder / f"export {number:05d}.csv").write_bytes(A)
    settled = frozenset(file.digest for file in desk.watched.files())
    desk.cursor = str(Cursor(settled))
    assert desk.tick() == []
    assert len(desk.cursor) < 12_000


def test_kept_bytes_that_are_damaged_are_not_read(desk: Desk) -> None:
    desk.drop("a.csv", A)
    (key,) = desk.ticks()
    (desk.kept.path / key / "content").write_bytes(B)
    with pytest.raises(Exception, match="not those that were accepted"), desk.kept.open(key):
        pass


def test_a_copy_that_is_cut_is_not_kept(desk: Desk) -> None:
    desk.drop("a.csv", A)
    (key,) = desk.ticks()
    assert not desk.kept.add(f"{key}x", desk.kept.origin(key), BytesIO(A[:-3]))
    assert not (desk.kept.path / f"{key}x").exists()


@pytest.mark.parametrize("name", [b"r\xe9sultats.csv", b"a" * 251 + b".csv", b" a;b#c?.csv", b"a\nb.csv", b"-a\\b~[1].csv"])
def test_drop_name_not_utf8_too_long_or_odd(desk: Desk, name: bytes) -> None:
    desk.drop("good.csv", B)
    Path(str(desk.folder), os.fsdecode(name)).write_bytes(A)
    keys = desk.ticks()
    assert sorted(desk.content(key) for key in keys) == sorted([A, B])
    (key,) = (key for key in keys if desk.content(key) == A)
    assert desk.kept.origin(key).name == os.fsdecode(name)
    there = desk.watched.quarantine(desk.kept.origin(key).file, "a.csv: no", None)
    assert there.read_bytes() == A
    assert [file.name for file in desk.watched.files()] == ["good.csv"]


@pytest.mark.parametrize("last", [b"Page 1 of 3,\r\n", b"Total: 250,\r\n", b",1.00E+10\r\n"])
def test_a_complete_file_that_may_not_be_whole_is_put_aside(desk: Desk, last: bytes) -> None:
    desk.drop("a.csv", A + last)
    (key,) = desk.ticks()
    watch = Watch(desk.watched, desk.kept, desk.limits)
    assert len(read_export(watch, key, {}).devices) == 1
    with pytest.raises(ExportRefused, match="may not name every machine"):
        read_export(watch, key, {}, complete=True)
    assert desk.watched.files() == []
