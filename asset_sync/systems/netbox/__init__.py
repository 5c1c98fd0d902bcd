"""NetBox as a system of record, with the netbox-inventory plugin: raw pages and bulk writes, and pynetbox for what is small.

Reading order: `client` (the wire) and `refusing` (what errors mean), `kinds` (what is synced; `virtual_kinds` has machines,
`fabric_kinds` networks and cables), `endpoints` (where that lives), `api` and `cable_ends` (how it stands in JSON),
`custom_fields` (what each takes), `custom_values` (their values, type by type) and `custom_field_table` (which ones a NetBox
has), `extract` (observed tables), `conforming` (desired tables as NetBox takes them), `constraining` (what this one keeps
unique), `deletions` (who deleted what is gone), `target` (plans carried out) and `rights` (what the token may not do),
`resource` (Dagster). How the real server behaves is in
facts/netbox.md; "measured" refers to it.
"""

from asset_sync.systems.netbox.client import NetBoxClient
from asset_sync.systems.netbox.conforming import conform, unready
from asset_sync.systems.netbox.extract import check_choices, observe
from asset_sync.systems.netbox.kinds import KINDS, declared
from asset_sync.systems.netbox.resource import NetBox
from asset_sync.systems.netbox.target import NetBoxTarget

__all__ = [
    "KINDS",
    "NetBox",
    "NetBoxClient",
    "NetBoxTarget",
    "check_choices",
    "conform",
    "declared",
    "observe",
    "unready",
]
