"""Checking the YAML files of syncs, without a run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from asset_sync.components import SyncComponent, forms
from asset_sync.components.sync import Sync
from asset_sync.operations.definitions import DEFS
from asset_sync.reconcile.errors import AssetSyncError


@dataclass(frozen=True, slots=True)
class Checked:
    """A file, and what is wrong with it, in one line; None where nothing is. `minds` are right, and worth a second look."""

    file: Path
    wrong: str | None
    minds: Sequence[str] = ()


def check(files: Sequence[Path], *, connect: bool) -> Iterator[Checked]:
    """Yield each of the files, all of the project's where none is named; to `connect` is to ask the targets as well."""
    right = True
    looked_at: list[Sync] = []
    for file in files or forms.files(DEFS):
        try:
            component = forms.check_file(file)
            if connect and isinstance(component, SyncComponent):
                component.ask(file)
            sync = component.sync(file.parent.name) if isinstance(component, SyncComponent) else None
        except (AssetSyncError, OSError) as error:
            right = False
            yield Checked(file, str(error))
        else:
            yield Checked(file, None, [told for other in looked_at if sync for told in _both_own(sync, other)])
            looked_at += [sync] if sync else []
    if right and not files:
        yield from _together(DEFS)


def _together(folder: Path) -> Iterator[Checked]:
    """Yield what is wrong with files that are right each for itself."""
    try:
        forms.check_forms(folder)
    except AssetSyncError as error:
        yield Checked(folder, str(error))


def _both_own(sync: Sync, other: Sync) -> Iterator[str]:
    """Yield the fields of which two syncs each say that its source's word counts: of one object, each would write its own."""
    if sync.link_set == other.link_set or not {*sync.destinations.values()} & {*other.destinations.values()}:
        return
    for kind, owners in sync.policy.owners.items():
        others = other.policy.owners.get(kind, {})
        mine, theirs = ({name for name, own in each.items() if own.owner == "source"} for each in (owners, others))
        both = sorted(mine & theirs)
        if both:
            fields = f"{kind}.{', '.join(both)}"
            yield f"{fields}: {other.name} owns it, too: an object of both gets the one's value and the other's by turns"
