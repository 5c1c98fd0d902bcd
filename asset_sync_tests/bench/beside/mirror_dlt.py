"""dlt's own REST API source as a mirror of Snipe-IT: the same lists as `snipeit_to_postgres` reads, merged by id."""

import os
from typing import Any, Final

import dlt
from dlt.sources.rest_api import rest_api_source

_PAGE: Final = 500
_LISTS: Final = (
    *("accessories", "categories", "companies", "components", "consumables", "departments", "fields", "fieldsets", "hardware"),
    *("licenses", "locations", "maintenances", "manufacturers", "models", "statuslabels", "suppliers", "users"),
)
_HIDDEN: Final = {
    "archived": ("hardware", {"status": "Archived"}),
    "deleted": ("hardware", {"status": "Deleted"}),
    "deleted_licenses": ("licenses", {"deleted": "true"}),
    "deleted_models": ("models", {"status": "deleted"}),
    "deleted_manufacturers": ("manufacturers", {"deleted": "true"}),
    "deleted_users": ("users", {"deleted": "true"}),
}
"""What the lists leave out, and the table where it belongs."""


def main() -> None:
    """Load everything that SNIPEIT_API_URL tells into the schema `snipeit_dlt` of DATABASE_URL."""
    pipeline = dlt.pipeline(
        "snipeit",
        pipelines_dir=os.environ["ASSET_SYNC_HOME"],
        destination=dlt.destinations.postgres(_database()),
        dataset_name="snipeit_dlt",
    )
    pipeline.run(_source())


def _database() -> str:
    """Return the URL of the database as dlt takes it: with a host and a password, though a socket needs neither."""
    return os.environ["DATABASE_URL"].replace("postgresql+psycopg://postgres@", "postgresql://postgres:none@localhost")


def _source() -> Any:
    lists = [_resource(name, name, {}) for name in (*_LISTS, "reports/activity")]
    hidden = [{**_resource(path, name, asked), "table_name": path} for name, (path, asked) in _HIDDEN.items()]
    config: Any = {
        "client": {
            "base_url": f"{os.environ['SNIPEIT_API_URL']}/api/v1/",
            "auth": {"type": "bearer", "token": os.environ["SNIPEIT_TOKEN"]},
            "headers": {"Accept": "application/json"},
            "paginator": {"type": "offset", "limit": _PAGE, "total_path": "total"},
        },
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
        "resources": [*lists, *hidden, _resource("licenses/{resources.licenses.id}/seats", "license_seats", {})],
    }
    return rest_api_source(config)


def _resource(path: str, name: str, asked: dict[str, str]) -> Any:
    params = {"sort": "id", "order": "asc", **asked}
    return {"name": name.replace("/", "_"), "endpoint": {"path": path, "data_selector": "rows", "params": params}}


if __name__ == "__main__":
    main()
