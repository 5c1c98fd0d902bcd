"""The doctor: every system that the syncs use, and what asset_sync itself stands on, examined without a write."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from asset_sync import settings
from asset_sync.components import SyncComponent
from asset_sync.components.config import FILE
from asset_sync.components.declared.ends import End
from asset_sync.operations import house
from asset_sync.operations.definitions import DEFS, component_of, sync_names
from asset_sync.reconcile.errors import AssetSyncError, ConfigurationError
from asset_sync.systems.checkup import CHECKS, Finding, Needs
from asset_sync.systems.system import System

_THREADS: Final = 8
_GATES: Final = frozenset({"variables", "tls", "reachable", "authorised"})
"""Behind these nothing is looked at where they fail."""


@dataclass(frozen=True)
class Examined:
    """A system over one connection ("" where there is but one), the syncs that use it, and what was found of it."""

    system: str
    connection: str
    syncs: Sequence[str]
    findings: Sequence[Finding]

    @property
    def failed(self) -> bool:
        """Whether something of it does not work."""
        return any(finding.status == "fail" for finding in self.findings)


@dataclass
class _Patient:
    """A system over one connection, with all that use it."""

    system: System
    connection: str
    resource: Any
    needs: Needs
    named: bool
    syncs: list[str] = field(default_factory=list)
    writers: dict[str, SyncComponent] = field(default_factory=dict)


def examine(names: Sequence[str] = ()) -> Iterator[Examined]:
    """Yield what is found of asset_sync itself and of each system, or of those that are named: by system, or by a sync's name.

    Systems are asked at the same time; what is yielded is in the order of the syncs. A system of which no variable is set is
    passed over unless it is named. Raises `ConfigurationError` for a name that there is not, and for a YAML that is wrong.
    """
    patients = _patients(names)
    with ThreadPoolExecutor(_THREADS) as threads:
        begun = [threads.submit(_examined, patient) for patient in patients]
        if not names or house.NAME in names:
            yield Examined(house.NAME, "", (), tuple(house.findings()))
        for examination in begun:
            yield examination.result()


def _patients(names: Sequence[str]) -> list[_Patient]:
    """Return what is to be examined; of a sync that is named, what that one needs."""
    found: list[_Patient] = []
    there = {house.NAME}
    for sync in sync_names():
        # Every component says what it reaches; Dagster's own type of them does not know that.
        component: Any = component_of(sync)
        for end in component.ends(sync):
            own = {sync, end.system.name}
            there |= own
            if not names or own & {*names}:
                _add(found, sync, component, end, named=bool(names))
    for name in names:
        if name not in there:
            raise ConfigurationError(f"there is no sync or system {name!r}; there are {', '.join(sorted(there))}")
    return found


def _add(found: list[_Patient], sync: str, component: SyncComponent, end: End, *, named: bool) -> None:
    patient = next((each for each in found if _is_same(each, end)), None)
    if patient is None:
        patient = _Patient(end.system, end.connection, end.resource, Needs(), named)
        found.append(patient)
    patient.needs |= end.needs
    patient.syncs += [sync] if sync not in patient.syncs else []
    if end.side == "target":
        patient.writers[sync] = component


def _is_same(patient: _Patient, end: End) -> bool:
    one, other = patient.resource, end.resource
    return type(one) is type(other) and (patient.connection, dict(one)) == (end.connection, dict(other))


def _examined(patient: _Patient) -> Examined:
    return Examined(patient.system.name, patient.connection, patient.syncs, tuple(_with_skipped(_findings(patient))))


def _findings(patient: _Patient) -> Iterator[Finding]:
    unset = _unset(patient)
    if unset is not None:
        yield unset
        return
    if patient.system.checkup is None:
        yield Finding("reachable", "skipped", "its declaration brings no checkup: nothing of it can be asked")
        return
    found = None
    try:
        for found in patient.system.checkup(patient.resource, patient.needs):
            yield found
    except AssetSyncError as error:
        # What went before was answered: it is the next that was not.
        yield Finding("variables" if found is None else CHECKS[CHECKS.index(found.check) + 1], "fail", str(error))
        return
    if found is not None and not _ends_early(found):
        yield from _mapped(patient)


def _unset(patient: _Patient) -> Finding | None:
    """Return which variables are not set, None where all are. Where none is, the system is not used here."""
    needed = list(patient.resource.required_variables()) if hasattr(patient.resource, "required_variables") else []
    missing = [name for name in needed if settings.optional(name) is None]
    if not missing:
        return None
    told = settings.are_not_set(missing)
    if len(missing) == len(needed) and not patient.named:
        return Finding("variables", "skipped", f"not configured: {told}", "set them in the environment or in .env, to use it")
    return Finding("variables", "fail", told, "set it in the environment or in .env; see .env.example")


def _mapped(patient: _Patient) -> Iterator[Finding]:
    """Yield, of each sync that writes there, whether the system has the choices and fields that its YAML names.

    It is what `asset-sync check --connect` asks.
    """
    for sync, component in patient.writers.items():
        try:
            component.ask(DEFS / sync / FILE, patient.connection or None)
        except AssetSyncError as error:
            yield Finding("mapping", "fail", str(error))
        else:
            yield Finding("mapping", "ok", f"{sync}: all that its YAML names is there")


def _with_skipped(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings, and behind one that nothing can be looked at behind, that the rest was not."""
    last = None
    for last in findings:
        yield last
    if last is not None and _ends_early(last):
        for check in CHECKS[CHECKS.index(last.check) + 1 :]:
            yield Finding(check, "skipped", f"not looked at: {last.check} comes before it")


def _ends_early(finding: Finding) -> bool:
    return finding.check in _GATES and finding.status == "fail"
