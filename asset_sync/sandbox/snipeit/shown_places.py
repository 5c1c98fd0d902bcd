"""Companies, locations, departments, manufacturers, suppliers, categories and status labels as the API shows them.

Source: recorded answers of Snipe-IT 8.1.4.
"""

from asset_sync.sandbox.snipeit.markdown import block_html, or_none
from asset_sync.sandbox.snipeit.records import Category, Department, Firm, Location, Manufacturer, StatusLabel, Supplier
from asset_sync.sandbox.snipeit.settings import Json
from asset_sync.sandbox.snipeit.shapes import notes, stamps, texts
from asset_sync.sandbox.snipeit.shown_people import user
from asset_sync.sandbox.snipeit.text import escape, escape_or_none
from asset_sync.sandbox.snipeit.view import View
from asset_sync.sandbox.snipeit.words import category_word

EDITABLE: Json = {"update": True, "delete": True}


def company(view: View, row: Firm) -> Json:
    """A row of `/companies`."""
    counted = ("licenses", "accessories", "consumables", "components", "users")
    return {
        "id": row.id,
        "name": escape(row.name),
        **texts(row, "phone", "fax", "email"),
        "image": None,
        "assets_count": view.count("hardware", "company_id", row.id),
        **{f"{table}_count": view.count(table, "company_id", row.id) for table in counted},
        "created_by": view.stub("users", row.created_by),
        "notes": notes(row.notes),
        **stamps(view, row),
        "available_actions": EDITABLE,
    }


def location(view: View, row: Location) -> Json:
    """A row of `/locations`, which shows all of its manager."""
    manager = view.store.users.rows[row.manager_id] if row.manager_id else None
    children = view.store.cached("children", lambda: _children(view)).get(row.id, [])
    return {
        "id": row.id,
        "name": escape(row.name),
        "image": None,
        **texts(row, "address", "address2", "city", "state", "country", "zip", "phone", "fax"),
        "accessories_count": view.count("accessories", "location_id", row.id),
        # None is checked out to a location here.
        "assigned_accessories_count": 0,
        "assigned_assets_count": view.assigned("location", row.id),
        "assets_count": view.count("hardware", "location_id", row.id),
        "rtd_assets_count": view.count("hardware", "rtd_location_id", row.id),
        "users_count": view.count("users", "location_id", row.id),
        **texts(row, "currency", "ldap_ou"),
        "notes": notes(row.notes),
        **stamps(view, row),
        "parent": view.stub("locations", row.parent_id),
        "manager": user(view, manager) if manager else None,
        "company": view.stub("companies", row.company_id),
        "children": children,
        "available_actions": {**EDITABLE, "bulk_selectable": {"delete": True}, "clone": True},
    }


def _children(view: View) -> dict[int, list[Json]]:
    """The names of children are the one text that is not escaped."""
    children: dict[int, list[Json]] = {}
    for place in view.store.locations.living():
        if place.parent_id is not None:
            children.setdefault(place.parent_id, []).append({"id": place.id, "name": place.name})
    return children


def department(view: View, row: Department) -> Json:
    """A row of `/departments`."""
    manager = view.store.users.rows[row.manager_id] if row.manager_id else None
    return {
        "id": row.id,
        "name": escape(row.name),
        **texts(row, "phone", "fax"),
        "image": None,
        "company": view.stub("companies", row.company_id),
        "manager": view.person(manager) if manager else None,
        "location": view.stub("locations", row.location_id),
        # The one count that is a text.
        "users_count": str(view.count("users", "department_id", row.id)),
        "notes": notes(row.notes),
        **stamps(view, row),
        "available_actions": EDITABLE,
    }


def manufacturer(view: View, row: Manufacturer) -> Json:
    """A row of `/manufacturers`."""
    counted = ("licenses", "consumables", "accessories", "components")
    living = row.deleted_at is None
    return {
        "id": row.id,
        "name": escape(row.name),
        **texts(row, "url"),
        "image": None,
        **texts(row, "support_url", "warranty_lookup_url", "support_phone", "support_email"),
        "assets_count": view.of_models("manufacturer_id", row.id),
        **{f"{table}_count": view.count(table, "manufacturer_id", row.id) for table in counted},
        "notes": notes(row.notes),
        "created_by": view.stub("users", row.created_by),
        **stamps(view, row),
        "deleted_at": view.formats.moment(row.deleted_at),
        "available_actions": {"update": living, "restore": not living, "delete": living},
    }


def supplier(view: View, row: Supplier) -> Json:
    """A row of the list `/suppliers`, which never selects the column `zip`."""
    counted = ("accessories", "licenses", "consumables", "components")
    return _supplier(
        view,
        row,
        postcode="",
        counts={
            "assets_count": view.count("hardware", "supplier_id", row.id),
            **{f"{table}_count": view.count(table, "supplier_id", row.id) for table in counted},
        },
    )


def single_supplier(view: View, row: Supplier) -> Json:
    """The answer of `/suppliers/{id}`, which has the `zip` and counts nothing."""
    counted = ("assets", "accessories", "licenses", "consumables", "components")
    return _supplier(view, row, postcode=escape(row.zip), counts={f"{one}_count": 0 for one in counted})


def _supplier(view: View, row: Supplier, *, postcode: str, counts: Json) -> Json:
    return {
        "id": row.id,
        "name": escape(row.name),
        "image": None,
        **texts(row, "url", "address", "address2", "city", "state", "country"),
        "zip": postcode,
        **texts(row, "fax", "phone", "email", "contact"),
        **counts,
        "notes": notes(row.notes),
        **stamps(view, row),
        "available_actions": EDITABLE,
    }


def category_items(view: View, row: Category) -> int:
    """How many living things are in a category, whatever its type."""
    tables = ("accessories", "consumables", "components", "licenses")
    return assets_in_category(view, row) + sum(view.count(table, "category_id", row.id) for table in tables)


def assets_in_category(view: View, row: Category) -> int:
    """How many living assets have a model of that category."""
    return view.of_models("category_id", row.id)


def category(view: View, row: Category) -> Json:
    """A row of `/categories`."""
    counted = ("accessories", "consumables", "components", "licenses")
    return {
        "id": row.id,
        "name": escape(row.name),
        "image": None,
        "category_type": category_word(row.category_type, view.token.locale),
        "has_eula": row.use_default_eula or row.eula is not None,
        "use_default_eula": row.use_default_eula,
        "eula": or_none(block_html, row.eula),
        "checkin_email": row.checkin_email,
        "require_acceptance": row.require_acceptance,
        "item_count": category_items(view, row),
        "assets_count": assets_in_category(view, row),
        **{f"{table}_count": view.count(table, "category_id", row.id) for table in counted},
        "created_by": view.stub("users", row.created_by),
        "notes": notes(row.notes),
        **stamps(view, row),
        "available_actions": EDITABLE,
    }


def status_label(view: View, row: StatusLabel) -> Json:
    """A row of `/statuslabels`."""
    return {
        "id": row.id,
        "name": escape(row.name),
        "type": row.type,
        **texts(row, "color"),
        "show_in_nav": row.show_in_nav,
        "default_label": row.default_label,
        "assets_count": view.count("hardware", "status_id", row.id),
        # Escaped only, unlike the notes of everything else.
        "notes": escape_or_none(row.notes),
        "created_by": view.stub("users", row.created_by),
        **stamps(view, row),
        "available_actions": EDITABLE,
    }
