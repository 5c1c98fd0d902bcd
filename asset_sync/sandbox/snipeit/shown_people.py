"""Users, and models with their custom fields, as the API shows them. Source: recorded answers of Snipe-IT 8.1.4."""

from asset_sync.sandbox.snipeit.records import CustomField, Fieldset, Model, User
from asset_sync.sandbox.snipeit.settings import Json
from asset_sync.sandbox.snipeit.shapes import notes, stamps, texts
from asset_sync.sandbox.snipeit.text import escape, escape_or_none
from asset_sync.sandbox.snipeit.view import View


def field(view: View, row: CustomField) -> Json:
    """A row of `/fields`."""
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
        **stamps(view, row),
    }


def fieldset(view: View, row: Fieldset) -> Json:
    """A row of `/fieldsets`."""
    fields = [field(view, view.store.fields.rows[one]) for one in row.field_ids]
    models = [view.stub("models", model.id) for model in view.store.models.living() if model.fieldset_id == row.id]
    return {
        "id": row.id,
        "name": escape(row.name),
        "fields": {"total": len(fields), "rows": fields},
        "models": {"total": len(models), "rows": models},
        **stamps(view, row),
    }


def model(view: View, row: Model) -> Json:
    """A row of `/models`."""
    fields = view.store.fieldsets.rows[row.fieldset_id].field_ids if row.fieldset_id else ()
    living = row.deleted_at is None
    return {
        "id": row.id,
        "name": escape(row.name),
        "manufacturer": view.stub("manufacturers", row.manufacturer_id),
        "image": None,
        **texts(row, "model_number"),
        "min_amt": row.min_amt,
        "remaining": view.count("hardware", "model_id", row.id) - (row.min_amt or 0),
        "depreciation": None,
        "assets_count": view.count("hardware", "model_id", row.id),
        "category": view.stub("categories", row.category_id),
        "fieldset": view.stub("fieldsets", row.fieldset_id),
        "default_fieldset_values": [_default(view.store.fields.rows[one]) for one in fields],
        "eol": f"{row.eol} months" if row.eol else "None",
        "requestable": row.requestable,
        "notes": notes(row.notes),
        "created_by": view.stub("users", row.created_by),
        **stamps(view, row),
        "deleted_at": view.formats.moment(row.deleted_at),
        "available_actions": {"update": living, "delete": living, "clone": True, "restore": not living},
    }


def _default(row: CustomField) -> Json:
    """No model has a default value here."""
    return {
        "name": escape(row.name),
        "db_column_name": escape(row.db_column_name),
        "default_value": None,
        "format": escape(row.format),
        "required": row.required,
    }


def user(view: View, row: User) -> Json:
    """A row of `/users`."""
    address = ("jobtitle", "phone", "website", "address", "city", "state", "country", "zip")
    living = row.deleted_at is None
    return {
        "id": row.id,
        "avatar": None,
        "name": escape(row.full_name),
        "first_name": escape(row.first_name),
        "last_name": escape(row.last_name),
        "username": escape(row.username),
        "remote": row.remote,
        "locale": escape_or_none(row.locale),
        "employee_num": escape(row.employee_num),
        "manager": view.stub("users", row.manager_id),
        **texts(row, "jobtitle"),
        "vip": row.vip,
        **texts(row, *address[1:]),
        "email": escape(row.email),
        "department": view.stub("departments", row.department_id),
        "location": view.stub("locations", row.location_id),
        "notes": notes(row.notes),
        "permissions": {"superuser": "1"} if row.id == 1 else {},
        **{flag: getattr(row, flag) for flag in ("activated", "autoassign_licenses", "ldap_import")},
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
        **stamps(view, row),
        "start_date": view.formats.day(row.start_date),
        "end_date": view.formats.day(row.end_date),
        "last_login": view.formats.moment(row.last_login),
        "deleted_at": view.formats.moment(row.deleted_at),
        "available_actions": {"update": living, "delete": living, "clone": True, "restore": not living},
        "groups": None,
    }


def oneself(view: View) -> Json:
    """The answer of `/users/me`: the token's owner with the rights of the token. It counts nothing."""
    row = user(view, view.store.users.rows[view.token.user_id])
    rights = {"superuser": 1} if view.token.superuser else {"assets.view": "1"}
    company = row["company"] if view.token.company_id is None else view.stub("companies", view.token.company_id)
    counts = {name: 0 for name in row if name.endswith("_count")}
    return {**row, **counts, "permissions": rights, "company": company, "locale": view.token.locale}
