import pytest

from asset_sync.reconcile.errors import TargetError
from asset_sync.systems.wug import WhatsUpGold
from asset_sync_tests.systems.wug.conftest import PASSWORD, USER, Lab


def test_opens_clients_that_only_read_unless_told_otherwise(lab: Lab) -> None:
    resource = WhatsUpGold()
    with resource.client(url=lab.url, username=USER, password=PASSWORD) as client:
        assert client.device_count() == 0
        with pytest.raises(TargetError, match="read-only"):
            client.create_group("0", "G", "")
    with resource.client(url=lab.url, username=USER, password=PASSWORD, writable=True) as client:
        client.create_group("0", "G", "")
    assert PASSWORD not in repr(resource) + repr(client)
