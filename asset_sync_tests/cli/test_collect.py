"""`asset-sync collect`: on this machine, and on others by ssh; what fails is told, the others' documents are there."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from asset_sync.cli.main import main
from asset_sync.operations import collecting
from asset_sync.systems.hosts import collect as collector
from asset_sync.systems.hosts import parse
from asset_sync_tests.systems.hosts.example import document
from asset_sync_tests.systems.hosts.fake_ssh import asked, fake_ssh, host

pytestmark = pytest.mark.usefixtures("home")


def collect(*args: Any) -> Result:
    return CliRunner().invoke(main, ["collect", *map(str, args)])


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = fake_ssh(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}")
    return folder


def answering(ssh: Path, name: str, **changed: Any) -> dict[str, Any]:
    """A host that answers this document."""
    told = document(**changed)
    file = ssh / f"{name}.json"
    file.write_text(json.dumps(told), encoding="utf-8")
    host(ssh, name, f"cat '{file}'")
    return told


def test_this_machine_is_printed() -> None:
    result = collect()
    assert (result.exit_code, result.stderr) == (0, "")
    read = parse(result.stdout_bytes)
    assert read.document.services is None
    assert read.document.platform.kernel == os.uname().release


def test_what_listens_is_told_when_asked_for() -> None:
    assert parse(collect("--services").stdout_bytes).document.services is not None


def test_the_schema_is_printed() -> None:
    assert json.loads(collect("--schema").stdout) == collector.schema()


def test_the_file_counts_from_where_the_user_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    # As a project's root has it: the program runs there.
    (tmp_path / "dagster.yaml").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "sub")
    result = collect("--output", "host.json")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{tmp_path / 'sub' / 'host.json'}\n"
    assert parse((tmp_path / "sub" / "host.json").read_bytes()).notes == ()
    assert sorted(each.name for each in (tmp_path / "sub").iterdir()) == ["host.json"]


def test_a_place_that_is_not_there_is_told_in_a_line(tmp_path: Path) -> None:
    result = collect("--output", tmp_path / "nowhere" / "host.json")
    assert result.exit_code == 1
    assert result.stderr == f"asset-sync: No such file or directory: {tmp_path}/nowhere\n"


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["web-1"], "a HOST is asked by --ssh alone"),
        (["--ssh"], "--ssh needs a HOST"),
        (["--ssh", "web-1"], "--ssh needs --output FOLDER for the documents"),
        (["--ssh", "--schema", "web-1"], "--schema is printed, and asks no host"),
        (["--schema", "--output", "x"], "--schema is printed, and asks no host"),
    ],
)
def test_what_does_not_go_together(args: list[str], told: str) -> None:
    result = collect(*args)
    assert result.exit_code == 2
    assert result.stderr == f"asset-sync: {told} (see: asset-sync collect --help)\n"


# By ssh.


def test_each_host_is_a_file_and_what_failed_is_a_line(ssh: Path, tmp_path: Path) -> None:
    told = answering(ssh, "a.example", hostname="web-1")
    nameless = answering(ssh, "b.example", hostname=None, machine_id="ab" * 16)
    answering(ssh, "old.example", schema=7)
    host(ssh, "shut.example", "echo 'me@shut.example: Permission denied (publickey).' >&2; exit 255")
    host(ssh, "chatty.example", "echo Welcome; echo '{}'")
    hosts = ["a.example", "nowhere.example", "old.example", "b.example", "shut.example", "chatty.example"]
    result = collect("--ssh", *hosts, "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"a.example: {tmp_path}/out/web-1.json",
        f"b.example: {tmp_path}/out/{'ab' * 16}.json",
    ]
    assert result.stderr.splitlines() == [
        "nowhere.example: ssh: Could not resolve hostname nowhere.example: Name or service not known",
        "old.example: what it answered has the schema version 7; this asset-sync reads 1: use its own collector",
        "shut.example: me@shut.example: Permission denied (publickey).",
        "chatty.example: what it answered is no JSON: Expecting value: line 1 column 1 (char 0)",
    ]
    written = {each.name: json.loads(each.read_bytes()) for each in (tmp_path / "out").iterdir()}
    assert written == {"web-1.json": told, f"{'ab' * 16}.json": nameless}


def test_all_went_well(ssh: Path, tmp_path: Path) -> None:
    host(ssh, "me@web-1", 'exec "$@"')
    result = collect("--ssh", "me@web-1", "me@web-1", "--services", "--output", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (0, "")
    (file,) = (tmp_path / "out").iterdir()
    assert parse(file.read_bytes()).document.services is not None
    # Asked once, though named twice.
    assert asked(ssh) == ["-o BatchMode=yes -o ConnectTimeout=15 -- me@web-1 python3 - --services"]


@pytest.mark.parametrize("name", ["-oProxyCommand=reboot", "a;b"])
def test_an_option_is_no_host_and_none_is_asked(ssh: Path, tmp_path: Path, name: str) -> None:
    answering(ssh, "web-1")
    result = collect("--ssh", "--output", tmp_path / "out", "--", "web-1", name)
    assert result.exit_code == 1
    assert result.stderr == f"asset-sync: '{name}' is no host; name HOST or USER@HOST, and a port in ~/.ssh/config\n"
    assert not (ssh / "asked").exists()


def test_two_machines_of_one_name_do_not_overwrite_each_other(ssh: Path, tmp_path: Path) -> None:
    first = answering(ssh, "a", hostname="localhost", machine_id="aa" * 16)
    answering(ssh, "b", hostname="localhost", machine_id="bb" * 16)
    answering(ssh, "a-again", hostname="localhost", machine_id="aa" * 16)
    result = collect("--ssh", "a", "b", "a-again", "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr == "b: calls itself localhost, as a does: its document is not kept\n"
    assert json.loads((tmp_path / "out" / "localhost.json").read_bytes()) == first


def test_a_hostile_name_never_becomes_a_path(ssh: Path, tmp_path: Path) -> None:
    answering(ssh, "evil", hostname="../../evil")
    result = collect("--ssh", "evil", "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.startswith("evil: what it answered is no host's document: hostname: it may not be written so")
    assert result.stderr.count("\n") == 1
    assert list((tmp_path / "out").iterdir()) == []


def test_a_document_that_cannot_be_written_stops_no_other(ssh: Path, tmp_path: Path) -> None:
    answering(ssh, "a", hostname="web-1")
    answering(ssh, "b", hostname="web-2", machine_id="bb" * 16)
    (tmp_path / "out" / "web-1.json").mkdir(parents=True)
    result = collect("--ssh", "a", "b", "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.startswith("a: Is a directory: ")
    assert (tmp_path / "out" / "web-2.json").is_file()
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["web-1.json", "web-2.json"]


def test_a_file_is_no_folder(ssh: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = collect("--ssh", "web-1", "--output", tmp_path / "file")
    assert result.exit_code == 1
    assert result.stderr == f"asset-sync: {tmp_path}/file is no folder: give --output one for the documents of several hosts\n"


def test_hosts_are_asked_at_the_same_time(ssh: Path, tmp_path: Path) -> None:
    for at in range(12):
        answering(ssh, f"h{at}", hostname=f"web-{at}", machine_id=f"{at:032x}")
        host(ssh, f"h{at}", f"sleep 0.7; cat '{ssh}/h{at}.json'")
    began = time.monotonic()
    done = list(collecting.by_ssh([f"h{at}" for at in range(12)], tmp_path / "out", services=False))
    assert [each.file and each.file.name for each in done] == [f"web-{at}.json" for at in range(12)]
    assert time.monotonic() - began < 5
