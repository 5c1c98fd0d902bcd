import pytest

from asset_sync.reconcile.kinds import Field, Kind, in_order


def test_a_field_is_found_by_name() -> None:
    kind = Kind("asset", (Field("name"), Field("memory", "integer")))
    assert kind.field("memory") == Field("memory", "integer")


def test_an_unknown_field_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(KeyError, match="asset has no field 'nam'; it has name, memory"):
        Kind("asset", (Field("name"), Field("memory", "integer"))).field("nam")


def test_references_are_the_fields_that_point_to_another_kind() -> None:
    kind = Kind("asset", (Field("name"), Field("model", "reference", to="model")))
    assert [field.name for field in kind.references] == ["model"]


def test_kinds_keep_their_order() -> None:
    maker = Kind("maker", (Field("name"),))
    model = Kind("model", (Field("maker", "reference", to="maker"),))
    assert list(in_order([maker, model])) == ["maker", "model"]


def test_a_kind_before_the_one_it_refers_to_is_refused() -> None:
    maker = Kind("maker", (Field("name"),))
    model = Kind("model", (Field("maker", "reference", to="maker"),))
    with pytest.raises(ValueError, match="model refers to maker, which does not come before it"):
        in_order([model, maker])
