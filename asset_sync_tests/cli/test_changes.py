"""What was written since a moment, on the command line: after a real run, and what people mean by a moment."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from click.testing import CliRunner

from asset_sync.cli.main import main
from asset_sync.operations.changes import moment
from asset_sync.operations.runs import run_sync
from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.sandbox.world import World
from asset_sync_tests.cli.lab import SYNC
from asset_sync_tests.pipeline import ASSETS

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=timezone(timedelta(hours=1)))


def asked(*words: str, status: int = 0) -> str:
    done = CliRunner().invoke(main, words)
    assert done.exit_code == status, done.output
    return done.output


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("3d", NOW - timedelta(days=3)),
        ("12h", NOW - timedelta(hours=12)),
        ("30m", NOW - timedelta(minutes=30)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2026-01-31", datetime(2026, 1, 31).astimezone()),
        ("2026-01-31T08:30", datetime(2026, 1, 31, 8, 30).astimezone()),
        ("2026-01-31 08:30+02:00", datetime(2026, 1, 31, 6, 30, tzinfo=UTC)),
        ("2026-01-31T08:30Z", datetime(2026, 1, 31, 8, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_date_a_time_or_so_long_ago(told: str, meant: datetime) -> None:
    assert moment(told, NOW) == meant


@pytest.mark.parametrize(
    "told", ["", "yesterday", "3", "3y", "-3d", "2026-13-01", "999999w", "0001-01-01T00:00+23:59x", "0001-01-01T00:00+05:00"]
)
def test_what_is_no_moment_is_said(told: str) -> None:
    with pytest.raises(ConfigurationError, match="is no moment: write a date"):
        moment(told, NOW)


def test_what_a_run_wrote_is_counted_and_told(world: World) -> None:
    assert "Nothing was written" in asked("changes", "--since", "1h")
    run_sync(SYNC, "normal")
    there = {str(row["id"]): row for row in world.netbox.objects(ASSETS)}
    found = json.loads(asked("changes", "--since", "1h", "--kind", "asset", "--field", "serial", "--json"))
    assert [(e["sync"], e["what"], e["values"], e["objects"]) for e in found["counted"]] == [
        (SYNC, "create", len(there), len(there))
    ]
    assert found["page"] is None
    detail = json.loads(asked("changes", "--since", "1h", "--kind", "asset", "--field", "serial", "--detail", "--json"))
    assert {each["target_id"]: each["new"] for each in detail["page"]["rows"]} == {n: row["serial"] for n, row in there.items()}
    told = asked("changes", "--since", "2020-01-31", "--detail", "--limit", "3")
    assert told.startswith(f"Since 2020-01-31 00:00:00 {datetime(2020, 1, 31).astimezone().tzname()} (")
    assert "There are more, earlier ones: these are the latest 3." in told
    assert "no sync has a kind 'beamer'" in asked("changes", "--since", "1h", "--kind", "beamer", status=1)
    assert "no sync has a field 'rom' of any kind" in asked("changes", "--since", "1h", "--field", "rom", status=1)
    assert "there is no sync 'nothing'" in asked("changes", "--since", "1h", "--sync", "nothing", status=1)
    assert "is no moment" in asked("changes", "--since", "sometime", status=2)
