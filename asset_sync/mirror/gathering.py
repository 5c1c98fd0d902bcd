"""Gathering: what is read of each table in a load, until what is staged and what the mirror has add up to what Snipe-IT says.

The argument that makes a short read enough: every row that is new, changed or back is among the staged ones, so the mirror
merged with them holds at least what Snipe-IT holds. If the counts are equal, so are the sets; if not, the table is read whole.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from asset_sync.mirror.staging import Stage
from asset_sync.systems.snipeit import TABLES, Listing, Page, Read, Reader, SnipeItClient, TooManyAtOnce
from asset_sync.systems.snipeit.values import Row


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
    not read on from where it was left. `merged` are users that were merged since; `merged_unnamed` says that
    there were others, whom no entry names any more.
    """

    merged: set[int] = field(default_factory=set)
    merged_unnamed: bool = False
    touched: Mapping[str, set[int]] | None = None
    stages: dict[str, Stage] = field(default_factory=dict)


class Gatherer:
    """Reads tables of a Snipe-IT into their stages."""

    def __init__(self, client: SnipeItClient, known: Known, timezone: str) -> None:
        self.reader = Reader(client, timezone)
        self._known = known

    def gather(self, stage: Stage, cursor: str | None, *, is_new: bool) -> Gathered:
        """Read what changed since the cursor, or all where that is None or where the counts do not add up.

        `is_new` is a table that was never loaded. What is missed is looked for by `missing.find_missing`.
        """
        gathered = self._whole(stage) if cursor is None else self._changed(stage, cursor)
        stage.settle()
        if not gathered.complete and not adds_up(stage, gathered):
            stage.clear()
            gathered = self._whole(stage)
            stage.settle()
        if stage.table.alone:
            self._complete(stage, is_new=is_new)
        return gathered

    def _whole(self, stage: Stage) -> Gathered:
        if stage.table.changes == "seats":
            return self._seats(stage, self._living_licenses())
        reads: dict[str, list[Read]] = {}
        for listing in stage.table.lists:
            reads.setdefault(listing.has, []).append(self.reader.whole(stage.table, listing, stage))
        stage.settle()
        return _as_read(stage, _gathered(reads, complete=True), reads)

    def _changed(self, stage: Stage, cursor: str) -> Gathered:
        match stage.table.changes:
            case "updated":
                return self._updated(stage, cursor)
            case "log" if self._known.touched is not None:
                return self._logged(stage, self._known.touched)
            case "append":
                return self._appended(stage)
            case "seats" if self._known.touched is not None:
                return self._seats(stage, self._living_licenses() & self._doubtful_licenses(), complete=False)
        return self._whole(stage)

    def _updated(self, stage: Stage, cursor: str) -> Gathered:
        if not cursor:
            return self._whole(stage)
        reads: dict[str, list[Read]] = {}
        try:
            for listing in stage.table.lists:
                reads.setdefault(listing.has, []).append(self.reader.changed(stage.table, listing, stage, cursor))
        except TooManyAtOnce:
            stage.forget(0)
            return self._whole(stage)
        gathered = _gathered(reads, complete=False)
        return replace(gathered, cursor=gathered.cursor or cursor)

    def _appended(self, stage: Stage) -> Gathered:
        """Read what the log has more or less than the mirror, and what a merge of users gave to another user in place."""
        read, gone = self.reader.logged(stage.table, stage, _MirroredIds(stage))
        stage.run("INSERT INTO {missed} SELECT unnest(%(gone)s::bigint[])", gone=sorted(gone))
        merged = stage.ask(
            """
            SELECT item_id, target_id FROM {staged} AS staged
            WHERE action_type = 'merged' AND NOT EXISTS (SELECT FROM {target} AS target WHERE target.id = staged.id)
            """
        )
        self._known.merged = {user for pair in merged for user in pair if user is not None}
        self._known.merged_unnamed = any(None in pair for pair in merged)
        for user in sorted(self._known.merged):
            self.reader.whole(stage.table, Listing({"target_type": "user", "target_id": str(user)}), stage)
        return Gathered(False, Counts(living=read.total))

    def _logged(self, stage: Stage, touched: Mapping[str, set[int]]) -> Gathered:
        """Read the lists where the log names rows of the kind.

        Where the trash can be listed, it can be emptied, which no log tells: then its first page is read for its total.
        """
        named = stage.table.word in touched
        if not named and stage.table.hides_trash:
            return Gathered(False, Counts())
        known = merged_counts(stage)
        reads: dict[str, list[Read]] = {}
        for listing in (one for one in stage.table.lists if named or one.has == "trash"):
            count = known.trashed if listing.has == "trash" else known.living
            read = self.reader.whole(stage.table, listing, stage, after=_unless_known(count, named=named))
            reads.setdefault(listing.has, []).append(read)
        return _gathered(reads, complete=named and all(read.whole for of in reads.values() for read in of))

    # Seats, which are read by licence.

    def _seats(self, stage: Stage, licenses: set[int], *, complete: bool = True) -> Gathered:
        totals = [self.reader.seats(stage.table, one, stage) for one in sorted(licenses)]
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
            self.reader.whole(TABLES["licenses"], TABLES["licenses"].lists[0], ids)
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
        touched = (self._known.touched or {}).get("license", set()) | self._merged_licenses()
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

    def _merged_licenses(self) -> set[int]:
        """Return the licences of which merged users had seats: those changed hands without an entry of their own.

        The entry of a merge does not name a user who was purged since, so then these are all that anybody has seats of.
        """
        stage = self._known.stages.get("licenses")
        if stage is None or not (self._known.merged or self._known.merged_unnamed):
            return set()
        held = """
            SELECT DISTINCT license_id FROM snipeit.license_seats
            WHERE assigned_user_id = ANY(%(users)s) OR (%(every)s AND assigned_user_id IS NOT NULL)
        """
        return {one for (one,) in stage.ask(held, users=sorted(self._known.merged), every=self._known.merged_unnamed)}

    # What lists do not have.

    def _complete(self, stage: Stage, *, is_new: bool) -> None:
        """Ask for each row that changed, and take from the mirror what the lists lack of the others."""
        for column in sorted(stage.table.alone):
            stage.copy_known(column)
        changed = stage.ask(
            """
            SELECT staged.id FROM {staged} AS staged LEFT JOIN {target} AS target USING (id)
            WHERE %(is_new)s OR target.id IS NULL OR staged.updated_at IS DISTINCT FROM target.updated_at ORDER BY staged.id
            """,
            is_new=is_new,
        )
        stage.put([row for (one,) in changed if (row := self.reader.single(stage.table, one)) is not None])
        stage.settle()


class _MirroredIds:
    """What the mirror has of a table, by id (a `reading.Mirrored`)."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def count(self, low: int, high: int) -> int:
        [(count,)] = self._stage.ask(
            "SELECT count(*) FROM {target} WHERE deleted_at IS NULL AND id >= %(low)s AND id < %(high)s", low=low, high=high
        )
        return int(count)

    def ids(self, low: int, high: int | None) -> set[int]:
        found = self._stage.ask(
            """
            SELECT id FROM {target} WHERE deleted_at IS NULL AND id >= %(low)s
            AND (%(high)s::bigint IS NULL OR id < %(high)s::bigint)
            """,
            low=low,
            high=high,
        )
        return {one for (one,) in found}


def _as_read(stage: Stage, gathered: Gathered, reads: Mapping[str, Sequence[Read]]) -> Gathered:
    """Return the counts of what came where rows went, or moved to another list, while the lists were read."""
    [(living, trashed)] = stage.ask("SELECT count(*) FILTER (WHERE deleted_at IS NULL), count(deleted_at) FROM {staged}")
    all_of = [read for of in reads.values() for read in of]
    came = sum(read.came for read in all_of)
    if came == living + trashed == sum(read.total for read in all_of):
        return gathered
    total = Counts(living if "living" in reads else None, trashed if "trash" in reads else None)
    return replace(gathered, total=total, both=living + trashed if gathered.both is not None else None)


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
