"""The versions of objects since this apply's own writes: a plan that writes to an object twice saw it before both."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from asset_sync.reconcile.target import Answer, Write, Written

_Version = tuple[str | None, str | None]
"""An object's id and a version of it, as NetBox tells both."""


class OwnVersions:
    """What became of the versions that own writes were based on, object by object of one type. Safe to share between threads.

    A version leads on only where it was still the object's when it was written over: what stood between is known, then. Where
    somebody else wrote first, it leads nowhere, and NetBox refuses what is based on it.
    """

    def __init__(self) -> None:
        self._next: dict[_Version, str] = {}

    def onward(self, writes: Iterable[Write]) -> list[Write]:
        """Return the writes, each based on what its object is since own writes."""
        return [replace(write, version=self._latest(write.target_id, write.version)) for write in writes]

    def note(self, writes: Iterable[Write], answers: Mapping[int, Answer]) -> None:
        """Remember what the writes that were stored made of the versions that they were based on."""
        for write in writes:
            answer = answers.get(write.seq)
            if write.version is not None and isinstance(answer, Written) and answer.version not in (None, write.version):
                self._next[write.target_id, write.version] = str(answer.version)

    def _latest(self, target_id: str | None, version: str | None) -> str | None:
        while (later := self._next.get((target_id, version))) is not None:
            version = later
        return version
