"""The file of the day: a new one each day, old ones removed, and whole lines whoever else writes."""

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

from asset_sync.logs.days import DayFiles

WRITING = """
import sys
from pathlib import Path
from asset_sync.logs.days import DayFiles
files = DayFiles(Path(sys.argv[1]), 3)
print("ready", flush=True)
sys.stdin.readline()
for number in range(2_000):
    files.write(sys.argv[2] * (100 + number))
"""


def test_a_day_has_its_file_and_old_ones_go(tmp_path: Path) -> None:
    clock = [datetime(2026, 2, 27, 23, 59)]
    (tmp_path / "sync_20260101.log").touch()
    (tmp_path / "sync_2026.log").touch()
    (tmp_path / "11111111-run.log").touch()
    files = DayFiles(tmp_path, 3, lambda: clock[0])
    for said in ("one", "two", "three", "four"):
        files.write(said)
        clock[0] += timedelta(days=1)
    files.write("five")
    assert {file.name: file.read_text() for file in tmp_path.glob("sync_????????.log")} == {
        "sync_20260301.log": "three\n",
        "sync_20260302.log": "four\n",
        "sync_20260303.log": "five\n",
    }
    # What is not of this log stays.
    assert (tmp_path / "sync_2026.log").exists()
    assert (tmp_path / "11111111-run.log").exists()


def test_a_file_that_was_taken_away_is_made_anew(tmp_path: Path) -> None:
    files = DayFiles(tmp_path / "logs", 3, lambda: datetime(2026, 3, 1))
    files.write("one")
    (tmp_path / "logs" / "sync_20260301.log").rename(tmp_path / "moved.log")
    files.write("two")
    assert (tmp_path / "logs" / "sync_20260301.log").read_text() == "two\n"


def test_lines_of_two_processes_are_whole(tmp_path: Path) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITING, str(tmp_path), letter], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for letter in "ab"
    ]
    # Both have started before either begins.
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in running:
        process.communicate()
        assert process.returncode == 0
    lines = [line for file in tmp_path.glob("sync_*.log") for line in file.read_text().splitlines()]
    for letter in "ab":
        assert [len(line) for line in lines if line[0] == letter] == [100 + number for number in range(2_000)]
    assert all(len(set(line)) == 1 for line in lines)
