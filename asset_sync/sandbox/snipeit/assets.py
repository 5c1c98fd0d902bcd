"""Rows of `hardware` as the API shows them."""

from calendar import monthrange
from datetime import date

from asset_sync.sandbox.snipeit.records import Asset, CustomField
from asset_sync.sandbox.snipeit.settings import Json
from asset_sync.sandbox.snipeit.shapes import notes
from asset_sync.sandbox.snipeit.text import escape, escape_or_none
from asset_sync.sandbox.snipeit.view import View
from asset_sync.sandbox.snipeit.words import encrypted, months


def hardware(view: View, asset: Asset) -> Json:
    """A row of `/hardware`, in the shape of the settings' version."""
    row = _hardware(view, asset)
    return row if view.settings.version == "8.1.4" else _newer(view, asset, row)


def _hardware(view: View, asset: Asset) -> Json:
    store, formats, stub = view.store, view.formats, view.stub
    model = store.models.rows[asset.model_id]
    cost = formats.money(asset.purchase_cost)
    return {
        "id": asset.id,
        "name": escape(asset.name),
        "asset_tag": escape(asset.asset_tag),
        "serial": escape(asset.serial),
        "model": stub("models", model.id),
        "byod": asset.byod,
        "requestable": asset.requestable,
        "model_number": escape_or_none(model.model_number),
        "eol": f"{model.eol} months" if model.eol else None,
        "asset_eol_date": formats.day(asset.asset_eol_date),
        "status_label": view.status(asset),
        "category": stub("categories", model.category_id),
        "manufacturer": stub("manufacturers", model.manufacturer_id),
        "supplier": stub("suppliers", asset.supplier_id),
        "notes": notes(asset.notes),
        "order_number": escape_or_none(asset.order_number),
        "company": stub("companies", asset.company_id),
        "location": stub("locations", asset.location_id),
        "rtd_location": stub("locations", asset.rtd_location_id),
        "image": None,
        "qr": None,
        "alt_barcode": None,
        "assigned_to": _holder(view, asset),
        "warranty_months": months(asset.warranty_months, view.token.locale) if asset.warranty_months else None,
        "warranty_expires": formats.day(warranty_expires(asset)),
        "created_by": stub("users", asset.created_by),
        "created_at": formats.moment(asset.created_at),
        "updated_at": formats.moment(asset.updated_at),
        "last_audit_date": formats.moment(asset.last_audit_date),
        "next_audit_date": formats.day(asset.next_audit_date),
        "deleted_at": formats.moment(asset.deleted_at),
        "purchase_date": formats.day(asset.purchase_date),
        "age": _age(asset.purchase_date, store.now.date()),
        "last_checkout": formats.moment(asset.last_checkout),
        "last_checkin": formats.moment(asset.last_checkin),
        "expected_checkin": formats.day(asset.expected_checkin),
        "purchase_cost": cost,
        "checkin_counter": asset.checkin_counter,
        "checkout_counter": asset.checkout_counter,
        "requests_counter": asset.requests_counter,
        "user_can_checkout": _can_be_checked_out(view, asset),
        "book_value": cost,
        "custom_fields": _custom_fields(view, asset, model.fieldset_id),
        "available_actions": _actions(asset),
    }


def _newer(view: View, asset: Asset, row: Json) -> Json:
    """What newer code adds: AssetsTransformer of grokability/snipe-it at a366c2dd, whose version is not known."""
    added: Json = {
        "status": row["status_label"],
        "child_asset_count": view.assigned("asset", asset.id),
        "depreciation": None,
        "qr_code_url": None,
    }
    for name in ("category", "manufacturer", "supplier", "company", "location", "rtd_location"):
        nested = row[name]
        added[name] = {**nested, "tag_color": None} if isinstance(nested, dict) else None
    holder = row["assigned_to"]
    if isinstance(holder, dict) and asset.assigned_type == "user":
        added["assigned_to"] = {**holder, "jobtitle": escape_or_none(view.store.users.rows[holder["id"]].jobtitle)}
    return row | added


def warranty_expires(asset: Asset) -> date | None:
    """The day on which the months of warranty since the purchase are over."""
    if asset.purchase_date is None or not asset.warranty_months:
        return None
    years, month = divmod(asset.purchase_date.month - 1 + asset.warranty_months, 12)
    year = asset.purchase_date.year + years
    return date(year, month + 1, min(asset.purchase_date.day, monthrange(year, month + 1)[1]))


def custom_value(view: View, field: CustomField, value: str | None) -> str:
    """The text of a custom field: a date in display format alone, and nothing but a word for who may not see it."""
    if field.encrypted and value and not view.token.superuser:
        return encrypted(view.token.locale)
    if field.format == "DATE" and value:
        return view.formats.plain(date.fromisoformat(value))
    return escape(value)


def _holder(view: View, asset: Asset) -> Json | None:
    if asset.assigned_to is None:
        return None
    if asset.assigned_type != "user":
        table = "locations" if asset.assigned_type == "location" else "hardware"
        return {**(view.stub(table, asset.assigned_to) or {}), "type": asset.assigned_type}
    user = view.store.users.rows[asset.assigned_to]
    return {
        "id": user.id,
        "username": escape(user.username),
        "name": escape(user.full_name),
        "first_name": escape(user.first_name),
        "last_name": escape_or_none(user.last_name),
        "email": escape_or_none(user.email),
        "employee_number": escape_or_none(user.employee_num),
        "type": "user",
    }


def _custom_fields(view: View, asset: Asset, fieldset_id: int | None) -> Json:
    """By label, as it was typed: of two fields with one label, the later one is seen."""
    if fieldset_id is None:
        return {}
    known = view.store.fields.rows
    shown: Json = {}
    for field_id in view.store.fieldsets.rows[fieldset_id].field_ids:
        field = known[field_id]
        shown[field.name] = {
            "field": field.db_column_name,
            "value": custom_value(view, field, asset.custom_fields.get(field_id)),
            "field_format": field.format,
            "element": field.type,
        }
    return shown


def _can_be_checked_out(view: View, asset: Asset) -> bool:
    deployable = view.store.status_labels.rows[asset.status_id].type == "deployable"
    return deployable and asset.assigned_to is None and asset.deleted_at is None


def _actions(asset: Asset) -> Json:
    living = asset.deleted_at is None
    return {
        "checkout": living,
        "checkin": living,
        "clone": True,
        "restore": not living,
        "update": living,
        "audit": True,
        "delete": living and asset.assigned_to is None,
    }


def _age(bought: date | None, today: date) -> str | None:
    if bought is None:
        return None
    months = max((today.year - bought.year) * 12 + today.month - bought.month, 0)
    count, unit = (months // 12, "year") if months >= 12 else (months, "month")
    return f"{count} {unit}{'' if count == 1 else 's'} ago"
