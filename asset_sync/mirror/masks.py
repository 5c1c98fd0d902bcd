"""Values that Snipe-IT does not show any more: a mask is never taken for a value, and what was known before stays.

Sources: facts/snipeit.md, "Value quirks" (`ENCRYPTED`) and "Other objects" (`product_key`); measured on Snipe-IT 8.1.4: an
entry of the log shows nothing in the place of an item, a target or a person that was purged, though the row has their ids.
"""

from collections.abc import Mapping
from typing import Final

from asset_sync.mirror.staging import Stage
from asset_sync.systems.snipeit.values import MASKED_KEY

_UNMASK: Final[Mapping[str, str]] = {
    # A hidden custom field is staged as null, since its key tells that it is filled.
    "hardware": """
        UPDATE {staged} AS staged SET custom_fields = staged.custom_fields || known.fields
        FROM (
            SELECT id, jsonb_object_agg(hidden.field, target.custom_fields -> hidden.field) AS fields
            FROM {staged} AS masked JOIN {target} AS target USING (id)
            CROSS JOIN LATERAL jsonb_each(masked.custom_fields) AS hidden (field, value)
            WHERE masked.custom_fields @? '$.* ? (@ == null)'
            AND hidden.value = 'null' AND target.custom_fields ->> hidden.field IS NOT NULL
            GROUP BY id
        ) AS known
        WHERE known.id = staged.id RETURNING (SELECT count(*) FROM jsonb_object_keys(known.fields))
    """,
    "licenses": """
        UPDATE {staged} AS staged
        SET product_key = (SELECT target.product_key FROM {target} AS target WHERE target.id = staged.id)
        WHERE staged.product_key = %(mask)s RETURNING (staged.product_key IS NOT NULL)::int
    """,
}

_KEEP: Final[Mapping[str, str]] = {
    "activity": """
        UPDATE {staged} AS staged SET
            item_type = CASE WHEN staged.item_id IS NULL THEN target.item_type ELSE staged.item_type END,
            item_id = coalesce(staged.item_id, target.item_id),
            target_type = CASE WHEN staged.target_id IS NULL THEN target.target_type ELSE staged.target_type END,
            target_id = coalesce(staged.target_id, target.target_id),
            created_by = coalesce(staged.created_by, target.created_by)
        FROM {target} AS target WHERE target.id = staged.id
        AND (staged.item_id IS NULL OR staged.target_id IS NULL OR staged.created_by IS NULL)
    """,
}

HIDING: Final = frozenset(_UNMASK)
"""The tables with values that may be hidden."""


def keep_known(stage: Stage) -> None:
    """Put the references that the mirror knows in the place of those that lead nowhere any more."""
    if statement := _KEEP.get(stage.table.name):
        stage.run(statement)


def unmask(stage: Stage) -> int:
    """Put what the mirror knows, else nothing, in the place of each mask; return how many known values are hidden now."""
    statement = _UNMASK.get(stage.table.name)
    return sum(count for (count,) in stage.ask(statement, mask=MASKED_KEY)) if statement else 0
