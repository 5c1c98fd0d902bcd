"""Which virtual machine a container is: the one of its place in its compose project, or of its name."""

from itertools import permutations
from typing import Any

import pytest

from asset_sync.systems.hosts.containers import container_services, containers
from asset_sync_tests.systems.hosts.example import container, document

NEW = container()
OLD = container("ab12_shop-web-1", id="ee" * 32, state="exited")
ALONE = container("alone", id="aa" * 32, compose=None)


def told(*each: dict[str, Any]) -> dict[str, Any]:
    return {**document(containers=list(each)), "project": "shop"}


@pytest.mark.parametrize("order", permutations([NEW, OLD, ALONE]))
def test_the_container_that_runs_has_the_place_and_what_was_left_behind_its_name(order: tuple[dict[str, Any], ...]) -> None:
    found = {row["id"]: (row["name"], row["status"]) for row in containers("h", told(*order))}
    assert found == {
        "h/shop/web/1": ("shop-web-1", "active"),
        "h/shop//ab12_shop-web-1": ("ab12_shop-web-1", "offline"),
        "h/docker//alone": ("alone", "active"),
    }
    assert {row["container"] for row in container_services("h", told(*order))} == found.keys()


@pytest.mark.parametrize("order", permutations([NEW | {"state": "exited"}, OLD]))
def test_where_none_runs_it_is_the_one_without_a_mark(order: tuple[dict[str, Any], ...]) -> None:
    found = {row["id"]: row["name"] for row in containers("h", told(*order))}
    assert found["h/shop/web/1"] == "shop-web-1"
