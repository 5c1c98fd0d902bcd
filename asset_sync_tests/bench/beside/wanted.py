"""What PDQ Connect says that NetBox should hold, for the contestants that have no mapping of their own.

The same values as those of asset_sync/defs/pdq_to_netbox/defs.yaml, in plain Python, so that no contestant pays for another's
libraries.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests
from slugify import slugify

from asset_sync.reconcile import makers

_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """An asset as it should be."""

    maker: str
    model: str
    serial: str
    values: Mapping[str, str | None]
    """The fields that may change: name, asset_tag, description."""

    def created(self, type_id: int) -> dict[str, Any]:
        """Return the body that creates the asset."""
        return {"serial": self.serial, "inventoryitem_type": type_id, "status": "used", **self.values}


def wanted() -> Iterator[Wanted]:
    """Yield every asset that PDQ_URL tells of, page by page."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {os.environ['PDQ_TOKEN']}"
        page, read = 0, _PAGE
        while read == _PAGE:
            page += 1
            asked: dict[str, str | int] = {"page": page, "pageSize": _PAGE, "sort": "insertedAt"}
            answer = session.get(f"{os.environ['PDQ_URL']}/v1/api/devices", params=asked, timeout=60)
            answer.raise_for_status()
            devices = answer.json()["data"]
            read = len(devices)
            yield from map(_wanted, devices)


def slug(name: str) -> str:
    """Return the slug of a maker or a model, as asset_sync makes it."""
    return slugify(name, max_length=100, replacements=(("+", "-plus-"), ("#", "-sharp-"), (",", "-")))


def _wanted(device: Mapping[str, str | None]) -> Wanted:
    values = {"name": device["name"], "asset_tag": device.get("biosAssetTag"), "description": device["osFullName"]}
    return Wanted(_maker(device), _model(device), "".join(str(device["serialNumber"]).split()).upper(), values)


def _maker(device: Mapping[str, str | None]) -> str:
    model, told = device.get("model") or "", device.get("manufacturer")
    if (device.get("sku") or "").startswith("LENOVO_MT_"):
        return "Lenovo"
    if model.startswith(("ProLiant", "HPE ")):
        return "HPE"
    return (makers.maker(told) if told else makers.maker_of_model(model)) or "Unknown"


def _model(device: Mapping[str, str | None]) -> str:
    is_lenovo = (device.get("sku") or "").startswith("LENOVO_MT_")
    told = (device.get("family") if is_lenovo else None) or device.get("model")
    return makers.model(told) if told else "Unknown model"
