"""Who is who: each case is written by hand, with the verdict that a careful person would give."""

import pandas as pd
import pytest

from asset_sync.reconcile.identity import match
from asset_sync.reconcile.references import match_all
from asset_sync_tests.reconcile.worlds import (
    ADDRESS,
    ASSET,
    KINDS,
    PORT,
    PRIMARY,
    Row,
    desired,
    link,
    links,
    observed,
    tables,
)

Verdict = tuple[str, str | None, str | None]


def verdicts(wanted: list[Row], there: list[Row], remembered: list[Row] | None = None) -> dict[str, Verdict]:
    """Return verdict, rule and target id by source key."""
    return shown(match(ASSET, desired(ASSET, *wanted), observed(ASSET, *there), links(*(remembered or []))))


def shown(found: pd.DataFrame) -> dict[str, Verdict]:
    plain = found.astype(object).where(found.notna(), None)
    return {r["source_key"]: (r["verdict"], r["rule"], r["target_id"]) for r in plain.to_dict("records")}


def evidence(wanted: list[Row], there: list[Row], remembered: list[Row] | None = None) -> dict[str, str]:
    """Return the evidence of the held rows by source key."""
    found = match(ASSET, desired(ASSET, *wanted), observed(ASSET, *there), links(*(remembered or [])))
    held = found[found["verdict"] == "held"]
    return dict(zip(held["source_key"], held["evidence"], strict=True))


def test_nothing_on_either_side_gives_no_verdicts() -> None:
    assert verdicts([], []) == {}
    assert verdicts([], [{"id": "1", "serial": "AB12"}], [link("a", "1")]) == {}


def test_a_record_that_nothing_matches_is_new() -> None:
    assert verdicts([{"source_key": "a", "serial": "AB12"}], []) == {"a": ("new", None, None)}
    there: list[Row] = [{"id": "1", "serial": "ZZ99"}]
    assert verdicts([{"source_key": "a", "serial": "AB12"}], there) == {"a": ("new", None, None)}


def test_serials_match_without_case_and_punctuation() -> None:
    there: list[Row] = [{"id": "1", "serial": " ab-12 "}, {"id": "2", "serial": "ZZ99"}]
    assert verdicts([{"source_key": "a", "serial": "AB12"}], there) == {"a": ("same", "serial", "1")}


def test_the_link_comes_before_every_rule_and_a_changed_serial_is_still_the_same_machine() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "NEW1"}]
    there: list[Row] = [{"id": "1", "serial": "OLD1"}]
    assert verdicts(wanted, there, [link("a", "1")]) == {"a": ("same", "link", "1")}


def test_a_link_whose_object_is_gone_says_nothing() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "AB12"}]
    assert verdicts(wanted, [{"id": "2", "serial": "AB12"}], [link("a", "1")]) == {"a": ("same", "serial", "2")}
    assert verdicts(wanted, [{"id": "2", "serial": "ZZ99"}], [link("a", "1")]) == {"a": ("new", None, None)}


def test_a_link_and_a_serial_that_point_to_two_objects_are_held_with_both() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S2"}]
    there: list[Row] = [{"id": "1", "serial": "S1"}, {"id": "2", "serial": "S2"}]
    assert evidence(wanted, there, [link("a", "1")]) == {"a": "link says asset #1, but serial 'S2' is on asset #2"}


def test_a_serial_and_a_tag_that_point_to_two_objects_are_held() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1", "tag": "T2"}]
    there: list[Row] = [{"id": "1", "serial": "S1"}, {"id": "2", "tag": "T2"}]
    assert evidence(wanted, there) == {"a": "serial says asset #1, but tag 'T2' is on asset #2"}


def test_serials_that_two_linked_machines_swapped_move_and_the_machines_stay_what_they_are() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S2"}, {"source_key": "b", "serial": "S1"}]
    there: list[Row] = [{"id": "1", "serial": "S1"}, {"id": "2", "serial": "S2"}]
    found = verdicts(wanted, there, [link("a", "1"), link("b", "2")])
    assert {key: (verdict, to) for key, (verdict, _, to) in found.items()} == {"a": ("same", "1"), "b": ("same", "2")}


def test_two_records_linked_to_one_object_are_both_held() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1"}, {"source_key": "b", "serial": "S9"}]
    there: list[Row] = [{"id": "1", "serial": "S1"}]
    assert evidence(wanted, there, [link("a", "1"), link("b", "1")]) == {
        "a": "link says asset #1, and so it does for b",
        "b": "link says asset #1, and so it does for a",
    }


@pytest.mark.parametrize("junk", ["To be filled by O.E.M.", "Default string", "0", "....", "System Serial Number", "xxxxxx"])
def test_a_junk_serial_on_both_sides_matches_nothing(junk: str) -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": junk, "tag": "T1"}, {"source_key": "b", "serial": junk, "tag": "T2"}]
    there: list[Row] = [{"id": "1", "serial": junk}]
    assert verdicts(wanted, there) == {"a": ("new", None, None), "b": ("new", None, None)}


def test_a_refused_serial_with_nothing_else_but_a_name_is_as_good_as_none() -> None:
    with_junk: Row = {"source_key": "a", "name": "pc-1", "refused": "serial '0' is junk"}
    without: Row = {"source_key": "a", "name": "pc-1"}
    assert verdicts([with_junk], []) == verdicts([without], []) == {"a": ("new", None, None)}


def test_a_refused_serial_with_nothing_else_is_held_and_says_so() -> None:
    wanted: list[Row] = [{"source_key": "a", "refused": "serial '0' is junk"}]
    assert evidence(wanted, []) == {"a": "serial '0' is junk, and nothing else identifies the record"}


def test_a_refused_serial_does_not_stand_in_the_way_of_a_tag_or_a_link() -> None:
    refused: Row = {"source_key": "a", "name": "pc-1", "tag": "T1", "refused": "serial '0' is junk"}
    assert verdicts([refused], [{"id": "1", "tag": "t1"}]) == {"a": ("same", "tag", "1")}
    assert verdicts([{**refused, "tag": None}], [{"id": "1"}], [link("a", "1")]) == {"a": ("same", "link", "1")}
    assert verdicts([{**refused, "tag": None}], [{"id": "1", "name": "PC-1"}]) == {"a": ("same", "name", "1")}


def test_a_record_that_says_nothing_of_itself_is_held() -> None:
    assert evidence([{"source_key": "a"}], []) == {"a": "nothing identifies the record (serial, tag, name all empty)"}


def test_one_serial_on_two_records_holds_both_and_names_the_other() -> None:
    wanted: list[Row] = [
        {"source_key": "a", "serial": "S1"},
        {"source_key": "b", "serial": "s-1"},
        {"source_key": "c", "serial": "S2"},
    ]
    assert evidence(wanted, [{"id": "1", "serial": "S1"}]) == {
        "a": "serial 'S1' is also on b",
        "b": "serial 's-1' is also on a",
    }
    assert verdicts(wanted, [])["c"] == ("new", None, None)


def test_a_copy_of_a_linked_machine_is_held_and_the_linked_one_goes_on() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1"}, {"source_key": "b", "serial": "S1"}]
    there: list[Row] = [{"id": "1", "serial": "S1"}]
    assert verdicts(wanted, there, [link("a", "1")]) == {"a": ("same", "link", "1"), "b": ("held", None, None)}


def test_a_serial_that_several_records_have_does_not_say_of_a_linked_one_that_it_is_another_object() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1"}, {"source_key": "b", "serial": "S1"}]
    there: list[Row] = [{"id": "1", "serial": "S1"}, {"id": "2", "serial": "S2"}]
    found = verdicts(wanted, there, [link("a", "1"), link("b", "2")])
    assert found == {"a": ("same", "link", "1"), "b": ("same", "link", "2")}


def test_a_serial_that_several_records_have_does_not_speak_against_an_object_that_the_tag_finds() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1"}, {"source_key": "b", "serial": "S1", "tag": "T2"}]
    there: list[Row] = [{"id": "1", "serial": "S1"}, {"id": "2", "serial": "S2", "tag": "T2"}]
    assert verdicts(wanted, there, [link("a", "1")]) == {"a": ("same", "link", "1"), "b": ("same", "tag", "2")}
    alone: list[Row] = [{**wanted[1], "serial": "S3"}]
    assert verdicts(alone, there, []) == {"b": ("new", None, None)}
    named: list[Row] = [wanted[0], {"source_key": "b", "serial": "S1", "tag": "T9", "name": "pc"}]
    like: list[Row] = [there[0], {"id": "2", "serial": "S2", "name": "pc"}]
    assert verdicts(named, like, [link("a", "1")])["b"] == ("new", None, None), "a name says less than that"


def test_one_serial_on_two_objects_of_the_target_is_held_with_both() -> None:
    there: list[Row] = [{"id": "2", "serial": "S1"}, {"id": "1", "serial": "s1"}]
    assert evidence([{"source_key": "a", "serial": "S1"}], there) == {
        "a": "serial 'S1' does not tell which: asset #1, asset #2"
    }


def test_an_object_that_another_record_is_linked_to_is_not_taken_from_it() -> None:
    wanted: list[Row] = [{"source_key": "a", "tag": "T1"}, {"source_key": "b", "serial": "S1"}]
    there: list[Row] = [{"id": "1", "serial": "S1", "tag": "T1"}]
    assert evidence(wanted, there, [link("a", "1")]) == {"b": "serial 'S1' does not tell which: asset #1 (is a)"}


def test_a_value_that_a_linked_record_gives_up_may_be_a_new_ones() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S9"}, {"source_key": "b", "serial": "S1"}]
    there: list[Row] = [{"id": "1", "serial": "S1"}]
    assert verdicts(wanted, there, [link("a", "1")]) == {"a": ("same", "link", "1"), "b": ("new", None, None)}


def test_a_value_is_not_given_up_by_a_record_that_is_held() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S9"}, {"source_key": "b", "serial": "S1"}]
    there: list[Row] = [{"id": "1", "serial": "S1"}, {"id": "2", "serial": "S9"}]
    assert evidence(wanted, there, [link("a", "1")]) == {
        "a": "link says asset #1, but serial 'S9' is on asset #2",
        "b": "serial 'S1' is on asset #1 (is a), which is held",
    }


def test_the_object_of_a_record_that_is_gone_is_recognised_under_a_new_name() -> None:
    wanted: list[Row] = [{"source_key": "new", "serial": "S1"}]
    assert verdicts(wanted, [{"id": "1", "serial": "S1"}], [link("old", "1")]) == {"new": ("same", "serial", "1")}


def test_a_name_matches_where_no_serial_speaks_against_it() -> None:
    wanted: list[Row] = [{"source_key": "a", "name": "PC-1", "serial": "S1"}]
    assert verdicts(wanted, [{"id": "1", "name": "pc-1"}]) == {"a": ("same", "name", "1")}


def test_a_name_is_never_decisive_against_a_known_different_serial_or_tag() -> None:
    wanted: list[Row] = [{"source_key": "a", "name": "pc-1", "serial": "S1", "tag": "T1"}]
    assert verdicts(wanted, [{"id": "1", "name": "pc-1", "serial": "S2"}]) == {"a": ("new", None, None)}
    assert verdicts(wanted, [{"id": "1", "name": "pc-1", "tag": "T2"}]) == {"a": ("new", None, None)}


def test_a_tag_does_not_match_against_a_known_different_serial() -> None:
    wanted: list[Row] = [{"source_key": "a", "serial": "S1", "tag": "T1"}]
    assert verdicts(wanted, [{"id": "1", "serial": "S2", "tag": "T1"}]) == {"a": ("new", None, None)}


def test_a_name_of_an_object_that_was_recognised_already_is_no_candidate() -> None:
    wanted: list[Row] = [{"source_key": "a", "name": "pc", "serial": "S1"}, {"source_key": "b", "name": "pc", "serial": "S2"}]
    there: list[Row] = [{"id": "1", "name": "pc", "serial": "S1"}]
    assert verdicts(wanted, there) == {"a": ("same", "serial", "1"), "b": ("new", None, None)}


def test_one_name_on_two_records_or_two_objects_is_held() -> None:
    two: list[Row] = [{"source_key": "a", "name": "pc"}, {"source_key": "b", "name": "PC"}]
    assert evidence(two, [{"id": "1", "name": "pc"}]) == {
        "a": "name 'pc' does not tell which: asset #1",
        "b": "name 'PC' does not tell which: asset #1",
    }
    assert evidence([two[0]], [{"id": "2", "name": "pc"}, {"id": "1", "name": "pc"}]) == {
        "a": "name 'pc' does not tell which: asset #1, asset #2"
    }


def test_a_changed_name_does_not_contradict_a_link() -> None:
    wanted: list[Row] = [{"source_key": "a", "name": "new-name", "serial": "S1"}]
    there: list[Row] = [{"id": "1", "name": "old-name", "serial": "S1"}, {"id": "2", "name": "new-name", "serial": "S2"}]
    assert verdicts(wanted, there, [link("a", "1")]) == {"a": ("same", "link", "1")}


def test_a_locked_object_is_recognised_and_left_alone() -> None:
    there: list[Row] = [{"id": "1", "serial": "S1", "locked": "is a rack, not a machine"}]
    assert evidence([{"source_key": "a", "serial": "S1"}], there) == {"a": "asset #1 is a rack, not a machine"}


def test_row_order_changes_neither_verdicts_nor_evidence() -> None:
    wanted: list[Row] = [
        {"source_key": "a", "serial": "S1"},
        {"source_key": "b", "serial": "S1"},
        {"source_key": "c", "serial": "S3"},
        {"source_key": "d", "serial": "S4", "tag": "T5"},
        {"source_key": "e", "serial": "S6"},
    ]
    there: list[Row] = [
        {"id": "3", "serial": "S3"},
        {"id": "4", "serial": "S3"},
        {"id": "5", "tag": "T5"},
        {"id": "6", "serial": "S4"},
        {"id": "7", "serial": "S9"},
        {"id": "8", "serial": "S6"},
        {"id": "9", "serial": "S6"},
    ]
    remembered: list[Row] = [link("e", "7")]
    backwards = (wanted[::-1], there[::-1], remembered)
    assert verdicts(wanted, there, remembered) == verdicts(*backwards)
    assert evidence(wanted, there, remembered) == evidence(*backwards)
    assert evidence(wanted, there, remembered)["e"] == "link says asset #7, but serial 'S6' is on asset #8"


def test_many_records_that_nobody_can_tell_apart_take_no_long_time() -> None:
    many = 20_000
    wanted: list[Row] = [{"source_key": f"k{n:06}", "serial": f"S{n // 2}A"} for n in range(many)]
    found = match(ASSET, desired(ASSET, *wanted), observed(ASSET), links())
    assert (found["verdict"] == "held").all()
    assert found["evidence"].iloc[0] == "serial 'S0A' is also on k000001"


PARENTS: dict[str, pd.DataFrame] = {
    "asset": observed(ASSET, {"id": "1", "serial": "S1"}, {"id": "2", "serial": "S2"}),
    "port": observed(PORT, {"id": "11", "asset": "1", "name": "eth0"}, {"id": "12", "asset": "2", "name": "eth0"}),
}
MACHINES = desired(ASSET, {"source_key": "a", "serial": "S1"}, {"source_key": "b", "serial": "S3"})
PORTS = desired(
    PORT, {"source_key": "a/eth0", "asset": "a", "name": "eth0"}, {"source_key": "b/eth0", "asset": "b", "name": "eth0"}
)


def addresses(*rows: Row, there: list[Row], remembered: list[Row] | None = None) -> dict[str, Verdict]:
    """Match addresses of two machines: one that is there with its port, and one that is about to be created."""
    wanted = tables("desired", {"asset": MACHINES, "port": PORTS, "address": desired(ADDRESS, *rows)})
    now = tables("observed", PARENTS | {"address": observed(ADDRESS, *there)})
    return shown(match_all(KINDS, wanted, now, {"address": links(*(remembered or []), kind=ADDRESS)})["address"])


def test_the_same_name_below_another_parent_is_another_object() -> None:
    wanted = tables("desired", {"asset": MACHINES, "port": PORTS})
    found = shown(match_all(KINDS, wanted, tables("observed", PARENTS), {})["port"])
    assert found == {"a/eth0": ("same", "asset and name", "11"), "b/eth0": ("new", None, None)}


def test_an_address_on_the_right_port_or_on_none_is_taken() -> None:
    row: Row = {"source_key": "ip", "address": "10.0.0.1/24", "port": "a/eth0"}
    for port in ("11", None):
        there: list[Row] = [{"id": "21", "address": "10.0.0.1/24", "port": port}]
        assert addresses(row, there=there) == {"ip": ("same", "address", "21")}


def test_an_address_on_somebody_elses_port_is_held() -> None:
    there: list[Row] = [{"id": "21", "address": "10.0.0.1/24", "port": "12"}]
    row: Row = {"source_key": "ip", "address": "10.0.0.1/24", "port": "a/eth0"}
    assert addresses(row, there=there) == {"ip": ("held", None, None)}
    on_a_new_port: Row = {"source_key": "ip", "address": "10.0.0.1/24", "port": "b/eth0"}
    assert addresses(on_a_new_port, there=there) == {"ip": ("held", None, None)}


def test_an_address_that_this_sync_put_there_moves_with_its_record() -> None:
    there: list[Row] = [{"id": "21", "address": "10.0.0.1/24", "port": "12"}]
    row: Row = {"source_key": "ip", "address": "10.0.0.1/24", "port": "a/eth0"}
    gone = link("an adapter that is gone", "21", port="12")
    assert addresses(row, there=there, remembered=[gone]) == {"ip": ("same", "address", "21")}
    moved_by_a_person = link("an adapter that is gone", "21", port="11")
    assert addresses(row, there=there, remembered=[moved_by_a_person]) == {"ip": ("held", None, None)}


def test_a_facet_is_its_parents_own_object() -> None:
    facets = desired(PRIMARY, {"source_key": "a", "asset": "a"}, {"source_key": "b", "asset": "b"}, {"source_key": "c"})
    wanted = tables("desired", {"asset": MACHINES, "primary": facets})
    there = tables("observed", PARENTS | {"primary": observed(PRIMARY, {"id": "1", "asset": "1"}, {"id": "2", "asset": "2"})})
    assert shown(match_all(KINDS, wanted, there, {})["primary"]) == {
        "a": ("same", "asset", "1"),
        "b": ("new", None, None),
        "c": ("held", None, None),
    }


def test_a_facet_of_a_locked_object_is_left_alone() -> None:
    wanted = tables("desired", {"asset": MACHINES, "primary": desired(PRIMARY, {"source_key": "a", "asset": "a"})})
    locked = observed(PRIMARY, {"id": "1", "asset": "1", "locked": "is being moved"})
    found = match_all(KINDS, wanted, tables("observed", PARENTS | {"primary": locked}), {})
    assert shown(found["primary"]) == {"a": ("held", None, None)}
