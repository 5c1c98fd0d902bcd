"""A fabric that a kubeconfig leads to: it is scheduled without the variables of an address and a token."""

import pytest

from asset_sync.components import SyncComponent
from asset_sync.components.declared.ends import SeveralConfig
from asset_sync.components.scheduling import why_not
from asset_sync.operations.definitions import component_of
from asset_sync_tests.components.hedgehog.lab import SYNC


def test_it_runs_by_itself_without_an_address_and_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NETBOX_URL", "NETBOX_TOKEN"):
        monkeypatch.setenv(name, "x")
    for name in ("HEDGEHOG_BERLIN_SERVER", "HEDGEHOG_BERLIN_TOKEN", "HEDGEHOG_OSLO_SERVER", "HEDGEHOG_OSLO_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    shipped = component_of(SYNC)
    assert isinstance(shipped, SyncComponent)
    reached = [SeveralConfig(name="berlin", source_options={"kubeconfig": "berlin.yaml"}), SeveralConfig(name="oslo")]
    told = {each.name: why_not(each, None) for each in shipped.model_copy(update={"connections": reached}).scheduled()}
    assert told == {
        "berlin": None,
        "oslo": "is not configured (HEDGEHOG_OSLO_SERVER and HEDGEHOG_OSLO_TOKEN are not set)",
    }
