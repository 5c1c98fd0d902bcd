"""Rows of all other tables as the API shows them. Shapes: the transformers of v8.1.4."""

from collections.abc import Callable, Mapping
from typing import Any

from asset_sync.sandbox.snipeit.assets import hardware
from asset_sync.sandbox.snipeit.records import (
    Accessory,
    Action,
    Category,
    Component,
    Consumable,
    CustomField,
    Department,
    Fieldset,
    Firm,
    License,
    Location,
    LogMeta,
    Maintenance,
    Manufacturer,
    Model,
    Record,
    Seat,
    StatusLabel,
    Stock,
    Supplier,
    User,
)
from asset_sync.sandbox.snipeit.settings import Json
from asset_sync.sandbox.snipeit.text import escape, escape_or_none, notes
from asset_sync.sandbox.snipeit.view import View, table_of

Serializer = Callable[[View, Any], Json]

HIDDEN_KEY = "------------"
_EDITABLE = {"update": True, "delete": True}
_MOVABLE = {"checkout": True, "checkin": True, "clone": True, "update": True, "delete": True}


def _texts(row: Record, *columns: str) -> Json:
    return {column: escape_or_none(getattr(row, column)) for column in columns}


def _stamps(view: View, row: Record) -> Json:
    return {"created_at": view.formats.moment(row.created_at), "updated_at": view.formats.moment(row.updated_at)}


def _company(view: View, row: Firm) -> Json:
    counted = ("users", "accessories", "licenses", "components", "consumables")
    return {
        "id": row.id,
        "name": escape(row.name),
        **_texts(row, "phone", "fax", "email"),
        "image": None,
        "assets_count": view.count("hardware", "company_id", row.id),
        **{f"{table}_count": view.count(table, "company_id", row.id) for table in counted},
        "notes": notes(row.notes),
        **_stamps(view, row),
        "available_actions": _EDITABLE,
    }


def _location(view: View, row: Location) -> Json:
    manager = view.store.users.rows[row.manager_id] if row.manager_id else None
    children = view.store.cached("children", lambda: _children(view)).get(row.id, [])
    return {
        "id": row.id,
        "name": escape(row.name),
        "image": None,
        **_texts(row, "address", "address2", "city", "state", "country", "zip", "phone", "fax"),
        "accessories_count": view.count("accessories", "location_id", row.id),
        "assigned_assets_count": view.assigned("location", row.id),
        "assets_count": view.count("hardware", "location_id", row.id),
        "rtd_assets_count": view.count("hardware", "rtd_location_id", row.id),
        "users_count": view.count("users", "location_id", row.id),
        **_texts(row, "currency", "ldap_ou"),
        "notes": notes(row.notes),
        **_stamps(view, row),
        "parent": view.stub("locations", row.parent_id),
        "manager": _user(view, manager) if manager else None,
        "company": view.stub("companies", row.company_id),
        "children": children,
        "available_actions": _EDITABLE,
    }


def _children(view: View) -> dict[int, list[Json]]:
    """The names of children are the one text that is not escaped."""
    children: dict[int, list[Json]] = {}
    for place in view.store.locations.living():
        if place.parent_id is not None:
            children.setdefault(place.parent_id, []).append({"id": place.id, "name": place.name})
    return children


def _department(view: View, row: Department) -> Json:
    manager = view.store.users.rows[row.manager_id] if row.manager_id else None
    return {
        "id": row.id,
        "name": escape(row.name),
        **_texts(row, "phone", "fax"),
        "image": None,
        "company": view.stub("companies", row.company_id),
        "manager": {
            "id": manager.id,
            "name": escape(manager.full_name),
            "first_name": escape(manager.first_name),
            "last_name": escape(manager.last_name),
        }
        if manager
        else None,
        "location": view.stub("locations", row.location_id),
        # The one count that is a text.
        "users_count": str(view.count("users", "department_id", row.id)),
        "notes": notes(row.notes),
        **_stamps(view, row),
        "available_actions": _EDITABLE,
    }


def _manufacturer(view: View, row: Manufacturer) -> Json:
    counted = ("licenses", "consumables", "accessories", "components")
    return {
        "id": row.id,
        "name": escape(row.name),
        **_texts(row, "url"),
        "image": None,
        **_texts(row, "support_url", "warranty_lookup_url", "support_phone", "support_email"),
        "assets_count": view.of_models("manufacturer_id", row.id),
        **{f"{table}_count": view.count(table, "manufacturer_id", row.id) for table in counted},
        "notes": notes(row.notes),
        "created_by": view.stub("users", row.created_by),
        **_stamps(view, row),
        "deleted_at": view.formats.moment(row.deleted_at),
        "available_actions": {**_EDITABLE, "restore": row.deleted_at is not None},
    }


def _supplier(view: View, row: Supplier) -> Json:
    contact = ("url", "address", "address2", "city", "state", "country", "fax", "phone", "email", "zip", "contact")
    return {
        "id": row.id,
        "name": escape(row.name),
        "image": None,
        **_texts(row, *contact),
        "assets_count": view.count("hardware", "supplier_id", row.id),
        "accessories_count": view.count("accessories", "supplier_id", row.id),
        "licenses_count": view.count("licenses", "supplier_id", row.id),
        "notes": notes(row.notes),
        **_stamps(view, row),
        "available_actions": _EDITABLE,
    }


def category_items(view: View, row: Category) -> int:
    """How many living things are in a category, whatever its type."""
    tables = ("accessories", "consumables", "components", "licenses")
    return assets_in_category(view, row) + sum(view.count(table, "category_id", row.id) for table in tables)


def assets_in_category(view: View, row: Category) -> int:
    """How many living assets have a model of that category."""
    return view.of_models("category_id", row.id)


def _category(view: View, row: Category) -> Json:
    counted = ("accessories", "consumables", "components", "licenses")
    return {
        "id": row.id,
        "name": escape(row.name),
        "image": None,
        # The word is translated; this is the English one.
        "category_type": row.category_type.capitalize(),
        "has_eula": row.use_default_eula,
        "use_default_eula": row.use_default_eula,
        "eula": None,
        "checkin_email": row.checkin_email,
        "require_acceptance": row.require_acceptance,
        "item_count": category_items(view, row),
        "assets_count": assets_in_category(view, row),
        **{f"{table}_count": view.count(table, "category_id", row.id) for table in counted},
        "notes": notes(row.notes),
        **_stamps(view, row),
        "available_actions": _EDITABLE,
    }


def _status_label(view: View, row: StatusLabel) -> Json:
    return {
        "id": row.id,
        "name": escape(row.name),
        "type": row.type,
        **_texts(row, "color"),
        "show_in_nav": row.show_in_nav,
        "default_label": row.default_label,
        "assets_count": view.count("hardware", "status_id", row.id),
        # Escaped only, unlike the notes of everything else.
        "notes": escape_or_none(row.notes),
        **_stamps(view, row),
        "available_actions": _EDITABLE,
    }


def _field(view: View, row: CustomField) -> Json:
    return {
        "id": row.id,
        "name": escape(row.name),
        "db_column_name": escape(row.db_column_name),
        "format": escape(row.format),
        "field_values": escape_or_none(row.field_values),
        "field_values_array": [escape(one) for one in row.field_values.split("\r\n")] if row.field_values else None,
        "type": escape(row.type),
        "required": row.required,
        "display_in_user_view": False,
        "auto_add_to_fieldsets": False,
        "show_in_listview": False,
        "display_checkin": False,
        "display_checkout": False,
        "display_audit": False,
        **_stamps(view, row),
    }


def _fieldset(view: View, row: Fieldset) -> Json:
    fields = [_field(view, view.store.fields.rows[one]) for one in row.field_ids]
    models = [view.stub("models", model.id) for model in view.store.models.living() if model.fieldset_id == row.id]
    return {
        "id": row.id,
        "name": escape(row.name),
        "fields": {"total": len(fields), "rows": fields},
        "models": {"total": len(models), "rows": models},
        **_stamps(view, row),
    }


def _model(view: View, row: Model) -> Json:
    return {
        "id": row.id,
        "name": escape(row.name),
        "manufacturer": view.stub("manufacturers", row.manufacturer_id),
        "image": None,
        **_texts(row, "model_number"),
        "min_amt": row.min_amt,
        "remaining": view.count("hardware", "model_id", row.id) - (row.min_amt or 0),
        "depreciation": None,
        "assets_count": view.count("hardware", "model_id", row.id),
        "category": view.stub("categories", row.category_id),
        "fieldset": view.stub("fieldsets", row.fieldset_id),
        "default_fieldset_values": [],
        "eol": f"{row.eol} months" if row.eol else "None",
        "requestable": row.requestable,
        "notes": notes(row.notes),
        "created_by": view.stub("users", row.created_by),
        **_stamps(view, row),
        "deleted_at": view.formats.moment(row.deleted_at),
        "available_actions": {**_EDITABLE, "clone": True, "restore": row.deleted_at is not None},
    }


def _user(view: View, row: User) -> Json:
    address = ("jobtitle", "phone", "website", "address", "city", "state", "country", "zip")
    flags = ("remote", "vip", "activated", "autoassign_licenses", "ldap_import")
    return {
        "id": row.id,
        "avatar": None,
        "name": escape(row.full_name),
        "first_name": escape(row.first_name),
        "last_name": escape(row.last_name),
        "username": escape(row.username),
        "locale": escape_or_none(row.locale),
        "employee_num": escape(row.employee_num),
        "manager": view.stub("users", row.manager_id),
        **_texts(row, *address),
        "email": escape(row.email),
        "department": view.stub("departments", row.department_id),
        "location": view.stub("locations", row.location_id),
        "notes": notes(row.notes),
        "permissions": {"superuser": "1"} if row.id == 1 else {},
        **{flag: getattr(row, flag) for flag in flags},
        "two_factor_enrolled": False,
        "two_factor_optin": False,
        "assets_count": view.assigned("user", row.id),
        "licenses_count": view.count("license_seats", "assigned_user_id", row.id),
        "accessories_count": 0,
        "consumables_count": 0,
        "manages_users_count": view.count("users", "manager_id", row.id),
        "manages_locations_count": view.count("locations", "manager_id", row.id),
        "company": view.stub("companies", row.company_id),
        "created_by": view.stub("users", row.created_by),
        "start_date": view.formats.day(row.start_date),
        "end_date": view.formats.day(row.end_date),
        "last_login": view.formats.moment(row.last_login),
        **_stamps(view, row),
        "deleted_at": view.formats.moment(row.deleted_at),
        "groups": None,
        "available_actions": {**_EDITABLE, "clone": True, "restore": row.deleted_at is not None},
    }


def _license(view: View, row: License) -> Json:
    free = sum(1 for seat in view.store.seats_of(row.id) if seat.is_free)
    key = escape(row.product_key) if view.token.superuser else HIDDEN_KEY
    return {
        "id": row.id,
        "name": escape(row.name),
        "company": view.stub("companies", row.company_id),
        "manufacturer": view.stub("manufacturers", row.manufacturer_id),
        "product_key": key,
        **_texts(row, "order_number", "purchase_order"),
        "purchase_date": view.formats.day(row.purchase_date),
        "termination_date": view.formats.day(row.termination_date),
        "expiration_date": view.formats.day(row.expiration_date),
        "depreciation": None,
        "purchase_cost": view.formats.money(row.purchase_cost),
        "purchase_cost_numeric": str(row.purchase_cost) if row.purchase_cost is not None else None,
        "notes": notes(row.notes),
        "seats": row.seats,
        "free_seats_count": free,
        "remaining": free,
        "min_amt": row.min_amt,
        **_texts(row, "license_name", "license_email"),
        "reassignable": row.reassignable,
        "maintained": row.maintained,
        "supplier": view.stub("suppliers", row.supplier_id),
        "category": view.stub("categories", row.category_id),
        "created_by": view.stub("users", row.created_by),
        **_stamps(view, row),
        "deleted_at": view.formats.moment(row.deleted_at),
        "user_can_checkout": free > 0,
        "available_actions": _MOVABLE,
    }


def _seat(view: View, row: Seat) -> Json:
    users, assets = view.store.users.rows, view.store.hardware.rows
    user = users[row.assigned_user_id] if row.assigned_user_id else None
    asset = assets[row.assigned_asset_id] if row.assigned_asset_id else None
    place = user or asset
    return {
        "id": row.id,
        "license_id": row.license_id,
        "updated_at": view.formats.moment(row.updated_at),
        "assigned_user": {
            "id": user.id,
            "name": escape(user.full_name),
            "email": escape_or_none(user.email),
            "department": view.stub("departments", user.department_id),
        }
        if user
        else None,
        "assigned_asset": view.stub("hardware", row.assigned_asset_id),
        "location": view.stub("locations", place.location_id) if place else None,
        "reassignable": view.store.licenses.rows[row.license_id].reassignable,
        # Escaped only, unlike the notes of everything else.
        "notes": escape_or_none(row.notes),
        "user_can_checkout": row.is_free,
        "available_actions": _MOVABLE,
    }


def _stock(view: View, row: Stock) -> Json:
    return {
        "id": row.id,
        "name": escape(row.name),
        "image": None,
        "company": view.stub("companies", row.company_id),
        "manufacturer": view.stub("manufacturers", row.manufacturer_id),
        "supplier": view.stub("suppliers", row.supplier_id),
        "category": view.stub("categories", row.category_id),
        "location": view.stub("locations", row.location_id),
        **_texts(row, "model_number", "order_number"),
        "qty": row.qty,
        "min_amt": row.min_amt,
        "remaining": row.remaining,
        "purchase_date": view.formats.day(row.purchase_date),
        "purchase_cost": view.formats.money(row.purchase_cost),
        "notes": notes(row.notes),
        "created_by": view.stub("users", row.created_by),
        **_stamps(view, row),
        "user_can_checkout": row.remaining > 0,
        "available_actions": _MOVABLE,
    }


def _accessory(view: View, row: Accessory) -> Json:
    doubled = {"min_qty": row.min_amt, "remaining_qty": row.remaining, "checkouts_count": row.qty - row.remaining}
    return {**_stock(view, row), **doubled}


def _component(view: View, row: Component) -> Json:
    return {**_stock(view, row), "serial": escape_or_none(row.serial), "user_can_checkout": int(row.remaining > 0)}


def _consumable(view: View, row: Consumable) -> Json:
    return {**_stock(view, row), "item_no": escape(row.item_no)}


def _maintenance(view: View, row: Maintenance) -> Json:
    asset = view.store.hardware.rows[row.asset_id]
    label = view.store.status_labels.rows[asset.status_id]
    admin = view.stub("users", row.created_by)
    return {
        "id": row.id,
        "asset": {
            "id": asset.id,
            "name": escape_or_none(asset.name),
            "asset_tag": escape(asset.asset_tag),
            "serial": escape_or_none(asset.serial),
            "deleted_at": view.formats.moment(asset.deleted_at),
            "created_at": view.formats.moment(asset.created_at),
        },
        "model": view.stub("models", asset.model_id),
        "status_label": {"id": label.id, "name": escape(label.name), "status_type": label.type},
        "company": view.stub("companies", asset.company_id),
        "title": escape_or_none(row.title),
        "location": view.stub("locations", asset.location_id),
        "rtd_location": view.stub("locations", asset.rtd_location_id),
        "notes": notes(row.notes),
        "supplier": view.stub("suppliers", row.supplier_id),
        "cost": view.formats.money(row.cost),
        "asset_maintenance_type": escape(row.asset_maintenance_type),
        "start_date": view.formats.day(row.start_date),
        "asset_maintenance_time": row.asset_maintenance_time,
        "completion_date": view.formats.day(row.completion_date),
        "user_id": admin,
        "created_by": admin,
        **_stamps(view, row),
        "is_warranty": row.is_warranty,
        "available_actions": _EDITABLE,
    }


def _action(view: View, row: Action) -> Json:
    serial = view.store.hardware.rows[row.item_id].serial if row.item_type == "asset" else None
    target_table = {"user": "users", "location": "locations", "asset": "hardware"}.get(row.target_type or "")
    admin = view.stub("users", row.created_by)
    return {
        "id": row.id,
        "icon": "fas fa-barcode",
        "file": None,
        "item": {
            **(view.stub(table_of(row), row.item_id) or {}),
            "type": row.item_type,
            "serial": escape_or_none(serial),
        },
        "location": None,
        **_stamps(view, row),
        "next_audit_date": None,
        "days_to_next_audit": None,
        "action_type": row.action_type,
        "admin": admin,
        "created_by": admin,
        "target": {**(view.stub(target_table, row.target_id) or {}), "type": row.target_type} if target_table else None,
        "note": escape_or_none(row.note),
        "signature_file": None,
        "log_meta": _log_meta(row.log_meta),
        "action_date": view.formats.moment(row.action_date),
        "action_source": row.action_source,
    }


def _log_meta(meta: LogMeta | None) -> Json | None:
    """What was null reads as an empty text."""
    if meta is None:
        return None
    return {column: {"old": escape(change["old"]), "new": escape(change["new"])} for column, change in meta.items()}


SERIALIZERS: Mapping[str, Serializer] = {
    "hardware": hardware,
    "companies": _company,
    "locations": _location,
    "departments": _department,
    "manufacturers": _manufacturer,
    "suppliers": _supplier,
    "categories": _category,
    "status_labels": _status_label,
    "fields": _field,
    "fieldsets": _fieldset,
    "models": _model,
    "users": _user,
    "licenses": _license,
    "license_seats": _seat,
    "accessories": _accessory,
    "components": _component,
    "consumables": _consumable,
    "maintenances": _maintenance,
    "activity": _action,
}
"""How a row of each table is shown."""
