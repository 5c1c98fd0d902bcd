"""Collecting by ssh: what is sent, and every way in which a host fails to answer, each in one line and in time."""

import os
import sys
import time
from pathlib import Path

import pytest

from asset_sync.reconcile.errors import ConfigurationError, SourceError
from asset_sync.systems.hosts import parse, remote
from asset_sync.systems.hosts.document import MAX_BYTES
from asset_sync_tests.systems.hosts.fake_ssh import asked, fake_ssh, host

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the commands of these tests are shell scripts")


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = fake_ssh(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}")
    return folder


@pytest.mark.parametrize(
    "name",
    ["-oProxyCommand=touch /tmp/x", "-v", "--", "", "a b", "a;reboot", "$(reboot)", "a\nb", "@a", "u@-v", "a" * 256, "ssh://a"],
)
def test_what_ssh_could_take_for_something_else_is_no_host(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is no host; name HOST or USER@HOST, and a port in ~/.ssh/config") as error:
        remote.refuse_options(["web-1", name])
    assert str(error.value).isprintable()


def test_names_that_hosts_have_for_ssh() -> None:
    remote.refuse_options(["web-1", "root@web-1.example.org", "192.0.2.1", "2001:db8::1", "fe80::1%eth0", "a_b", "j.doe@x"])


def test_the_collector_is_sent_and_its_document_comes_back(ssh: Path) -> None:
    host(ssh, "root@web-1", 'exec "$@"')
    told = parse(remote.collect("root@web-1", ["--services"])).document
    assert told.services is not None
    assert asked(ssh) == ["-o BatchMode=yes -o ConnectTimeout=15 -- root@web-1 python3 - --services"]


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (
            "echo Welcome >&2; echo 'root@x: Permission denied (publickey).' >&2; exit 255",
            "root@x: Permission denied (publickey).",
        ),
        ("echo 'bash: python3: command not found' >&2; exit 127", "bash: python3: command not found"),
        ("exit 255", "ssh ended with status 255, and said nothing"),
        ("printf '\\033[31mred\\033[0m \\342\\200\\256 no\\n' >&2; exit 1", "[31mred [0m no"),
        ("kill -9 $$", "ssh ended with status -9, and said nothing"),
    ],
)
def test_a_host_that_fails_is_told_in_the_last_line_that_it_said(ssh: Path, script: str, told: str) -> None:
    host(ssh, "x", script)
    with pytest.raises(SourceError) as error:
        remote.collect("x", [])
    assert str(error.value) == told


@pytest.mark.parametrize(
    "script",
    ["sleep 30", "trap '' TERM; sleep 30", "(sleep 30) & exit 0", "while :; do echo x; done", "exec 1>&- 2>&-; sleep 30"],
    ids=["hangs", "does not want to end", "leaves somebody behind", "never stops talking", "is silent"],
)
def test_a_host_that_does_not_end_costs_its_time_and_no_more(ssh: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(remote, "_PATIENCE_S", 0.2)
    host(ssh, "x", script)
    began = time.monotonic()
    if "exit 0" in script:
        # What was said until then is all that there is.
        assert remote.collect("x", [], seconds=0.5) == b""
    else:
        with pytest.raises(SourceError, match=r"did not answer within 0\.5 s"):
            remote.collect("x", [], seconds=0.5)
    assert time.monotonic() - began < 3


def test_no_more_is_kept_of_a_flood_than_a_document_may_have(ssh: Path) -> None:
    host(ssh, "x", f"head -c {MAX_BYTES * 3} /dev/zero; head -c 1000000 /dev/zero >&2")
    assert len(remote.collect("x", [])) == MAX_BYTES + 1


def test_without_ssh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="there is no command ssh on this machine"):
        remote.collect("web-1", [])
