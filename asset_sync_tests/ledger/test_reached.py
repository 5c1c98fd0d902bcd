"""Which of several connections has a system for itself, in a real PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine

from asset_sync.ledger import Reached

SYNC = "fabrics"
BOTH = ("lab", "main")
ONE, OTHER = {"a", "b"}, {"c"}


@pytest.fixture
def reached(engine: Engine) -> Reached:
    return Reached(engine)


def test_the_first_goes_on_and_the_second_is_told_of_it(reached: Reached) -> None:
    assert reached.known(SYNC) == frozenset()
    assert [reached.note(SYNC, name, ONE, BOTH) for name in ("main", "lab", "main", "lab")] == [None, "main", None, "main"]
    assert reached.known(SYNC) == {"main", "lab"}
    assert (reached.other(SYNC, "lab", ONE, BOTH), reached.other(SYNC, "lab", OTHER, BOTH)) == ("main", None)
    assert reached.note("other sync", "lab", ONE, BOTH) is None
    assert reached.note(SYNC, "lab", ONE, ["lab"]) is None, "main is no more, or rests"


def test_a_system_is_the_same_as_long_as_any_mark_of_it_stays(reached: Reached) -> None:
    for marks in ({"a", "b"}, {"b", "c"}, {"c", "d"}):
        assert reached.note(SYNC, "main", marks, BOTH) is None
        assert reached.note(SYNC, "lab", {*marks, "x"}, BOTH) == "main"
    assert reached.note(SYNC, "main", {"new"}, BOTH) is None
    assert reached.note(SYNC, "lab", {"d"}, BOTH) is None


def test_two_that_change_systems_go_on_once_both_were_asked(reached: Reached) -> None:
    assert reached.note(SYNC, "main", ONE, BOTH) is None
    assert reached.note(SYNC, "lab", OTHER, BOTH) is None
    assert reached.note(SYNC, "main", OTHER, BOTH) == "lab"
    assert reached.note(SYNC, "lab", ONE, BOTH) is None
    assert reached.note(SYNC, "main", OTHER, BOTH) is None


def test_of_two_that_begin_at_once_one_goes_on(reached: Reached) -> None:
    for turn in range(5):
        gate = Barrier(2)

        def note(name: str, marks: set[str], gate: Barrier = gate) -> str | None:
            gate.wait()
            return reached.note(SYNC, name, marks, BOTH)

        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(note, BOTH, [{f"of turn {turn}"}] * 2))
        assert sorted(map(bool, found)) == [False, True]
