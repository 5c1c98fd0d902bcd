"""Checking the YAML files of syncs, without a run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import asset_sync
from asset_sync.components import SyncComponent, forms
from asset_sync.reconcile.errors import AssetSyncError


@dataclass(frozen=True, slots=True)
class Checked:
    """A file, and what is wrong with it, in one line; None where nothing is."""

    file: Path
    wrong: str | None


def check(files: Sequence[Path], *, connect: bool) -> Iterator[Checked]:
    """Yield each of the files, all of the project's where none is named; to `connect` is to ask the targets as well."""
    folder, right = Path(asset_sync.__file__).parent / "defs", True
    for file in files or forms.files(folder):
        try:
            component = forms.check_file(file)
            if connect and isinstance(component, SyncComponent):
                component.ask()
        except (AssetSyncError, OSError) as error:
            right = False
            yield Checked(file, str(error))
        else:
            yield Checked(file, None)
    if right and not files:
        yield from _together(folder)


def _together(folder: Path) -> Iterator[Checked]:
    """Yield what is wrong with files that are right each for itself."""
    try:
        forms.check_forms(folder)
    except AssetSyncError as error:
        yield Checked(folder, str(error))
