"""What the mirror has and Snipe-IT did not list: nothing of it is believed to be gone that was not looked for.

Source: measured on Snipe-IT 8.1.4: an asset whose status label was purged is in no list, and can be asked for.
"""

from collections.abc import Sequence
from typing import Final

from asset_sync.mirror.staging import Stage
from asset_sync.systems.snipeit import Reader

_SINGLES_MOST: Final = 50
"""More missed rows than these are looked for in the lists again before they are asked for one by one."""
_HIDING_ROWS: Final = frozenset({"hardware"})
"""Tables with rows that no list has."""


def find_missing(reader: Reader, stage: Stage) -> None:
    """Note which rows the mirror has and a table that was read whole has not, and take back whatever is there all the same.

    A row that moved from one list to another while both were read is in neither, and is not gone.
    """
    stage.run(
        """
        INSERT INTO {missed} SELECT id FROM {target} AS target
        WHERE purged_at IS NULL AND (deleted_at IS NULL OR NOT %(hides_trash)s)
        AND NOT EXISTS (SELECT FROM {staged} AS staged WHERE staged.id = target.id)
        """,
        hides_trash=stage.table.hides_trash,
    )
    if stage.table.changes == "append":
        # An entry of the log is in one list alone, and cannot be asked for.
        return
    missed = _missed(stage)
    if len(missed) > _SINGLES_MOST:
        _look_again(reader, stage)
        missed = _missed(stage) if stage.table.name in _HIDING_ROWS else []
    _ask_for(reader, stage, missed)


def _look_again(reader: Reader, stage: Stage) -> None:
    for listing in stage.table.lists:
        reader.whole(stage.table, listing, stage)
    stage.settle()
    stage.run("DELETE FROM {missed} AS missed USING {staged} AS staged WHERE staged.id = missed.id")


def _ask_for(reader: Reader, stage: Stage, missed: Sequence[int]) -> None:
    for start in range(0, len(missed), _SINGLES_MOST):
        some = missed[start : start + _SINGLES_MOST]
        there = [row for one in some if (row := reader.single(stage.table, one)) is not None]
        stage.put(there)
        stage.run("DELETE FROM {missed} WHERE id = ANY(%(there)s)", there=[row["id"] for row in there])


def _missed(stage: Stage) -> list[int]:
    return [one for (one,) in stage.ask("SELECT id FROM {missed} ORDER BY id")]
