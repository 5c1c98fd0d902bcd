"""What PDQ Connect answers, as tests write it: devices, a dict each; and the mapping of the YAML that comes along."""

from typing import Any, Final

import pandas as pd
import yaml

from asset_sync.components.config import FieldConfig
from asset_sync.systems.pdq import connect, devices
from asset_sync_tests.components.probe import YAML
from asset_sync_tests.systems.scripted import Reply, scripted

Device = dict[str, Any]

CONFIGURED: Final = {
    kind: {name: FieldConfig.model_validate(field) for name, field in fields.items()}
    for kind, fields in yaml.safe_load(YAML)["attributes"]["mapping"].items()
}
"""The shipped mapping, of both targets."""


def answered(*told: Device) -> pd.DataFrame:
    """Return the device table that is read from an answer with these devices; ids, names and serials where none are given."""
    rows = [{"id": f"d{n}", "name": f"PC{n}", "serialNumber": f"A77{n}", **device} for n, device in enumerate(told)]
    with scripted(Reply({"data": rows, "meta": {"totalPages": 1}})) as script:
        return devices(connect(script.url, "any"))


def adapter(**told: Any) -> Device:
    """Return a network adapter as PDQ Connect lists it."""
    return {"index": 1, "alias": "Ethernet", **told}
