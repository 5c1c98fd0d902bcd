import pytest

from asset_sync.reconcile.errors import ConfigurationError, TargetError
from asset_sync.systems.wug import WhatsUpGold
from asset_sync_tests.systems.wug.conftest import PASSWORD, USER, Lab


def test_opens_clients_that_only_read_unless_told_otherwise(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for what, value in {"URL": lab.url, "USERNAME": USER, "PASSWORD": PASSWORD}.items():
        monkeypatch.setenv(f"WUG_BRANCH_2_{what}", value)
    resource = WhatsUpGold(connection="branch-2")
    with resource.client() as client:
        assert client.device_count() == 0
        with pytest.raises(TargetError, match="read-only"):
            client.create_group("0", "G", "")
    with resource.client(writable=True) as client:
        client.create_group("0", "G", "")
    assert PASSWORD not in repr(resource) + repr(client)


def test_variables_may_have_other_names(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_URL", lab.url)
    monkeypatch.setenv("WUG_USERNAME", USER)
    monkeypatch.setenv("MY_SECRET", PASSWORD)
    resource = WhatsUpGold(variables={"url": "MY_URL", "password": "MY_SECRET"})
    with resource.client() as client:
        assert client.device_count() == 0
    monkeypatch.delenv("MY_SECRET")
    with pytest.raises(ConfigurationError, match="MY_SECRET"):
        resource.client()
