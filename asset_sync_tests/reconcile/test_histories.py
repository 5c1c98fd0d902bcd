"""Random histories of a source, its target and the people in it: whatever happens, the promises are kept.

A history is what happens in one small company; ten of them share a world, their values apart from one another, because a run
costs the same for ten as for one. Many more are played by `python -m asset_sync_tests.reconcile.histories`.
"""

from dataclasses import replace

import pytest

from asset_sync.reconcile.kinds import IdentityRule, in_order
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.planning import Grace, Policy
from asset_sync_tests.reconcile.histories import people
from asset_sync_tests.reconcile.histories.__main__ import main, told
from asset_sync_tests.reconcile.histories.kinds import GRACE, OWNERS
from asset_sync_tests.reconcile.histories.lab import HistoryLab
from asset_sync_tests.reconcile.histories.many import play_many
from asset_sync_tests.reconcile.histories.play import lived, play
from asset_sync_tests.reconcile.histories.record import HistoryFault
from asset_sync_tests.reconcile.histories.script import ABANDON, FAULTS, MEANWHILE, PLAIN, Day, Event, History, Switches
from asset_sync_tests.reconcile.memory import DAY

HISTORIES = 100
MINUTES = 4.0
PEOPLE = frozenset((*people.EVENTS, MEANWHILE))
NETWORK = frozenset((*FAULTS, ABANDON))


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(frozenset(), id="the source alone", marks=pytest.mark.slow),
        pytest.param(PEOPLE, id="people"),
        pytest.param(NETWORK, id="faults"),
    ],
)
def test_every_promise_is_kept(more: frozenset[str]) -> None:
    on = PLAIN.on | more
    summary = play_many(Switches(on, companies=10), HISTORIES, MINUTES)
    assert not summary.failures, told(summary)
    assert summary.histories >= HISTORIES
    assert [word for word in on - {MEANWHILE, ABANDON} if not summary.seen[word]] == []


def test_an_undone_move_of_a_serial_leaves_an_address_on_a_machine_that_nobody_tells_of_any_more() -> None:
    what = History(
        "assets", tuple(Day((events,)) for events in ((Event("come", 0), Event("come", 72)), (Event("hand_on", 1),), ()))
    )
    play(replace(what, days=(*what.days[:2], replace(what.days[2], disaster="undo"))))


def test_what_was_sent_is_not_found_under_an_id_that_a_restored_target_gave_to_another_maker() -> None:
    come, nothing = (Event("come", 0),), ()
    first = Day((come,) * 6, None, ("fine", "fine", "killed-stored"), abandoned=True)
    lookups = (Event("name_lookup", 192), Event("register", 128), Event("rename", 184))
    people = ((Event("clone", 108),), lookups, nothing, nothing, (Event("reserve", 215, meanwhile=True),))
    play(History("devices", (first, Day((*people, (Event("move_address", 65),)), "restore_target"))))


def test_a_machine_that_is_back_under_another_key_gives_its_name_to_no_clone() -> None:
    come, back, clone = (Event("come", 180),), (Event("register_again", 0),), (Event("clone", 0),)
    play(History("devices", (Day((come,)), Day((back,), "undo"), Day((clone,), "restore_ledger"))))


def test_nothing_is_made_with_a_serial_that_another_machine_was_to_lose_and_has_still() -> None:
    come, gone = (Event("come", 0), Event("come", 36), Event("come", 0)), (Event("go", 2),)
    parts = (Event("replace_hardware", 0), Event("exchange", 120))
    play(History("assets", (Day((come,)), Day((gone,)), Day((parts,), None, ("stale", "stale", "refused")))))


def test_nothing_is_made_with_a_serial_that_another_machine_is_held_to_keep() -> None:
    come = (Event("come", 6), Event("come", 36), Event("come", 24), Event("come_bare", 0))
    play(History("assets", (Day((come,)), Day(((Event("register_again", 5), Event("exchange", 60)),)))))


def test_an_undo_leaves_alone_what_pointed_at_something_that_a_person_deleted() -> None:
    exchanged = Day(((Event("exchange_addresses", 106), Event("name_lookup", 118)),))
    deleted = Day(((Event("delete", 214), Event("reserve", 98, meanwhile=True), Event("come_bare", 120)),), "undo")
    play(History("devices", (Day(((Event("come", 36), Event("come", 72)),)), exchanged, deleted)))


def test_a_machine_is_known_by_the_serial_of_what_it_was_on() -> None:
    bare, nothing = (Event("spoil", 0), Event("register_again", 0)), ()
    days = (Day(((Event("come", 1),),)), Day((bare,)), Day((nothing,)), Day((nothing,)))
    play(History("assets", (*days, Day(((Event("register", 190),),), "restore_target", ("fine",) * 3))))


def test_a_tag_that_went_on_to_other_hardware_does_not_make_that_the_machine_of_an_older_ledger() -> None:
    came, replaced, back = (Event("come", 6),), (Event("replace_hardware", 0),), (Event("come_back", 0),)
    days = (Day((came,)), Day((replaced,), "restore_target"), Day((back,), "restore_ledger"))
    play(History("assets", days))


def test_a_name_that_a_machine_had_does_not_make_it_what_has_a_serial_that_it_never_had() -> None:
    twins, renamed = (Event("come", 0), Event("clone", 0)), ((Event("come_bare", 0),), (Event("hand_on", 12),))
    days = (Day(((), twins)), Day(renamed, "restore_target"), Day(((), ()), "restore_ledger"))
    play(History("assets", days))


# The oracle is worth something: it sees what a sync does wrong.


def history(*days: tuple[Event, ...]) -> History:
    """A history of one company without faults."""
    return History("assets", tuple(Day((events,)) for events in days))


COME = Event("come", 7)
ROOM = 0
EDIT = Event("edit", ROOM)
"""A person puts the first machine into room p1."""


def test_a_sync_that_overwrites_an_edit_is_found_out() -> None:
    what = history((COME,), (EDIT,), ())
    play(what)
    lab = HistoryLab(what)
    lab.policy = Policy({**OWNERS, "asset": {**OWNERS["asset"], "room": Ownership("source")}}, GRACE)
    with pytest.raises(HistoryFault, match=r"room of .* which a person had set"):
        lived(lab, what)


def test_a_sync_that_retires_too_early_is_found_out() -> None:
    what = history((COME, Event("come", 50)), (Event("go", 0),), ())
    play(what)
    lab = HistoryLab(what)
    lab.policy = Policy(OWNERS, Grace(runs=1, time=DAY * 0))
    with pytest.raises(HistoryFault, match="before its time"):
        lived(lab, what)


def test_a_sync_that_takes_a_stranger_for_its_own_is_found_out() -> None:
    what = history((Event("keep_own", 1), Event("come", 7)), ())
    play(what)
    lab = HistoryLab(what)
    by_status = IdentityRule("status", ("status",))
    others = [replace(kind, identity=(by_status,)) if kind.name == "asset" else kind for kind in lab.kinds.values()]
    lab.kinds = in_order(others)
    with pytest.raises(HistoryFault, match="has nothing in common"):
        lived(lab, what)


def test_a_sync_that_leaves_a_value_out_is_found_out() -> None:
    what = history((COME,), (Event("change", 6 + 2 * 36),), ())
    play(what)
    lab = HistoryLab(what)
    lab.policy = Policy({**OWNERS, "asset": {**OWNERS["asset"], "memory": Ownership("initial")}}, GRACE)
    with pytest.raises(HistoryFault, match=r"memory of .* and nothing of it is held"):
        lived(lab, what)


def test_the_command_refuses_a_word_that_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "quake"]) == 2
    assert "nothing is called 'quake'" in capsys.readouterr().err
