from pathlib import Path

import pytest
import yaml

from asset_sync.reconcile.errors import ConfigurationError
from asset_sync.systems.hedgehog import HedgehogFabric, read
from asset_sync_tests.sandbox.kubernetes_desk import READER
from asset_sync_tests.systems.hedgehog.conftest import Lab


def test_opens_a_client_by_the_variables_of_its_connection(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEDGEHOG_BRANCH_2_SERVER", lab.url)
    monkeypatch.setenv("HEDGEHOG_BRANCH_2_TOKEN", READER)
    resource = HedgehogFabric(connection="branch-2")
    with resource.client() as client:
        assert len(read(client)["Switch"].objects) == 6
    assert READER not in repr(resource) + repr(client)
    monkeypatch.delenv("HEDGEHOG_BRANCH_2_TOKEN")
    with pytest.raises(ConfigurationError, match="HEDGEHOG_BRANCH_2_TOKEN"):
        resource.client()


def test_the_file_of_a_ca_is_named_by_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEDGEHOG_LAB_SERVER", "https://127.0.0.1:6443")
    monkeypatch.setenv("HEDGEHOG_LAB_TOKEN", READER)
    monkeypatch.setenv("HEDGEHOG_LAB_CA_FILE", "/no/such/ca.pem")
    with pytest.raises(ConfigurationError, match=r"/no/such/ca\.pem"):
        HedgehogFabric(connection="lab").client()


def test_opens_a_client_by_a_context_of_a_kubeconfig(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(
        yaml.safe_dump(
            {
                "clusters": [{"name": "lab", "cluster": {"server": lab.url}}],
                "users": [{"name": "reader", "user": {"token": READER}}, {"name": "nobody", "user": {"token": "wrong"}}],
                "contexts": [
                    {"name": "good", "context": {"cluster": "lab", "user": "reader"}},
                    {"name": "bad", "context": {"cluster": "lab", "user": "nobody"}},
                ],
                "current-context": "bad",
            }
        )
    )
    resource = HedgehogFabric(connection="lab", kubeconfig=str(path), context="good")
    assert resource.required_variables() == {}
    with resource.client() as client:
        assert len(read(client)["Switch"].objects) == 6
    with pytest.raises(ConfigurationError, match="other"):
        HedgehogFabric(kubeconfig=str(path), context="other").client()
    with pytest.raises(ConfigurationError, match="kubeconfig"):
        HedgehogFabric(kubeconfig=str(tmp_path / "none")).client()
    with pytest.raises(ConfigurationError, match="context"):
        HedgehogFabric(context="good").client()
