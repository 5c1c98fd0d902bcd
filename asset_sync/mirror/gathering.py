"""Gathering: what is read of each table in a load, until what is staged and what the mirror has add up to what Snipe-IT says.

The argument that makes a short read enough: every row that is new, changed or back is among the staged ones, so the mirror
merged with them holds at least what Snipe-IT holds. If the counts are equal, so are the sets; if not, the table is read whole.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from asset_sync.mirror.staging import Stage
from asset_sync.systems.snipeit import TABLES, Page, Read, Reader, SnipeItClient, TooManyAtOnce
from asset_sync.systems.snipeit.values import Row

_VERIFIED_MOST: Final = 50
_NO_SINGLES: Final = frozenset({"license_seats", "activity"})


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows a table has; None where nobody told."""

    living: int | None = None
    trashed: int | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one table's reading came to: whether all its rows were read, what Snipe-IT counts, and how far updates are known.

    Where archived assets are shown among the others, an administrator's choice, `among` counts the living ones without them.
    """

    complete: bool
    total: Counts
    cursor: str = ""
    both: int | None = None
    among: int | None = None


@dataclass(slots=True)
class Known:
    """What earlier tables of the load tell the later ones.

    `touched` are the rows that the activity log names since the last load, by its word for their kind; None where the log was
    not read on from where it was left.
    """

    touched: Mapping[str, set[int]] | None = None
    stages: dict[str, Stage] = field(default_factory=dict)


class Gatherer:
    """Reads tables of a Snipe-IT into their stages."""

    def __init__(self, client: SnipeItClient, known: Known) -> None:
        self._client = client
        self._reader = Reader(client)
        self._known = known

    def gather(self, stage: Stage, cursor: str | None) -> Gathered:
        """Read what changed since the cursor, or all where that is None or where the counts do not add up."""
        gathered = self._whole(stage) if cursor is None else self._changed(stage, cursor)
        stage.settle()
        if not gathered.complete and not adds_up(stage, gathered):
            stage.forget(0)
            gathered = self._whole(stage)
            stage.settle()
        if gathered.complete and stage.table.changes != "seats":
            self._find_missing(stage)
        return gathered

    def _whole(self, stage: Stage) -> Gathered:
        if stage.table.changes == "seats":
            return self._seats(stage, self._living_licenses())
        reads: dict[str, list[Read]] = {}
        for listing in stage.table.lists:
            reads.setdefault(listing.has, []).append(self._reader.whole(stage.table, listing, stage))
        return _gathered(reads, complete=True)

    def _changed(self, stage: Stage, cursor: str) -> Gathered:
        match stage.table.changes:
            case "updated":
                return self._updated(stage, cursor)
            case "log" if self._known.touched is not None:
                return self._logged(stage, self._known.touched)
            case "append":
                [(last_id,)] = stage.ask("SELECT coalesce(max(id), 0) FROM {target}")
                read = self._reader.appended(stage.table, stage, last_id)
                return Gathered(False, Counts(living=read.total))
            case "seats" if self._known.touched is not None:
                return self._seats(stage, self._living_licenses() & self._doubtful_licenses(), complete=False)
        return self._whole(stage)

    def _updated(self, stage: Stage, cursor: str) -> Gathered:
        if not cursor:
            return self._whole(stage)
        reads: dict[str, list[Read]] = {}
        try:
            for listing in stage.table.lists:
                reads.setdefault(listing.has, []).append(self._reader.changed(stage.table, listing, stage, cursor))
        except TooManyAtOnce:
            stage.forget(0)
            return self._whole(stage)
        gathered = _gathered(reads, complete=False)
        return replace(gathered, cursor=max(cursor, gathered.cursor))

    def _logged(self, stage: Stage, touched: Mapping[str, set[int]]) -> Gathered:
        """Read the lists where the log names rows of the kind.

        Where the trash can be listed, it can be emptied, which no log tells: then the first pages are read for their totals.
        """
        named = stage.table.word in touched
        if not named and stage.table.hides_trash:
            return Gathered(False, Counts())
        known = merged_counts(stage)
        reads: dict[str, list[Read]] = {}
        for listing in stage.table.lists:
            count = known.trashed if listing.has == "trash" else known.living
            read = self._reader.whole(stage.table, listing, stage, after=_unless_known(count, named=named))
            reads.setdefault(listing.has, []).append(read)
        return _gathered(reads, complete=all(read.whole for of in reads.values() for read in of))

    # Seats, which are read by licence.

    def _seats(self, stage: Stage, licenses: set[int], *, complete: bool = True) -> Gathered:
        totals = [self._reader.seats(stage.table.path.format(one), stage) for one in sorted(licenses)]
        stage.settle()
        stage.run(
            """
            INSERT INTO {missed} SELECT id FROM {target} AS target
            WHERE deleted_at IS NULL AND (license_id = ANY(%(read)s) OR NOT license_id = ANY(%(living)s))
            AND NOT EXISTS (SELECT FROM {staged} AS staged WHERE staged.id = target.id)
            """,
            read=sorted(licenses),
            living=sorted(self._living_licenses()),
        )
        return Gathered(complete, Counts(living=sum(totals) if complete else None))

    def _living_licenses(self) -> set[int]:
        """Return the licences that have seats to read: as this load has them, else as Snipe-IT has them."""
        stage = self._known.stages.get("licenses")
        if stage is None:
            ids = _Ids()
            self._reader.whole(TABLES["licenses"], TABLES["licenses"].lists[0], ids)
            return set(ids.found)
        living = stage.ask(
            """
            SELECT id FROM {staged} WHERE deleted_at IS NULL
            UNION ALL
            SELECT id FROM {target} AS target WHERE deleted_at IS NULL AND id NOT IN (SELECT id FROM {staged})
            AND id NOT IN (SELECT id FROM {missed})
            """
        )
        return {one for (one,) in living}

    def _doubtful_licenses(self) -> set[int]:
        """Return the licences that the log names, and those whose number of seats is not the number that is mirrored."""
        touched = (self._known.touched or {}).get("license", set())
        stage = self._known.stages.get("licenses")
        if stage is None:
            return touched
        odd = stage.ask(
            """
            SELECT staged.id FROM {staged} AS staged WHERE staged.seats IS DISTINCT FROM (
                SELECT count(*) FROM snipeit.license_seats WHERE license_id = staged.id AND deleted_at IS NULL
            )
            """
        )
        return touched | {one for (one,) in odd}

    # What is no longer there.

    def _find_missing(self, stage: Stage) -> None:
        """Note what the mirror has and Snipe-IT did not list, and ask for each such row where they are few.

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
        missed = [one for (one,) in stage.ask("SELECT id FROM {missed} ORDER BY id LIMIT %(most)s", most=_VERIFIED_MOST + 1)]
        if len(missed) <= _VERIFIED_MOST and stage.table.name not in _NO_SINGLES:
            self._verify(stage, missed)

    def _verify(self, stage: Stage, missed: Sequence[int]) -> None:
        there = [row for one in missed if (row := self._client.row(stage.table.path, one)) is not None]
        if there:
            stage.put(there)
            stage.run("DELETE FROM {missed} WHERE id = ANY(%(there)s)", there=[row["id"] for row in there])


def _unless_known(count: int | None, *, named: bool) -> Callable[[Page], bool]:
    """Return what says, by a list's first page, whether the others are needed."""
    return lambda first: named or first.total != count


class _Ids:
    """A sink that keeps ids alone."""

    def __init__(self) -> None:
        self.found: list[int] = []

    def put(self, rows: list[Row]) -> None:
        self.found += [row["id"] for row in rows]

    def mark(self) -> int:
        return len(self.found)

    def forget(self, mark: int) -> None:
        del self.found[mark:]


def adds_up(stage: Stage, gathered: Gathered) -> bool:
    """Tell whether the mirror merged with the staged rows has as many rows as Snipe-IT says."""
    merged = merged_counts(stage)
    living, trashed = merged.living or 0, merged.trashed or 0
    if gathered.both is not None and living + trashed != gathered.both:
        return False
    if gathered.total.trashed is not None and trashed != gathered.total.trashed:
        return False
    return gathered.total.living is None or living in (gathered.total.living, gathered.among)


def merged_counts(stage: Stage) -> Counts:
    """Return how many rows the mirror will have, those that are missed left out."""
    [(living, trashed)] = stage.ask(
        """
        SELECT count(*) FILTER (WHERE deleted_at IS NULL), count(*) FILTER (WHERE deleted_at IS NOT NULL) FROM (
            SELECT deleted_at FROM {staged}
            UNION ALL
            SELECT deleted_at FROM {target} AS target WHERE purged_at IS NULL
            AND NOT EXISTS (SELECT FROM {staged} AS staged WHERE staged.id = target.id)
            AND NOT EXISTS (SELECT FROM {missed} AS missed WHERE missed.id = target.id)
        ) AS merged
        """
    )
    return Counts(living, trashed)


def _gathered(reads: Mapping[str, Sequence[Read]], *, complete: bool) -> Gathered:
    sums = {has: sum(read.total for read in of) for has, of in reads.items()}
    living = reads.get("living", [])
    first = next(iter(reads.values()))[0]
    return Gathered(
        complete=complete,
        total=Counts(sums.get("living"), sums.get("trash")),
        # Of the list that was read first: what is updated while the others are read is later than that.
        cursor=first.latest,
        both=sums.get("both"),
        among=living[0].total if len(living) > 1 else None,
    )
