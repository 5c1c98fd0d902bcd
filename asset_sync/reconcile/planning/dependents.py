"""Dependents: what needs an object that is held is held too, and what nothing needs is not made."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asset_sync.reconcile import forms
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.identity import LINK
from asset_sync.reconcile.kinds import Kind, Kinds
from asset_sync.reconcile.planning.drafts import Drafts, either, together
from asset_sync.reconcile.planning.fields import part
from asset_sync.reconcile.planning.waiting import WAITS, Unmade, without_members
from asset_sync.reconcile.sets import members
from asset_sync.reconcile.tables import PENDING, Mask, filled, index, mask


def hold_dependents(given: Drafts, unmade: Unmade) -> Drafts:
    """Hold what needs an object that is held itself, as `unmade` has it (see `note_unmade`).

    A create, or what is written to an object that is not made, waits as a whole, unless the target takes the reference empty;
    then it goes on without, and so does an update.
    """
    kind = given.kind
    if kind.facet_of:
        given = given.hold(_waiting_parents(given, unmade))
    held: list[Drafts] = []
    for reference in kind.references:
        waiting = _waiting(given, reference.name, str(reference.to), unmade)
        whole = given.are(p.CREATE) & (not kind.is_made_without(reference.name))
        given = given.hold({row: why for row, why in waiting.items() if whole[row]})
        given, apart = part(given, reference.name, {row: why for row, why in waiting.items() if not whole[row]})
        held.append(apart)
    for several in kind.sets:
        given, apart = without_members(given, several.name, unmade)
        held.append(apart)
    return together(kind, [given, *held])


def _waiting_parents(given: Drafts, unmade: Unmade) -> dict[int, str]:
    rows = np.flatnonzero(~filled(given["target_id"]) & given.open).tolist()
    needed = {row: (str(given.kind.facet_of), given["key"][row].as_py()) for row in rows}
    return {row: f"{WAITS}{unmade[parent]}" for row, parent in needed.items() if parent in unmade}


def _waiting(given: Drafts, name: str, to: str, unmade: Unmade) -> dict[int, str]:
    """Return, by row, what a reference waits for."""
    if name not in given.changes:
        return {}
    news = given.new(name)
    pending = np.flatnonzero(mask(pc.starts_with(news, PENDING)) & given.open).tolist()
    needed = {row: (to, news[row].as_py().removeprefix(PENDING)) for row in pending} if unmade else {}
    return {row: f"{WAITS}{unmade[key]}" for row, key in needed.items() if key in unmade}


def note_unmade(given: Drafts, unmade: Unmade) -> None:
    """Note in `unmade` what is not made because it is held, and for what."""
    kind = given.kind
    for row in np.flatnonzero(given.are(p.CREATE) & ~given.open).tolist():
        key, hold = given["key"][row].as_py(), given["hold"][row].as_py()
        waits = hold.startswith(WAITS)
        unmade[kind.name, key] = hold.removeprefix(WAITS) if waits else f"{kind.name} {key!r}: {hold}"


def needed(kinds: Kinds, written: Mapping[str, Drafts], others: Mapping[str, Iterable[Drafts]]) -> Iterator[Drafts]:
    """Return the operations in their order, without what is made for nothing."""
    kept = _without_unreferred(kinds, written)
    left_out = _left_out(written, kept)
    for name, kind in kinds.items():
        yield kept[name]
        yield from (_without_idle_claims(kind, given, left_out) for given in others[name])


def _without_unreferred(kinds: Kinds, written: Mapping[str, Drafts]) -> dict[str, Drafts]:
    """Leave out the creates of `referred` kinds that nothing which is carried out refers to.

    The last kinds come first: what only something that is left out refers to is left out too.
    """
    kept = dict(written)
    for name, kind in reversed([*kinds.items()]):
        if kind.referred:
            kept[name] = _referred_alone(kept[name], _references_to(name, kinds, kept))
    return kept


def _referred_alone(given: Drafts, references: Iterable[tuple[pa.Array, Mask]]) -> Drafts:
    """Return the operations without the creates that no reference is to; references are told with whether they are held."""
    creates = given.are(p.CREATE)
    if not creates.any():
        return given
    tokens, held = _tokens(given), ~given.open
    kept = ~creates
    for news, waits in references:
        kept |= index(tokens, news.filter(pa.array(~waits))) >= 0
        if held.any():
            # A held one makes nothing, and says what those wait for that refer to it.
            kept |= held & (index(tokens, news) >= 0)
    return given.where(kept)


def _references_to(to: str, kinds: Kinds, written: Mapping[str, Drafts]) -> Iterator[tuple[pa.Array, Mask]]:
    """Return what operations say in each reference to that kind, and whether they are held."""
    for name, kind in kinds.items():
        given = written[name]
        for reference in kind.references:
            if reference.to == to:
                yield given.new(reference.name), ~given.open
        for several in kind.sets:
            if several.to == to:
                named = members(given.new(several.name))
                yield named.values, ~given.open[named.rows]
        if kind.facet_of == to:
            yield _tokens(given), ~given.open


def _tokens(given: Drafts) -> pa.Array:
    """Return how references name the objects of operations, where these are about to be created."""
    return forms.concat(PENDING, given["key"], like=given["key"])


def _left_out(written: Mapping[str, Drafts], kept: Mapping[str, Drafts]) -> dict[str, pa.Array]:
    """Return how references name what is left out, by kind, where anything is."""
    fewer = {name: _tokens(given) for name, given in written.items() if len(kept[name]) < len(given)}
    return {name: tokens.filter(pc.invert(pc.is_in(tokens, _tokens(kept[name])))) for name, tokens in fewer.items()}


def _without_idle_claims(kind: Kind, given: Drafts, left_out: Mapping[str, pa.Array]) -> Drafts:
    """Leave out the claims that would only wait, run after run, to remember a reference to what is left out."""
    references = [r for r in kind.references if r.to in left_out and r.name in given.changes]
    waiting = either((mask(pc.is_in(given.changes[r.name].new, left_out[str(r.to)])) for r in references), len(given))
    if not waiting.any():
        return given
    # A claim that makes a link is worth it without a value.
    changing = either((change.made for change in given.changes.values()), len(given)) | filled(given["identity"])
    idle = given.are(p.CLAIM) & ~changing & mask(pc.equal(given["reason"], f"matched by {LINK}"))
    return given.where(~(waiting & idle))
