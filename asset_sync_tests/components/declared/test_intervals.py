"""How often a connection is due, as the YAML says it, and as earlier versions did."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from asset_sync.components.config import Place
from asset_sync.components.declared.ends import SeveralConfig
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems import system
from asset_sync_tests.components.declared.test_examples import SEVERAL_YAML
from asset_sync_tests.components.probe import load_of

NETBOX = system("netbox")
YAML = "attributes:\n  connections:\n    - name: berlin\n      interval_minutes: 30\n"


def interval(**told: Any) -> timedelta:
    return SeveralConfig(name="berlin", **told).interval(NETBOX)


def test_an_interval_is_in_seconds_an_hour_where_nothing_is_said_or_as_the_system_says() -> None:
    assert interval(interval_seconds=5) == timedelta(seconds=5)
    assert interval() == timedelta(hours=1)
    of_fabrics = replace(NETBOX, interval=timedelta(seconds=60))
    assert SeveralConfig(name="berlin").interval(of_fabrics) == timedelta(minutes=1)
    assert SeveralConfig(name="berlin", interval_seconds=5).interval(of_fabrics) == timedelta(seconds=5)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    file = tmp_path / "defs.yaml"
    file.write_text(YAML)
    return Place(file, ("attributes", "connections", "0"))


def test_minutes_of_earlier_versions_are_read_and_what_to_write_is_said(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    old = SeveralConfig(name="berlin", interval_minutes=30)
    old.check(place, NETBOX)
    assert old.interval(NETBOX) == timedelta(minutes=30)
    assert [record.getMessage() for record in caplog.records] == [
        f"{place.file}:4: connections.0.interval_minutes: write `interval_seconds: 1800` in its place"
    ]
    caplog.clear()
    SeveralConfig(name="berlin", interval_seconds=1800).check(place, NETBOX)
    assert not caplog.records


def test_two_intervals_are_refused(place: Place) -> None:
    with pytest.raises(
        ConfigurationError, match=r"defs.yaml:4: connections.0.interval_minutes: write `interval_seconds: 1800`"
    ):
        SeveralConfig(name="berlin", interval_minutes=30, interval_seconds=5).check(place, NETBOX)


def test_a_whole_file_of_an_earlier_version_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = load_of(tmp_path, "sites_of_all", SEVERAL_YAML, monkeypatch)
    (sensor,) = made.sensors or []
    assert sensor.name == "sites_of_all_sensor"
    told = {record.getMessage().partition("connections.")[2] for record in caplog.records}
    assert "0.interval_minutes: write `interval_seconds: 1800` in its place" in told
