"""Two syncs, or two connections of one, that write to one target: a machine moves from one source to the other, and back."""

import pytest
from sqlalchemy import Engine

from asset_sync.ledger import Ledger
from asset_sync.operations.definitions import declared
from asset_sync.reconcile import plan as p
from asset_sync.reconcile.kinds import in_order
from asset_sync_tests.ledger.conftest import KINDS, at, make, row
from asset_sync_tests.ledger.lab import LedgerLab
from asset_sync_tests.reconcile.lab import held
from asset_sync_tests.reconcile.test_plugging import CABLE, PORT, cable
from asset_sync_tests.reconcile.test_plugging import OWNERS as CABLED
from asset_sync_tests.reconcile.worlds import Row

MACHINE: Row = {"source_key": "a", "serial": "SER-1", "name": "pc-a"}


class Sources:
    """Berlin and Paris, into one target; each has a machine of its own beside the one that moves."""

    def __init__(self, engine: Engine) -> None:
        self.berlin, self.paris = LedgerLab(engine, "berlin"), LedgerLab(engine, "paris")
        self.paris.target = self.berlin.target
        self.put()
        self.days(1)

    def put(self, *where: LedgerLab, status: str = "used") -> None:
        """Let these sources have the machine, and no other."""
        for number, lab in enumerate((self.berlin, self.paris)):
            own: Row = {"source_key": "own", "serial": f"OWN-{number}", "status": "used"}
            lab.source = {"asset": [own, *([{**MACHINE, "status": status}] if lab in where else [])]}

    def days(self, count: int, *order: LedgerLab) -> None:
        for _ in range(count):
            for lab in order or (self.berlin, self.paris):
                lab.run()
            self.berlin.at = self.paris.at = max(self.berlin.at, self.paris.at)

    def status(self) -> str | None:
        (found,) = [row for row in self.berlin.objects().values() if row["serial"] == "SER-1"]
        return found.get("status")


@pytest.fixture
def sources(engine: Engine) -> Sources:
    return Sources(engine)


@pytest.mark.slow
def test_a_machine_that_moves_to_another_source_stays_in_service(sources: Sources) -> None:
    berlin, paris = sources.berlin, sources.paris
    sources.put(berlin)
    sources.days(1)
    sources.put(paris)
    sources.days(5, paris, berlin)
    assert sources.status() == "used"
    told = (
        "missing here, but paris has it, and it stays in service as long; to leave it alone for good: asset-sync resolve ignore"
    )
    assert held(berlin.plan()) == {"a": told}
    assert [each.waits for each in berlin.real.held("berlin")] == [True]
    assert [len(lab.plan().writes) for lab in (berlin, paris)] == [0, 0]


@pytest.mark.slow
def test_what_one_retired_before_the_other_had_it_is_back_in_service(sources: Sources) -> None:
    berlin, paris = sources.berlin, sources.paris
    sources.put(berlin)
    sources.days(1)
    sources.put()
    sources.days(4)
    assert sources.status() == "retired"
    sources.put(paris)
    paris.run()
    assert sources.status() == "used"
    sources.days(5)
    assert sources.status() == "used"
    assert [len(lab.plan().writes) for lab in (berlin, paris)] == [0, 0]


@pytest.mark.slow
def test_what_a_person_retires_after_it_was_brought_back_stays_retired(sources: Sources) -> None:
    berlin, paris = sources.berlin, sources.paris
    sources.put(berlin)
    sources.days(1)
    sources.put()
    sources.days(4)
    sources.put(paris)
    sources.days(2)
    (target_id,) = [key for key, row in berlin.objects().items() if row["serial"] == "SER-1"]
    berlin.target.edit("asset", target_id, status="retired")
    sources.days(2)
    assert sources.status() == "retired"


@pytest.mark.slow
def test_what_left_all_sources_is_retired_once_by_the_one_that_had_it_last(sources: Sources) -> None:
    berlin, paris = sources.berlin, sources.paris
    sources.put(berlin)
    sources.days(1)
    sources.put(paris)
    sources.days(4)
    sources.put()
    sources.days(1, berlin, paris)
    assert sources.status() == "used"
    waiting = held(berlin.plan())["a"]
    assert waiting.startswith("missing here, but paris had it longer, and retires it")
    sources.days(3)
    assert sources.status() == "retired"
    sources.put(berlin)
    sources.days(1)
    assert sources.status() == "used"


@pytest.mark.slow
def test_the_status_that_the_other_source_set_is_no_persons_edit(sources: Sources) -> None:
    berlin, paris = sources.berlin, sources.paris
    sources.put(berlin)
    sources.days(1)
    sources.put(paris)
    sources.days(1)
    sources.put(paris, status="stored")
    sources.days(1)
    assert sources.status() == "stored"
    sources.put(berlin)
    sources.days(1)
    sources.put()
    sources.days(5)
    assert sources.status() == "retired"


@pytest.mark.slow
def test_a_source_that_says_itself_that_it_is_retired_brings_nothing_back(sources: Sources) -> None:
    sources.put(sources.berlin)
    sources.days(1)
    sources.put()
    sources.days(4)
    sources.put(sources.paris, status="retired")
    sources.days(2)
    assert sources.status() == "retired"
    assert not len(sources.paris.plan().writes)


def test_links_to_another_target_are_not_asked(ledger: Ledger) -> None:
    for links, target in (("berlin", "netbox"), ("paris", "netbox"), ("oslo", "netbox_branch"), ("rome", None)):
        plan = make(row("claim", "a", "1", changes={"status": {"new": "used"}}), sync=links)
        ledger.save(plan, f"run of {links}", at(0))
        ledger.note_sighting(plan, f"run of {links}", at(0))
        if target:
            ledger.note_destinations({links: target})
    found = {links: ledger.elsewhere(links, KINDS)["asset"] for links in ("berlin", "oslo", "rome")}
    assert found["berlin"][["target_id", "link_set", "status"]].to_dict("records") == [
        {"target_id": "1", "link_set": "paris", "status": "used"}
    ]
    assert [len(found[links]) for links in ("oslo", "rome")] == [0, 0]
    assert found["oslo"].dtypes.equals(found["berlin"].dtypes)
    ledger.note_destinations({"oslo": "netbox"})
    assert ledger.elsewhere("berlin", KINDS)["asset"]["link_set"].tolist() == ["oslo", "paris"]


def test_a_cable_that_another_source_has_is_not_offered_until_that_has_it_no_more(engine: Engine) -> None:
    ports: list[Row] = [{"source_key": f"p{at}", "name": f"p{at}"} for at in range(3)]
    berlin, paris = (LedgerLab(engine, name, in_order([PORT, CABLE]), CABLED) for name in ("berlin", "paris"))
    paris.target = berlin.target
    berlin.source, paris.source = ({"port": ports, "cable": [cable(key, 0, end)]} for key, end in (("b", 1), ("p", 2)))
    berlin.run()
    (drawn,) = berlin.target.objects["cable"]

    def offered() -> tuple[str, str | None]:
        (one,) = p.records(paris.run().held)
        return str(one["hold"]), one["candidates"]

    told, candidate = offered()
    assert f"cable #{drawn} " in told
    assert "already, which is of berlin" in told
    assert candidate is None
    berlin.source["cable"] = []
    berlin.run()
    told, candidate = offered()
    assert "which is not of this sync" in told
    assert candidate == drawn
    for _ in range(3):
        berlin.run()
    assert berlin.target.objects["cable"][drawn]["status"] == "gone"
    assert offered()[1] == drawn


def test_each_connection_to_a_target_of_its_own_leads_elsewhere() -> None:
    assert declared("pdq_to_netbox").destinations == {"pdq_to_netbox": "netbox"}
    assert declared("wug_to_netbox").destinations == {"wug_to_netbox/main": "netbox"}
    assert declared("netbox_to_wug").destinations == {"netbox_to_wug/main": "wug_main"}
