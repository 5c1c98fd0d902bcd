"""Values that Snipe-IT hides from its token: a mask is never taken for a value, and what was known before stays.

Sources: facts/snipeit.md, "Value quirks" (`ENCRYPTED`) and "Other objects" (`product_key`).
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

HIDING: Final = frozenset(_UNMASK)
"""The tables with values that may be hidden."""


def unmask(stage: Stage) -> int:
    """Put what the mirror knows, else nothing, in the place of each mask; return how many known values are hidden now."""
    statement = _UNMASK.get(stage.table.name)
    return sum(count for (count,) in stage.ask(statement, mask=MASKED_KEY)) if statement else 0
