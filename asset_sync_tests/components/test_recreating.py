"""Whether a sync asks about objects that are gone: never where it may make them again, and only about those."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest

from asset_sync.components.planning import Planning
from asset_sync.components.sync import Sync
from asset_sync.operations.definitions import declared
from asset_sync.reconcile.identity import Deletions, GoneObjects
from asset_sync.reconcile.kinds import Kinds
from asset_sync.reconcile.resolutions import NONE
from asset_sync_tests.reconcile.worlds import ASSET, KINDS, desired, link, links, observed, snapshot


@pytest.mark.parametrize(("recreate", "verdict"), [(False, "held"), (True, "new")])
def test_an_object_that_was_deleted_is_made_again_where_the_sync_may(*, recreate: bool, verdict: str) -> None:
    asked: list[GoneObjects] = []

    def deletions(_: Any, __: Kinds, gone: GoneObjects) -> Deletions:
        asked.append(gone)
        return {"asset": {"1": "asset #1 was deleted by pat"}}

    matched = _matches(replace(_sync(), deletions=deletions, recreate=recreate))
    assert matched == [verdict, "same"]
    assert [[one.source_key for one in gone["asset"]] for gone in asked] == ([] if recreate else [["a"]])


def test_a_target_that_cannot_tell_of_deletions_is_not_asked() -> None:
    assert _matches(replace(_sync(), deletions=None)) == ["new", "same"]


def test_the_yaml_of_a_sync_says_whether_it_may() -> None:
    assert declared("pdq_to_netbox").recreate is False
    assert declared("pdq_to_netbox").deletions is not None
    assert declared("pdq_exports").deletions is not None
    assert declared("wug_to_netbox").deletions is not None


def _sync() -> Sync:
    made = declared("pdq_to_netbox")
    return replace(
        made,
        kinds=KINDS,
        mapping={},
        constrained=lambda kinds, _: kinds,
        resource=lambda *_: None,
        conform=lambda _, wanted, __: (wanted, {}),
        evidence=lambda _, __, there: SimpleNamespace(observed=there, waiting={}),  # type: ignore[arg-type, return-value]
    )


def _matches(sync: Sync) -> list[str]:
    world = snapshot(
        {"asset": desired(ASSET, {"source_key": "a", "serial": "SER-1A"}, {"source_key": "b", "serial": "SER-2A"})},
        {"asset": observed(ASSET, {"id": "2", "serial": "SER-2A"})},
    )
    remembered = {"asset": links(link("a", "1"), link("b", "2"))}
    ledger = SimpleNamespace(resolutions=lambda *_: NONE, links=lambda *_, **__: remembered, elsewhere=lambda *_: {})
    told = SimpleNamespace(
        resources=SimpleNamespace(ledger=ledger), run=SimpleNamespace(run_config={}), asset_key=sync.key("match")
    )
    context = cast("dg.AssetExecutionContext", told)
    planning = Planning(context, sync, world.desired, world.observed)
    return [str(verdict) for verdict in planning.match()["asset"]["verdict"]]
