"""The collector as a whole: on this very machine, alone, on other trees of files, on other systems."""

import ast
import json
import os
import platform
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from asset_sync.systems.hosts import collect, parse
from asset_sync_tests.systems.hosts.machines import at, tree, unread

FILE = Path(collect.__file__)


def alone(*words: str, isolated: bool = True, **env: str) -> subprocess.CompletedProcess[bytes]:
    """The file by itself; isolated, with nothing but Python: no psutil."""
    command = [sys.executable, *(["-I", "-S"] if isolated else []), "-W", "error", str(FILE), *words]
    return subprocess.run(command, capture_output=True, check=False, timeout=60, env={**os.environ, **env})


@pytest.mark.skipif(sys.platform != "linux", reason="it is Linux that is looked at")
def test_this_machine() -> None:
    done = alone("--services", isolated=False)
    assert (done.returncode, done.stderr) == (0, b"")
    read = parse(done.stdout)
    assert read.notes == ()
    told = read.document
    assert told.platform.kernel == os.uname().release
    assert told.memory == psutil.virtual_memory().total
    assert told.cpu.threads == os.cpu_count()
    assert {each.name: each.mtu for each in told.interfaces or ()} == {
        name: int(Path(f"/sys/class/net/{name}/mtu").read_text(encoding="ascii")) for _, name in socket.if_nameindex()
    }
    known = {
        (name, each.address.partition("%")[0])
        for name, addresses in psutil.net_if_addrs().items()
        for each in addresses
        if each.family in {socket.AF_INET, socket.AF_INET6}
    }
    assert {(each.interface, each.address) for each in told.addresses or ()} == known
    assert abs(time.time() - told.collected_at.timestamp()) < 60


def test_all_that_is_unread_is_null_and_all_that_is_null_may_be() -> None:
    told = json.loads(alone().stdout)
    assert [each["path"] for each in told["unread"] if at(told, each["path"]) is not None] == []
    assert {"path": "/services", "reason": "it was not asked for: --services"} in told["unread"]
    assert {"path": "/cpu/cores", "reason": "the Python package psutil is not installed"} in told["unread"]
    nulls = {f"/{name}" for name, value in told.items() if value is None}
    assert nulls <= {each["path"] for each in told["unread"]}


def test_it_tells_what_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", 0))
        told = collect.services(collect.Unread())
        process = psutil.Process().name()
        for protocol, opened in (("tcp", server), ("udp", datagrams)):
            expected = {"protocol": protocol, "address": "127.0.0.1", "port": opened.getsockname()[1], "process": process}
            assert expected in told


def test_no_secret_of_the_environment_or_of_a_command_line_is_told() -> None:
    secret = "correct-horse-battery-staple"
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", secret]) as process:
        told = alone("--services", isolated=False, ASSET_SYNC_TEST_SECRET=secret).stdout
        process.kill()
    assert secret.encode() not in told


# It runs alone, with Python 3.9.


def test_it_needs_nothing_of_the_project() -> None:
    parsed = ast.parse(FILE.read_text(encoding="utf-8"), feature_version=(3, 9))
    names = [alias.name for each in ast.walk(parsed) if isinstance(each, ast.Import) for alias in each.names]
    names += [str(each.module) for each in ast.walk(parsed) if isinstance(each, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_it_needs_no_python_after_3_9() -> None:
    vermin = [sys.executable, "-c", "from vermin.main import main; main()"]
    judged = subprocess.run(
        [*vermin, "--target=3.9-", "--violations", "--eval-annotations", str(FILE)], capture_output=True, check=False
    )
    assert judged.returncode == 0, judged.stdout.decode()


def test_it_runs_from_standard_input_as_ssh_sends_it() -> None:
    with FILE.open("rb") as script:
        done = subprocess.run([sys.executable, "-I", "-S", "-"], stdin=script, capture_output=True, check=True)
    assert json.loads(done.stdout)["schema"] == collect.SCHEMA


@pytest.mark.slow
def test_it_writes_utf8_whatever_the_machine_prefers() -> None:
    assert parse(alone(isolated=False, LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0").stdout).document.version == 1


def test_it_writes_a_file_whole_and_into_a_folder_under_the_hosts_name(tmp_path: Path) -> None:
    assert alone("--output", str(tmp_path)).returncode == 0
    (file,) = tmp_path.iterdir()
    told = parse(file.read_bytes()).document
    assert file.name == f"{told.hostname or told.machine_id}.json"
    assert alone("--output", str(tmp_path / "named.json")).returncode == 0
    assert sorted(tmp_path.iterdir()) == sorted([file, tmp_path / "named.json"])
    # Whoever takes documents from a folder need not be who wrote them.
    (tmp_path / "usual").write_bytes(b"")
    assert file.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_file_that_cannot_be_written_is_told_in_a_line(tmp_path: Path) -> None:
    done = alone("--output", str(tmp_path / "nowhere" / "x.json"))
    assert done.returncode == 1
    assert re.fullmatch(rb"collect\.py: No such file or directory: \S+\n", done.stderr)


# Other machines.


def test_a_pc_read_by_root(tmp_path: Path) -> None:
    missing = collect.Unread()
    told = collect.hardware(missing, tree(tmp_path, {
        "sys/class/dmi/id/sys_vendor": "Dell Inc.\n",
        "sys/class/dmi/id/product_name": "To Be Filled By O.E.M.\n",
        "sys/class/dmi/id/product_serial": " \n",
    }))  # fmt: skip
    # Junk is told as it is: who compares judges it.
    assert told == {"manufacturer": "Dell Inc.", "model": "To Be Filled By O.E.M.", "serial": None}
    assert unread(missing) == {"/hardware/serial": "it is empty"}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="it takes root to become somebody else")
def test_a_serial_that_only_root_may_read_is_null_with_the_reason(tmp_path: Path) -> None:
    root = tree(tmp_path, {"sys/class/dmi/id/product_serial": "7XYZ123\n"})
    (root / "sys/class/dmi/id/product_serial").chmod(0o400)
    assert collect.hardware(collect.Unread(), root)["serial"] == "7XYZ123"
    missing = collect.Unread()
    os.seteuid(65534)
    try:
        assert collect.hardware(missing, root)["serial"] is None
    finally:
        os.seteuid(0)
    assert unread(missing)["/hardware/serial"].startswith("Permission denied: ")


def test_a_raspberry_pi(tmp_path: Path) -> None:
    files: Mapping[str, str | bytes] = {
        "proc/device-tree/model": b"Raspberry Pi 4 Model B Rev 1.4\0",
        "proc/device-tree/serial-number": b"10000000a1b2c3d4\0",
        "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n',
        "proc/cpuinfo": "processor\t: 0\nSerial\t\t: 10000000a1b2c3d4\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n",
    }
    missing = collect.Unread()
    root = tree(tmp_path, files)
    told = collect.hardware(missing, root)
    assert told == {"manufacturer": None, "model": "Raspberry Pi 4 Model B Rev 1.4", "serial": "10000000a1b2c3d4"}
    assert unread(missing)["/hardware/manufacturer"] == "the firmware tells none"
    (tmp_path / "proc/device-tree/serial-number").unlink()
    assert collect.hardware(collect.Unread(), root)["serial"] == "10000000a1b2c3d4"
    system = collect.system(missing, root)
    assert (system["id"], system["version_id"], system["version_codename"]) == ("debian", "12", None)
    assert collect.processors(missing, root)["model"] is None
    assert "as on most ARM machines" in unread(missing)["/cpu/model"]


def test_an_odd_line_of_os_release_costs_itself_alone(tmp_path: Path) -> None:
    told = 'ID="ubuntu\n# VERSION_ID=1\nVERSION_ID=\'24.04\'\nNAME="Ubuntu \\"LTS\\""\n\nBUG_REPORT_URL="\n'
    missing = collect.Unread()
    system = collect.system(missing, tree(tmp_path, {"etc/os-release": told}))
    assert (system["id"], system["version_id"], system["name"]) == (None, "24.04", 'Ubuntu "LTS"')
    assert "No closing quotation" in unread(missing)["/platform/id"]


def test_without_os_release_all_of_it_is_unread(tmp_path: Path) -> None:
    missing = collect.Unread()
    collect.system(missing, tmp_path)
    assert set(unread(missing)) == {f"/platform/{name}" for name in (
        "id", "name", "version_id", "version_codename", "pretty_name")}  # fmt: skip


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("4F1C2B3A4F1C2B3A4F1C2B3A4F1C2B3A\n", "4f1c2b3a4f1c2b3a4f1c2b3a4f1c2b3a"),
        ("uninitialized\n", "'uninitialized' is no machine id"),
        ("0" * 32, f"'{'0' * 32}' is no machine id"),
        ("", "'' is no machine id"),
    ],
)
def test_machine_ids(tmp_path: Path, content: str, told: str) -> None:
    missing = collect.Unread()
    read = missing.read("/machine_id", lambda: collect.machine_id(tree(tmp_path, {"etc/machine-id": content})))
    assert (read or unread(missing)["/machine_id"]) == told


@pytest.mark.parametrize("name", ["my host", "web\u202e", "", "-web", "a" * 64, "web..1", "../x"])
def test_a_name_that_no_host_can_have_is_null_with_the_reason(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(platform, "node", lambda: name)
    missing = collect.Unread()
    assert missing.read("/hostname", collect.hostname) is None
    assert list(unread(missing)) == ["/hostname"]


@pytest.mark.parametrize(
    ("node", "resolved", "told"),
    [
        ("web-1", "web-1.example.org", "web-1.example.org"),
        ("web-1", "WEB-1.example.org", "WEB-1.example.org"),
        ("web-1.example.org", "localhost", "web-1.example.org"),
        ("web-1", "localhost.localdomain", None),
        ("web-1", "web-1", None),
    ],
)
def test_full_names(monkeypatch: pytest.MonkeyPatch, node: str, resolved: str, told: str | None) -> None:
    monkeypatch.setattr(platform, "node", lambda: node)
    monkeypatch.setattr(socket, "getfqdn", lambda: resolved)
    missing = collect.Unread()
    assert missing.read("/fqdn", collect.fqdn) == told
    assert bool(missing.told) == (told is None)


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "NAME_SECONDS", 0.1)
    monkeypatch.setattr(platform, "node", lambda: "web-1")
    monkeypatch.setattr(socket, "getfqdn", lambda: time.sleep(5))
    missing = collect.Unread()
    began = time.monotonic()
    assert missing.read("/fqdn", collect.fqdn) is None
    assert time.monotonic() - began < 2
    assert unread(missing)["/fqdn"] == "the resolver did not answer within 0.1 s"


def test_disks_are_devices_and_nothing_else(tmp_path: Path) -> None:
    block = "sys/block"
    missing = collect.Unread()
    told = collect.disks(missing, tree(tmp_path, {
        f"{block}/sda/device/model": "SSDSC2KB480G8   \n", f"{block}/sda/size": "937703088\n", f"{block}/sda/removable": "0\n",
        f"{block}/nvme0n1/device/model": "Samsung SSD 980\n", f"{block}/nvme0n1/device/serial": "S649\n",
        f"{block}/nvme0n1/size": "1953525168\n", f"{block}/nvme0n1/removable": "0\n",
        f"{block}/vda/device/vendor": "", f"{block}/vda/serial": "root\n", f"{block}/vda/size": "x\n",
        f"{block}/mmcblk0/device/name": "SD32G\n", f"{block}/mmcblk0/size": "62333952\n", f"{block}/mmcblk0/removable": "1\n",
        f"{block}/mmcblk0boot0/device/name": "SD32G\n", f"{block}/sr0/device/model": "DVD\n",
        f"{block}/loop0/size": "8\n", f"{block}/zram0/size": "8\n", f"{block}/dm-0/size": "8\n", f"{block}/ram0/size": "8\n",
    }))  # fmt: skip
    assert [tuple(each.values()) for each in told] == [
        ("mmcblk0", 31914983424, "SD32G", None, True),
        ("nvme0n1", 1000204886016, "Samsung SSD 980", "S649", False),
        ("sda", 480103981056, "SSDSC2KB480G8", None, False),
        ("vda", None, None, "root", None),
    ]
    assert unread(missing)["/disks/2/serial"] == "the disk tells none"
    assert {path for path in unread(missing) if path.startswith("/disks/3")} == {
        "/disks/3/size", "/disks/3/model", "/disks/3/removable",
    }  # fmt: skip


@pytest.mark.parametrize("system", ["Windows", "Darwin"])
def test_other_systems_give_what_psutil_and_platform_know(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "version", lambda: "10.0.22631")
    monkeypatch.setattr(platform, "mac_ver", lambda: ("14.5", ("", "", ""), "arm64"))
    told: dict[str, Any] = collect.collect()
    read = parse(collect.as_json(told))
    assert read.notes == ()
    assert read.document.memory == psutil.virtual_memory().total
    assert read.document.platform.version_id == {"Windows": "10.0.22631", "Darwin": "14.5"}[system]
    assert read.document.addresses
    for path in ("/machine_id", "/disks", "/default_routes", "/containers", "/hardware/serial", "/platform/id"):
        assert {"path": path, "reason": f"it is not read on {system}"} in told["unread"]
        assert at(told, path) is None
