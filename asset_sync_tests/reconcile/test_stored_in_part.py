"""Records that refer to something which the target refused: all else of them is written, and that field is planned again."""

import pytest

from asset_sync.reconcile import plan as p
from asset_sync.reconcile.converge import flapping, read_back, unlike
from asset_sync.reconcile.merge import Ownership
from asset_sync.reconcile.planning import Policy
from asset_sync.reconcile.undo import inverse
from asset_sync_tests.reconcile.lab import GRACE, Lab, ops
from asset_sync_tests.reconcile.worlds import OWNERS, SHARED, SOURCE


@pytest.fixture(params=[SOURCE, SHARED], ids=["source", "shared"])
def lab(request: pytest.FixtureRequest) -> Lab:
    """A machine that is known, and is to have more memory and to be of a new model, which the target refuses."""
    owner: Ownership = request.param
    made = Lab(policy=Policy({**OWNERS, "asset": {**OWNERS["asset"], "model": owner}}, GRACE))
    made.source = {"asset": [{"source_key": "a", "serial": "S1A", "memory": 4}]}
    made.run()
    made.source = {
        "maker": [{"source_key": "dell", "name": "Dell"}],
        "model": [{"source_key": "md", "maker": "dell", "name": "Latitude"}],
        "asset": [{"source_key": "a", "serial": "S1A", "memory": 8, "model": "md"}],
    }
    made.target.refuses = lambda kind, _: "no models here" if kind == "model" else None
    return made


def test_the_next_plan_has_the_field_that_waited_and_no_other(lab: Lab) -> None:
    plan = lab.plan()
    outcomes = lab.apply(plan)
    read = read_back(plan, lab.kinds, lab.target, outcomes)
    assert unlike(plan, lab.kinds, read, outcomes) == []
    again = lab.plan()
    assert flapping(again, plan, outcomes) == []
    (update,) = [changes for op, key, changes, _ in ops(again) if (op, key) == (p.UPDATE, "a")]
    assert update.keys() == {"model"}
    lab.target.refuses = lambda *_: None
    lab.run()
    (machine,) = lab.objects("asset", "memory", "model").values()
    assert (machine["memory"], lab.objects("model")[machine["model"]]["name"]) == (8, "Latitude")
    assert not len(lab.plan().writes)


def test_what_waited_is_not_taken_back(lab: Lab) -> None:
    plan = lab.plan()
    outcomes = lab.apply(plan)
    (undone,) = [row for row in p.records(inverse(plan, lab.kinds, outcomes, None).writes) if row["source_key"] == "a"]
    assert p.decode(undone["changes"]).keys() == {"memory"}
    assert {one.outcome for one in lab.undo(plan, outcomes).values()} == {"applied"}
    (machine,) = lab.objects("asset", "memory", "model").values()
    assert machine == {"memory": 4}
