"""`asset-sync users` as a process: who may sign in, and that no password is kept or shown."""

import json
import stat
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from asset_sync.access.passwords import is_right
from asset_sync.access.users import read_users, users_file
from asset_sync.cli.main import main

PROGRAM = [sys.executable, "-c", "from asset_sync.cli.main import main; main()", "users"]
PASSWORD = "correct horse battery"


def asked(*words: str, given: str = "", status: int = 0) -> str:
    done = CliRunner().invoke(main, ["users", *words], input=given)
    assert done.exit_code == status, done.output
    assert PASSWORD not in done.output
    return done.output


def test_people_are_added_listed_and_removed(home: Path) -> None:
    words = [*PROGRAM, "add", "anna", "--role", "approve", "--role", "operate"]
    ran = subprocess.run(words, input=f"{PASSWORD}\n", capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, f"anna may see, approve, operate: {users_file()}\n"), ran.stderr
    asked("add", "kim", "--role", "see", "--no-password")
    nothing = {"password": False, "token": False, "oidc": None, "until": None}
    assert json.loads(asked("list", "--json")) == [
        {"name": "anna", "roles": ["see", "approve", "operate"], **nothing, "password": True},
        {"name": "kim", "roles": ["see"], **nothing},
    ]
    assert stat.S_IMODE(users_file().stat().st_mode) == 0o600
    assert PASSWORD not in users_file().read_text(encoding="utf-8")
    known = read_users().people["anna"].password
    assert is_right(PASSWORD, known)
    assert not is_right(PASSWORD + " ", known)
    assert not is_right("", None)
    assert "12 characters at least" in asked("add", "eve", "--role", "see", given="short\n", status=1)
    assert "names nobody" in asked("add", " ", "--role", "see", given=f"{PASSWORD}\n", status=2)
    assert "has no user 'nobody'" in asked("remove", "nobody", status=1)
    asked("add", "kim", "--role", "see", "--oidc", "17")
    assert (read_users().people["kim"].subject, read_users().people["kim"].password) == ("17", None)
    assert "'17' is the subject of kim" in asked("add", "bob", "--role", "see", "--oidc", "17", status=1)
    assert "one of the two" in asked("add", "bob", "--role", "see", "--oidc", "18", "--no-password", status=2)
    assert "is no subject" in asked("add", "bob", "--role", "see", "--oidc", "  ", status=2)
    asked("remove", "anna")
    assert list(read_users().people) == ["kim"]


def test_a_scripts_token_is_told_once_and_kept_as_its_hash(home: Path) -> None:
    words = [*PROGRAM, "token", "grafana", "--role", "see", "--until", "2999-12-31"]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    token = ran.stdout.strip()
    assert (ran.returncode, ran.stderr) == (0, f"grafana may see: {users_file()}\n")
    assert len(token) >= 40
    assert token not in users_file().read_text(encoding="utf-8")
    (told,) = json.loads(asked("list", "--json"))
    assert told == {
        "name": "grafana",
        "roles": ["see"],
        "password": False,
        "token": True,
        "oidc": None,
        "until": "2999-12-31",
    }
    assert " ".join(asked("list").split()[-4:]) == "grafana see token 2999-12-31"
    assert "2020-01-01 is over" in asked("token", "cron", "--role", "see", "--until", "2020-01-01", status=2)
    another = CliRunner().invoke(main, ["users", "token", "grafana", "--role", "operate"]).stdout.strip()
    assert read_users().with_token(token) is None
    assert (found := read_users().with_token(another)) is not None
    assert (found.name, sorted(found.may), found.until) == ("grafana", ["operate", "see"], None)
    assert another not in repr(found)
