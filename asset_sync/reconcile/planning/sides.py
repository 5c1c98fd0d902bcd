"""Sides: what stands on both sides of one kind, what is remembered of it, and how the rows of the tables belong together."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import DECISION, HELD, NEW, SAME
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.planning.drafts import Change, Drafts, as_text, drafts
from asset_sync.reconcile.planning.model import Policy, Snapshot
from asset_sync.reconcile.references import held_members, held_references, resolve
from asset_sync.reconcile.resolutions import Resolution, Resolutions, Verb, describe
from asset_sync.reconcile.sets import members
from asset_sync.reconcile.tables import (
    PENDING,
    Column,
    Mask,
    Positions,
    Tables,
    base_column,
    cell,
    emptied_column,
    equal,
    filled,
    glance,
    guess_column,
    identity_column,
    index,
    index_from,
    made_apart,
    mask,
    no_links,
    out_of_service,
    take,
    text,
    told_by_this_sync,
)
from asset_sync.reconcile.threads import side_by_side

_TEXT = pa.large_string()
_OF_OBJECTS = {"key": "key", "target_id": "id", "version": "version"}


class Sides:
    """One kind as a plan sees it. Masks and positions go by the rows of the desired table, where nothing else is said.

    `link_of` and `object_of` are each record's link and object, `same` the records that were recognised as an object, `linked`
    those whose link says so too. `remembered` is the link that says what was applied to a record's object. `own` are the links
    whose records this sync tells of. `elsewhere` are the links of others to objects of the same target, None where they are
    not asked for. `blocked` says, by row, what a record refers to that is held, `left_out` which members of sets are.
    """

    def __init__(self, kind: Kind, policy: Policy, snapshot: Snapshot, matches: Tables) -> None:
        self.kind = kind
        self.grace = policy.grace
        self.owners: Mapping[str, Ownership] = policy.owners.get(kind.name, {})
        self.resolutions: Resolutions = snapshot.resolutions
        self.links = snapshot.links[kind.name] if kind.name in snapshot.links else no_links()
        self.own = told_by_this_sync(self.links)
        self.elsewhere = snapshot.elsewhere.get(kind.name)
        self.own_writes = snapshot.own_writes.get(kind.name)
        self.observed = snapshot.observed[kind.name]
        self.refused = snapshot.refused.get(kind.name)
        wanted = snapshot.desired[kind.name]
        self.matches = matches[kind.name]
        self.blocked = held_references(kind, wanted, matches)
        self.left_out = list(held_members(kind, wanted, matches))
        self.target_keys = {f.name: snapshot.observed[str(f.to)] for f in (*kind.references, *kind.sets)}
        self.source_keys = text(wanted["source_key"])
        self.link_of, self.object_of = self._rows_of_both()
        self.same: Mask = (self.matches["verdict"] == SAME).to_numpy()
        self.linked, self.remembered = self._remembered()
        self.beaten: dict[str, Mask] = {}
        self.desired = self._without_guesses(resolve(kind, wanted, matches))

    def _rows_of_both(self) -> tuple[Positions, Positions]:
        """Return the rows in which each record's link and object stand: where the match saw them, if they are there."""
        matches, ids = self.matches, text(self.matches["target_id"])
        link_of, object_of = side_by_side(
            len(matches),
            [
                lambda: index_from(matches["link_row"].to_numpy(), self.source_keys, text(self.links["source_key"])),
                lambda: index_from(matches["object_row"].to_numpy(), ids, text(self.observed["id"])),
            ],
        )
        return link_of, object_of

    def _remembered(self) -> tuple[Mask, Positions]:
        """Return which matched rows are linked to their object, and the links that say what was applied to the objects."""
        ids, linked_ids = text(self.matches["target_id"]), text(self.links["target_id"])
        linked = self.same & equal(ids, glance(linked_ids, self.link_of))
        linked[linked] = self._made_at_once(np.flatnonzero(linked), self.link_of[linked])
        links = np.where(linked, self.link_of, -1)
        strange = np.flatnonzero(self.same & ~linked)
        # A record of a new name for an object that another record was linked to: what was remembered is still true of it.
        found = index(take(ids, strange), linked_ids)
        links[strange] = np.where(self._made_at_once(strange, found), found, -1)
        return linked, links

    def _made_at_once(self, rows: Positions, links: Positions) -> Mask:
        """Return where nothing says that the object under a link's id was made at another time than the one that was linked."""
        if not self.knows_identity():
            return np.ones(len(rows), dtype=bool)
        there = glance(text(self.observed["created"]), self.object_of[rows])
        return ~made_apart(glance(text(self.links["created"]), links), there)

    def standing(self, name: str) -> pa.Array:
        """Return what the recognised objects have in a field, to compare; in the other rows anything: a null costs more."""
        return glance(self.observed[name], stood_in(self.object_of, self.same))

    def _without_guesses(self, desired: pd.DataFrame) -> pd.DataFrame:
        """Take out the guesses where the object says something itself: a fact beats a guess."""
        guessed = {name: guess_column(name) for name in self.owners if guess_column(name) in desired}
        known: dict[str, pd.Series] = {}
        for name, column in guessed.items():
            there = filled(take(self.observed[name], self.object_of))
            beaten = desired[column].fillna(value=False).to_numpy(dtype=bool) & self.same & there
            if beaten.any():
                self.beaten[name] = beaten
                known[name] = desired[name].mask(beaten)
        return desired.assign(**known) if known else desired

    @property
    def new(self) -> Positions:
        """The records that the target does not have."""
        return np.flatnonzero((self.matches["verdict"] == NEW).to_numpy())

    @property
    def undecided(self) -> Positions:
        """The records that nobody can tell."""
        return np.flatnonzero(self.are_undecided)

    @property
    def are_undecided(self) -> Mask:
        """Return which records nobody can tell."""
        return (self.matches["verdict"] == HELD).to_numpy()

    def is_status(self, name: str) -> bool:
        """Return whether a field is the one by which objects leave service."""
        return self.kind.retirement is not None and self.kind.retirement.field == name

    def out_of_service(self, objects: Positions) -> Mask:
        """Return which objects (rows of the observed table, -1 for none) are as retiring leaves them."""
        return out_of_service(self.kind, self.observed, objects)

    def links_to(self, at: int) -> Positions:
        """Return the links that lead to an object (a row of the observed table)."""
        return np.flatnonzero((self.links["target_id"] == self.observed["id"].iat[at]).to_numpy())

    def is_retired(self, at: int) -> bool:
        """Tell whether this sync retired an object (a row of the observed table)."""
        return bool(self.links["retired_by"].notna().to_numpy()[self.links_to(at)].any())

    def is_remembered(self, name: str) -> bool:
        """Return whether the value last applied to a field is asked for: to merge, to retire, to tell who moved an object."""
        placed = name == self.kind.parent and self.kind.facet_of is None
        return self.is_status(name) or placed or self.owners[name].owner == "shared"

    def base(self, name: str, links: Positions, *, read: Callable[[Column, Positions], pa.Array] = take) -> pa.Array | None:
        """Return the values last applied, of the type that they have in the target; None where no link has any."""
        if base_column(name) not in self.links:
            return None
        column, like = self.links[base_column(name)], self.observed[name].dtype
        return read(column if column.dtype == like else column.astype(like), links)

    def emptied(self, name: str, links: Positions) -> Mask:
        """Return where the value last applied to a field is known to be none."""
        if emptied_column(name) not in self.links:
            return np.zeros(len(links), dtype=bool)
        return mask(take(self.links[emptied_column(name)], links))

    def resolved(self, *verbs: Verb) -> dict[int, list[Resolution]]:
        """Return people's decisions of those sorts, by row."""
        decided = self.resolutions.by_record(self.kind.name, *verbs)
        at = index(pa.array(list(decided), _TEXT), self.source_keys) if decided else np.array([], dtype=np.int64)
        return {row: own for row, own in zip(at.tolist(), decided.values(), strict=True) if row >= 0}

    # Words.

    def words(self, name: str, values: pa.Array) -> pa.Array:
        """Return a field's values in the words of a plan."""
        field = self.kind.field(name)
        if field.type == "references":
            found = members(values)
            return p.references(found.rows, self._named(name, str(field.to), found.values), len(values))
        if field.type == "integer":
            values = values.cast(pa.int64())
        return p.encoded(values) if field.to is None else self._named(name, field.to, values)

    def _named(self, name: str, to: str, values: pa.Array) -> pa.Array:
        """Return references by what they are called."""
        there = self.target_keys[name]
        pending = pc.starts_with(values, PENDING)
        ids = pc.if_else(pending, pa.scalar(None, values.type), values)
        keys = take(text(there["key"]), index(ids, text(there["id"])))
        keys = pc.if_else(pending, pc.utf8_slice_codeunits(values, start=len(PENDING)), keys)
        return pc.if_else(pc.is_valid(values), p.reference(to, keys, ids), pa.scalar(None, _TEXT))

    def told(self, name: str, value: str | None) -> str:
        """Return one value of a field in the words of a plan."""
        return str(p.or_null(self.words(name, pa.array([value], _TEXT)))[0].as_py())

    def called(self, name: str, value: str | None) -> str:
        """Return one value of a field in the words of people: of a reference, the key of what it is to."""
        if value is None:
            return "none"
        if self.kind.field(name).to is None:
            return value
        if value.startswith(PENDING):
            return repr(value.removeprefix(PENDING))
        table = self.target_keys[name]
        row = int(index(pa.array([value], _TEXT), text(table["id"]))[0])
        return repr(cell(table["key"], row)) if row >= 0 else f"#{value}"

    def source_key_of(self, target_id: str) -> str | None:
        """Return which record was recognised as an object; None where none was."""
        row = int(index(pa.array([target_id], _TEXT), text(self.matches["target_id"]))[0])
        return str(cell(self.matches["source_key"], row)) if row >= 0 else None

    def change(
        self,
        name: str,
        old: pa.Array | str,
        new: pa.Array,
        reason: pa.Array | str,
        owner: str = "source",
        *,
        said: pa.Array | None = None,
    ) -> Change:
        """Return what operations do to a field. `old` is in the words of a plan where it is a text.

        `said` is what is to be remembered of it, where that may be something else than the new value.
        """
        owned = self.owners[name].owner if name in self.owners else owner
        before = old if isinstance(old, str) else self.words(name, old)
        base = None if said is None else p.or_null(self.words(name, said))
        return Change(as_text(new), p.change(name, before, p.or_null(self.words(name, new)), owned, reason, base=base))

    def matched_by(self, rows: Positions) -> pa.Array:
        """Return what the records were recognised by."""
        rules = self.matches["rule"].cat
        codes: Positions = np.asarray(rules.codes, dtype=np.int64)
        words = take(pa.array([f"matched by {rule}" for rule in rules.categories], _TEXT), codes[rows])
        decided = self.resolved("link")
        if not decided:
            return words
        by = {row: f"matched by {DECISION}: {describe(found[0])}" for row, found in decided.items()}
        is_decided = pc.equal(words, f"matched by {DECISION}")
        named = pa.array([by.get(row) for row in rows.tolist()], _TEXT)
        return pc.if_else(pc.fill_null(is_decided, fill_value=False), pc.coalesce(named, words), words)

    def blocked_at(self, rows: Positions) -> pa.Array:
        """Return what keeps the records of those rows, null where nothing does."""
        if not self.blocked:
            return pa.nulls(len(rows), _TEXT)
        return pa.array([self.blocked.get(row) for row in rows.tolist()], _TEXT)

    # Operations.

    def draft(
        self,
        rows: Positions,
        op: str,
        changes: Mapping[str, Change] | None = None,
        *,
        reason: pa.Array | str | None = None,
        hold: pa.Array | str | None = None,
        identity: pa.Array | None = None,
        candidates: pa.Array | None = None,
    ) -> Drafts:
        """Return operations on records of the source."""
        objects = self.object_of[rows]
        return drafts(
            self.kind,
            len(rows),
            op,
            changes,
            **{name: take(text(self.matches[name]), rows) for name in ("key", "source_key", "target_id")},
            version=take(text(self.observed["version"]), objects),
            reason=self.matched_by(rows) if reason is None else reason,
            hold=hold,
            identity=identity,
            candidates=candidates,
            record=rows,
            object=objects,
        )

    def draft_of_objects(
        self,
        objects: Positions,
        op: str,
        changes: Mapping[str, Change] | None = None,
        *,
        source_keys: pa.Array | None = None,
        reason: pa.Array | str,
        hold: pa.Array | None = None,
    ) -> Drafts:
        """Return operations on objects (rows of the observed table), whether or not the source has records of them."""
        return drafts(
            self.kind,
            len(objects),
            op,
            changes,
            **{name: take(text(self.observed[of]), objects) for name, of in _OF_OBJECTS.items()},
            source_key=source_keys,
            reason=reason,
            hold=hold,
            object=objects,
        )

    def keys_of(self, links: Positions) -> pa.Array:
        """Return the source keys of links."""
        return take(text(self.links["source_key"]), links)

    def knows_identity(self) -> bool:
        """Return whether links remember what made their objects those objects."""
        return bool(self.kind.identifying) and all(identity_column(name) in self.links for name in self.kind.identifying)


def stood_in(positions: Positions, among: Mask) -> Positions:
    """Return the positions with any that exists outside of those rows: what comes of it is not looked at, and nulls cost."""
    return np.where(among, positions, 0 if positions.size and positions.max() >= 0 else -1)
