"""A project of its own that holds nothing but one sync's YAML."""

import importlib
import uuid
from pathlib import Path

import dagster as dg
import pytest

from asset_sync.components.resources import LedgerResource
from asset_sync.components.snapshots import Snapshots
from asset_sync.systems.netbox import NetBox
from asset_sync.systems.pdq import PdqConnect

ROOT = Path(__file__).parents[2]
YAML = (ROOT / "asset_sync" / "defs" / "pdq_to_netbox" / "defs.yaml").read_text(encoding="utf-8")
ASSETS = "  kinds: [manufacturer, inventory_item_type, asset]\n"
DEVICES = (
    "  kinds: [manufacturer, device_type, device_role, platform, site, device, interface, mac_address, ip_address, "
    "interface_primary_mac, device_primary_ip]\n"
)
assert ASSETS in YAML
DEFINITIONS = """
from pathlib import Path
import dagster as dg

from asset_sync.components.forms import loaded

@dg.definitions
def defs() -> dg.Definitions:
    folder = Path(__file__).parent
    return loaded(folder / "defs", lambda: dg.load_from_defs_folder(path_within_project=folder))
"""


def load(folder: Path, yaml: str, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    """Load a project that holds nothing but that YAML of pdq_to_netbox."""
    return load_of(folder, "pdq_to_netbox", yaml, monkeypatch)


def load_of(folder: Path, sync: str, yaml: str, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    """Load a project that holds nothing but the YAML of one sync."""
    name = f"probe_{uuid.uuid4().hex}"
    package = folder / name
    (package / "defs" / sync).mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        f'[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "{name}"\n'
    )
    (package / "__init__.py").touch()
    (package / "defs" / "__init__.py").touch()
    (package / "definitions.py").write_text(DEFINITIONS)
    (package / "defs" / sync / "defs.yaml").write_text(yaml, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    loaded = importlib.import_module(f"{name}.definitions").defs()
    assert isinstance(loaded, dg.Definitions)
    return loaded


def load_whole(
    folder: Path, yaml: str, monkeypatch: pytest.MonkeyPatch, *, keep: int = 30, sync: str = "pdq_to_netbox"
) -> dg.Definitions:
    """Load a project that holds nothing but that YAML, with the resources that a run needs; it keeps `keep` snapshots."""
    snapshots = Snapshots(keep=keep)
    resources = {"ledger": LedgerResource(), "snapshots": snapshots, "pdq_connect": PdqConnect(), "netbox": NetBox()}
    shared = dg.Definitions(resources=resources, executor=dg.in_process_executor)
    return dg.Definitions.merge(load_of(folder, sync, yaml, monkeypatch), shared)
