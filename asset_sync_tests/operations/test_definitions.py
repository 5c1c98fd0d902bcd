"""Dagster's instance, as a process opens it: each time anew, or once where the process is a service."""

from pathlib import Path
from threading import Thread

import dagster as dg
import pytest

from asset_sync.operations.definitions import instance, keeping_instance
from asset_sync.operations.watching import daemon


def test_a_service_opens_the_instance_once_for_all_its_threads(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[dg.DagsterInstance] = []
    get = dg.DagsterInstance.get

    def counted() -> dg.DagsterInstance:
        opened.append(get())
        return opened[-1]

    monkeypatch.setattr(dg.DagsterInstance, "get", counted)
    found: list[dg.DagsterInstance] = []

    def ask() -> None:
        with instance() as dagster:
            found.append(dagster)

    with keeping_instance():
        assert opened == [], "what cannot be opened is told to whoever asks, and does not keep the service from starting"
        threads = [Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert daemon() is False
        assert [each is opened[0] for each in found] == [True] * 4
        assert len(opened) == 1
    ask()
    assert len(opened) == 2
    assert found[-1] is opened[1]
