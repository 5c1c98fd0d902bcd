from pathlib import Path

import pytest

from asset_sync import settings
from asset_sync.reconcile.errors import ConfigurationError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("ASSET_SYNC_HOME", raising=False)
    (tmp_path / "dagster.yaml").touch()
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    return tmp_path


def test_home_is_in_the_project_whatever_the_current_folder(project: Path) -> None:
    assert settings.home() == project / ".asset_sync"


def test_home_is_in_the_current_folder_outside_of_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSET_SYNC_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    assert settings.home() == tmp_path / ".asset_sync"


@pytest.mark.parametrize(("given", "expected"), [("state", "state"), ("/srv/state", "/srv/state"), ("  ", ".asset_sync")])
def test_home_given(project: Path, monkeypatch: pytest.MonkeyPatch, given: str, expected: str) -> None:
    monkeypatch.setenv("ASSET_SYNC_HOME", given)
    assert settings.home() == project / expected


def test_home_in_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSET_SYNC_HOME", "~/state")
    assert settings.home() == Path.home() / "state"


def test_require_strips_the_newline_of_a_secret_read_from_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETBOX_TOKEN", "secret\n")
    assert settings.require("NETBOX_TOKEN") == "secret"


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_require_says_what_is_missing_and_what_to_do(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("NETBOX_TOKEN", raising=False)
    if value is not None:
        monkeypatch.setenv("NETBOX_TOKEN", value)
    with pytest.raises(ConfigurationError) as caught:
        settings.require("NETBOX_TOKEN")
    assert str(caught.value) == (
        "NETBOX_TOKEN (the API token of NetBox) is not set: set it in the environment or in .env; see .env.example"
    )


def test_require_knows_variables_that_a_person_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WUG_BERLIN_TOKEN", raising=False)
    with pytest.raises(ConfigurationError, match=r"^WUG_BERLIN_TOKEN is not set"):
        settings.require("WUG_BERLIN_TOKEN")


def test_database_url_may_be_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert settings.optional("DATABASE_URL") is None


@pytest.mark.parametrize("name", ["DATABASE_URL", "ASSET_SYNC_ALERTS_MAIL", "MAIL_OF_OPERATIONS", "HTTPS_PROXY"])
def test_the_password_in_a_url_is_a_secret_whatever_its_variable_is_called(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "mailtos://pat:hunter%2Fhunter@example.com?to=team@example.com")
    assert "hunter/hunter" in settings.secrets()
