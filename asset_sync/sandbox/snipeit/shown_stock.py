"""Licences and their seats, accessories, components, consumables and maintenances as the API shows them.

Source: recorded answers of Snipe-IT 8.1.4.
"""

from asset_sync.sandbox.snipeit.records import Accessory, Component, Consumable, License, Maintenance, Seat, Stock
from asset_sync.sandbox.snipeit.settings import Json
from asset_sync.sandbox.snipeit.shapes import notes, stamps, texts
from asset_sync.sandbox.snipeit.text import escape, escape_or_none
from asset_sync.sandbox.snipeit.view import View

HIDDEN_KEY = "------------"

_MOVABLE: Json = {"checkout": True, "checkin": True, "clone": True, "update": True, "delete": True}
_COMPONENT: Json = {"checkout": True, "checkin": True, "update": True, "delete": True}


def license_(view: View, row: License) -> Json:
    """A row of `/licenses`."""
    free = sum(1 for seat in view.store.seats_of(row.id) if seat.is_free)
    return {
        "id": row.id,
        "name": escape(row.name),
        "company": view.stub("companies", row.company_id),
        "manufacturer": view.stub("manufacturers", row.manufacturer_id),
        "product_key": escape(row.product_key) if view.token.superuser else HIDDEN_KEY,
        **texts(row, "order_number", "purchase_order"),
        "purchase_date": view.formats.day(row.purchase_date),
        "termination_date": view.formats.day(row.termination_date),
        "depreciation": None,
        "purchase_cost": view.formats.money(row.purchase_cost),
        "purchase_cost_numeric": str(row.purchase_cost) if row.purchase_cost is not None else None,
        "notes": notes(row.notes),
        "expiration_date": view.formats.day(row.expiration_date),
        "seats": row.seats,
        "free_seats_count": free,
        "remaining": free,
        "min_amt": row.min_amt,
        **texts(row, "license_name", "license_email"),
        "reassignable": row.reassignable,
        "maintained": row.maintained,
        "supplier": view.stub("suppliers", row.supplier_id),
        "category": view.stub("categories", row.category_id),
        "created_by": view.stub("users", row.created_by),
        **stamps(view, row),
        "deleted_at": view.formats.moment(row.deleted_at),
        "user_can_checkout": free > 0,
        "available_actions": _MOVABLE,
    }


def seat(view: View, row: Seat) -> Json:
    """A row of `/licenses/{id}/seats`. Who has it, and where that is, comes with the moment at which the seat was made."""
    users, assets = view.store.users.rows, view.store.hardware.rows
    user = users[row.assigned_user_id] if row.assigned_user_id else None
    asset = assets[row.assigned_asset_id] if row.assigned_asset_id else None
    place = user or asset
    made = {"created_at": view.formats.moment(row.created_at)}
    holder = {"id": row.assigned_asset_id, "name": escape(view.label(asset))} if asset else None
    location = view.stub("locations", place.location_id) if place else None
    return {
        "id": row.id,
        "license_id": row.license_id,
        "updated_at": view.formats.moment(row.updated_at),
        "assigned_user": {
            "id": user.id,
            "name": escape(user.full_name),
            "email": escape_or_none(user.email),
            "department": view.stub("departments", user.department_id),
            **made,
        }
        if user
        else None,
        "assigned_asset": {**holder, **made} if holder else None,
        "location": {**location, **made} if location else None,
        "reassignable": view.store.licenses.rows[row.license_id].reassignable,
        # Escaped only, unlike the notes of everything else.
        "notes": escape(row.notes),
        "user_can_checkout": row.is_free,
        "available_actions": _MOVABLE,
    }


def _bought(view: View, row: Stock) -> Json:
    return {
        "purchase_date": view.formats.day(row.purchase_date),
        "purchase_cost": view.formats.money(row.purchase_cost),
        **texts(row, "order_number"),
    }


def _named(view: View, row: Stock) -> Json:
    return {
        "company": view.stub("companies", row.company_id),
        "manufacturer": view.stub("manufacturers", row.manufacturer_id),
        "supplier": view.stub("suppliers", row.supplier_id),
        **texts(row, "model_number"),
        "category": view.stub("categories", row.category_id),
        "location": view.stub("locations", row.location_id),
    }


def _made(view: View, row: Stock) -> Json:
    return {"notes": notes(row.notes), "created_by": view.stub("users", row.created_by), **stamps(view, row)}


def _amounts(row: Stock) -> Json:
    return {"qty": row.qty, "min_amt": row.min_amt, "remaining": row.remaining}


def accessory(view: View, row: Accessory) -> Json:
    """A row of `/accessories`, in which two amounts have two names."""
    return {
        "id": row.id,
        "name": escape(row.name),
        "image": None,
        **_named(view, row),
        **_bought(view, row),
        **_amounts(row),
        "min_qty": row.min_amt,
        "remaining_qty": row.remaining,
        "checkouts_count": row.qty - row.remaining,
        **_made(view, row),
        "available_actions": {"checkout": True, "checkin": False, "update": True, "delete": True, "clone": True},
        "user_can_checkout": row.remaining > 0,
    }


def component(view: View, row: Component) -> Json:
    """A row of `/components`, in which a flag is a number."""
    return {
        "id": row.id,
        "name": escape(row.name),
        "image": None,
        "serial": escape_or_none(row.serial),
        **_named(view, row),
        **_bought(view, row),
        **_amounts(row),
        **_made(view, row),
        "user_can_checkout": int(row.remaining > 0),
        "available_actions": _COMPONENT,
    }


def consumable(view: View, row: Consumable) -> Json:
    """A row of `/consumables`."""
    return {
        "id": row.id,
        "name": escape(row.name),
        "image": None,
        **_named(view, row),
        "item_no": escape(row.item_no),
        **_bought(view, row),
        **_amounts(row),
        **_made(view, row),
        "user_can_checkout": row.remaining > 0,
        "available_actions": _MOVABLE,
    }


def maintenance(view: View, row: Maintenance) -> Json:
    """A row of `/maintenances`, in which a flag is a number."""
    asset = view.store.hardware.rows[row.asset_id]
    admin = view.stub("users", row.created_by)
    model = view.store.models.rows[asset.model_id]
    return {
        "id": row.id,
        "asset": {
            "id": asset.id,
            "name": escape_or_none(asset.name),
            "asset_tag": escape(asset.asset_tag),
            "serial": escape_or_none(asset.serial),
            "deleted_at": view.formats.moment(asset.deleted_at),
            **stamps(view, asset),
        },
        "model": {"id": model.id, "name": escape(f"{model.name} {model.model_number or ''}".rstrip())},
        "status_label": view.status(asset),
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
        **stamps(view, row),
        "is_warranty": int(row.is_warranty),
        "available_actions": {"update": True, "delete": True},
    }
