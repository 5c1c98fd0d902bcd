"""This very machine: its own document, collected with the real `ip` and the real /proc, synced, and synced after a change."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asset_sync.systems.hosts import collect
from asset_sync_tests.components.hosts.lab import NOTHING, HostLab, lab_of


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Iterator[HostLab]:
    with lab_of(tmp_path, monkeypatch, database_url) as made:
        yield made


def collected(*before: str) -> dict[str, Any]:
    """Return the document that the collector prints, as a program of its own."""
    done = subprocess.run([*before, sys.executable, collect.__file__], capture_output=True, check=True, timeout=60)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.slow
def test_this_machine_and_again_with_nothing_to_do(lab: HostLab) -> None:
    document = collected()
    lab.register(document["hostname"].partition(".")[0], serial="")
    lab.run(document)
    device = lab.device(document["hostname"].partition(".")[0])
    assert device["platform"] is not None
    assert lab.settled(collected())


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, ...]]:
    """Words before a command that run it in a network namespace of its own, with an interface in it."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        pytest.skip("a network namespace takes root, unshare, nsenter and ip")
    waiting = ["unshare", "--net", "sh", "-c", "echo inside; exec sleep 300"]
    with subprocess.Popen(waiting, stdout=subprocess.PIPE) as held:
        inside = ("nsenter", "--target", str(held.pid), "--net")
        try:
            # Until it says so it may still be where everybody is, and so would be what enters.
            assert held.stdout is not None
            assert held.stdout.readline() == b"inside\n"
            for words in ("link add lan0 type bridge", "addr add 192.0.2.50/24 dev lan0", "link set lan0 up"):
                subprocess.run([*inside, "ip", *words.split()], check=True, timeout=60)
            yield inside
        finally:
            held.kill()


@pytest.mark.slow
def test_a_real_change_of_this_machine(lab: HostLab, elsewhere: tuple[str, ...]) -> None:
    document = collected(*elsewhere)
    name = document["hostname"].partition(".")[0]
    lab.register(name, serial="")
    lab.run(document)
    assert lab.addresses() == {"192.0.2.50/24": "lan0"}
    assert lab.settled(collected(*elsewhere))
    # Not every kernel has dummies.
    adding = (
        "ip link add extra0 type dummy 2>/dev/null || ip link add extra0 type bridge; ip addr add 198.51.100.9/24 dev extra0"
    )
    subprocess.run([*elsewhere, "sh", "-ec", adding], check=True, timeout=60)
    assert lab.run(collected(*elsewhere)).planned != NOTHING
    assert lab.interfaces()["extra0"]["enabled"] is True
    assert lab.addresses() == {"192.0.2.50/24": "lan0", "198.51.100.9/24": "extra0"}
    assert lab.settled(collected(*elsewhere))
