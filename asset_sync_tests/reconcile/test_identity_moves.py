"""Serials and tags that move between machines: what contradicts a link, and what does not."""

import pytest

from asset_sync_tests.reconcile.test_identity import evidence, verdicts
from asset_sync_tests.reconcile.worlds import Row, link


def test_a_tag_on_an_object_of_another_serial_does_not_contradict_a_link() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S9", "tag": "T2"}]
    there: list[Row] = [{"id": "1", "serial": "S1", "tag": "T1"}, {"id": "2", "serial": "S2", "tag": "T2"}]
    assert verdicts(wanted, there, [link("a", "1")]) == {"a": ("same", "link", "1")}


@pytest.mark.parametrize("serials", [(None, "S2"), ("S9", None)])
def test_a_tag_on_an_object_that_no_serial_tells_from_the_record_contradicts_a_link(serials: tuple[str | None, ...]) -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": serials[0], "tag": "T2"}]
    there: list[Row] = [{"id": "1", "serial": "S1", "tag": "T1"}, {"id": "2", "serial": serials[1], "tag": "T2"}]
    assert evidence(wanted, there, [link("a", "1")]) == {"a": "link says asset #1, but tag 'T2' is on asset #2"}


def test_a_tag_on_the_object_of_a_record_that_is_gone_does_not_contradict_a_link() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": None, "tag": "T2"}]
    there: list[Row] = [{"id": "1", "serial": "S1"}, {"id": "2", "serial": "S2", "tag": "T2"}]
    assert verdicts(wanted, there, [link("a", "1"), link("b", "2")]) == {"a": ("same", "link", "1")}
    told = evidence(wanted, there, [link("a", "1"), {**link("b", "2"), "told_by": "another sync"}])
    assert told == {"a": "link says asset #1, but tag 'T2' is on asset #2"}


TAGGED: list[Row] = [{"id": "1", "serial": "S1", "tag": "T1"}, {"id": "2", "serial": "S2", "tag": "T2"}]
LINKED = [link("a", "1"), link("b", "2")]


def test_a_serial_moves_between_two_linked_machines_that_have_their_tags_still() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S2", "tag": "T1"}, {"source_key": "b", "tag": "T2"}]
    assert verdicts(wanted, TAGGED, LINKED) == {"a": ("same", "link", "1"), "b": ("same", "link", "2")}


@pytest.mark.parametrize(("tag", "other"), [(None, "T2"), ("T9", "T2"), ("T1", None), ("T1", "T9"), ("T2", "T1"), ("T2", "T2")])
def test_a_serial_does_not_move_where_the_tag_of_either_machine_is_another(tag: str | None, other: str | None) -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S2", "tag": tag}, {"source_key": "b", "tag": other}]
    assert evidence(wanted, TAGGED, LINKED)["a"] == "link says asset #1, but serial 'S2' is on asset #2"


def test_a_serial_does_not_move_from_a_machine_that_is_gone_or_held() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S2", "tag": "T1"}]
    assert evidence(wanted, TAGGED, LINKED)["a"] == "link says asset #1, but serial 'S2' is on asset #2"
    locked: list[Row] = [TAGGED[0], {**TAGGED[1], "locked": "is a rack"}]
    found = evidence([*wanted, {"source_key": "b", "tag": "T2"}], locked, LINKED)
    assert found == {"a": "serial 'S2' is on asset #2 (is b), which is held", "b": "asset #2 is a rack"}


def test_a_serial_is_not_given_up_for_one_that_another_machine_has_too() -> None:
    wanted: list[Row] = [{"source_key": key, "serial": serial} for key, serial in (("a", "S2"), ("b", "S2"), ("c", "S1"))]
    there: list[Row] = [{"id": "1", "serial": "S1"}, {"id": "2", "serial": "S2"}]
    assert evidence(wanted, there, LINKED) == {"c": "serial 'S1' does not tell which: asset #1 (is a)"}
