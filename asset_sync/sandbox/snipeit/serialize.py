"""How a row of each table is shown in lists, and how alone."""

from collections.abc import Callable, Mapping
from typing import Any

from asset_sync.sandbox.snipeit import shown_people, shown_places, shown_stock
from asset_sync.sandbox.snipeit.assets import hardware
from asset_sync.sandbox.snipeit.settings import Json
from asset_sync.sandbox.snipeit.shown_log import action
from asset_sync.sandbox.snipeit.view import View

Serializer = Callable[[View, Any], Json]

SERIALIZERS: Mapping[str, Serializer] = {
    "hardware": hardware,
    "companies": shown_places.company,
    "locations": shown_places.location,
    "departments": shown_places.department,
    "manufacturers": shown_places.manufacturer,
    "suppliers": shown_places.supplier,
    "categories": shown_places.category,
    "status_labels": shown_places.status_label,
    "fields": shown_people.field,
    "fieldsets": shown_people.fieldset,
    "models": shown_people.model,
    "users": shown_people.user,
    "licenses": shown_stock.license_,
    "license_seats": shown_stock.seat,
    "accessories": shown_stock.accessory,
    "components": shown_stock.component,
    "consumables": shown_stock.consumable,
    "maintenances": shown_stock.maintenance,
    "activity": action,
}
"""How a row of each table is shown in lists."""

SINGLE: Mapping[str, Serializer] = {**SERIALIZERS, "suppliers": shown_places.single_supplier}
"""How it is shown alone, which differs for suppliers."""
