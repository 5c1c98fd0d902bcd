"""Plugging: the ends of things that have two, of which the target lets one thing alone have each (see `Kind.ends`).

An end is free before it is taken, so that who takes what another leaves is moved in a later step. What stays on an end keeps
it, whoever it is of: then both ends wait, and the rest of the record goes on. So do things that change ends among themselves in
a ring: none of them can be moved first, a thing without an end is taken by no target, and nothing is ever deleted.
"""

from collections import defaultdict, deque

import numpy as np
import pandas as pd
import pyarrow as pa

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.planning.drafts import Drafts, either, together
from asset_sync.reconcile.planning.elsewhere import having
from asset_sync.reconcile.planning.fields import part
from asset_sync.reconcile.planning.sides import Sides
from asset_sync.reconcile.planning.steps import objects_named, ring
from asset_sync.reconcile.tables import Positions, index, take, text

_Plug = tuple[int, str]
"""An operation, by its row, and an end that it takes."""


def plugged(sides: Sides, given: Drafts) -> Drafts:
    """Return the operations with those ends held that are not free in the end, and each in its step."""
    if not sides.kind.ends or not len(given):
        return given
    ends = _Ends(sides, given)
    why = ends.blocked()
    steps = ends.steps(why)
    given = given.put("step", {row: str(step) for row, step in steps.items() if step}).put("candidates", ends.candidates(why))
    rest, held = part(given, sides.kind.ends[0], why)
    return together(sides.kind, [rest, held])


class _Ends:
    """The ends that open operations take, and who has them.

    `holders` says which object (a row of the observed table) has an end that is taken, `givers` which operation leaves one.
    """

    def __init__(self, sides: Sides, given: Drafts) -> None:
        self.sides, self.given, self.kind = sides, given, sides.kind
        names = self.kind.ends
        touched = np.flatnonzero(either((given.changed(name) for name in names), len(given)) & given.open)
        there = [take(text(sides.observed[name]), given.objects[touched]).to_pylist() for name in names]
        news = [_after(given, name, touched, before) for name, before in zip(names, there, strict=True)]
        before = [frozenset(ends) - {None} for ends in zip(*there, strict=True)]
        after = [frozenset(ends) - {None} for ends in zip(*news, strict=True)]
        self.taken: list[_Plug] = [
            (row, str(end)) for row, old, new in zip(touched.tolist(), before, after, strict=True) for end in sorted(new - old)
        ]
        self.givers = {end: row for row, old, new in zip(touched.tolist(), before, after, strict=True) for end in old - new}
        self.holders = self._holders()

    def _holders(self) -> dict[str, int]:
        wanted = pa.array([end for _, end in self.taken], pa.large_string())
        found: dict[str, int] = {}
        for name in self.kind.ends:
            at = index(wanted, text(self.sides.observed[name]))
            found |= {self.taken[plug][1]: int(at[plug]) for plug in np.flatnonzero(at >= 0).tolist()}
        return found

    def blocked(self) -> dict[int, str]:
        """Return, by row, why an operation cannot have its ends."""
        why: dict[int, str] = {}
        twice = pd.Series([end for _, end in self.taken], dtype="str").duplicated(keep=False).to_numpy()
        for (row, end), again in zip(self.taken, twice, strict=True):
            if again:
                why.setdefault(row, f"{self._called(end)} would be on several of them")
            elif end in self.holders and end not in self.givers:
                why.setdefault(row, f"{self._called(end)} is on {self._holder(end)}")
        self._spread(why)
        return self._with_rings(why)

    def candidates(self, held: dict[int, str]) -> dict[int, str | None]:
        """Return the only thing that is in the way of a new one, by row: a person may say that it is that one.

        Not so one of this sync's own, nor one that the source of another has.
        """
        found: dict[int, set[int]] = defaultdict(set)
        creates = self.given.are(p.CREATE)
        for row, end in self.taken:
            if creates[row] and row in held and end in self.holders:
                found[row].add(self.holders[end])
        alone = {row: next(iter(objects)) for row, objects in found.items() if len(objects) == 1}
        free = {row: at for row, at in alone.items() if not self.sides.links_to(at).size and not having(self.sides, at)}
        return {row: str(self.sides.observed["id"].iat[at]) for row, at in free.items()}

    def _spread(self, why: dict[int, str]) -> None:
        """Hold what takes the ends that held operations do not leave, too."""
        open_rows = deque(why)
        takers = defaultdict(list)
        for row, end in self.taken:
            if end in self.givers:
                takers[self.givers[end]].append((row, end))
        while open_rows:
            for row, end in takers[open_rows.popleft()]:
                if row not in why:
                    why[row] = f"{self._called(end)} stays on {self._holder(end)}, which waits itself"
                    open_rows.append(row)

    def _with_rings(self, why: dict[int, str]) -> dict[int, str]:
        steps, waits = self.steps(why), self._waits(why)
        stuck = {row: {giver for giver in givers if giver not in steps} for row, givers in waits.items() if row not in steps}
        return why | {row: self._ring(row, stuck) for row in stuck}

    def _ring(self, row: int, stuck: dict[int, set[int]]) -> str:
        """Return why a row waits that takes, over others, what it leaves itself, or what such others leave."""
        named = objects_named(self.given, ring(row, stuck))
        to = self.kind.field(self.kind.ends[0]).to
        return (
            f"{self.kind.name} {named} change ends among themselves, and none can be moved before another: plug an end of one "
            f"of them into a free {to} by hand, and the next run puts all of them where they belong"
        )

    def steps(self, held: dict[int, str]) -> dict[int, int]:
        """Return how many moves each operation comes after, one after the other; those in a ring, or behind one, have none."""
        waits = {row: set(givers) for row, givers in self._waits(held).items()}
        takers = defaultdict(list)
        for row, givers in waits.items():
            for giver in givers:
                takers[giver].append(row)
        steps = dict.fromkeys({giver for giver in takers if giver not in waits}, 0)
        ready = deque(steps)
        while ready:
            giver = ready.popleft()
            for row in takers[giver]:
                waits[row].discard(giver)
                steps[row] = max(steps.get(row, 0), steps[giver] + 1)
                if not waits[row]:
                    ready.append(row)
        return {row: step for row, step in steps.items() if not waits.get(row)}

    def _waits(self, held: dict[int, str]) -> dict[int, set[int]]:
        """Return the operations that leave what others take, by those; what is held takes and leaves nothing."""
        found: dict[int, set[int]] = defaultdict(set)
        for row, end in self.taken:
            if row not in held and end in self.givers:
                found[row].add(self.givers[end])
        return found

    def _called(self, end: str) -> str:
        to = self.kind.field(self.kind.ends[0]).to
        there = self.sides.target_keys[self.kind.ends[0]]
        at = index(pa.array([end], pa.large_string()), text(there["id"]))
        key = take(text(there["key"]), at)[0].as_py()
        return f"{to} {key or end!r}"

    def _holder(self, end: str) -> str:
        at = self.holders[end]
        named, key = (str(self.sides.observed[name].iat[at]) for name in ("id", "key"))
        return f"{self.kind.name} #{named} ({key}) already{self._whose(at)}"

    def _whose(self, at: int) -> str:
        if self.sides.is_retired(at):
            return ", which is out of service and may be taken away by hand: nothing is deleted here"
        if self.sides.links_to(at).size:
            return ""
        other = having(self.sides, at)
        return f", which is of {other}" if other else ", which is not of this sync"


def _after(given: Drafts, name: str, rows: Positions, before: list[str | None]) -> list[str | None]:
    changed, news = given.changed(name)[rows].tolist(), take(given.new(name), rows).to_pylist()
    return [new if is_new else old for new, old, is_new in zip(news, before, changed, strict=True)]
