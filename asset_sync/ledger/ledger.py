"""The ledger as the rest of the project sees it: each method is one transaction."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import pandas as pd
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from asset_sync.ledger import (
    counting,
    elsewhere,
    headers,
    holds,
    intents,
    links,
    locks,
    made,
    moving,
    outcomes,
    overruled,
    plans,
    resolutions,
    sightings,
    states,
)
from asset_sync.ledger import schema as s
from asset_sync.ledger.headers import PlanHeader
from asset_sync.ledger.holds import Held, HeldPage
from asset_sync.ledger.made import Made
from asset_sync.ledger.moving import LinkSet
from asset_sync.ledger.resolutions import KeptResolution, Mapped
from asset_sync.ledger.states import GuardResult
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.resolutions import Resolution, Resolutions
from asset_sync.reconcile.tables import Tables
from asset_sync.reconcile.target import Outcome

_LEFT_OFF: Final = ("interrupted", "stale")
"""The states of a plan whose apply was begun and did not end: nobody goes on with it, or may."""


class Ledger:
    """What is remembered of the syncs, in a database that `asset_sync.ledger.migrate` has brought up to date.

    Every `plan_id` may be the beginning of one, as people type it; PlanError where there is no such plan, or several. Every
    `at` has a time zone. Whoever writes about a sync waits for the others who do, and so do syncs that share links.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # Links.

    def links(
        self,
        sync: str,
        kinds: Kinds,
        remembered: Mapping[str, Collection[str]],
        *,
        clearing: Mapping[str, Collection[str]] | None = None,
        asked_by: str | None = None,
    ) -> Tables:
        """Return each kind's links, with a `base:<field>` column of the field's type for each of its remembered fields.

        Of the fields that are `clearing`, by kind, an `emptied:<field>` column says whether the value last applied is none; of
        each field that identifies, `identity:<field>` has the value that made the object that object. `asked_by` is the sync
        that shares the links; what another one tells of has that one's name in `told_by`.
        """
        asking, emptied = asked_by or sync, clearing or {}
        with self._engine.connect() as connection:
            return {
                name: links.read(
                    connection, sync, asking, kind, remembered=remembered.get(name, ()), clearing=emptied.get(name, ())
                )
                for name, kind in kinds.items()
            }

    def note_destinations(self, destinations: Mapping[str, str]) -> None:
        """Remember, by the sets of links, which system each leads to: those that lead to one may have the same objects."""
        with self._engine.begin() as connection:
            elsewhere.note(connection, destinations)

    def link_counts(self, link_sets: Collection[str]) -> dict[str, dict[str, int]]:
        """Return how many objects in service each set of links has, by kind."""
        with self._engine.connect() as connection:
            return moving.counts(connection, link_sets)

    def left_links(self, sync: str, named: Collection[str]) -> list[LinkSet]:
        """Return the sets of a sync's own links and decisions that are none of the named ones."""
        with self._engine.connect() as connection:
            return moving.left(connection, sync, named)

    def is_new(self, link_set: str) -> bool:
        """Return whether nothing was ever linked or decided by that name."""
        with self._engine.connect() as connection:
            return moving.is_new(connection, link_set)

    def move_links(self, old: str, new: str, told: str) -> None:
        """Let links and decisions have another name; open plans that went by the old one are stale, as `told`.

        Raises PlanError where the new one has some of its own, or while a plan that goes by the old one is applied.
        """
        with self._engine.begin() as connection:
            moving.move(connection, old, new, told)

    def forget_links(self, old: str, told: str) -> None:
        """Drop links and decisions; open plans that went by them are stale, as `told`. Raises PlanError as `move_links`."""
        with self._engine.begin() as connection:
            moving.forget(connection, old, told)

    def elsewhere(self, link_set: str, kinds: Kinds) -> Tables:
        """Return what other links that lead to the same system say of objects; see `asset_sync.reconcile.tables`.

        Of each kind that can be retired: the links to objects that these links have, too, and to those that others retired; of
        what has ends, all links.
        """
        with self._engine.connect() as connection:
            return elsewhere.read(connection, link_set, kinds)

    def note_sighting(self, plan: Plan, run_id: str, at: datetime) -> None:
        """Remember what the saved plan says of the source: row counts, claims, what came back and what is missing.

        It counts once a plan and run, so call it again after a crash. Nothing is remembered of a plan that may not be applied
        (see `waits`), nor of one that was made before another that counted for the same links: what is newer is not moved
        back. An undo looked at no source: nothing is remembered of it. What review rules left of a plan is of that one's look.
        """
        if plan.undoes or plan.mode == "rest":
            return
        with self._writing(plan.link_set) as connection:
            if states.waits(connection, plan.id) is None and sightings.note(connection, plan, run_id, at):
                links.note_sighting(connection, plan, at, absences=sightings.count_absences(connection, plan, run_id))
                resolutions.lapse(connection, plan, at)

    def note_absences(self, plan: Plan, run_id: str, at: datetime) -> None:
        """Count what the saved plan of a review says is missing, or back, as it is seen: approved or not, it is a fact.

        It counts once a plan and run, and nothing else is remembered. Not of an incomplete source, nor where a guard fails.
        """
        if plan.undoes or plan.mode != "review" or not plan.complete:
            return
        with self._writing(plan.link_set) as connection:
            fails = headers.header(connection, plan.id).failed_guards
            if not fails and sightings.count_absences(connection, plan, run_id):
                links.note_absences(connection, plan, at)

    def last_rows(self, sync: str, link_set: str | None = None) -> dict[str, int] | None:
        """Return the rows by source at the last sighting of a complete source that passed the guards; None before it.

        `link_set` is whose links the plans went by, where they are not the sync's own.
        """
        with self._engine.connect() as connection:
            return sightings.last_rows(connection, sync, link_set or sync)

    # Plans.

    def save(
        self,
        plan: Plan,
        run_id: str,
        at: datetime,
        *,
        partial: bool = False,
        mapped: Mapped | None = None,
        known: Resolutions | None = None,
    ) -> None:
        """Keep a plan. Saved twice by one run, it is one plan; made again by another, it comes to the front again.

        It is a look at both sides: older plans of its sync and links that would do what it would not are stale from now on,
        approved or not. Others that nobody decided about are superseded. A dry run supersedes nothing, but it looks, too; an
        undo does neither, nor is it contradicted. A `partial` look, at some records alone, says nothing of the others. `mapped`
        is how the kinds were made, in a digest each. `known` are the decisions that it goes by: where others were made since
        they were read, or some of them taken back, it is stale.
        """
        with self._writing(plan.link_set) as connection:
            if plans.keep(connection, plan, run_id, at, partial=partial):
                states.bring_to_front(connection, plan, partial=partial)
            resolutions.stamp(connection, plan, mapped or {})
            if known is not None:
                overruled.meanwhile(connection, plan.link_set, known)

    def plan(self, plan_id: str) -> Plan:
        """Return a plan with its operations, verified; PlanError where it is damaged."""
        with self._engine.connect() as connection:
            return plans.load(connection, plans.found(connection, plan_id))

    def header(self, plan_id: str) -> PlanHeader:
        """Return a plan without its operations."""
        with self._engine.connect() as connection:
            return headers.header(connection, plans.found(connection, plan_id))

    def plans(self, sync: str | None = None, limit: int = 50) -> list[PlanHeader]:
        """Return the plans of one sync or all, the one made last first."""
        with self._engine.connect() as connection:
            return headers.headers(connection, headers.newest_first(sync, limit))

    def latest(self, sync: str) -> PlanHeader | None:
        """Return the sync's plan that was made last; None where it has none."""
        return next(iter(self.plans(sync, limit=1)), None)

    def find_by_run(self, run_id: str) -> str:
        """Return the id of the plan that a run applied, else of the one that it made. The start of a run's id will do.

        Raises PlanError where there is no such plan, or several.
        """
        with self._engine.connect() as connection:
            return plans.of_run(connection, run_id)

    def plans_of_runs(self, run_ids: Collection[str]) -> dict[str, str]:
        """Return, for each of the runs that has one, the id of the plan that it applied, else of the one that it made."""
        with self._engine.connect() as connection:
            return plans.of_runs(connection, run_ids)

    def operation_counts(self) -> dict[tuple[str, str, str], int]:
        """Return how many operations have an outcome, by sync, kind and outcome."""
        with self._engine.connect() as connection:
            return counting.operations(connection)

    def waiting_plans(self) -> dict[str, int]:
        """Return how many plans of each sync wait for a person: by their mode, or for a guard that failed."""
        with self._engine.connect() as connection:
            return counting.waiting_plans(connection)

    def made_in(self, run_ids: Collection[str]) -> dict[str, Made]:
        """Return what the plans of runs were about, by the run; see `asset_sync.ledger.made`."""
        with self._engine.connect() as connection:
            return made.of_runs(connection, run_ids)

    def made_by(self, run_id: str, sync: str) -> str | None:
        """Return the id of the plan that a run made for a sync; None where it made none. A run may be of several syncs."""
        with self._engine.connect() as connection:
            plans_of_runs = select(s.making.c.plan_id).join(s.plan, s.plan.c.id == s.making.c.plan_id)
            own = plans_of_runs.where(s.making.c.run_id == run_id, s.plan.c.sync == sync, s.plan.c.mode != "rest")
            return connection.scalar(own)

    def undone_by(self, plan_id: str) -> list[str]:
        """Return the ids of the plans that took a plan back, to their end."""
        with self._engine.connect() as connection:
            c = s.plan.c
            return list(connection.scalars(select(c.id).where(c.undoes == plan_id, c.applied_at.is_not(None))))

    def needed_runs(self) -> frozenset[str]:
        """Return the runs whose snapshots are still asked for: those that made, last of all, a plan that may yet be applied.

        Each is the `run_id` of such a plan: one that is planned, waits, is approved, was rejected, or whose apply did not end,
        and that is not stale. Dry runs and undos ask for none.
        """
        with self._engine.connect() as connection:
            return headers.needed_runs(connection)

    def open_rests(self, link_set: str) -> list[PlanHeader]:
        """Return the plans that review rules left and that may yet be approved or were rejected, by these links."""
        with self._engine.connect() as connection:
            return [head for head in headers.headers(connection, states.rests(link_set)) if not head.stale_because]

    # Held records.

    def held(self, *syncs: str) -> list[Held]:
        """Return what is held of some syncs now, by their last look at both sides, and since when; the longest held first."""
        return list(self.held_page(syncs).rows)

    def held_page(self, syncs: Collection[str], offset: int = 0, limit: int | None = None) -> HeldPage:
        """Return a page of what is held of some syncs now, as `held` has it; all of it without a limit."""
        with self._engine.connect() as connection:
            return holds.page(connection, syncs, offset, limit)

    def resolutions(self, link_set: str, mapped: Mapped | None = None) -> Resolutions:
        """Return what people decided about records, for the syncs that go by these links; `mapped` is how kinds are made."""
        with self._engine.connect() as connection:
            return resolutions.read(connection, link_set, mapped or {})

    def every_resolution(self, link_set: str | None = None, *, in_force_at: datetime | None = None) -> list[KeptResolution]:
        """Return all decisions on record, the latest first, or those in force at a moment; those taken back since, too."""
        with self._engine.connect() as connection:
            return resolutions.every(connection, link_set, in_force_at)

    def resolve(self, link_set: str, resolution: Resolution, *, seen: int | None = None) -> int:
        """Keep what a person decided about a record, in the place of what it speaks against; return its number.

        Open plans that would write to the record, its object or what belongs to it are stale from then on. Raises PlanError
        where somebody decided otherwise after the decision of number `seen`, the last one that the person knew.
        """
        with self._writing(link_set) as connection:
            if seen is not None:
                resolutions.check_seen(connection, link_set, resolution, seen)
            number = resolutions.keep(connection, link_set, resolution)
            overruled.decided(connection, link_set, replace(resolution, number=number))
            return number

    def last_resolution(self) -> int:
        """Return the number of the decision that was made last, of all; 0 before the first."""
        with self._engine.connect() as connection:
            return resolutions.last(connection)

    def replaced(self, number: int) -> list[Resolution]:
        """Return the decisions in whose place the one of that number came."""
        with self._engine.connect() as connection:
            return resolutions.replaced(connection, number)

    def forget_over(self, link_set: str, at: datetime) -> None:
        """Forget that records are objects by decisions that are over: an apply that was under way linked them once more.

        What undos decided of objects that records had left is over, too, once they are records' objects again.
        """
        with self._writing(link_set) as connection:
            resolutions.end_left(connection, link_set, at)
            for resolution in resolutions.over(connection, link_set):
                links.forget_decided(connection, link_set, resolution, at)

    def take_back(self, number: int, by: str, at: datetime) -> KeptResolution:
        """Take a decision about a record back, and with it the link that it made; open plans about it are stale from then on.

        Raises PlanError where there is none of that number that counts.
        """
        with self._engine.begin() as connection:
            kept = resolutions.take_back(connection, number, by, at)
            overruled.ended(connection, kept)
            if kept.resolution.verb == "link":
                links.forget_decided(connection, kept.link_set, kept.resolution, at)
            return kept

    def is_planned(self, link_set: str, kind: str, source_key: str) -> bool:
        """Return whether a plan that may yet be applied, or the last one, has an operation on a record."""
        with self._engine.connect() as connection:
            return plans.tells_of(connection, link_set, kind, source_key)

    def changed_since_ignored(self, plan_id: str) -> set[tuple[str, str]]:
        """Return the records, by kind and key, that a plan saw changed since somebody decided to ignore them until they did."""
        with self._engine.connect() as connection:
            return resolutions.changed_in(connection, plan_id)

    def was_decided(self, link_set: str, kind: str, source_key: str) -> bool:
        """Return whether somebody decided about a record, also where that was taken back."""
        with self._engine.connect() as connection:
            return resolutions.about(connection, link_set, kind, source_key)

    # Deciding.

    def save_guards(self, plan_id: str, results: Iterable[GuardResult]) -> None:
        """Keep the guards' verdicts on a plan, in the place of earlier ones."""
        with self._writing_about(plan_id) as (connection, found):
            states.save_guards(connection, found, results)

    def approve(self, plan_id: str, by: str, at: datetime) -> None:
        """Let a plan be applied in spite of the guards that fail now; a rejected one, too.

        Raises PlanError for a dry run and for what is superseded, stale, being applied or applied.
        """
        with self._writing_about(plan_id) as (connection, found):
            states.decide(connection, found, by, at, approved=True)

    def approve_part(self, plan_id: str, part: Plan, decided: Iterable[Resolution], by: str, at: datetime) -> None:
        """Let a part of a plan be applied, as a plan in its place, and keep what is `decided` about the records of the others.

        Raises PlanError as `approve` does.
        """
        with self._writing_about(plan_id) as (connection, found):
            for resolution in decided:
                number = resolutions.keep(connection, part.link_set, resolution)
                overruled.decided(connection, part.link_set, replace(resolution, number=number), but=found)
            states.replace_with_part(connection, found, part, by, at)

    def reject(self, plan_id: str, by: str, at: datetime) -> None:
        """Keep a plan from being applied, also when it is made again. Raises PlanError as `approve` does."""
        with self._writing_about(plan_id) as (connection, found):
            states.decide(connection, found, by, at, approved=False)

    def waits(self, plan_id: str) -> str | None:
        """Return in one line why a plan may not be applied now, and what to do; None where it may."""
        with self._engine.connect() as connection:
            return states.waits(connection, plans.found(connection, plan_id))

    # Applying.

    @contextmanager
    def alone(self, link_set: str) -> Iterator[None]:
        """Be the only one who applies a plan that goes by these links, in any process; wait for whoever does.

        Ask `waits` again inside. A process that is killed lets the next one in.
        """
        # It may take hours, and a transaction that idles keeps PostgreSQL from cleaning up.
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # Not the pool's any more: it is closed at the end, which gives the turn away however the wait or the work ended,
            # and those who wait take no connections from the one who works.
            connection.detach()
            locks.await_turn(connection, link_set)
            try:
                yield
            finally:
                # Closing gives it away as well, but only once the server notices; a connection that broke has done so.
                with suppress(DBAPIError):
                    locks.end_turn(connection, link_set)

    def start(self, plan_id: str, run_id: str, at: datetime) -> None:
        """Note that a run applies a plan, for the first time or again. Raises PlanError with what `waits` says."""
        with self._writing_about(plan_id) as (connection, found):
            states.start(connection, found, run_id, at)

    def intend(self, plan_id: str, seqs: Sequence[int], run_id: str, at: datetime) -> None:
        """Note, before a batch goes out, which operations a run is about to send: what it is killed over is known by that."""
        with self._engine.begin() as connection:
            intents.intend(connection, plans.found(connection, plan_id), seqs, run_id, at)

    def intended(self, plan_id: str) -> frozenset[int]:
        """Return the operations, by row number, that a run was about to send and of which it recorded no outcome since."""
        with self._engine.connect() as connection:
            return intents.intended(connection, plans.found(connection, plan_id))

    def unheard_of(self, link_set: str) -> tuple[PlanHeader, frozenset[int]] | None:
        """Return the plan that was applied last, and what was sent of it and never heard of; None where there is nothing.

        There is nothing either while a run applies it, or may go on with it.
        """
        last = self.last_applied(link_set)
        header = self.header(last) if last is not None else None
        if header is None or header.state not in _LEFT_OFF:
            return None
        sent = self.intended(header.id)
        return (header, sent) if sent else None

    def was_looked_into(self, plan_id: str) -> bool:
        """Return whether a run has looked at the target since the last batch of a plan was sent."""
        with self._engine.connect() as connection:
            return intents.were_looked_into(connection, plans.found(connection, plan_id))

    def record(self, plan: Plan, ended: Sequence[Outcome], run_id: str, at: datetime) -> None:
        """Keep outcomes, and let the links follow, at once or not at all. What was done already stays as it was recorded.

        An undo leaves the remembered values alone, so that a shared value that was put back counts as a person's decision,
        and marks what it retires with `undo`, so that the next sync does not restore it. What it takes back the retirement of
        is a decision, too: the object stays in service until somebody takes that back or the source has the record again.
        """
        with self._writing(plan.link_set) as connection:
            outcomes.record(connection, plan, ended, run_id, at)

    def outcomes(self, plan_id: str) -> dict[int, Outcome]:
        """Return what became of a plan's operations so far, by row number; `target_id` is the operation's where it has one."""
        with self._engine.connect() as connection:
            return outcomes.read(connection, plans.found(connection, plan_id))

    def finish(self, plan_id: str, at: datetime) -> None:
        """Note that a plan's apply came to its end."""
        with self._writing_about(plan_id) as (connection, found):
            states.finish(connection, found, at)

    def last_applied(self, link_set: str) -> str | None:
        """Return the id of the plan with writes that goes by a sync's links and was begun last; None before the first."""
        with self._engine.connect() as connection:
            return headers.last_applied_by_link_set(connection, [link_set]).get(link_set)

    def written_since(self, link_set: str, since: datetime, *, but: str) -> str | None:
        """Return the id of a plan that goes by a sync's links and of which another run than `but` did something since then."""
        with self._engine.connect() as connection:
            return outcomes.written_since(connection, link_set, since, but)

    def history(self, kind: str, target_id: str, field: str | None = None) -> pd.DataFrame:
        """Return who set an object's values, newest first: a row for each field of each write that was done.

        Columns: at (UTC), sync (with its connection, where it has several), plan_id, undoes (the plan that an undo took back),
        run_id, source_key, op, outcome, field, old, new (as in the plan; a reference is a dict of kind, key and id), owner,
        reason. A decision about the object's record is a row of its own, of no plan.
        """
        with self._engine.connect() as connection:
            written = outcomes.history(connection, kind, target_id, field)
            decided = resolutions.history(connection, kind, target_id, field)
        rows = pd.DataFrame(decided, columns=list(written.columns), dtype=object).astype(written.dtypes.to_dict())
        return pd.concat([written, rows]).sort_values("at", ascending=False, kind="stable", ignore_index=True)

    def last_written(self, places: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], Any]:
        """Return what was written last to fields of objects, each given as kind, id and field; never written ones are left out.

        The values are as targets have them: a reference is an id.
        """
        with self._engine.connect() as connection:
            return outcomes.last_written(connection, places)

    @contextmanager
    def _writing(self, link_set: str) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            locks.lock(connection, link_set)
            yield connection

    @contextmanager
    def _writing_about(self, plan_id: str) -> Iterator[tuple[Connection, str]]:
        with self._engine.begin() as connection:
            found = plans.found(connection, plan_id)
            locks.lock(connection, headers.header(connection, found).link_set)
            yield connection, found
