"""The switch: staged rows into the mirror's tables, all of a load in one transaction, so that readers see all of it or none.

What is compared and counted before that is the load's own; the switch itself writes changed rows and nothing else.
"""

from dataclasses import dataclass

from asset_sync.mirror.staging import Stage


@dataclass(frozen=True, slots=True)
class Written:
    """What a load does to one table. `deleted` counts rows that went to the trash or away."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    @property
    def writes(self) -> int:
        """How many rows are written."""
        return self.inserted + self.updated + self.deleted

    def __add__(self, other: "Written") -> "Written":
        """Return the sums."""
        return Written(
            self.read + other.read,
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.deleted + other.deleted,
        )


def prepare(stage: Stage) -> Written:
    """Leave only what differs from the mirror in the stage, and count it."""
    stage.settle()
    [(read,)] = stage.ask("SELECT count(*) FROM {staged}")
    stage.run(
        """
        DELETE FROM {staged} AS staged USING {target} AS target
        WHERE target.id = staged.id AND target.purged_at IS NULL
        AND ({staged_columns}) IS NOT DISTINCT FROM ({target_columns})
        """
    )
    [(inserted, updated, deleted)] = stage.ask(
        """
        SELECT
            count(*) FILTER (WHERE target.id IS NULL),
            count(*) FILTER (WHERE target.id IS NOT NULL AND (staged.deleted_at IS NULL OR target.deleted_at IS NOT NULL)),
            count(*) FILTER (WHERE staged.deleted_at IS NOT NULL AND target.id IS NOT NULL AND target.deleted_at IS NULL)
        FROM {staged} AS staged LEFT JOIN {target} AS target USING (id)
        """
    )
    [(missed,)] = stage.ask("SELECT count(*) FROM {missed}")
    return Written(read, inserted, updated, deleted + missed)


def switch(stage: Stage) -> None:
    """Write the stage into the mirror, within the transaction that is open; versions are as of its beginning."""
    if stage.table.versioned:
        stage.within(
            """
            INSERT INTO {history} ({columns}, purged_at, valid_from, valid_to)
            SELECT {columns}, purged_at, valid_from, now() FROM {target}
            WHERE id IN (SELECT id FROM {staged} UNION ALL SELECT id FROM {missed})
            """
        )
    stage.within(
        """
        MERGE INTO {target} AS target USING {staged} AS staged ON target.id = staged.id
        WHEN MATCHED THEN UPDATE SET {assignments}, purged_at = NULL {from_now}
        WHEN NOT MATCHED THEN INSERT ({columns} {valid_from}) VALUES ({staged_columns} {now})
        """
    )
    stage.within(
        """
        UPDATE {target} AS target
        SET deleted_at = coalesce(deleted_at, now()), purged_at = CASE WHEN %(hides)s THEN purged_at ELSE now() END {from_now}
        FROM {missed} AS missed WHERE missed.id = target.id
        """,
        hides=stage.table.hides_trash,
    )
