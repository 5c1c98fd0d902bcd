"""`asset-sync alerts`, and as a process of its own, as cron starts it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from asset_sync.cli.main import main
from asset_sync.operations import definitions
from asset_sync.operations.definitions import instance
from asset_sync_tests.components.test_alerts import CHANNEL, NONE, YAML
from asset_sync_tests.operations.conftest import OPS, SECRET, Receiver, receiver
from asset_sync_tests.operations.test_alerting import SYNC, run

__all__ = ["receiver"]

PROGRAM = (
    "import sys; from pathlib import Path; from asset_sync.operations import definitions; from asset_sync.cli.main import main"
)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path, database_url: str) -> Path:
    """The folder of YAML files of a project whose alerts have the channel `OPS`."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    (tmp_path / "defs" / "alerts").mkdir(parents=True)
    written(tmp_path / "defs", YAML.replace(NONE, CHANNEL))
    monkeypatch.setattr(definitions, "DEFS", tmp_path / "defs")
    return tmp_path / "defs"


def written(folder: Path, yaml: str) -> None:
    (folder / "alerts" / "defs.yaml").write_text(yaml, encoding="utf-8")


def ask(*words: str, status: int = 0) -> Result:
    result = CliRunner().invoke(main, ["alerts", *words])
    assert result.exit_code == status, result.output
    return result


@pytest.mark.usefixtures("folder")
def test_what_is_open_is_listed_and_sent_once(receiver: Receiver) -> None:
    assert ask("list").stdout == "Nothing is open.\n"
    assert ask("send").stdout == "ops: nothing to tell\n"
    with instance() as dagster:
        failed = run(dagster, fails=True)
    assert [line.split()[:3] for line in ask("list").stdout.splitlines()[1:]] == [["failure", SYNC, "PDQ"]]
    assert "ops not yet" in ask("list").stdout
    assert ask("send").stdout == "ops: told 1\n"
    assert ask("send").stdout == "ops: nothing to tell\n"
    assert receiver.titles() == [f"{SYNC} failed"]
    (listed,) = json.loads(ask("list", "--json").stdout)
    assert (listed["cause"]["sort"], listed["cause"]["run_id"]) == ("failure", failed)
    assert listed["told_at"]["ops"] is not None


def test_a_channel_is_tried_by_name_or_with_all(folder: Path, receiver: Receiver) -> None:
    assert ask("test").stdout == "ops: told 1\n"
    ask("test", "ops")
    assert receiver.titles() == ["a test"] * 2
    told = ask("test", "nosuch", status=1).stderr
    assert told == "asset-sync: there is no channel 'nosuch'; there are ops\n"
    receiver.answers(403)
    result = ask("test", "ops", status=1)
    assert (result.stdout, result.stderr) == ("", "ops: it answered 403\n")
    written(folder, YAML)
    assert "no channel is named: see asset_sync/defs/alerts/defs.yaml" in ask("test", status=1).stderr


def test_a_channel_that_takes_nothing_is_told_by_the_exit_status(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OPS.variable, f"json://pat:{SECRET}@127.0.0.1:9/{SECRET}")
    with instance() as dagster:
        run(dagster, fails=True)
    result = ask("send", status=1)
    assert result.stdout == ""
    assert result.stderr.startswith("ops: it cannot be reached, or does not take messages; next try after ")
    assert SECRET not in result.output
    written(folder, YAML)
    assert ask("send").stdout.startswith("no channel is named")


def test_a_wrong_file_is_told_with_its_line(folder: Path) -> None:
    line = YAML.splitlines().index("  again_hours: 24") + 1
    written(folder, YAML.replace("again_hours: 24", "again_hours: never"))
    assert f"alerts/defs.yaml:{line}: again_hours: 'never': " in ask("send", status=1).stderr
    (folder / "alerts" / "defs.yaml").unlink()
    assert "no YAML has `type: asset_sync.components.Alerts`" in ask("send", status=1).stderr


@pytest.mark.slow
def test_two_processes_of_cron_tell_once(folder: Path, receiver: Receiver) -> None:
    with instance() as dagster:
        run(dagster, fails=True)
    program = f"{PROGRAM}; definitions.DEFS = Path({str(folder)!r}); main()"
    command = [sys.executable, "-c", program, "alerts", "send"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [(process.communicate(timeout=240), process.returncode) for process in both]
    assert [code for _, code in ended] == [0, 0], ended
    assert [stderr for (_, stderr), _ in ended] == ["", ""]
    assert "ops: told 1\n" in [stdout for (stdout, _), _ in ended]
    assert receiver.titles() == [f"{SYNC} failed"]
