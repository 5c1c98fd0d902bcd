import pytest

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.sandbox.netbox import DEFAULT_TOKEN
from asset_sync.systems.netbox import NetBox, declared
from asset_sync_tests.systems.netbox.conftest import Lab


def test_opens_clients_that_only_read_unless_told_otherwise(lab: Lab) -> None:
    resource = NetBox(url=lab.url, token=DEFAULT_TOKEN)
    with resource.client() as client:
        assert client.count("dcim/manufacturers") == 0
        assert not client.writable
    kinds = declared({"manufacturer": ["name"]})
    assert resource.target(kinds, writable=True).client.writable
    assert not resource.target(kinds, writable=False).client.writable


def test_a_target_with_custom_fields_that_are_not_there_is_refused(lab: Lab) -> None:
    with pytest.raises(ConfigurationError, match="no custom field 'x'"):
        NetBox(url=lab.url, token=DEFAULT_TOKEN).target(declared({"manufacturer": ["cf_x"]}), writable=True)


def test_hides_the_token() -> None:
    resource = NetBox(url="https://netbox.example", token=DEFAULT_TOKEN)
    assert DEFAULT_TOKEN not in repr(resource) + str(resource) + repr(resource.client())


@pytest.mark.parametrize(("url", "token", "named"), [("", "t", "NETBOX_URL"), ("https://x", "", "NETBOX_TOKEN")])
def test_missing_settings_are_named(url: str, token: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        NetBox(url=url, token=token).client()
