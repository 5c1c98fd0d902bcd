"""The lists of the API: their paths, what they sort by, and how they treat trashed rows and companies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

TrashRule = Literal["hidden", "deleted", "deleted_or_all", "status", "Status"]
Scope = Literal["all", "own", "itself", "location", "asset", "item"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A list. What is not in `sorts` is silently replaced by `default`; where `pages` is False, limits are ignored.

    `trash` tells how trashed rows are asked for: not at all, by `deleted=true`, by that or `all=true`, by
    `status=deleted` or by `status=Deleted`. `scope` tells which company a row belongs to.
    """

    path: str
    table: str
    missing: str
    sorts: frozenset[str]
    default: str = "created_at"
    trash: TrashRule = "hidden"
    scope: Scope = "all"
    searched: tuple[str, ...] = ("name", "notes")
    pages: bool = True


def _sorts(*names: str) -> frozenset[str]:
    return frozenset({"id", "name", "created_at", *names})


_STOCK_SORTS = _sorts("qty", "min_amt", "order_number", "purchase_date", "purchase_cost", "model_number")
_STOCK_SEARCHED = ("name", "order_number", "model_number", "notes")
_HARDWARE_SORTS = _sorts(
    *("asset_tag", "serial", "model_number", "last_checkout", "last_checkin", "notes", "expected_checkin", "order_number"),
    *("assigned_to", "updated_at", "purchase_date", "purchase_cost", "last_audit_date", "next_audit_date"),
    *("warranty_months", "checkout_counter", "checkin_counter", "requests_counter", "byod", "asset_eol_date"),
    *("model", "category", "manufacturer", "company", "location", "rtd_location", "status_label", "supplier"),
)

ENDPOINTS: Mapping[str, Endpoint] = {
    one.path: one
    for one in (
        Endpoint(
            path="hardware",
            table="hardware",
            missing="Asset does not exist.",
            sorts=_HARDWARE_SORTS,
            trash="Status",
            scope="own",
            searched=("name", "asset_tag", "serial", "order_number", "notes"),
        ),
        Endpoint(
            path="users",
            table="users",
            missing="User does not exist or you do not have permission view them.",
            sorts=_sorts("first_name", "last_name", "username", "email", "employee_num", "jobtitle", "updated_at") - {"name"},
            default="first_name",
            trash="deleted_or_all",
            scope="own",
            searched=("first_name", "last_name", "username", "email", "employee_num", "notes"),
        ),
        Endpoint(
            path="models",
            table="models",
            missing="AssetModel not found",
            sorts=_sorts("model_number", "eol", "notes", "updated_at", "requestable", "min_amt"),
            trash="status",
            searched=("name", "model_number", "notes"),
        ),
        Endpoint(
            path="manufacturers",
            table="manufacturers",
            missing="Manufacturer not found",
            sorts=_sorts("url", "support_url", "support_phone", "support_email", "updated_at"),
            trash="deleted",
        ),
        Endpoint(
            path="categories",
            table="categories",
            missing="Category not found",
            sorts=_sorts("category_type", "assets_count"),
            default="assets_count",
        ),
        Endpoint(
            path="companies",
            table="companies",
            missing="Company not found",
            sorts=_sorts("phone", "fax", "email", "updated_at"),
            scope="itself",
        ),
        Endpoint(
            path="locations",
            table="locations",
            missing="Location not found",
            sorts=_sorts("address", "city", "state", "country", "zip", "currency", "updated_at"),
            scope="location",
            searched=("name", "address", "city", "zip", "notes"),
        ),
        Endpoint(path="departments", table="departments", missing="Department not found", sorts=_sorts(), scope="own"),
        # A typing error in the list of sortable columns takes `id` out of it.
        Endpoint(
            path="suppliers",
            table="suppliers",
            missing="Supplier not found",
            sorts=_sorts("address", "phone", "contact", "fax", "email", "city", "country", "zip", "url") - {"id"},
        ),
        Endpoint(path="statuslabels", table="status_labels", missing="Statuslabel not found", sorts=_sorts("color")),
        Endpoint(
            path="fields",
            table="fields",
            missing="That field does not exist.",
            sorts=frozenset({"id"}),
            default="id",
            pages=False,
        ),
        Endpoint(
            path="fieldsets",
            table="fieldsets",
            missing="Fieldset does not exist",
            sorts=frozenset({"id"}),
            default="id",
            pages=False,
        ),
        Endpoint(
            path="licenses",
            table="licenses",
            missing="License not found",
            sorts=_sorts("purchase_cost", "expiration_date", "purchase_order", "order_number", "purchase_date", "seats"),
            trash="deleted",
            scope="own",
            searched=("name", "order_number", "purchase_order", "notes"),
        ),
        Endpoint(
            path="accessories",
            table="accessories",
            missing="Accessory not found",
            sorts=_STOCK_SORTS,
            scope="own",
            searched=_STOCK_SEARCHED,
        ),
        Endpoint(
            path="components",
            table="components",
            missing="Component not found",
            sorts=_STOCK_SORTS | {"serial"},
            scope="own",
            searched=(*_STOCK_SEARCHED, "serial"),
        ),
        Endpoint(
            path="consumables",
            table="consumables",
            missing="Consumable not found",
            sorts=_STOCK_SORTS | {"item_no"},
            scope="own",
            searched=(*_STOCK_SEARCHED, "item_no"),
        ),
        Endpoint(
            path="maintenances",
            table="maintenances",
            missing="AssetMaintenance not found",
            sorts=_sorts("title", "start_date", "completion_date", "cost", "asset_maintenance_time", "notes") - {"name"},
            scope="asset",
            searched=("title", "notes"),
        ),
        Endpoint(
            path="reports/activity",
            table="activity",
            missing="Actionlog not found",
            sorts=frozenset({"id", "created_at", "target_id", "created_by", "action_type", "action_date", "note"}),
            scope="item",
            searched=("note", "action_type"),
        ),
    )
}
