"""Whatever happens in whatever order, the tracking holds what a plain model of it holds."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count, product
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine, select

from asset_sync.tracking import Key, Tracking, TrackingError
from asset_sync.tracking.schema import export as table
from asset_sync_tests.tracking.conftest import START, export
from asset_sync_tests.tracking.matrix import LATE, MATRIX, REFUSED, TAKEN

DEVICES = ("1", "2")
ADDRESSES = ("10.0.0.1", "2001:db8::1")
KEYS = tuple(product(DEVICES, ADDRESSES))
SCANS = ("s1", "s2")
MOMENT = {
    "pending": "pending_at",
    "exported": "exported_at",
    "scan_triggered": "scan_triggered_at",
    "scan_completed": "scan_completed_at",
    "error": "failed_at",
    "superseded": "superseded_at",
}
COUNTED = [status for status in MOMENT if status != "superseded"]
NOBODY = {column.name: None for column in table.c if column.name not in table.primary_key.columns}

# One row refused is the whole call refused, so there are few in a call.
keys = st.sets(st.sampled_from(KEYS), min_size=1, max_size=2)
told = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["a", "b"]), min_size=1, max_size=2)
connections = count()

Row = dict[str, Any]


class Machine(RuleBasedStateMachine):
    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.tracking = Tracking(engine)
        self.connection = f"wug-{next(connections)}"
        self.now = START
        self.rows: dict[Key, Row] = {}

    # The model.

    def move(self, to: str, given: dict[Key, str], into: str, tell: Callable[[], None], **more: Any) -> None:
        """Let the rows take a step in the model and, by `tell`, in the tracking."""
        cells = {key: MATRIX[self.rows[key]["status"], to] if key in self.rows else REFUSED for key in given}
        if REFUSED in cells.values():
            with pytest.raises(TrackingError):
                tell()
            return
        tell()
        for key, cell in cells.items():
            assert cell in {TAKEN, LATE}
            if cell == TAKEN:
                self.rows[key] |= {"status": to, MOMENT[to]: self.now, into: given[key]} | more
                if to == "error" and "next_attempt_at" not in more:
                    minutes = min(15 * 2 ** (self.rows[key]["attempts"] - 1), 24 * 60)
                    self.rows[key]["next_attempt_at"] = self.now + timedelta(minutes=minutes)

    def of(self, *statuses: str) -> dict[Key, Row]:
        return {key: row for key, row in self.rows.items() if row["status"] in statuses}

    def reason(self, key: Key, by_hand: bool) -> str:
        theirs = [(row["pending_at"], address) for (device_id, address), row in self.rows.items() if device_id == key[0]]
        if not theirs:
            return "new_device"
        if max(theirs)[1] != key[1]:
            return "ip_change"
        return "manual" if by_hand else "scheduled"

    # What happens.

    @rule(minutes=st.sampled_from([1, 15, 40, 300, 2000]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(begun=keys, by_hand=st.booleans(), name=st.sampled_from(["sw", "sw-new"]))
    def begin(self, begun: set[Key], by_hand: bool, name: str) -> None:
        sent = self.tracking.begin(self.connection, [export(key, name) for key in sorted(begun)], self.now, by_hand=by_hand)
        assert sent == begun - self.of("scan_triggered").keys()
        reasons = {key: self.reason(key, by_hand) for key in sent}
        for key in sent:
            row = self.rows.get(key, {"status": "exported", "created_at": self.now})
            kept = {name: row[name] for name in ("created_at", "wug_device_id", *MOMENT.values()) if name in row}
            attempts = 1 if row["status"] in {"exported", "scan_completed", "superseded"} else row["attempts"] + 1
            new = {"status": "pending", "pending_at": self.now, "device_name": name, "reason": reasons[key]}
            self.rows[key] = NOBODY | kept | new | {"attempts": attempts}

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """Take steps that can be: of steps drawn blindly, few lead through a scan."""
        key = data.draw(st.sampled_from(sorted(self.rows)))
        for _ in range(data.draw(st.integers(1, 4))):
            possible = self.possible(key)
            if possible:
                data.draw(st.sampled_from(possible))()

    def possible(self, key: Key) -> list[Callable[[], None]]:
        status = self.rows[key]["status"]
        steps: dict[str, Callable[[], None]] = {
            "exported": lambda: self.exported({key: "c"}),
            "scan_triggered": lambda: self.scan_triggered({key}, "s1"),
            "scan_completed": lambda: self.scan_completed({key: "c"}),
            "error": lambda: self.failed({key: "c"}),
        }
        possible = [step for to, step in steps.items() if MATRIX[status, to] == TAKEN]
        return [*possible, lambda: self.settled({key})] if status == "scan_completed" else possible

    @rule(given=told)
    def exported(self, given: dict[Key, str]) -> None:
        def tell() -> None:
            self.tracking.exported(self.connection, given, self.now)

        self.move("exported", given, "wug_device_id", tell, error=None, next_attempt_at=None)

    @rule(given=keys, scan_id=st.sampled_from(SCANS))
    def scan_triggered(self, given: set[Key], scan_id: str) -> None:
        def tell() -> None:
            self.tracking.scan_triggered(self.connection, given, scan_id, self.now)

        self.move("scan_triggered", dict.fromkeys(given, scan_id), "scan_id", tell)

    @rule(given=told)
    def scan_completed(self, given: dict[Key, str]) -> None:
        def tell() -> None:
            self.tracking.scan_completed(self.connection, given, self.now)

        self.move("scan_completed", given, "wug_device_id", tell)

    @rule(given=told)
    def failed(self, given: dict[Key, str]) -> None:
        def tell() -> None:
            self.tracking.failed(self.connection, given, self.now)

        self.move("error", given, "error", tell)

    @rule(scan_id=st.sampled_from(SCANS), state=st.sampled_from(["10 %", "90 %"]))
    def looked(self, scan_id: str, state: str) -> None:
        self.tracking.looked(self.connection, scan_id, state, self.now)
        for row in self.of("scan_triggered").values():
            if row["scan_id"] == scan_id:
                row |= {"scan_state": state, "looked_at": self.now}

    @rule(given=keys)
    def settled(self, given: set[Key]) -> None:
        self.tracking.settled(self.connection, given, self.now)
        for key in given & self.of("scan_completed").keys():
            self.rows[key]["settled_at"] = self.now

    @rule(
        observed=st.dictionaries(st.sampled_from(DEVICES), st.tuples(st.sampled_from(ADDRESSES), st.just("77"))),
        desired=st.dictionaries(st.sampled_from(DEVICES), st.sampled_from(ADDRESSES)),
    )
    def reconcile(self, observed: dict[str, tuple[str, str]], desired: dict[str, str]) -> None:
        self.tracking.reconcile(self.connection, observed, desired, self.now)
        there = {(device_id, address) for device_id, (address, _) in observed.items()}
        for key, row in self.of("pending", "error", "scan_triggered").items():
            if key in there and row["status"] == "scan_triggered":
                row |= {"status": "scan_completed", "scan_completed_at": self.now, "wug_device_id": "77"}
            elif key in there:
                row |= {"status": "exported", "exported_at": self.now, "wug_device_id": "77"}
                row |= {"error": None, "next_attempt_at": None}
            elif row["status"] == "pending" and key not in desired.items():
                now = desired.get(key[0])
                why = f"the device's address is {now} now" if now else "no longer to be exported"
                row |= {"status": "error", "failed_at": self.now, "error": why, "next_attempt_at": None}

    @rule(
        wanted=st.dictionaries(st.sampled_from(DEVICES), st.sampled_from(ADDRESSES)),
        whole=st.booleans(),
        but=st.sets(st.sampled_from(KEYS), max_size=1),
    )
    def follow_wanted(self, wanted: dict[str, str], whole: bool, but: set[Key]) -> None:
        self.tracking.follow_wanted(self.connection, wanted, self.now, whole=whole, but=but)
        for key, row in self.of("pending", "exported", "scan_completed", "error").items():
            if wanted.get(key[0], key[1]) != key[1] and key not in but:
                row |= {"status": "superseded", "superseded_at": self.now, "next_attempt_at": None}
        for key, row in self.of("error").items():
            if whole and key[0] not in wanted:
                row["next_attempt_at"] = None

    # What must hold.

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        with self.engine.connect() as db:
            rows = db.execute(select(table).where(table.c.connection == self.connection)).mappings().all()
        held = {(row["netbox_device_id"], row["address"]): {name: row[name] for name in NOBODY} for row in rows}
        assert held == self.rows

    @invariant()
    def tells_what_waits(self) -> None:
        early = {key for key, row in self.of("error").items() if row["next_attempt_at"] and row["next_attempt_at"] > self.now}
        assert self.tracking.waiting(self.connection, self.now).keys() == early | self.of("scan_triggered").keys()

    @invariant()
    def tells_what_is_recent(self) -> None:
        since = self.now - timedelta(minutes=60)
        names = ("exported_at", "scan_triggered_at", "scan_completed_at")
        sent = self.of("exported", "scan_triggered", "scan_completed")
        last = {key: max(row[name] for name in names if row[name]) for key, row in sent.items()}
        assert self.tracking.recent(self.connection, since) == {key: moment for key, moment in last.items() if moment >= since}

    @invariant()
    def tells_of_every_scan(self) -> None:
        open_rows = {
            (scan_id, row.device_id, row.address, row.scan_triggered_at, row.looked_at)
            for scan_id, rows in self.tracking.open_scans(self.connection).items()
            for row in rows
        }
        assert open_rows == {
            (row["scan_id"], *key, row["scan_triggered_at"], row["looked_at"]) for key, row in self.of("scan_triggered").items()
        }
        unsettled = {k: r["wug_device_id"] for k, r in self.of("scan_completed").items() if r["settled_at"] is None}
        assert self.tracking.to_settle(self.connection) == unsettled

    @invariant()
    def counts_every_row(self) -> None:
        told = self.tracking.statistics(self.connection)
        counted = self.of(*COUNTED)
        assert told.total == len(told.recent) == len(counted)
        assert [getattr(told, status) for status in COUNTED] == [len(self.of(status)) for status in COUNTED]
        assert sorted(change.at for change in told.recent) == sorted(row[MOMENT[row["status"]]] for row in counted.values())
        arrived = [row[name] for row in self.rows.values() for name in ("exported_at", "scan_completed_at") if row[name]]
        assert told.last_export == max(arrived, default=None)


@pytest.mark.parametrize("examples", [12, pytest.param(40, marks=pytest.mark.slow)])
def test_tracking_holds_what_a_plain_model_of_it_holds(engine: Engine, examples: int) -> None:
    class OnDatabase(Machine):
        def __init__(self) -> None:
            super().__init__(engine)

    checks = settings(max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(OnDatabase, settings=checks)
