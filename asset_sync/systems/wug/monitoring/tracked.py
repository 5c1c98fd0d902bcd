"""WhatsUp Gold as a target whose every new device and new address is tracked, and scanned for where it cannot be added."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import pandas as pd

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import Kind
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.target import Answer, Declined, Deferred, Refused, Write, Written
from asset_sync.systems.http import Tally
from asset_sync.systems.wug.kinds import ATTRIBUTE, DEVICE, NETBOX_ID
from asset_sync.systems.wug.monitoring.scanning import to_be_scanned_for
from asset_sync.systems.wug.target import WugTarget
from asset_sync.tracking import Export, Key, Tracking

_ADDRESS: Final = "address"
_NETBOX_ID: Final = ATTRIBUTE + NETBOX_ID


class TrackedTarget:
    """A `reconcile.target.Target` over another one; see there for what each method promises.

    A device is `pending` before it is sent, and afterwards `exported` or `error`. A write whose fate is unknown stays pending:
    the next run sees whether the device is there. So does a device that WhatsUp Gold declines to add, until it is asked to look
    at the address itself, where `scans` says that it is (see `asset_sync.systems.wug.monitoring.scanning`).
    """

    def __init__(
        self, target: WugTarget, tracking: Tracking, connection: str, plan: Plan, *, scans: bool, by_hand: bool
    ) -> None:
        self._target = target
        self._tracking = tracking
        self._connection = connection
        self._scans = scans
        self._by_hand = by_hand
        self._record_of = {row["seq"]: (row["source_key"], row["key"]) for row in p.records(plan.writes)}
        self._begun: set[Key] = set()

    @property
    def tally(self) -> Tally:
        """The requests that were sent."""
        return self._target.tally

    def batch_size(self, kind: Kind) -> int:
        """Return how many writes of that kind one request should carry."""
        return self._target.batch_size(kind)

    def read(self, kind: Kind, ids: Sequence[str]) -> pd.DataFrame:
        """Return the observed table of those objects as they are now."""
        return self._target.read(kind, ids)

    def find(self, kind: Kind, writes: Sequence[Write]) -> pd.DataFrame:
        """Return the observed table of all objects that could be what those creates would have made."""
        return self._target.find(kind, writes)

    def create(self, kind: Kind, writes: Sequence[Write], message: str) -> Mapping[int, Answer]:
        """Create objects; a device that WhatsUp Gold declines is left to be scanned for, where the connection says so."""
        if kind.name != DEVICE.name:
            return self._target.create(kind, writes, message)
        sent = self._begin([write for write in writes if write.values.get(_ADDRESS)])
        answers = dict(self._created(kind, sent, message)) if sent else {}
        self._note_arrived(sent, answers)
        if self._scans:
            answers = {seq: _scanned_for(answer) for seq, answer in answers.items()}
        self._note_failed(sent, answers)
        return {write.seq: _left(write) for write in writes} | answers

    def update(self, kind: Kind, writes: Sequence[Write], message: str) -> Mapping[int, Answer]:
        """Update objects; an address that changes is an export of its own."""
        moved = [write for write in writes if kind.name == DEVICE.name and write.values.get(_ADDRESS)]
        moved = self._begin(moved) if moved else []
        answers = self._target.update(kind, writes, message)
        self._note_arrived(moved, answers)
        self._note_failed(moved, answers)
        if kind.name == DEVICE.name:
            self._settle([write for write in writes if _is_whole(answers.get(write.seq))])
        return answers

    def _settle(self, written: Sequence[Write]) -> None:
        """Note that devices which a scan found have their metadata."""
        ids = {self._record_of[write.seq][0] for write in written if _NETBOX_ID in write.values}
        found = [key for key in self._tracking.to_settle(self._connection) if key[0] in ids] if ids else []
        self._tracking.settled(self._connection, found, datetime.now(UTC))

    def _begin(self, writes: Sequence[Write]) -> list[Write]:
        """Note what is about to be sent; return it without the addresses that a scan is under way for."""
        # A batch that was refused comes again in parts: that is the same attempt.
        new = [write for write in writes if self._key(write) not in self._begun]
        exports = [Export(self._key(write)[0], self._record_of[write.seq][1], write.values[_ADDRESS]) for write in new]
        self._begun |= self._tracking.begin(self._connection, exports, datetime.now(UTC), by_hand=self._by_hand)
        return [write for write in writes if self._key(write) in self._begun]

    def _created(self, kind: Kind, writes: Sequence[Write], message: str) -> Mapping[int, Answer]:
        try:
            return self._target.create(kind, writes, message)
        except Refused as refusal:
            if len(writes) > 1:
                raise
            return {writes[0].seq: Declined(str(refusal))}

    def _note_arrived(self, writes: Sequence[Write], answers: Mapping[int, Answer]) -> None:
        told = ((self._key(write), answers.get(write.seq)) for write in writes)
        arrived = {key: answer.target_id for key, answer in told if isinstance(answer, Written)}
        if arrived:
            self._tracking.exported(self._connection, arrived, datetime.now(UTC))

    def _note_failed(self, writes: Sequence[Write], answers: Mapping[int, Answer]) -> None:
        told = ((self._key(write), answers.get(write.seq)) for write in writes)
        errors = {key: answer.reason for key, answer in told if isinstance(answer, Declined)}
        if errors:
            self._tracking.failed(self._connection, errors, datetime.now(UTC))

    def _key(self, write: Write) -> Key:
        return self._record_of[write.seq][0], write.values[_ADDRESS]


def _left(write: Write) -> Answer:
    """Return what becomes of a device that was not sent."""
    if write.values.get(_ADDRESS):
        return Deferred("a scan for its address is under way")
    return Declined("it has no address, without which WhatsUp Gold monitors nothing")


def _scanned_for(answer: Answer) -> Answer:
    return to_be_scanned_for(answer.reason) if isinstance(answer, Declined) else answer


def _is_whole(answer: Answer | None) -> bool:
    return isinstance(answer, Written) and not answer.instead
