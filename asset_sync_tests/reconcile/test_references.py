from asset_sync.reconcile.references import held_references, match_all, resolve
from asset_sync_tests.reconcile.worlds import ASSET, KINDS, MAKER, MODEL, Row, desired, observed, tables

MAKERS = desired(
    MAKER,
    {"source_key": "hp", "name": "HP"},
    {"source_key": "dell", "name": "Dell"},
    {"source_key": "void", "name": None},
)
THERE = observed(MAKER, {"id": "1", "name": "hp"})
MODELS: list[Row] = [
    {"source_key": "m1", "maker": "hp", "name": "ProBook"},
    {"source_key": "m2", "maker": "dell", "name": "Latitude"},
    {"source_key": "m3", "maker": "void", "name": "Thing"},
    {"source_key": "m4", "maker": "unheard of", "name": "Thing"},
    {"source_key": "m5", "name": "Thing"},
]


def test_a_reference_becomes_an_id_or_what_is_about_to_be_created_or_nothing() -> None:
    wanted = tables("desired", {"maker": MAKERS, "model": desired(MODEL, *MODELS)})
    matches = match_all(KINDS, wanted, tables("observed", {"maker": THERE}), {})
    found = resolve(MODEL, wanted["model"], matches)["maker"]
    assert found.astype(object).where(found.notna(), None).tolist() == ["1", "+dell", None, None, None]


def test_references_are_resolved_row_by_row_whatever_the_index_of_the_table_says() -> None:
    models = desired(MODEL, *MODELS[:2]).iloc[[1, 0]]
    wanted = tables("desired", {"maker": MAKERS, "model": models})
    matches = match_all(KINDS, wanted, tables("observed", {"maker": THERE}), {})
    assert resolve(MODEL, models, matches)["maker"].tolist() == ["+dell", "1"]


def test_a_row_that_refers_to_something_held_or_unknown_is_told_why() -> None:
    wanted = tables("desired", {"maker": MAKERS, "model": desired(MODEL, *MODELS)})
    matches = match_all(KINDS, wanted, tables("observed", {"maker": THERE}), {})
    assert held_references(MODEL, wanted["model"], matches) == {
        2: "its maker 'void' is held: nothing identifies the record (name all empty)",
        3: "its maker 'unheard of' is held: the source has no such record",
    }


def test_rows_that_refer_to_nothing_of_an_empty_kind_are_free() -> None:
    wanted = tables("desired", {"asset": desired(ASSET, {"source_key": "a", "serial": "S1"})})
    matches = match_all(KINDS, wanted, tables("observed", {}), {})
    assert held_references(ASSET, wanted["asset"], matches) == {}
    assert resolve(ASSET, wanted["asset"], matches)["model"].isna().all()


def test_a_record_that_waits_is_held_where_it_would_be_new_and_goes_on_where_it_is_known() -> None:
    wanted = tables("desired", {"maker": MAKERS, "model": desired(MODEL, *MODELS[:2])})
    waiting = {"maker": {"dell": "a scan is under way", "hp": "a scan is under way"}}
    matches = match_all(KINDS, wanted, tables("observed", {"maker": THERE}), {}, waiting)
    assert matches["maker"]["verdict"].tolist()[:2] == ["same", "held"]
    assert matches["maker"]["evidence"].tolist()[1] == "a scan is under way"
    assert held_references(MODEL, wanted["model"], matches) == {1: "its maker 'dell' is held: a scan is under way"}
